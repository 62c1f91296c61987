//! `mqx certs inspect`, `verify` and `needs-renewal`.

use super::peer::echo_server;
use super::{assert_says, certs, made, mutual, ok};
use serde_json::Value;
use std::fs;
use std::path::Path;
use x509_parser::pem::parse_x509_pem;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_chain_says_who_has_signed_what_and_whose_key_it_is() {
    let dir = tempfile::tempdir().unwrap();
    ok(dir.path(), "ca --subject C=TW,O=Lab");
    ok(dir.path(), "intermediate");
    ok(dir.path(), "server localhost *.lan 10.0.0.1 --name server --ca intermediate.crt");
    ok(dir.path(), "client ann");
    let told = json(&ok(dir.path(), "inspect server.crt --key server.key --json"));
    let (own, above) = (&told["certificates"][0], &told["certificates"][1]);
    assert_eq!(own["names"], json(r#"["DNS:localhost","DNS:*.lan","IP:10.0.0.1"]"#));
    assert_eq!((&own["signed_by"], &above["signed_by"]), (&json("\"next\""), &json("\"unknown\"")));
    assert_eq!(own["authority_key_id"], above["subject_key_id"]);
    assert_eq!((&own["days_left"], &own["is_ca"]), (&json("824"), &json("false")));
    assert_eq!(own["key"], json(r#"{"kind":"ECDSA P-256","bits":256}"#));
    assert_eq!((&above["is_ca"], &above["path_length"]), (&json("true"), &json("0")));
    assert_eq!(told["keys"], json(r#"[{"encrypted":false,"belongs":true}]"#));
    let other = certs(dir.path(), "inspect server.crt --key ann.key");
    assert_eq!(other.code, Some(4));
    assert_says(&other.out, &["certificate 1 of 2", "it does NOT belong to the certificate"]);
}

#[test]
fn binary_files_and_all_that_goes_with_certificates_are_looked_at() {
    let dir = made();
    let path = |name: &str| dir.path().join(name);
    let (_, pem) = parse_x509_pem(&fs::read(path("server.crt")).unwrap()).unwrap();
    fs::write(path("server.der"), &pem.contents).unwrap();
    let sha = |file| {
        let told = json(&ok(dir.path(), ["inspect", "--json", file]));
        told["certificates"][0]["sha256"].clone()
    };
    assert_eq!(sha("server.der"), sha("server.crt"));
    ok(dir.path(), "csr broker.lan --subject C=TW");
    let request = ok(dir.path(), "inspect broker.lan.csr");
    assert_says(&request, &["CN=broker.lan,C=TW", "DNS:broker.lan", "signature    holds"]);
    ok(dir.path(), "revoke client.crt");
    assert_says(&ok(dir.path(), "inspect ca.crl"), &["revocation list", "CN=mqx CA "]);
    ok(dir.path(), "csr x --client --key-password y");
    assert_says(&ok(dir.path(), "inspect x.key"), &["private key: it is encrypted"]);
}

#[test]
fn files_that_hold_no_certificate_are_called_what_they_are() {
    let dir = made();
    let write = |name: &str, content: &[u8]| fs::write(dir.path().join(name), content).unwrap();
    let whole = fs::read(dir.path().join("server.crt")).unwrap();
    write("half.crt", &whole[..whole.len() / 2]);
    write("empty.crt", b"");
    write("text.crt", b"hello");
    write("half.der", &[0x30, 0x82, 1, 0, 0]);
    let folder = dir.path().join("folder");
    fs::create_dir(folder).unwrap();
    for (command, file, words) in [
        ("inspect", "half.crt", "is cut short"),
        ("inspect", "empty.crt", "holds nothing: it is empty"),
        ("inspect", "text.crt", "is not PEM"),
        ("inspect", "half.der", "binary data (DER?)"),
        ("inspect", "folder", "cannot read folder"),
        ("inspect", "nowhere", "cannot read nowhere"),
        ("verify", "server.key", "should hold a certificate, but holds a private key"),
        ("needs-renewal", "ca.key", "should hold a certificate, but holds a private key"),
    ] {
        let ended = certs(dir.path(), [command, file]);
        assert!(matches!(ended.code, Some(4 | 11)), "{}", ended.err);
        assert_says(&ended.err, &[words]);
    }
}

/// What `mqx certs verify` says of what must not be believed.
fn refusal(dir: &Path, words: &str) -> String {
    let ended = certs(dir, words);
    assert_eq!(ended.code, Some(4), "{}", ended.out);
    ended.err
}

#[test]
fn what_is_not_believed_comes_with_the_reason() {
    let (dir, other) = (made(), made());
    let dir = dir.path();
    let foreign = other.path().join("ca.crt").display().to_string();
    assert_says(&ok(dir, "verify server.crt --cafile ca.crt"), &["for localhost, 127.0.0.1"]);
    assert_says(&ok(dir, "verify client.crt --client --cafile ca.crt"), &["CN=mqx-client"]);
    ok(dir, "revoke client.crt");
    for (words, said) in [
        ("verify server.crt --cafile ca.crt --host other.lan", "not for other.lan"),
        (&format!("verify server.crt --cafile {foreign}"), "is not signed by a CA in"),
        ("verify client.crt --cafile ca.crt", "is not meant for servers"),
        ("verify server.crt --client --cafile ca.crt", "is not meant for clients"),
        ("verify client.crt --client --cafile ca.crt --crl ca.crl", "has been revoked"),
        ("verify ca.crt --cafile ca.crt --host x", "uses a CA certificate as its own"),
    ] {
        assert_says(&refusal(dir, words), &[said]);
    }
    ok(dir, "verify server.crt --cafile ca.crt --crl ca.crl");
    let told = certs(dir, "verify client.crt --cafile ca.crt --json");
    let told = json(&told.out);
    assert_eq!(told["valid"], json("false"));
    assert_says(told["problem"].as_str().unwrap(), &["not meant for servers"]);
}

#[tokio::test]
async fn a_server_that_wants_client_certificates_is_looked_at_too() {
    let dir = made();
    let port = echo_server(&mutual(dir.path())).await;
    let path = dir.path().to_owned();
    let looked = tokio::task::spawn_blocking(move || {
        let url = format!("mqtts://localhost:{port}");
        let told = json(&ok(&path, ["inspect", &url, "--json"]));
        let words = ["verify", &url, "--cafile", "ca.crt"];
        (told, ok(&path, words), certs(&path, ["verify", &url]))
    });
    let (told, verified, unknown) = looked.await.unwrap();
    assert_eq!(told["certificates"][0]["subject"], "CN=localhost");
    assert_says(&verified, &["localhost:", "valid until"]);
    assert_eq!(unknown.code, Some(4));
    assert_says(&unknown.err, &["a CA this system trusts"]);
}

#[test]
fn cron_learns_from_the_exit_code_what_ends_soon() {
    let dir = tempfile::tempdir().unwrap();
    ok(dir.path(), "ca");
    ok(dir.path(), "client ann --days 40");
    assert_says(&ok(dir.path(), "needs-renewal ann.crt"), &["CN=ann is valid until"]);
    let due = certs(dir.path(), "needs-renewal ann.crt --within 41d --json");
    assert_eq!(due.code, Some(9));
    assert_eq!(json(&due.out)["needs_renewal"], json("true"));
    assert_says(&due.err, &["needs renewal", "mqx certs renew"]);
    ok(dir.path(), "renew ann.crt");
    ok(dir.path(), "needs-renewal ann.crt --within 41d");
}

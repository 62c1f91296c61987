//! `mqx certs csr`, `sign`, `renew`, `revoke` and `crl`.

use super::contents::with_certificate;
use super::peer::{assert_works, echo_server, endpoint, refusal};
use super::{assert_says, certs, identified, made, mutual, ok};
use mqx::net::TlsServerOptions;
use serde_json::Value;
use std::fs;
use std::path::Path;
use x509_parser::pem::parse_x509_pem;

/// Subject, alternative names, public key and key identifier of a certificate.
fn identity(path: &Path) -> [Vec<u8>; 4] {
    with_certificate(path, |own| {
        let names = own.subject_alternative_name().unwrap().map(|names| format!("{names:?}"));
        let id = own.iter_extensions().find(|one| one.oid.to_id_string() == "2.5.29.14").unwrap();
        let key = own.public_key().raw.to_vec();
        [own.subject().as_raw().to_vec(), format!("{names:?}").into(), key, id.value.to_vec()]
    })
}

fn serial(path: &Path) -> String {
    with_certificate(path, |own| own.raw_serial_as_string())
}

#[test]
fn a_request_is_answered_with_the_names_it_asks_for_and_no_rights_of_its_own() {
    let dir = made();
    ok(dir.path(), "csr broker.lan 10.0.0.1 --subject O=Lab --key-type p384");
    ok(dir.path(), "csr urn:dev:1 --client --name device");
    let told = ok(dir.path(), "sign broker.lan.csr device.csr --host other.lan");
    assert_says(&told, &["broker.lan.crt", "for broker.lan, 10.0.0.1, other.lan"]);
    ok(dir.path(), "verify broker.lan.crt --cafile ca.crt --host other.lan");
    ok(dir.path(), "inspect broker.lan.crt --key broker.lan.key");
    let client = ok(dir.path(), "sign device.csr --client --force");
    assert_says(&client, &["for the client CN=urn:dev:1"]);
    ok(dir.path(), "verify device.crt --client --cafile ca.crt");
}

#[test]
fn what_is_no_request_is_not_signed() {
    let dir = made();
    ok(dir.path(), "csr ann --client");
    let pem = fs::read(dir.path().join("ann.csr")).unwrap();
    let mut der = parse_x509_pem(&pem).unwrap().1.contents;
    let name = der.windows(3).position(|bytes| bytes == b"ann").unwrap();
    // The request is no longer what its key has signed.
    der[name] = b'x';
    fs::write(dir.path().join("changed.csr"), der).unwrap();
    fs::copy(dir.path().join("ca.crt"), dir.path().join("cert.csr")).unwrap();
    for (words, said) in [
        ("sign changed.csr", "changed.csr: the request is not signed by the key it is for"),
        ("sign cert.csr", "cert.csr: it should hold a request"),
        ("sign ann.csr --server", "ann.csr: it names no host"),
    ] {
        let ended = certs(dir.path(), words);
        assert_ne!(ended.code, Some(0), "{words}");
        assert_says(&ended.err, &[said]);
    }
    assert!(!dir.path().join("ann.crt").exists());
}

#[test]
fn a_renewed_certificate_is_the_same_with_another_number() {
    let dir = made();
    let path = |name: &str| dir.path().join(name);
    for name in ["server.crt", "client.crt", "ca.crt"] {
        let (before, number) = (identity(&path(name)), serial(&path(name)));
        ok(dir.path(), ["renew", name]);
        assert_eq!(identity(&path(name)), before, "{name}");
        assert_ne!(serial(&path(name)), number, "{name}");
    }
    ok(dir.path(), "verify server.crt --cafile ca.crt");
    let before = identity(&path("server.crt"));
    ok(dir.path(), "renew server.crt --new-key --key-type ed25519 --days 10");
    let after = identity(&path("server.crt"));
    assert_eq!((&before[..2], before[2] == after[2]), (&after[..2], false));
    ok(dir.path(), "inspect server.crt --key server.key");
    ok(dir.path(), "needs-renewal server.crt --within 9d");
    assert_eq!(certs(dir.path(), "needs-renewal server.crt --within 11d").code, Some(9));
}

#[test]
fn only_the_ca_that_has_signed_it_renews_a_certificate() {
    let (dir, other) = (made(), made());
    let foreign = other.path().join("client.crt").display().to_string();
    let dot = dir.path().display().to_string();
    let ended = certs(dir.path(), ["renew", &foreign, "--dir", &dot]);
    assert_eq!(ended.code, Some(4), "{}", ended.err);
    assert_says(&ended.err, &["it was signed by CN=mqx CA", "--ca"]);
    let ended = certs(dir.path(), "renew ca.crt --new-key");
    assert_says(&ended.err, &["it would be another one", "`mqx certs ca`"]);
}

#[tokio::test]
async fn a_broker_refuses_what_was_revoked_and_nobody_else() {
    let dir = made();
    ok(dir.path(), "client ann bob");
    let server =
        || TlsServerOptions { revocations: Some(dir.path().join("ca.crl")), ..mutual(dir.path()) };
    let client = |name: &str| {
        let identity =
            (dir.path().join(format!("{name}.crt")), dir.path().join(format!("{name}.key")));
        mqx::net::TlsClientOptions { identity: Some(identity), ..identified(dir.path()) }
    };
    ok(dir.path(), "crl");
    let port = echo_server(&server()).await;
    assert_works(&endpoint("localhost", port, &client("ann"))).await;
    let told = ok(dir.path(), "revoke ann.crt --reason keyCompromise --json");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["revoked"].as_array().unwrap().len(), 1);
    let port = echo_server(&server()).await;
    assert_says(&refusal(&endpoint("localhost", port, &client("ann"))).await, &["revoked"]);
    assert_works(&endpoint("localhost", port, &client("bob"))).await;
    let by_number = ok(dir.path(), ["revoke", &serial(&dir.path().join("bob.crt"))]);
    assert_says(&by_number, &["ca.crl  2 revoked", "--crlfile ca.crl"]);
    assert_says(&ok(dir.path(), "crl"), &["2 revoked"]);
}

#[test]
fn what_another_ca_has_signed_is_not_revoked_here() {
    let (dir, other) = (made(), made());
    let foreign = other.path().join("client.crt").display().to_string();
    for (which, code, said) in [
        (foreign.as_str(), 4, "was not signed by CN=mqx CA"),
        ("nowhere.crt", 11, "neither a file nor a serial number"),
        ("ca.key", 4, "holds a private key"),
    ] {
        let ended = certs(dir.path(), ["revoke", which]);
        assert_eq!(ended.code, Some(code), "{}", ended.err);
        assert_says(&ended.err, &[said]);
    }
    let ended = certs(dir.path(), "revoke client.crt --reason because");
    assert_says(&ended.err, &["known reasons are unspecified, keyCompromise"]);
}

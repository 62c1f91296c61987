//! `mqx certs ca`, `intermediate`, `server` and `client`: chains that TLS accepts,
//! the index of the CA, keys of every kind, and what cannot be signed.

use super::contents::with_certificate;
use super::peer::{assert_works, echo_server, endpoint};
use super::{assert_says, certs, made, mutual, ok, said, server_options, trusting};
use mqx::certs::KeyKind;
use mqx::net::{TlsClientOptions, TlsServerOptions, tls_server};
use mqx::secret::Secret;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

fn identity(dir: &Path, stem: &str) -> (PathBuf, PathBuf) {
    (dir.join(format!("{stem}.crt")), dir.join(format!("{stem}.key")))
}

/// A handshake in which both sides show what is in `dir`.
async fn assert_mutual(dir: &Path, server: &str, client: &str, password: Option<&str>) {
    let (cert, key) = identity(dir, server);
    let key_password = password.map(Secret::new);
    let options = TlsServerOptions { cert, key, key_password: key_password.clone(), ..mutual(dir) };
    let client =
        TlsClientOptions { identity: Some(identity(dir, client)), key_password, ..trusting(dir) };
    assert_works(&endpoint("localhost", echo_server(&options).await, &client)).await;
}

#[tokio::test]
async fn leaves_of_an_intermediate_ca_carry_it_and_are_trusted_by_the_root() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    ok(dir, "ca --subject C=TW,O=Lab --key-password hunter2");
    ok(dir, "intermediate --ca-key-password hunter2");
    ok(dir, "server localhost 127.0.0.1 --name server --ca intermediate.crt");
    ok(dir, "client ann --ca intermediate.crt --key-password hunter2");
    let chain = fs::read_to_string(dir.join("server.crt")).unwrap();
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2);
    assert_mutual(dir, "server", "ann", Some("hunter2")).await;
    let below = certs(dir, "intermediate third --ca intermediate.crt");
    assert_eq!(below.code, Some(2), "{}", below.err);
    assert_says(&below.err, &["path length", "--path-length 2"]);
}

#[tokio::test]
async fn keys_of_every_kind_make_certificates_that_work_together() {
    // rsa4096 takes seconds without optimisation; it differs in a number only.
    for kind in KeyKind::names().filter(|name| *name != "rsa4096") {
        let dir = tempfile::tempdir().unwrap();
        ok(dir.path(), ["init", "--key-type", kind]);
        assert_mutual(dir.path(), "server", "client", None).await;
    }
}

#[tokio::test]
async fn a_broker_and_a_client_read_the_encrypted_keys_of_one_init() {
    let dir = tempfile::tempdir().unwrap();
    let told = ok(dir.path(), "init --key-password hunter2");
    assert_says(&told, &["server.key --key-password-file", "client.key --key-password-file"]);
    assert_mutual(dir.path(), "server", "client", Some("hunter2")).await;
    let options = server_options(dir.path());
    let without = tls_server(&options).unwrap_err();
    assert_says(&said(without), &["an encrypted private key", "--key-password-file"]);
    let key_password = Some(Secret::new("hunter3"));
    let wrong = tls_server(&TlsServerOptions { key_password, ..options }).unwrap_err();
    assert_says(&said(wrong), &["server.key", "the password is wrong"]);
}

#[test]
fn clients_are_named_in_the_subject_and_where_they_look_like_it_as_alternative_names() {
    let dir = made();
    let words = ["client", "ann@lab.example", "urn:dev:1", "Küche/Licht 1", "--san", "urn:all"];
    let told = ok(dir.path(), words);
    assert_says(&told, &["ann@lab.example.crt", "urn_dev_1.key", "for the client Küche/Licht 1"]);
    for (file, names, subject) in [
        ("ann@lab.example.crt", ["RFC822Name(ann@lab.example)", "URI(urn:all)"], "ann@lab.example"),
        ("urn_dev_1.crt", ["URI(urn:dev:1)", "URI(urn:all)"], "urn:dev:1"),
        ("Küche_Licht_1.crt", ["URI(urn:all)", ""], "Küche/Licht 1"),
    ] {
        with_certificate(&dir.path().join(file), |client| {
            let found = client.subject_alternative_name().unwrap().unwrap().value;
            let found: Vec<_> = found.general_names.iter().map(ToString::to_string).collect();
            let wanted: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
            assert_eq!(found, wanted);
            let name = client.subject().iter_common_name().next().unwrap();
            assert_eq!(name.as_str().unwrap(), subject);
        });
    }
}

#[test]
fn the_index_and_json_tell_of_everything_that_was_signed() {
    let dir = tempfile::tempdir().unwrap();
    ok(dir.path(), "ca");
    let told = ok(dir.path(), "client ann bob --json");
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told[1]["kind"], "client");
    assert_eq!(told[1]["certificate"], "bob.crt");
    assert_eq!(told[1]["extended_key_usage"][0], "clientAuth");
    let index = fs::read_to_string(dir.path().join("index.jsonl")).unwrap();
    let lines: Vec<Value> = index.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let subjects: Vec<_> = lines.iter().map(|line| line["subject"].as_str().unwrap()).collect();
    assert!(subjects[0].starts_with("CN=mqx CA ") && subjects[1..] == ["CN=ann", "CN=bob"]);
    assert_eq!(lines[2]["serial"], told[1]["serial"]);
    assert_eq!(lines[2]["event"], "issued");
}

#[test]
fn the_ca_itself_is_never_replaced_by_what_it_signs() {
    let dir = made();
    let before = fs::read(dir.path().join("ca.crt")).unwrap();
    let ended = certs(dir.path(), "client ca --force");
    assert_eq!(ended.code, Some(2));
    assert_says(&ended.err, &["ca.crt is the CA that signs", "--name"]);
    let ended = certs(dir.path(), ["client", "a b", "a/b"]);
    assert_says(&ended.err, &["two of the names would be written to a_b.crt"]);
    assert_eq!(fs::read(dir.path().join("ca.crt")).unwrap(), before);
}

#[test]
fn what_cannot_sign_is_told_apart() {
    let (dir, other) = (made(), made());
    let path = |name: &str| other.path().join(name).display().to_string();
    let not_there = certs(dir.path(), "client x --dir nowhere");
    assert_eq!(not_there.code, Some(11));
    assert_says(&not_there.err, &["cannot read nowhere/ca.crt", "`mqx certs ca` makes a CA"]);
    for (words, said) in [
        (["--ca", "ca.key", "--ca-key", "ca.key"], "should hold a certificate, but holds"),
        (["--ca", "ca.crt", "--ca-key", "ca.crt"], "should hold a private key, but holds"),
        (["--ca", "server.crt", "--ca-key", "server.key"], "is no CA's certificate"),
        (["--ca", "ca.crt", "--ca-key", &path("ca.key")], "does not belong to"),
    ] {
        let words = ["client", "x"].into_iter().chain(words);
        let ended = certs(dir.path(), words.collect::<Vec<_>>());
        assert_eq!(ended.code, Some(4), "{}", ended.err);
        assert_says(&ended.err, &[said]);
    }
}

#[test]
fn an_encrypted_key_of_the_ca_needs_its_password_and_one_that_all_can_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    ok(dir.path(), "ca --key-password hunter2");
    let key = dir.path().join("ca.key");
    assert!(fs::read_to_string(&key).unwrap().contains("BEGIN ENCRYPTED PRIVATE KEY"));
    let without = certs(dir.path(), "client x");
    assert_says(&without.err, &["encrypted private key", "--ca-key-password-file"]);
    let wrong = certs(dir.path(), "client x --ca-key-password hunter3");
    assert_says(&wrong.err, &["password is wrong", "--ca-key-password"]);
    assert_eq!((without.code, wrong.code), (Some(4), Some(4)));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let open = certs(dir.path(), "client x --ca-key-password hunter2");
    assert_eq!(open.code, Some(0));
    assert_says(&open.err, &["warning", "ca.key: chmod 600 it"]);
}

#[test]
fn nothing_outlives_its_ca() {
    let dir = tempfile::tempdir().unwrap();
    ok(dir.path(), "ca --days 10");
    let ended = certs(dir.path(), "client x");
    assert_says(&ended.err, &["the CA is valid until", "and so is what it signs"]);
    let end = |name: &str| {
        with_certificate(&dir.path().join(name), |leaf| leaf.validity().not_after.timestamp())
    };
    assert_eq!(end("ca.crt"), end("x.crt"));
}

#[test]
fn the_configuration_of_a_product_names_the_files() {
    let dir = made();
    let told = ok(dir.path(), "server broker.lan --print mosquitto");
    assert_says(&told, &["\ncertfile broker.lan.crt\nkeyfile broker.lan.key\ncafile ca.crt\n"]);
    let told = ok(dir.path(), "client ann --print paho-python");
    assert_says(&told, &[r#"client.tls_set(ca_certs="ca.crt", certfile="ann.crt""#]);
    let wrong = certs(dir.path(), "client bob --print emqx");
    assert_says(&wrong.err, &["emqx is no client; --print knows mosquitto, mqx"]);
    assert_eq!(wrong.code, Some(2));
}

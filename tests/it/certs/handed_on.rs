//! `mqx certs bundle`, `bad`, `install` and `uninstall`.

use super::peer::{assert_works, echo_server, endpoint};
use super::{assert_says, certs, made, mutual, ok, said, trusting};
use mqx::net::{TlsClient, TlsClientOptions};
use mqx::secret::Secret;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn read(dir: &Path, name: &str) -> Vec<u8> {
    fs::read(dir.join(name)).unwrap()
}

#[test]
fn pkcs12_holds_the_key_and_the_whole_chain_behind_its_password() {
    let dir = tempfile::tempdir().unwrap();
    ok(dir.path(), "ca");
    ok(dir.path(), "intermediate");
    ok(dir.path(), ["client", "Küche 1", "--ca", "intermediate.crt", "--name", "kitchen"]);
    ok(dir.path(), "bundle kitchen.crt --password hunter2");
    let file = read(dir.path(), "kitchen.p12");
    let store = KeyStore::from_pkcs12(&file, "hunter2", Pkcs12ImportPolicy::Strict).unwrap();
    let (_, chain) = store.private_key_chain().unwrap();
    assert_eq!(chain.certs().len(), 3);
    assert!(chain.certs()[0].subject().contains("Küche 1"));
    assert!(KeyStore::from_pkcs12(&file, "hunter3", Pkcs12ImportPolicy::Strict).is_err());
    let mode = fs::metadata(dir.path().join("kitchen.p12")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let without = certs(dir.path(), "bundle kitchen.crt --force");
    assert_eq!(without.code, Some(2));
    assert_says(&without.err, &["needs a password", "--password-file"]);
}

#[tokio::test]
async fn a_client_shows_the_certificate_that_is_in_a_pkcs12_file() {
    let dir = made();
    ok(dir.path(), "bundle client.crt --password hunter2");
    let port = echo_server(&mutual(dir.path())).await;
    let with = |password: Option<&str>| TlsClientOptions {
        pkcs12: Some(dir.path().join("client.p12")),
        key_password: password.map(Secret::new),
        ..trusting(dir.path())
    };
    assert_works(&endpoint("localhost", port, &with(Some("hunter2")))).await;
    for password in [None, Some("hunter3")] {
        let wrong = TlsClient::new(&with(password)).map(drop).map_err(said).unwrap_err();
        assert_says(&wrong, &["the password of", "client.p12 is wrong", "--key-password"]);
    }
    let none = TlsClientOptions { pkcs12: Some(dir.path().join("ca.crt")), ..with(None) };
    let none = TlsClient::new(&none).map(drop).map_err(said).unwrap_err();
    assert_says(&none, &["ca.crt is not a PKCS#12 file"]);
}

#[test]
fn devices_get_binary_files_and_firmware_a_header() {
    let dir = made();
    let told = ok(dir.path(), "bundle client.crt --format der");
    assert_says(&told, &["client.der", "client.key.der", "client.ca.der"]);
    ok(dir.path(), "inspect client.ca.der");
    ok(dir.path(), "inspect client.der");
    ok(dir.path(), "bundle client.crt --format header");
    let header = String::from_utf8(read(dir.path(), "client.h")).unwrap();
    assert_says(
        &header,
        &[
            "#ifndef CLIENT_H",
            "static const char client_ca_crt[] =\n    \"-----BEGIN CERTIFICATE-----\\n\"",
            "static const char client_key[] =\n    \"-----BEGIN PRIVATE KEY-----\\n\"",
        ],
    );
    let told = ok(dir.path(), "bundle client.crt --format pem --json");
    assert_says(&told, &[r#""files":["client.pem"]"#]);
    let chain = String::from_utf8(read(dir.path(), "client.pem")).unwrap();
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2);
}

#[test]
fn a_bundle_of_what_does_not_belong_together_is_not_made() {
    let dir = made();
    let ended = certs(dir.path(), "bundle client.crt --key server.key --password x");
    assert_eq!(ended.code, Some(4));
    assert_says(&ended.err, &["server.key does not belong to the certificate client.crt"]);
    ok(dir.path(), "bundle client.crt -f pem");
    let again = certs(dir.path(), "bundle client.crt -f pem");
    assert_eq!(again.code, Some(11));
    assert_says(&again.err, &["client.pem exists", "--force"]);
}

#[test]
fn every_bad_certificate_is_refused_for_its_own_reason() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    ok(dir, "ca");
    ok(dir, "bad");
    for (kind, said) in [
        ("expired", "expired on"),
        ("not-yet-valid", "is not valid before"),
        ("wrong-host", "is for wrong-host.invalid, not for localhost"),
        ("unknown-ca", "is not signed by a CA in"),
        ("self-signed", "is not signed by a CA in"),
        ("revoked", "has been revoked"),
        ("weak-key", "its RSA key has 1024 bits"),
        ("no-server-usage", "is not meant for servers"),
        ("broken-chain", "is not signed by a CA in"),
    ] {
        let file = format!("{kind}.crt");
        let words = ["verify", &file, "--cafile", "ca.crt", "--host", "localhost"];
        let ended = certs(dir, [&words[..], &["--crl", "ca.crl"]].concat());
        assert_eq!(ended.code, Some(4), "{kind}");
        assert_says(&ended.err, &[said]);
    }
    let mismatched = certs(dir, "inspect mismatched-key.crt --key mismatched-key.key");
    assert_says(&mismatched.out, &["it does NOT belong"]);
    let unknown = certs(dir, "bad evil");
    assert_says(&unknown.err, &["known kinds are expired, not-yet-valid"]);
}

/// A system in a folder, whose command notes its words.
fn system(dir: &Path, command: &str) {
    let command = dir.join(command);
    fs::create_dir_all(command.parent().unwrap()).unwrap();
    let note = dir.join("words").display().to_string();
    fs::write(&command, format!("#!/bin/sh\necho ran \"$@\" >> '{note}'\n")).unwrap();
    fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_ca_is_installed_and_uninstalled_the_way_of_the_system() {
    for (command, store, words) in [
        ("usr/sbin/update-ca-certificates", "usr/local/share/ca-certificates", "ran --fresh"),
        ("usr/bin/update-ca-trust", "etc/pki/ca-trust/source/anchors", "ran"),
    ] {
        let dir = made();
        let root = dir.path().join("root");
        system(&root, command);
        let root_word = root.display().to_string();
        assert_says(&ok(dir.path(), ["install", "--root", &root_word]), &["ca.crt is trusted"]);
        let names: Vec<_> = fs::read_dir(root.join(store)).unwrap().collect();
        assert_eq!(names.len(), 1);
        let installed = names[0].as_ref().unwrap().path();
        assert_eq!(fs::read(&installed).unwrap(), read(dir.path(), "ca.crt"));
        ok(dir.path(), ["uninstall", "--root", &root_word]);
        assert!(!installed.exists());
        assert_eq!(fs::read_to_string(root.join("words")).unwrap(), format!("ran\n{words}\n"));
        let again = certs(dir.path(), ["uninstall", "--root", &root_word]);
        assert_says(&again.err, &["this CA is not installed"]);
    }
}

#[test]
fn a_system_that_is_not_known_gets_the_steps_and_a_leaf_is_no_ca() {
    let dir = made();
    let root = dir.path().display().to_string();
    let unknown = certs(dir.path(), ["install", "--root", &root]);
    assert_eq!(unknown.code, Some(1));
    assert_says(&unknown.out, &["trust anchor --store ca.crt", "certutil -addstore Root ca.crt"]);
    let leaf = certs(dir.path(), ["install", "server.crt", "--root", &root]);
    assert_eq!(leaf.code, Some(4));
    assert_says(&leaf.err, &["server.crt is no CA's certificate"]);
}

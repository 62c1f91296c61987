//! What a client can choose of TLS: its key's encryption, the name it asks for,
//! protocols, versions, whom it trusts, and a log of secrets.

use super::peer::{LIMIT, assert_works, echo, echo_server, endpoint, refusal, serve};
use super::{assert_says, forged, identified, made, mutual, said, server_options, trusting};
use mqx::error::Class;
use mqx::net::{
    Ciphers, Stream, TlsClient, TlsClientOptions, TlsServerOptions, TlsVersion, Trust, connect,
    tls_server,
};
use mqx::secret::Secret;
use rustls::{CipherSuite, ProtocolVersion, ServerConfig};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

/// A client with the encrypted key in this file of the test data.
fn with_key(name: &str, password: Option<&str>) -> Result<(), String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/encrypted_keys"));
    let options = TlsClientOptions {
        insecure: true,
        identity: Some((folder.join("client.crt"), folder.join(name))),
        key_password: password.map(Secret::new),
        ..TlsClientOptions::default()
    };
    TlsClient::new(&options).map(drop).map_err(said)
}

#[test]
fn keys_that_openssl_has_encrypted_are_read_with_their_password() {
    for name in ["aes256.key", "scrypt.key", "des3-sha1.key"] {
        with_key(name, Some("hunter2")).unwrap();
        let wrong = with_key(name, Some("hunter3")).unwrap_err();
        assert_says(&wrong, &[name, "the password is wrong", "--key-password"]);
        assert!(!wrong.contains("hunter3"), "{wrong}");
        let without = with_key(name, None).unwrap_err();
        assert_says(&without, &["an encrypted private key", "--key-password-file"]);
    }
    let old = with_key("traditional.key", Some("hunter2")).unwrap_err();
    assert_says(&old, &["an encrypted private key", "openssl pkey"]);
}

#[test]
fn a_password_for_a_key_that_needs_none_does_no_harm() {
    let dir = made();
    let options =
        TlsClientOptions { key_password: Some(Secret::new("x")), ..identified(dir.path()) };
    TlsClient::new(&options).unwrap();
}

#[tokio::test]
async fn another_name_is_asked_for_and_checked_in_place_of_the_host() {
    let dir = forged(|params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("broker.lan".try_into().unwrap())];
    });
    let port = echo_server(&server_options(dir.path())).await;
    let named = |name: &str| TlsClientOptions {
        server_name: Some(name.to_owned()),
        ..trusting(dir.path())
    };
    assert_works(&endpoint("127.0.0.1", port, &named("broker.lan"))).await;
    let said = refusal(&endpoint("localhost", port, &named("other.lan"))).await;
    assert_says(&said, &["is for broker.lan, not for other.lan"]);
}

/// A server with this configuration that sends back every byte.
async fn echo_with(config: ServerConfig) -> u16 {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    serve(move |socket| {
        let acceptor = acceptor.clone();
        async move {
            let mut stream = acceptor.accept(socket).await?;
            let byte = stream.read_u8().await?;
            stream.write_u8(byte).await?;
            stream.flush().await
        }
    })
    .await
}

#[tokio::test]
async fn the_server_chooses_among_the_protocols_that_are_offered() {
    let dir = made();
    let mut config = ServerConfig::clone(&tls_server(&server_options(dir.path())).unwrap().0);
    config.alpn_protocols = vec![b"mqtt".to_vec()];
    let port = echo_with(config).await;
    let offering = |alpn: &[&str]| {
        let alpn = alpn.iter().map(|&name| name.to_owned()).collect();
        endpoint("localhost", port, &TlsClientOptions { alpn, ..trusting(dir.path()) })
    };
    let Stream::Tls(mut stream) = connect(&offering(&["x", "mqtt"]), LIMIT).await.unwrap() else {
        panic!("not TLS");
    };
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"mqtt"[..]));
    stream.write_u8(b'x').await.unwrap();
    assert_says(&refusal(&offering(&["x"])).await, &["none of the application protocols"]);
}

#[tokio::test]
async fn only_the_version_that_is_chosen_is_spoken() {
    let dir = made();
    let port = echo_server(&server_options(dir.path())).await;
    for (version, wanted) in
        [(TlsVersion::V12, ProtocolVersion::TLSv1_2), (TlsVersion::V13, ProtocolVersion::TLSv1_3)]
    {
        let options = TlsClientOptions { version: Some(version), ..trusting(dir.path()) };
        let stream = connect(&endpoint("localhost", port, &options), LIMIT).await.unwrap();
        let Stream::Tls(stream) = stream else { panic!("not TLS") };
        assert_eq!(stream.get_ref().1.protocol_version(), Some(wanted));
    }
    assert_eq!("TLSv1.2".parse(), Ok(TlsVersion::V12));
    assert!("1.1".parse::<TlsVersion>().is_err());
}

#[tokio::test]
async fn only_the_cipher_suites_that_are_chosen_are_offered() {
    let dir = made();
    let port = echo_server(&server_options(dir.path())).await;
    for (list, wanted) in [
        ("TLS_CHACHA20_POLY1305_SHA256", CipherSuite::TLS13_CHACHA20_POLY1305_SHA256),
        (
            "HIGH:ECDHE-ECDSA-AES128-GCM-SHA256",
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        ),
    ] {
        let ciphers = Some(Ciphers::parse(list).unwrap());
        let options = TlsClientOptions { ciphers, ..trusting(dir.path()) };
        let stream = connect(&endpoint("localhost", port, &options), LIMIT).await.unwrap();
        let Stream::Tls(stream) = stream else { panic!("not TLS") };
        let spoken = stream.get_ref().1.negotiated_cipher_suite().unwrap();
        assert_eq!(spoken.suite(), wanted);
        let version = Some(TlsVersion::V13).filter(|_| list.contains("ECDHE"));
        let fits = TlsClient::new(&TlsClientOptions { version, ..options });
        assert_eq!(fits.is_err(), version.is_some(), "there is no such suite in TLS 1.3");
    }
}

#[tokio::test]
async fn secrets_are_logged_to_a_file_that_only_its_owner_reads() {
    let dir = made();
    let port = echo_server(&server_options(dir.path())).await;
    let log = dir.path().join("keys.log");
    let options = TlsClientOptions { key_log: Some(log.clone()), ..trusting(dir.path()) };
    let mut stream = connect(&endpoint("localhost", port, &options), LIMIT).await.unwrap();
    echo(&mut stream).await.unwrap();
    let lines = fs::read_to_string(&log).unwrap();
    let line = lines.lines().find(|line| line.starts_with("CLIENT_TRAFFIC_SECRET_0 "));
    assert!(line.is_some_and(|line| line.split(' ').nth(1).is_some_and(|hex| hex.len() == 64)));
    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    let options = TlsClientOptions { key_log: Some("/no/such/log".into()), ..options };
    assert_eq!(TlsClient::new(&options).unwrap_err().class(), Class::File);
}

#[tokio::test]
async fn the_cas_of_a_directory_are_trusted_and_no_others() {
    let dir = made();
    let port = echo_server(&server_options(dir.path())).await;
    let folder = tempfile::tempdir().unwrap();
    let options = TlsClientOptions {
        ca: Trust::Folder(folder.path().to_owned()),
        ..TlsClientOptions::default()
    };
    let empty = TlsClient::new(&options).unwrap_err();
    assert_says(&said(empty), &["has no certificate of a CA", "openssl rehash"]);
    fs::copy(dir.path().join("ca.crt"), folder.path().join("0123abcd.0")).unwrap();
    assert_works(&endpoint("localhost", port, &options)).await;
    let other = made();
    fs::copy(other.path().join("ca.crt"), folder.path().join("0123abcd.0")).unwrap();
    let said = refusal(&endpoint("localhost", port, &options)).await;
    assert_says(&said, &["not signed by a CA in", "put the CA certificate"]);
}

#[tokio::test]
async fn clients_are_believed_by_the_cas_of_a_file_and_of_a_directory_together() {
    let (dir, other, foreign) = (made(), made(), made());
    let folder = tempfile::tempdir().unwrap();
    let client_ca =
        vec![Trust::File(dir.path().join("ca.crt")), Trust::Folder(folder.path().to_owned())];
    let options = TlsServerOptions { client_ca, ..mutual(dir.path()) };
    let empty = tls_server(&options).unwrap_err();
    assert_says(&said(empty), &["has no certificate of a CA", "openssl rehash"]);
    fs::copy(other.path().join("ca.crt"), folder.path().join("0123abcd.0")).unwrap();
    let port = echo_server(&options).await;
    let of = |client: &TempDir| {
        let options = TlsClientOptions { ca: trusting(dir.path()).ca, ..identified(client.path()) };
        endpoint("localhost", port, &options)
    };
    assert_works(&of(&dir)).await;
    assert_works(&of(&other)).await;
    assert_says(&refusal(&of(&foreign)).await, &["does not trust the CA of the client"]);
}

//! TLS that works, and the client certificates of mutual TLS that do not.

use super::peer::{LIMIT, assert_works, echo_server, endpoint, refusal};
use super::{assert_says, forged, identified, made, mutual, said, server_options, trusting};
use mqx::net::{TlsClientOptions, TlsServerOptions, TlsVersion, connect, explain};
use tokio::io::AsyncWriteExt as _;

#[tokio::test]
async fn the_files_give_tls_by_name_and_by_address() {
    let dir = made();
    let port = echo_server(&server_options(dir.path())).await;
    for host in ["localhost", "127.0.0.1"] {
        assert_works(&endpoint(host, port, &trusting(dir.path()))).await;
    }
}

#[tokio::test]
async fn the_files_give_mutual_tls() {
    let dir = made();
    let port = echo_server(&mutual(dir.path())).await;
    assert_works(&endpoint("localhost", port, &identified(dir.path()))).await;
}

#[tokio::test]
async fn a_client_ca_alone_asks_for_a_certificate_without_requiring_one() {
    let dir = made();
    let options = TlsServerOptions { require_client_cert: false, ..mutual(dir.path()) };
    let port = echo_server(&options).await;
    assert_works(&endpoint("localhost", port, &trusting(dir.path()))).await;
}

#[tokio::test]
async fn a_client_of_an_older_version_than_the_oldest_is_refused() {
    let dir = made();
    let options = TlsServerOptions { oldest: TlsVersion::V13, ..server_options(dir.path()) };
    let port = echo_server(&options).await;
    assert_works(&endpoint("localhost", port, &trusting(dir.path()))).await;
    let old = TlsClientOptions { version: Some(TlsVersion::V12), ..trusting(dir.path()) };
    refusal(&endpoint("localhost", port, &old)).await;
}

#[tokio::test]
async fn insecure_accepts_a_certificate_of_an_unknown_ca_for_another_host() {
    let dir = forged(|leaf| leaf.subject_alt_names.clear());
    let port = echo_server(&server_options(dir.path())).await;
    let options = TlsClientOptions { insecure: true, ..TlsClientOptions::default() };
    assert_works(&endpoint("localhost", port, &options)).await;
}

#[tokio::test]
async fn a_missing_client_certificate_is_asked_for() {
    let dir = made();
    let port = echo_server(&mutual(dir.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(dir.path()))).await;
    assert_says(&said, &["asks for a client certificate", "--cert CRT --key KEY"]);
}

#[tokio::test]
async fn the_reason_is_found_even_when_a_write_fails_before_it_is_read() {
    let dir = made();
    let port = echo_server(&mutual(dir.path())).await;
    let endpoint = endpoint("localhost", port, &trusting(dir.path()));
    let mut stream = connect(&endpoint, LIMIT).await.unwrap();
    let error = loop {
        if let Err(error) = stream.write_all(b"x").await {
            break explain(error, &endpoint);
        }
    };
    assert_says(&said(error), &["asks for a client certificate"]);
}

#[tokio::test]
async fn a_client_certificate_of_another_ca_is_not_trusted() {
    let (dir, other) = (made(), made());
    let port = echo_server(&mutual(dir.path())).await;
    let options = TlsClientOptions { ca: trusting(dir.path()).ca, ..identified(other.path()) };
    let said = refusal(&endpoint("localhost", port, &options)).await;
    assert_says(&said, &["does not trust the CA of the client certificate", "--cafile"]);
}

//! Server certificates that a client must refuse.

use super::peer::{echo_server, endpoint, refusal};
use super::{assert_says, forged, identified, made, server_options, trusting};
use mqx::net::TlsServerOptions;
use rcgen::{BasicConstraints, CertificateParams, IsCa};

#[tokio::test]
async fn the_wrong_ca_is_named_with_the_flags_that_give_another() {
    let (dir, other) = (made(), made());
    let port = echo_server(&server_options(dir.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(other.path()))).await;
    let file = other.path().join("ca.crt");
    let words = format!("is not signed by a CA in {}", file.display());
    assert_says(&said, &[&words, "give the CA", "--insecure"]);
}

#[tokio::test]
async fn a_ca_of_the_same_name_with_another_key_is_told_apart() {
    let (dir, other) = (forged(|_| {}), forged(|_| {}));
    let port = echo_server(&server_options(dir.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(other.path()))).await;
    assert_says(&said, &["signed by another key", "copy the CA certificate"]);
}

#[tokio::test]
async fn a_certificate_for_other_hosts_says_for_which() {
    let names = ["a.example".to_owned(), "10.9.8.7".to_owned()];
    let other = CertificateParams::new(names).unwrap().subject_alt_names;
    let dir = forged(|leaf| leaf.subject_alt_names = other);
    let port = echo_server(&server_options(dir.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(dir.path()))).await;
    let init = "mqx certs init --host localhost";
    assert_says(&said, &["is for a.example, 10.9.8.7, not for localhost", init]);
}

#[tokio::test]
async fn a_certificate_without_host_names_says_so() {
    let dir = forged(|leaf| leaf.subject_alt_names.clear());
    let port = echo_server(&server_options(dir.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(dir.path()))).await;
    assert_says(&said, &["names no host (no subjectAltName)", "mqx certs init"]);
}

#[tokio::test]
async fn expired_and_early_certificates_come_with_their_date() {
    let expired = forged(|leaf| leaf.not_after = rcgen::date_time_ymd(2020, 2, 3));
    let port = echo_server(&server_options(expired.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(expired.path()))).await;
    assert_says(&said, &["expired on 2020-02-03 00:00 UTC", "clock"]);

    let early = forged(|leaf| leaf.not_before = rcgen::date_time_ymd(4000, 1, 1));
    let port = echo_server(&server_options(early.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(early.path()))).await;
    assert_says(&said, &["is not valid before 4000-01-01 00:00 UTC", "clock"]);
}

#[tokio::test]
async fn a_ca_certificate_in_the_place_of_the_servers_says_so() {
    let dir = forged(|leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let port = echo_server(&server_options(dir.path())).await;
    let said = refusal(&endpoint("localhost", port, &trusting(dir.path()))).await;
    assert_says(&said, &["uses a CA certificate as its own", "mqx certs init"]);
}

#[tokio::test]
async fn a_client_certificate_is_refused_as_a_servers() {
    let dir = made();
    let (cert, key) = identified(dir.path()).identity.unwrap();
    let port = echo_server(&TlsServerOptions { cert, key, ..server_options(dir.path()) }).await;
    let said = refusal(&endpoint("localhost", port, &trusting(dir.path()))).await;
    assert_says(&said, &["is not meant for servers", "serverAuth"]);
}

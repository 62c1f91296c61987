//! Client certificates that their CA has taken back.

use super::peer::{assert_works, echo_server, endpoint, refusal};
use super::{assert_says, identified, made, mutual, said};
use mqx::error::Class;
use mqx::net::{TlsServerOptions, tls_server};
use rcgen::{
    CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber,
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use std::fs;
use std::path::Path;
use time::{Duration, OffsetDateTime};
use x509_parser::parse_x509_certificate;

/// Options for a server with a list by the CA in `dir`, valid for so many days,
/// that has this certificate on it.
fn revoking(dir: &Path, file: &str, days: i64) -> TlsServerOptions {
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    let key = KeyPair::from_pem(&read("ca.key")).unwrap();
    let ca = Issuer::from_ca_cert_pem(&read("ca.crt"), key).unwrap();
    let revoked = CertificateDer::from_pem_file(dir.join(file)).unwrap();
    let (_, revoked) = parse_x509_certificate(&revoked).unwrap();
    let now = OffsetDateTime::now_utc();
    let list = CertificateRevocationListParams {
        this_update: now - Duration::days(1000),
        next_update: now + Duration::days(days),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from_slice(revoked.raw_serial()),
            revocation_time: now,
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let path = dir.join("revoked.pem");
    fs::write(&path, list.signed_by(&ca).unwrap().pem().unwrap()).unwrap();
    TlsServerOptions { revocations: Some(path), ..mutual(dir) }
}

#[tokio::test]
async fn a_client_whose_certificate_is_revoked_is_refused_and_others_are_not() {
    for (revoked, works) in [("client.crt", false), ("server.crt", true)] {
        let dir = made();
        let port = echo_server(&revoking(dir.path(), revoked, 1)).await;
        let endpoint = endpoint("localhost", port, &identified(dir.path()));
        if works {
            assert_works(&endpoint).await;
        } else {
            assert_says(&refusal(&endpoint).await, &["revoked"]);
        }
    }
}

#[tokio::test]
async fn a_list_that_is_out_of_date_or_of_another_ca_lets_nobody_in() {
    let (dir, other) = (made(), made());
    let old = revoking(dir.path(), "server.crt", -1);
    let foreign = revoking(other.path(), "server.crt", 1);
    let foreign = TlsServerOptions { revocations: foreign.revocations, ..mutual(dir.path()) };
    for options in [old, foreign] {
        let port = echo_server(&options).await;
        refusal(&endpoint("localhost", port, &identified(dir.path()))).await;
    }
}

#[test]
fn a_file_that_is_no_list_is_named() {
    let dir = made();
    let revocations = Some(dir.path().join("ca.crt"));
    let error = tls_server(&TlsServerOptions { revocations, ..mutual(dir.path()) }).unwrap_err();
    assert_eq!(error.class(), Class::Tls);
    assert_says(&said(error), &["ca.crt should hold a revocation list", "a certificate"]);
}

//! Certificate and key files that cannot or should not be used.

use super::{assert_says, forged, identified, made, mutual, said, server_options, trusting};
use mqx::error::Class;
use mqx::net::{TlsClient, TlsClientOptions, TlsServerOptions, Trust, tls_server};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

#[test]
fn a_key_of_another_certificate_is_refused_with_both_names() {
    let (dir, other) = (made(), made());
    let key = other.path().join("server.key");
    let options = TlsServerOptions { key: key.clone(), ..server_options(dir.path()) };
    let error = tls_server(&options).unwrap_err();
    assert_eq!(error.class(), Class::Tls);
    let cert = options.cert.display().to_string();
    let words = format!("the key {} does not belong to the certificate {cert}", key.display());
    assert_says(&said(error), &[&words, "made together"]);
}

#[test]
fn swapped_and_damaged_files_are_called_what_they_are() {
    let dir = made();
    let good = server_options(dir.path());
    let broken = |name: &str, content: &str| {
        let path = dir.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let no_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let no_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let (no_der, no_key) = (broken("no_der", no_der), broken("no_key", no_key));
    let cert = |cert: &PathBuf| TlsServerOptions { cert: cert.clone(), ..good.clone() };
    let key = |key: &PathBuf| TlsServerOptions { key: key.clone(), ..good.clone() };
    let ca = |ca: &PathBuf| TlsServerOptions {
        client_ca: vec![Trust::File(ca.clone())],
        ..good.clone()
    };
    for (options, words) in [
        (cert(&good.key), "should hold a certificate, but holds a private key"),
        (key(&good.cert), "should hold a private key, but holds a certificate"),
        (ca(&good.key), "should hold a certificate, but holds a private key"),
        (cert(&no_der), "is damaged"),
        (key(&no_key), "cannot be used for TLS"),
        (ca(&no_der), "cannot be used as a CA"),
    ] {
        let error = tls_server(&options).unwrap_err();
        assert_eq!(error.class(), Class::Tls);
        assert_says(&said(error), &[words]);
    }
}

#[test]
fn requiring_client_certificates_without_a_ca_is_a_usage_error() {
    let dir = made();
    let options = TlsServerOptions { client_ca: Vec::new(), ..mutual(dir.path()) };
    let error = tls_server(&options).unwrap_err();
    assert_eq!(error.class(), Class::Usage);
    assert_says(&said(error), &["--cafile"]);
}

#[test]
fn good_files_give_no_warnings_and_unwise_ones_do() {
    let dir = made();
    assert_eq!(tls_server(&server_options(dir.path())).unwrap().1, [""; 0]);
    assert_eq!(TlsClient::new(&identified(dir.path())).unwrap().1, [""; 0]);

    let old = forged(|leaf| leaf.not_after = rcgen::date_time_ymd(2020, 2, 3));
    let key = old.path().join("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let server = tls_server(&server_options(old.path())).unwrap().1;
    let identity = Some((old.path().join("server.crt"), key));
    let client = TlsClient::new(&TlsClientOptions { identity, ..trusting(old.path()) }).unwrap().1;
    assert_eq!(server, client);
    assert_says(&server.join("\n"), &["expired on 2020-02-03", "server.key", "chmod 600"]);
    assert_eq!(server.len(), 2);
}

//! What is in the certificates.

use super::{init, into, made};
use mqx::certs::MAX_DAYS;
use mqx::certs::init::Config;
use std::fs;
use std::net::Ipv6Addr;
use std::path::Path;
use x509_parser::prelude::*;

/// Calls `check` with the certificate in a file.
pub(super) fn with_certificate<T>(path: &Path, check: impl FnOnce(&X509Certificate<'_>) -> T) -> T {
    let (_, pem) = parse_x509_pem(&fs::read(path).unwrap()).unwrap();
    check(&pem.parse_x509().unwrap())
}

#[test]
fn the_server_certificate_is_for_the_loopback_and_every_host_given() {
    let dir = tempfile::tempdir().unwrap();
    let hosts = ["Broker.Example", "*.lab.example", "10.1.2.3"];
    let hosts = hosts.map(|host| host.parse().unwrap()).to_vec();
    init(&Config { hosts, ..into(dir.path()) }).unwrap();
    with_certificate(&dir.path().join("server.crt"), |server| {
        let names = server.subject_alternative_name().unwrap().unwrap();
        let has = |name: GeneralName<'_>| names.value.general_names.contains(&name);
        for host in ["localhost", "broker.example", "*.lab.example"] {
            assert!(has(GeneralName::DNSName(host)), "{host}");
        }
        assert!(has(GeneralName::IPAddress(&[127, 0, 0, 1])));
        assert!(has(GeneralName::IPAddress(&Ipv6Addr::LOCALHOST.octets())));
        assert!(has(GeneralName::IPAddress(&[10, 1, 2, 3])));
    });
}

#[test]
fn the_authority_signs_leaves_only_and_the_leaves_sign_nothing() {
    let dir = made();
    with_certificate(&dir.path().join("ca.crt"), |ca| {
        let constraints = ca.basic_constraints().unwrap().unwrap().value;
        assert!(constraints.ca);
        assert_eq!(constraints.path_len_constraint, Some(0));
        assert!(ca.key_usage().unwrap().unwrap().value.key_cert_sign());
        ca.verify_signature(None).unwrap();
        for leaf in ["server.crt", "client.crt"] {
            with_certificate(&dir.path().join(leaf), |leaf| {
                leaf.verify_signature(Some(ca.public_key())).unwrap();
                assert_eq!(leaf.issuer(), ca.subject());
                assert!(!leaf.is_ca());
                assert_ne!(leaf.raw_serial(), ca.raw_serial());
                assert!(leaf.validity().not_after <= ca.validity().not_after);
            });
        }
    });
}

#[test]
fn each_leaf_can_be_used_for_its_purpose_only() {
    let dir = tempfile::tempdir().unwrap();
    let client_name = "Küche/Licht 1".parse().unwrap();
    init(&Config { client_name, ..into(dir.path()) }).unwrap();
    let usage_and_name = |name: &str| {
        with_certificate(&dir.path().join(name), |leaf| {
            let usage = leaf.extended_key_usage().unwrap().unwrap().value;
            let name = leaf.subject().iter_common_name().next().unwrap();
            (usage.server_auth, usage.client_auth, name.as_str().unwrap().to_owned())
        })
    };
    assert_eq!(usage_and_name("server.crt"), (true, false, "localhost".to_owned()));
    assert_eq!(usage_and_name("client.crt"), (false, true, "Küche/Licht 1".to_owned()));
}

#[test]
fn validity_begins_in_the_past_and_never_exceeds_825_days_in_all() {
    let seconds = |days: u16| {
        let dir = tempfile::tempdir().unwrap();
        init(&Config { days, ..into(dir.path()) }).unwrap();
        with_certificate(&dir.path().join("client.crt"), |leaf| {
            let validity = leaf.validity();
            let now = ASN1Time::now().timestamp();
            assert!(validity.not_before.timestamp() <= now - 3600);
            validity.not_after.timestamp() - validity.not_before.timestamp()
        })
    };
    assert_eq!(seconds(10), 10 * 86_400 + 3600);
    assert_eq!(seconds(MAX_DAYS), 825 * 86_400);
    assert_eq!(seconds(u16::MAX), 825 * 86_400);
}

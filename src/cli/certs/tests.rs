//! What is typed and what it means.

use super::CertsArgs;
use crate::certs::{Task, init};
use clap::{CommandFactory as _, Parser};

#[derive(Debug, Parser)]
struct Certs {
    #[command(flatten)]
    args: CertsArgs,
}

fn parse(line: &str) -> Result<Task, String> {
    match Certs::try_parse_from(line.split(' ')) {
        Ok(certs) => certs.args.into_task().map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn without_flags_the_defaults_hold() {
    Certs::command().debug_assert();
    assert_eq!(parse("certs init").unwrap(), Task::Init(init::Config::default()));
}

#[test]
fn every_flag_of_init_reaches_the_config() {
    let line = "certs init --dir d --host a.example --host ::1 --client-name c --days 1 --force \
                --json --subject O=x --key-type p384 --key-password y";
    let Task::Init(config) = parse(line).unwrap() else { panic!("another task") };
    assert_eq!(config.hosts, ["a.example", "::1"].map(|host| host.parse().unwrap()));
    assert_eq!((config.client_name.as_str(), config.days), ("c", 1));
    assert_eq!(config.delivery.dir.to_str(), Some("d"));
    assert!(config.delivery.force && config.delivery.json && config.key.password.is_some());
    assert_eq!(config.key.kind.to_string(), "p384");
    assert_eq!(config.subject, "O=x".parse().unwrap());
}

#[test]
fn every_client_gets_a_certificate_and_a_server_one_for_all_its_hosts() {
    let stems = |line: &str| match parse(line).unwrap() {
        Task::Issue(config) => config.leaves.into_iter().map(|leaf| leaf.stem).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(stems("certs client a b/c"), ["a", "b_c"]);
    assert_eq!(stems("certs server *.lan 10.0.0.1"), ["_.lan"]);
    assert_eq!(stems("certs server broker.lan --name server"), ["server"]);
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    for (line, words) in [
        ("certs init --days 826", "826 is not in 1..=825"),
        ("certs init --days 0", "0 is not in 1..=825"),
        ("certs init --host mqtt://a", "no host name or IP address"),
        ("certs init --client-name ", "1 to 64 characters"),
        ("certs init --subject CN=x", "leave out CN"),
        ("certs init --print apache", "known are mosquitto"),
        ("certs server", "<HOST>"),
        ("certs client a b --name c", "for one certificate"),
        ("certs client a b --subject CN=c", "for one certificate"),
        ("certs client a --san é", "xn--"),
        ("certs client a --key-type dsa", "p384, ed25519"),
        ("certs client a --ca-key k", "--ca <FILE>"),
        ("certs renew a.crt --key-type p384", "--new-key"),
        ("certs renew a.crt --key-password x", "--new-key"),
        ("certs bundle a.crt --format der --password x", "PKCS#12 only"),
    ] {
        let error = parse(line).unwrap_err();
        assert!(error.contains(words), "{line}: {error}");
    }
}

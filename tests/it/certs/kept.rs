//! `mqx broker --tls auto` and `--tls-lab`: certificates that the broker keeps itself,
//! and what is shown when files change under it.

use super::contents::with_certificate;
use super::peer::{LIMIT, endpoint, refusal};
use super::{made, ok, server_options, trusting};
use crate::support::program::{Running, mqx, run};
use jiff::Timestamp;
use mqx::broker::{Address, Config, Listen, start};
use mqx::certs::bad::Kind;
use mqx::certs::kept::{self, keep};
use mqx::net::facts::Facts;
use mqx::net::{TlsClientOptions, TlsServer, Trust, chain_of, connect};
use rustix::process::Signal;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn config(dir: &Path, hosts: &[&str]) -> kept::Config {
    let hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
    kept::Config { dir: dir.to_owned(), hosts }
}

fn serial(path: &Path) -> String {
    with_certificate(path, |own| own.raw_serial_as_string())
}

#[test]
fn what_is_kept_is_made_once_and_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = keep(&config(dir.path(), &["a.example"])).unwrap();
    assert_eq!(first.news.len(), 2, "{:?}", first.news);
    let before = (serial(&first.ca), serial(&first.certificate));
    for hosts in [&["a.example"] as &[_], &[]] {
        let again = keep(&config(dir.path(), hosts)).unwrap();
        assert_eq!(again.news, Vec::<String>::new(), "fewer hosts are no reason");
        assert_eq!((serial(&again.ca), serial(&again.certificate)), before);
    }
    let other = keep(&config(dir.path(), &["b.example", "10.9.8.7"])).unwrap();
    assert!(other.news[0].contains("for other hosts"), "{:?}", other.news);
    assert_eq!(serial(&other.ca), before.0);
    assert_ne!(serial(&other.certificate), before.1);
}

#[test]
fn what_ends_soon_or_is_of_another_ca_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let kept = keep(&config(dir.path(), &[])).unwrap();
    let own_key = |path: &Path| with_certificate(path, |own| own.public_key().raw.to_vec());
    let ca_key = own_key(&kept.ca);
    ok(dir.path(), "renew ca.crt --days 3");
    ok(dir.path(), "server localhost --name server --days 2 --force");
    let again = keep(&config(dir.path(), &[])).unwrap();
    assert!(again.news[0].contains("CA") && again.news[0].contains("renewed"), "{:?}", again.news);
    assert_eq!(again.news.len(), 2);
    assert_eq!(own_key(&again.ca), ca_key, "what it has signed stays valid");
    for name in ["ca.crt", "ca.key"] {
        fs::remove_file(path(name)).unwrap();
    }
    assert_eq!(keep(&config(dir.path(), &[])).unwrap().news.len(), 2);
    ok(dir.path(), "verify server.crt --cafile ca.crt --host localhost");
}

#[tokio::test]
async fn what_ends_soon_is_renewed_under_a_running_broker_for_the_same_hosts() {
    let dir = tempfile::tempdir().unwrap();
    let broker = broker(&dir, "--tls auto --tls-port 0 --tls-host a.example");
    let port = port_of(&broker);
    assert_eq!(kept::renew_in_time(dir.path()).unwrap(), Vec::<String>::new());
    ok(dir.path(), "server localhost a.example --name server --days 2 --force");
    let news = kept::renew_in_time(dir.path()).unwrap();
    assert!(news[0].ends_with("server.crt was renewed") && news.len() == 1, "{news:?}");
    let endpoint = endpoint("localhost", port, &trusting(dir.path()));
    let chain = chain_of(&endpoint, LIMIT).await.unwrap();
    let shown = Facts::of(&chain[0], Timestamp::now()).unwrap();
    assert!(shown.days_left > 800 && shown.names.contains(&"DNS:a.example".to_owned()));
}

#[test]
fn to_check_a_configuration_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("a/b");
    let check = |words: &str| {
        let words = format!("broker --check-config --tls-dir {} {words}", missing.display());
        run(mqx(words.split(' ')))
    };
    for words in ["--tls auto", "--tls auto --require-client-cert", "--tls-lab"] {
        let ended = check(words);
        assert_eq!(ended.code, Some(0), "{words}: {}", ended.err);
        assert!(ended.err.contains("the configuration is good"), "{}", ended.err);
        assert!(!missing.parent().unwrap().exists(), "{words}");
    }
    keep(&config(&missing, &[])).unwrap();
    let before = serial(&missing.join("server.crt"));
    assert_eq!(check("--tls auto --tls-host b.example").code, Some(0));
    assert_eq!(serial(&missing.join("server.crt")), before);
    fs::write(missing.join("server.crt"), "nonsense").unwrap();
    let ended = check("--tls auto");
    assert_eq!(ended.code, Some(4), "{}", ended.err);
    assert!(ended.err.contains("server.crt should hold a certificate"), "{}", ended.err);
}

#[test]
fn brokers_that_begin_at_once_share_one_ca() {
    let dir = tempfile::tempdir().unwrap();
    let start = || keep(&config(dir.path(), &[])).unwrap().news.len();
    let made: usize = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        all.into_iter().map(|each| each.join().unwrap()).sum()
    });
    assert_eq!(made, 2);
}

/// The broker with these words, its TLS files in `dir`.
fn broker(dir: &TempDir, words: &str) -> Running {
    let dir = dir.path().to_str().unwrap();
    Running::start(mqx(["broker", "-p", "0", "--tls-dir", dir].into_iter().chain(words.split(' '))))
}

/// The TLS port that the broker says.
fn port_of(broker: &Running) -> u16 {
    let line = broker.err_line_with("mqx sub --tls");
    line.split_once(" -p ").unwrap().1.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn the_line_that_the_broker_prints_reaches_it() {
    let dir = tempfile::tempdir().unwrap();
    let broker = broker(&dir, "--tls auto --tls-port 0");
    let line = broker.err_line_with("mqx sub --tls");
    let line = line.split_once("mqx sub").unwrap().1.replace("'#'", "#");
    let ended = run(mqx(std::iter::once("sub").chain(line.split_whitespace()).chain(["-E"])));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    broker.signal(Signal::TERM);
    assert!(broker.end().err.contains("stopped after 1 connections"));
}

#[test]
fn with_mutual_tls_the_ca_of_the_broker_signs_its_clients() {
    let dir = tempfile::tempdir().unwrap();
    let broker = broker(&dir, "--tls auto --tls-port 0 --require-client-cert");
    let port = port_of(&broker).to_string();
    ok(dir.path(), "client ann");
    let path = |name: &str| dir.path().join(name).display().to_string();
    let ca = path("ca.crt");
    let publish = ["pub", "--tls", &ca, "-p", &port, "-t", "a", "-n"];
    assert_eq!(run(mqx(publish)).code, Some(4));
    let (cert, key) = (path("ann.crt"), path("ann.key"));
    let own = ["--cert", &cert, "--key", &key];
    assert_eq!(run(mqx(publish.iter().chain(&own))).code, Some(0));
}

#[test]
fn options_that_contradict_a_certificate_of_its_own_are_refused() {
    for (words, said) in [
        ("--tls auto --cert a --key b", "--cert names another"),
        ("--tls-host a", "--tls-host needs --tls auto"),
        ("--tls maybe", "'maybe'"),
        ("--tls auto --tls-dir /dev/null/x", "--tls-dir DIR"),
        ("--tls-alpn mqtt", "--tls-alpn needs --cert"),
        ("--tls-lab --tls-lab-port 65535", "too few ports"),
    ] {
        let state = tempfile::tempdir().unwrap();
        let mut command = mqx(["broker", "-p", "0"].into_iter().chain(words.split(' ')));
        command.env("XDG_STATE_HOME", state.path()).env_remove("STATE_DIRECTORY");
        let ended = run(command);
        assert!(ended.err.contains(said), "{words}: {}", ended.err);
        assert_ne!(ended.code, Some(0));
    }
}

/// What a client that trusts the CA finds wrong at the port of each kind.
const WRONG: &[(&str, &str)] = &[
    ("expired", "expired on"),
    ("not-yet-valid", "is not valid before"),
    ("wrong-host", "is for wrong-host.invalid"),
    ("unknown-ca", "is not signed by a CA in"),
    ("self-signed", "is not signed by a CA in"),
    ("no-server-usage", "is not meant for servers"),
    ("weak-key", "the RSA key of 1024 bits is too short"),
    ("broken-chain", "is not signed by a CA in"),
    ("mismatched-key", ""),
];

#[tokio::test]
async fn each_port_of_the_lab_is_bad_in_its_own_way() {
    let dir = tempfile::tempdir().unwrap();
    let broker = broker(&dir, "--tls-lab");
    let port = |kind: &str| -> u16 {
        let line = broker.err_line_with(&format!(" {kind} "));
        line.split_whitespace().nth(2).unwrap().parse().unwrap()
    };
    let trusting = trusting(dir.path());
    connect(&endpoint("localhost", port("good"), &trusting), LIMIT).await.unwrap();
    for kind in Kind::all().map(Kind::name) {
        let endpoint = endpoint("localhost", port(kind), &trusting);
        match WRONG.iter().find(|(name, _)| *name == kind) {
            Some((_, words)) => {
                let said = refusal(&endpoint).await;
                assert!(said.contains(words), "{kind}: {said}");
            }
            // Only a client with the list knows.
            None => drop(connect(&endpoint, LIMIT).await.unwrap()),
        }
    }
    let dir = dir.path();
    let revoked = "verify lab/revoked.crt --cafile ca.crt --crl ca.crl";
    assert!(super::certs(dir, revoked).err.contains("has been revoked"));
}

#[tokio::test]
async fn files_that_are_replaced_are_shown_to_the_next_client_and_bad_ones_never() {
    let (dir, other) = (made(), made());
    let (tls, _) = TlsServer::new(server_options(dir.path())).unwrap();
    let listen = Listen { tls_port: Some(0), tls: Some(tls), ..Listen::default() };
    let broker = start(&Config { workers: 1, ..Config::at(listen) }).unwrap();
    let port = broker.addresses().iter().find_map(Address::socket).unwrap().port();
    let old = fs::read(dir.path().join("ca.crt")).unwrap();
    let (trusts_old, trusts_new) = (dir.path().join("old.crt"), other.path().join("ca.crt"));
    fs::write(&trusts_old, old).unwrap();
    let reached = async |ca: &Path| {
        let options = TlsClientOptions { ca: Trust::File(ca.to_owned()), ..Default::default() };
        connect(&endpoint("127.0.0.1", port, &options), LIMIT).await.is_ok()
    };
    let put = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    let of_other = |name: &str| fs::read(other.path().join(name)).unwrap();
    assert!(reached(&trusts_old).await);
    put("server.crt", &of_other("server.crt"));
    assert!(reached(&trusts_old).await, "the key is not there yet");
    put("server.key", &of_other("server.key"));
    assert!(reached(&trusts_new).await && !reached(&trusts_old).await);
    put("server.crt", b"nonsense");
    assert!(reached(&trusts_new).await);
    broker.shutdown().await.unwrap();
}

#[tokio::test]
async fn versions_and_application_protocols_are_those_of_the_options() {
    let dir = tempfile::tempdir().unwrap();
    let words = "--tls auto --tls-port 0 --tls-max-version 1.2 --tls-alpn mqtt";
    let broker = broker(&dir, words);
    let port = port_of(&broker);
    let offering = |alpn: &str, version: &str| TlsClientOptions {
        alpn: vec![alpn.to_owned()],
        version: Some(version.parse().unwrap()),
        ..trusting(dir.path())
    };
    connect(&endpoint("localhost", port, &offering("mqtt", "1.2")), LIMIT).await.unwrap();
    let said = refusal(&endpoint("localhost", port, &offering("h2", "1.2"))).await;
    assert!(said.contains("none of the application protocols"), "{said}");
    refusal(&endpoint("localhost", port, &offering("mqtt", "1.3"))).await;
}

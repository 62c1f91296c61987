//! `mqx test`: what it finds out about brokers, and in what two differ.

use crate::support::program::{Ended, Running, mqx, run};
use mqx::broker::core::Limits;
use mqx::broker::{Broker, Config, start};
use mqx::mqtt::QoS;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

/// A broker with these limits, and its URL.
fn broker(limits: Limits) -> (Broker, String) {
    let broker = start(&Config { workers: 1, limits, ..Config::on_port(0) }).unwrap();
    let url = format!("mqtt://{}", broker.address().unwrap());
    (broker, url)
}

fn test(line: &str) -> Ended {
    run(mqx(std::iter::once("test").chain(line.split(' '))))
}

fn answer<'a>(document: &'a Value, area: &str, probe: &str) -> (&'a str, &'a str) {
    let rows = document["probes"].as_array().unwrap();
    let row = rows.iter().find(|row| row["area"] == area && row["probe"] == probe).unwrap();
    (row["answer"].as_str().unwrap(), row["verdict"].as_str().unwrap())
}

#[test]
fn this_broker_does_everything_and_nothing_wrong() {
    let (broker, url) = broker(Limits::default());
    let ended = test(&format!("-b {url} --json"));
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    let rows = document["probes"].as_array().unwrap();
    assert!(rows.len() > 45);
    let missing = rows.iter().filter(|row| row["verdict"] != "yes");
    let missing: Vec<_> = missing.map(|row| row["probe"].as_str().unwrap()).collect();
    let unasked = ["wrong password", "no password", "denied topic", "denied topic"];
    assert_eq!(missing, unasked, "those that need a user or a topic");
    let ends = [&rows[0]["probe"], &rows[rows.len() - 1]["probe"]];
    assert_eq!(ends, ["MQTT 5", "topic alias 0"], "in the order of the table");
    for (area, probe, said) in [
        ("connection", "taken over", "0x8e Session taken over"),
        ("messages", "nobody listens", "0x10 No matching subscribers"),
        ("messages", "order, QoS 2", "kept"),
        ("messages", "longest topic", "65535 bytes and more"),
        ("retained", "retain handling", "as asked for"),
        ("subscriptions", "overlapping", "one copy, with the highest QoS"),
        ("subscriptions", "shared", "each member gets some"),
        ("sessions", "kept", "with what was published meanwhile"),
        ("wills", "delayed", "published later"),
        ("wills", "kept", "for those who come later"),
        ("errors", "second CONNECT", "0x82 Protocol Error"),
        ("errors", "reserved packet type", "0x81 Malformed Packet"),
        ("errors", "wildcard in a topic", "0x90 Topic Name invalid"),
        ("errors", "topic alias 0", "0x94 Topic Alias invalid"),
    ] {
        assert_eq!(answer(&document, area, probe), (said, "yes"));
    }
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_user_learns_how_others_and_forbidden_topics_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (users, rules, password) = (path("users"), path("rules"), path("password"));
    fs::write(&rules, "user ann\ntopic readwrite mqx/#\ntopic read $SYS/#\n").unwrap();
    fs::write(&password, "hunter2\n").unwrap();
    let mut passwd = mqx(["broker", "passwd", &users, "ann"]);
    passwd.stdin(File::open(&password).unwrap());
    assert_eq!(run(passwd).code, Some(0));
    let words = ["broker", "-p", "0", "--password-file", &users, "--acl-file", &rules];
    let broker = Running::start(mqx(words));
    let ready = broker.out_line();
    let port = ready.split("127.0.0.1:").nth(1).unwrap().split(' ').next().unwrap();
    let line = format!("-h 127.0.0.1 -p {port} -u ann --password-file {password} --denied secret");
    let ended = test(&format!("{line} --only connection --only errors --json"));
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    for (probe, said) in [
        ("wrong password", "0x86 Bad User Name or Password"),
        ("no password", "0x87 Not authorized"),
    ] {
        assert_eq!(answer(&document, "connection", probe), (said, "yes"));
    }
    let ended = test(&format!("{line} --only subscriptions --only messages --json"));
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    for area in ["subscriptions", "messages"] {
        assert_eq!(answer(&document, area, "denied topic"), ("0x87 Not authorized", "yes"));
    }
}

#[test]
fn two_brokers_differ_in_what_their_limits_say() {
    let (usual, usual_url) = broker(Limits::default());
    let limits = Limits {
        maximum_qos: QoS::AtMostOnce,
        retain_available: false,
        maximum_packet_size: 3000,
        ..Limits::default()
    };
    let (narrow, narrow_url) = broker(limits);
    let ended = test(&format!("--diff {usual_url} {narrow_url} --only limits --json"));
    assert_eq!(ended.code, Some(9), "{}", ended.err);
    assert!(ended.err.contains("the brokers differ in 3 answers"), "{}", ended.err);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    let different = document["different"].as_array().unwrap();
    let different: Vec<_> = different.iter().map(|row| row["probe"].as_str().unwrap()).collect();
    assert_eq!(different, ["maximum QoS", "maximum packet size", "retained messages"]);
    let ended = test(&format!("--diff {usual_url} {usual_url} --only limits"));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let ended = test(&format!("--diff {usual_url} {narrow_url} --only messages"));
    let marked: Vec<_> = ended.out.lines().filter(|line| line.starts_with("* ")).collect();
    assert!(marked.iter().any(|line| line.contains("largest payload")), "{}", ended.out);
    assert!(marked.iter().any(|line| line.contains("QoS 1")), "{}", ended.out);
    for each in [usual, narrow] {
        each.blocking_shutdown().unwrap();
    }
}

/// Says yes to every CONNECT and answers every PINGREQ, whatever else happens.
fn careless(mut stream: TcpStream) {
    let mut head = [0; 2];
    while stream.read_exact(&mut head).is_ok() {
        let mut rest = vec![0; head[1].into()];
        stream.read_exact(&mut rest).unwrap();
        let answer: &[u8] = match head[0] {
            0x10 => &[0x20, 3, 0, 0, 0],
            0xC0 => &[0xD0, 0],
            _ => &[],
        };
        stream.write_all(answer).unwrap();
    }
}

#[test]
fn what_breaks_the_standard_is_called_wrong_with_its_statement() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(|| careless(stream.unwrap()));
        }
    });
    let ended = test(&format!("-h 127.0.0.1 -p {port} --only connection"));
    assert_eq!(ended.code, Some(9), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("it gets none  WRONG by MQTT-3.2.2-16"), "{}", ended.out);
    assert!(ended.out.contains("both stay  WRONG by MQTT-3.1.4-3"), "{}", ended.out);
    assert!(ended.err.contains("breaks the standard in 2 answers"), "{}", ended.err);
}

#[test]
fn a_broker_of_an_older_version_is_tested_in_that() {
    let (broker, url) = broker(Limits::default());
    let ended = test(&format!("-b {url} -V 3.1.1 --only subscriptions --only wills --json"));
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["version"], "3.1.1");
    let no_local = answer(&document, "subscriptions", "no local");
    assert_eq!(no_local, ("not a part of MQTT 3.1.1", "no"));
    assert_eq!(answer(&document, "wills", "connection lost"), ("published", "yes"));
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_broker_that_cannot_be_reached_is_a_failure_like_that_of_any_client() {
    for (line, code, words) in [
        ("-h nowhere.invalid", 3, "unknown host"),
        ("--diff mqtt://nowhere.invalid mqtt://nowhere.invalid", 3, "unknown host"),
        ("--only everything", 2, "known are connection, limits"),
        ("--diff mqtt://a", 2, "2 values required"),
        ("--diff mqtt://a mqtt://b -h c", 2, "cannot be used with"),
        ("--will-topic a", 2, "leave out --will-topic"),
    ] {
        let ended = test(line);
        assert_eq!(ended.code, Some(code), "{line}: {}", ended.err);
        assert!(ended.err.contains(words), "{line}: {}", ended.err);
        assert_eq!(ended.out, "");
    }
}

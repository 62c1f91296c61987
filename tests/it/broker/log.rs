//! The lines of the log.

use super::lab::{Lab, hello, hex, message, seconds};
use jiff::Timestamp;
use mqx::broker::core::{Entrance, Peer, Setup};
use mqx::broker::log::{Config, Format, Level, Log};
use mqx::mqtt::{Connect, QoS, ReasonCode, Version};
use std::path::Path;
use std::sync::Arc;

/// What is logged while `play` runs.
fn logged(level: Level, format: Format, play: impl FnOnce(&mut Lab)) -> Vec<String> {
    logged_by(&Config { level, format, ..Config::default() }, play)
}

fn logged_by(config: &Config, play: impl FnOnce(&mut Lab)) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let config = Config { file: Some(path.clone()), ..config.clone() };
    let log = Arc::new(Log::start(&config, Timestamp::UNIX_EPOCH).unwrap());
    let observer = Some(Arc::clone(&log) as _);
    let mut lab = Lab::made(Setup { observer, ..Setup::default() });
    lab.set_peer(Peer { address: "192.0.2.7:4711".parse().ok(), ..Peer::default() });
    play(&mut lab);
    log.finish();
    read(&path)
}

fn read(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

fn come_and_go(lab: &mut Lab) {
    lab.pass(seconds(1));
    let named = Connect { username: Some("ann"), keep_alive: 60, ..hello(Version::V5, "c 1") };
    let mut client = lab.connect(&named);
    client.take();
    lab.subscribe(&mut client, "a/#", QoS::AtLeastOnce);
    lab.pass(seconds(1));
    lab.disconnect(&mut client, ReasonCode::SUCCESS);
}

#[test]
fn that_clients_come_and_go_can_be_left_out() {
    let config = Config { level: Level::Debug, no_connections: true, ..Config::default() };
    let lines = logged_by(&config, come_and_go);
    assert!(lines.iter().all(|line| !line.contains("connected") && !line.contains("accepted")));
    assert!(lines.iter().any(|line| line.contains(" subscribed ")), "{lines:?}");
}

#[test]
fn clients_that_come_and_go_are_logged() {
    assert_eq!(
        logged(Level::Info, Format::Text, come_and_go),
        [
            "1970-01-01T00:00:01.000000Z info connected client=\"c 1\" connection=1 \
             from=192.0.2.7:4711 user=ann version=5.0 keep-alive=60 session=new expiry=0",
            "1970-01-01T00:00:02.000000Z info disconnected client=\"c 1\" connection=1 \
             why=\"it said goodbye\"",
        ]
    );
}

#[test]
fn a_client_at_a_unix_socket_and_one_in_the_process_are_told_apart() {
    for (inside, from) in [(false, " from=unix "), (true, " from=inside ")] {
        let lines = logged(Level::Debug, Format::Text, |lab| {
            lab.set_peer(Peer { inside, ..Peer::default() });
            come_and_go(lab);
        });
        let told: Vec<_> = lines.iter().filter(|line| format!("{line} ").contains(from)).collect();
        assert_eq!(told.len(), 2, "accepted and connected: {lines:?}");
    }
}

#[test]
fn a_log_that_was_moved_away_goes_on_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let (path, moved) = (folder.path().join("log"), folder.path().join("log.1"));
    let config = Config { file: Some(path.clone()), ..Config::default() };
    let log = Arc::new(Log::start(&config, Timestamp::UNIX_EPOCH).unwrap());
    let observer = Some(Arc::clone(&log) as _);
    let mut lab = Lab::made(Setup { observer, ..Setup::default() });
    lab.client(Version::V5, "early");
    std::fs::rename(&path, &moved).unwrap();
    lab.client(Version::V5, "meanwhile");
    log.reopen();
    lab.client(Version::V5, "late");
    log.finish();
    let (early, late) = (read(&moved), read(&path));
    assert!(early.len() == 2 && early[1].contains("client=meanwhile"), "{early:?}");
    assert!(late.len() == 1 && late[0].contains("client=late"), "{late:?}");
}

#[test]
fn a_line_of_json_says_the_same() {
    assert_eq!(
        logged(Level::Info, Format::Json, come_and_go)[0],
        "{\"time\":\"1970-01-01T00:00:01.000000Z\",\"level\":\"info\",\"event\":\"connected\",\
         \"client\":\"c 1\",\"connection\":1,\"from\":\"192.0.2.7:4711\",\"user\":\"ann\",\
         \"version\":\"5.0\",\"keep-alive\":60,\"session\":\"new\",\"expiry\":0}"
    );
}

#[test]
fn each_level_has_what_the_one_above_it_has_and_more() {
    let play = |lab: &mut Lab| {
        come_and_go(lab);
        let mut client = lab.client(Version::V5, "d");
        lab.publish(&mut client, &message("t", "", QoS::AtMostOnce, 0));
        lab.send_bytes(&mut client, &hex("36 05 0001 74 0001"));
    };
    let events = |level| {
        let lines = logged(level, Format::Text, play);
        lines.iter().map(|line| line.split(' ').nth(2).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(events(Level::Error), [""; 0]);
    assert_eq!(events(Level::Warn), ["disconnected"]);
    assert_eq!(events(Level::Info), ["connected", "disconnected", "connected", "disconnected"]);
    let debug = events(Level::Debug);
    assert!(debug.iter().any(|event| event == "subscribed"), "{debug:?}");
    assert!(!debug.iter().any(|event| event == "published"), "{debug:?}");
    let trace = events(Level::Trace);
    assert!(trace.iter().any(|event| event == "published"), "{trace:?}");
}

#[test]
fn a_refused_client_is_logged_with_the_reason_and_what_would_let_it_in() {
    let lines = logged(Level::Warn, Format::Text, |lab| {
        lab.set_entrance(Entrance { anonymous: false, ..Entrance::default() });
        lab.connect(&hello(Version::V5, "c"));
    });
    assert_eq!(lines.len(), 1);
    for words in ["refused client=c", "Not authorized", "without a user name", "--allow-anonymous"]
    {
        assert!(lines[0].contains(words), "{lines:?}");
    }
}

#[test]
fn a_violation_is_logged_with_its_statement() {
    let lines = logged(Level::Warn, Format::Text, |lab| {
        let mut client = lab.client(Version::V311, "c");
        lab.send_bytes(&mut client, &hex("36 05 0001 74 0001"));
    });
    assert!(lines[0].contains("statement=MQTT-3.3.1-4"), "{lines:?}");
}

#[test]
fn what_a_client_calls_itself_cannot_forge_a_line() {
    let lines = logged(Level::Info, Format::Text, |lab| {
        lab.client(Version::V5, "c\nerror \u{1b}[2J");
    });
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains(r#"client="c\nerror \u{1b}[2J""#), "{lines:?}");
}

//! `mqx broker --exec`: a command that runs beside the broker and ends it.

use crate::support::program::{Ended, Running, mqx, run};
use rustix::process::Signal;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// A broker with this command, which finds the program itself in `$MQX`. It is
/// in no terminal's foreground, even if the tests are.
fn with_options(options: &[&str], command: &str) -> Command {
    let words = ["broker", "--workers", "1"].iter().chain(options).copied();
    let mut broker = mqx(words.chain(["--exec", command]));
    broker.env("MQX", env!("CARGO_BIN_EXE_mqx")).process_group(0);
    broker
}

fn with(command: &str) -> Command {
    with_options(&["--port", "0"], command)
}

fn ready(ended: &Ended) -> &str {
    let line = ended.err.lines().find_map(|line| line.strip_prefix("mqx: ready "));
    line.unwrap_or_else(|| panic!("{ended:?}"))
}

#[test]
fn the_broker_ends_with_the_exit_code_of_its_command_and_without_a_word_of_its_own() {
    for (command, code) in [("true", 0), ("exit 3", 3), ("kill -KILL $$", 137)] {
        let ended = run(with(command));
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{ended:?}");
        assert!(ended.err.contains("stopped after 0 connections"), "{ended:?}");
        assert!(!ended.err.contains("error"), "{ended:?}");
    }
}

#[test]
fn the_command_finds_the_broker_in_its_environment_and_has_stdout_for_itself() {
    let publish = "\"$MQX\" pub -h \"$MQTT_HOST\" -p \"$MQTT_PORT\" -q 1 -t a -m b";
    let command = format!("{publish} && echo \"$MQTT_URL $MQTT_WS_URL $MQX_API\"");
    let ended = run(with(&command));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mqtt = ready(&ended).split(' ').next().unwrap();
    let place = mqtt.strip_prefix("mqtt://").unwrap();
    assert_eq!(ended.out, format!("mqtt://{place} ws://{place}/mqtt http://{place}\n"));
    assert!(ended.err.contains("1 messages received"), "{ended:?}");
    assert!(!ended.err.contains("stands for no option"), "{ended:?}");
}

#[test]
fn clients_of_mqx_go_to_the_broker_that_runs_them() {
    let mut broker = with("\"$MQX\" pub -q 1 -t a -m b");
    broker.env("MQX_HOST", "other.invalid").env("MQX_PORT", "1").env("MQX_PROFILE", "other");
    let ended = run(broker);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.err.contains("1 messages received"), "{ended:?}");
    assert!(!ended.err.contains("warning"), "{ended:?}");
}

#[test]
fn a_load_that_the_broker_does_not_take_is_refused_before_it_is_sent() {
    let long = format!("--user-property k={}", "v".repeat(100));
    for (options, load, wanted) in [
        (&["--max-packet-size", "150"][..], &*long, Some("over the broker's limit of 150")),
        (&["--no-retain"], "--retain", Some("retained messages")),
        // 1 for the type, 1 for the length, 2 and 4 for the topic, 1 for no properties.
        (&["--max-packet-size", "100"], "--size 91 -t abcd", None),
        (&["--max-packet-size", "100"], "--size 92 -t abcd", Some("of 101 bytes is over")),
    ] {
        let command = format!("\"$MQX\" bench pub -b \"$MQTT_URL\" --limit 1 {load}");
        let ended = run(with_options(&[&["--port", "0"], options].concat(), &command));
        let code = if wanted.is_some() { 7 } else { 0 };
        assert_eq!(ended.code, Some(code), "{load}: {ended:?}");
        assert!(ended.err.contains(wanted.unwrap_or_default()), "{load}: {ended:?}");
    }
}

#[test]
fn variables_of_another_broker_are_not_left_to_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mqtt.sock");
    let file = folder.path().join("mqx.toml");
    fs::write(&file, format!("[[listener]]\nunix = {path:?}\n")).unwrap();
    let mut broker = with_options(
        &["--config", file.to_str().unwrap()],
        "echo \"${MQTT_URL-none} ${MQTT_PORT-none} $MQTT_UNIX\"",
    );
    broker.env("MQTT_URL", "mqtt://other:1883").env("MQTT_PORT", "1883");
    let ended = run(broker);
    assert_eq!(ended.out, format!("none none {}\n", path.display()), "{ended:?}");
}

#[test]
fn a_signal_reaches_the_command_and_what_it_runs() {
    // The shell runs the trap only when the program before it has ended, and
    // that is there when it says so itself.
    let inner = "sh -c 'echo started; exec sleep 600'";
    let command = &format!("trap \"echo told; exit 7\" INT TERM; {inner}; echo no");
    for signal in [Signal::INT, Signal::TERM] {
        let broker = Running::start(with(command));
        assert_eq!(broker.out_line(), "started");
        broker.signal(signal);
        let ended = broker.end();
        assert_eq!((ended.code, ended.out.as_str()), (Some(7), "told\n"), "{ended:?}");
        assert!(ended.err.contains("stopped after"), "{ended:?}");
    }
}

#[test]
fn a_second_signal_kills_a_command_that_does_not_listen() {
    let broker = Running::start(with("trap '' INT TERM; echo started; sleep 600"));
    assert_eq!(broker.out_line(), "started");
    broker.signal(Signal::TERM);
    broker.err_line_with("a second signal kills it");
    broker.signal(Signal::TERM);
    let ended = broker.end();
    assert_eq!(ended.code, Some(137), "{ended:?}");
    assert!(ended.err.contains("stopped after"), "{ended:?}");
}

#[test]
fn a_broker_that_cannot_listen_runs_no_command() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = run(with_options(&["--port", &port], "echo no"));
    assert_eq!((ended.code, ended.out.as_str()), (Some(12), ""), "{ended:?}");
}

#[test]
fn a_command_of_no_words_is_a_mistake() {
    let ended = run(with(""));
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
}

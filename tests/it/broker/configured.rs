//! A broker that takes mosquitto's place with mosquitto's file.

use crate::support::program::{Running, mqx, run};
use rustix::process::Signal;
use std::fs;

/// As distributions and tutorials write it.
const MOSQUITTO: &str = "\
# Place your local configuration in /etc/mosquitto/conf.d/
pid_file /run/mosquitto/mosquitto.pid
persistence false
log_dest stderr
log_type error
log_type warning

per_listener_settings false
allow_anonymous false
password_file USERS
max_queued_messages 200

listener 0 SOCKET
";

#[test]
fn a_file_of_mosquitto_runs_with_a_port_of_the_command_line_beside_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    fs::write(path("users"), "ann:secret\n").unwrap();
    let conf = MOSQUITTO.replace("USERS", &path("users")).replace("SOCKET", &path("sock"));
    fs::write(path("mosquitto.conf"), conf).unwrap();
    let broker = Running::start(mqx(["broker", "-c", &path("mosquitto.conf"), "-p", "0"]));
    let ready = broker.out_line();
    assert!(ready.contains(&format!("unix://{}", path("sock"))), "{ready}");
    let port = ready.split("127.0.0.1:").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    let publish = |user: &[&str]| {
        let words = ["pub", "-h", "127.0.0.1", "-p", port, "-t", "a", "-n"];
        run(mqx(words.iter().chain(user))).code
    };
    assert_eq!(publish(&["-u", "ann", "-P", "secret"]), Some(0));
    assert_eq!(publish(&[]), Some(5), "nobody without a name");
    broker.signal(Signal::TERM);
    assert!(broker.end().err.contains("pid_file has no effect"));
}

#[test]
fn a_configuration_is_checked_without_a_broker() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mosquitto.conf");
    fs::write(&file, "listener 1\nlistener 2\nprotocol websockets\n").unwrap();
    let path = file.to_str().unwrap();
    let ended = run(mqx(["broker", "--test-config", "-c", path]));
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""));
    assert!(
        ended.err.contains("configuration is good: port 1, WebSocket port 2;"),
        "{}",
        ended.err
    );
}

//! A configuration that is read again while the broker runs.

use super::lab::{Lab, hello, hex, message};
use crate::certs::peer::{LIMIT, endpoint};
use crate::certs::{made, server_options, trusting};
use crate::support::program::{Running, mqx};
use mqx::broker::access::{load_acl, load_passwords};
use mqx::broker::core::{Limits, QueueLimits};
use mqx::broker::{Address, Broker, Config, Listen, Source, start};
use mqx::error::{Class, Error};
use mqx::mqtt::{Packet, QoS, Version};
use mqx::net::{connect, tls_server};
use rustix::process::Signal;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// A broker, and the configuration it finds when it reads it again.
fn running(config: Config) -> (Broker, Arc<Mutex<Config>>) {
    let next = Arc::new(Mutex::new(config.clone()));
    let found = Arc::clone(&next);
    let source = Some(Source::new(move || Ok(found.lock().unwrap().clone())));
    (start(&Config { workers: 1, source, ..config }).unwrap(), next)
}

/// The answer to the CONNECT of a client of version 3.1.1.
fn connack(address: SocketAddr, user: Option<&str>) -> (TcpStream, u8) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut connect = hello(Version::V311, "c");
    (connect.username, connect.password) = (user, user.map(|_| b"secret".as_slice()));
    let mut bytes = Vec::new();
    Packet::Connect(connect).encode(Version::V311, &mut bytes).unwrap();
    stream.write_all(&bytes).unwrap();
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).unwrap();
    (stream, connack[3])
}

/// A file with this text.
fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn users_and_rules_are_those_of_the_new_configuration() {
    let (broker, next) = running(Config::on_port(0));
    let address = broker.address().unwrap();
    let (mut early, code) = connack(address, None);
    assert_eq!(code, 0);
    {
        let mut next = next.lock().unwrap();
        next.listeners[0].anonymous = false;
        next.listeners[0].passwords = Some(load_passwords(file("ann:secret\n").path()).unwrap().0);
        next.acl = Some(load_acl(file("user ann\ntopic a\n").path()).unwrap());
    }
    broker.reload().unwrap();
    assert_eq!(connack(address, None).1, 5, "not authorized");
    assert_eq!(connack(address, Some("bob")).1, 4, "no such user");
    // Who was there stays, and goes by the new rules.
    early.write_all(&hex("82 06 0001 0001 61 00")).unwrap();
    let mut suback = [0; 5];
    early.read_exact(&mut suback).unwrap();
    assert_eq!(suback[4], 0x80);
    let (mut ann, code) = connack(address, Some("ann"));
    assert_eq!(code, 0);
    ann.write_all(&hex("82 06 0001 0001 61 00")).unwrap();
    ann.read_exact(&mut suback).unwrap();
    assert_eq!(suback[4], 0);
    broker.blocking_shutdown().unwrap();
}

#[tokio::test]
async fn certificates_are_the_new_ones_for_the_next_connection() {
    let (old, new) = (made(), made());
    let listen = |dir: &Path| {
        let (tls, _) = tls_server(&server_options(dir)).unwrap();
        Listen { tls_port: Some(0), tls: Some(tls.into()), ..Listen::default() }
    };
    let (broker, next) = running(Config::at(listen(old.path())));
    let port = broker.addresses().iter().find_map(Address::socket).unwrap().port();
    let reached = async |dir: &Path| {
        connect(&endpoint("127.0.0.1", port, &trusting(dir)), LIMIT).await.is_ok()
    };
    assert!(reached(old.path()).await && !reached(new.path()).await);
    next.lock().unwrap().listeners = vec![listen(new.path())];
    broker.reload().unwrap();
    assert!(reached(new.path()).await && !reached(old.path()).await);
    broker.shutdown().await.unwrap();
}

#[test]
fn what_is_wrong_is_refused_whole_and_everything_stays() {
    let config = Config::on_port(0);
    let source = Some(Source::new(|| Err(Error::new(Class::File, "cannot read it"))));
    let broker = start(&Config { source, ..config }).unwrap();
    assert_eq!(broker.reload().unwrap_err().class(), Class::File);
    assert_eq!(connack(broker.address().unwrap(), None).1, 0);
    broker.blocking_shutdown().unwrap();

    let (broker, next) = running(Config::on_port(0));
    {
        let mut next = next.lock().unwrap();
        next.listeners[0].ws_port = Some(0);
        next.listeners[0].anonymous = false;
    }
    assert_eq!(broker.reload().unwrap_err().class(), Class::Listen);
    assert_eq!(connack(broker.address().unwrap(), None).1, 0);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn what_was_announced_to_a_client_holds_for_it_and_the_new_for_the_next() {
    let mut lab = Lab::with(Limits { topic_levels: 2, ..Limits::default() });
    let mut early = lab.client(Version::V311, "e");
    lab.set_limits(Limits { topic_levels: 3, ..Limits::default() });
    lab.subscribe_with(&mut early, "a/b/c", <_>::default(), <_>::default());
    early.expect("90 03 004d 80");
    let mut late = lab.client(Version::V311, "l");
    lab.subscribe_with(&mut late, "a/b/c", <_>::default(), <_>::default());
    late.expect("90 03 004d 00");
}

#[test]
fn queues_go_by_the_new_limits_at_once() {
    let queue = |messages| QueueLimits { messages, ..Limits::default().queue };
    let mut lab = Lab::with(Limits { queue: queue(1), ..Limits::default() });
    let mut away =
        lab.connect(&mqx::mqtt::Connect { clean_start: false, ..hello(Version::V311, "away") });
    away.take();
    lab.subscribe(&mut away, "t", QoS::AtLeastOnce);
    lab.lose(&mut away);
    let mut publisher = lab.client(Version::V5, "p");
    let mut send = |lab: &mut Lab, code: &str| {
        lab.publish(&mut publisher, &message("t", "x", QoS::AtLeastOnce, 1));
        publisher.expect(code);
    };
    send(&mut lab, "40 02 0001");
    send(&mut lab, "40 03 0001 97");
    lab.set_limits(Limits { queue: queue(2), ..Limits::default() });
    send(&mut lab, "40 02 0001");
    send(&mut lab, "40 03 0001 97");
}

#[test]
fn the_program_reads_its_file_again_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("users"), "ann:secret\n").unwrap();
    fs::write(path("mqx.toml"), "port = 0\nhttp-port = 0\n").unwrap();
    let broker = Running::start(mqx(["broker", "-c", &path("mqx.toml")]));
    let ready = broker.out_line();
    let find = |scheme: &str| -> SocketAddr {
        let word = ready.split(' ').find_map(|word| word.strip_prefix(scheme)).unwrap();
        word.parse().unwrap()
    };
    let (mqtt, http) = (find("mqtt://"), find("http://"));
    assert_eq!(connack(mqtt, None).1, 0);

    fs::write(path("mqx.toml"), "port = 0\nhttp-port = 0\npasword-file = 'x'\n").unwrap();
    broker.signal(Signal::HUP);
    let said = broker.err_line_with("stays as it was");
    assert!(said.contains("mqx.toml:3: pasword-file: there is no such option"), "{said}");
    assert_eq!(reload_by_http(http), 409);
    assert_eq!(connack(mqtt, None).1, 0);

    let users = path("users");
    let text = format!("port = 0\nhttp-port = 0\npassword-file = '{users}'\n");
    fs::write(path("mqx.toml"), text).unwrap();
    broker.signal(Signal::HUP);
    broker.err_line_with("is in force");
    assert_eq!(connack(mqtt, None).1, 5);
    assert_eq!(connack(mqtt, Some("ann")).1, 0);

    fs::write(path("mqx.toml"), "port = 0\nhttp-port = 0\n").unwrap();
    assert_eq!(reload_by_http(http), 200);
    assert_eq!(connack(mqtt, None).1, 0);
}

/// Asks for a reload and returns the status of the answer.
fn reload_by_http(address: SocketAddr) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = "POST /api/v1/reload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    write!(stream, "{head}Content-Length: 0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

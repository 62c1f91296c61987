//! Several listeners, each with settings of its own.

use super::lab::{hello, hex, message};
use mqx::broker::access::{load_acl, load_passwords};
use mqx::broker::core::Limits;
use mqx::broker::{Address, Config, Listen, OwnRules, Source, start};
use mqx::mqtt::{Connect, Packet, QoS, Version};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);

/// The return code of a CONNECT without a user name.
fn knock(address: SocketAddr) -> u8 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(&hex("10 0d 0004 4d515454 04 02 003c 0001 63")).unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    answer[3]
}

fn mqtt_addresses(addresses: &[Address]) -> Vec<SocketAddr> {
    let v4 = addresses.iter().filter_map(|address| match address {
        Address::Mqtt { socket, .. } if socket.is_ipv4() => Some(*socket),
        _ => None,
    });
    v4.collect()
}

#[test]
fn each_listener_lets_in_whom_it_says() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"ann:secret\n").unwrap();
    let (passwords, _) = load_passwords(file.path()).unwrap();
    let guarded = Listen { passwords: Some(passwords), anonymous: false, ..Listen::on_port(0) };
    let config = Config { listeners: vec![guarded, Listen::on_port(0)], ..Config::default() };
    let broker = start(&config).unwrap();
    let codes: Vec<_> = mqtt_addresses(broker.addresses()).into_iter().map(knock).collect();
    assert_eq!(codes, [5, 0]);
    broker.blocking_shutdown().unwrap();
}

/// A client of version 3.1.1 that was let in.
fn join(address: SocketAddr, connect: Connect<'_>) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    send(&mut stream, &Packet::Connect(connect));
    assert_eq!(read(&mut stream, 4), [0x20, 2, 0, 0]);
    stream
}

fn send(stream: &mut TcpStream, packet: &Packet<'_>) {
    let mut bytes = Vec::new();
    packet.encode(Version::V311, &mut bytes).unwrap();
    stream.write_all(&bytes).unwrap();
}

fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_listener_has_rules_a_mount_point_and_limits_of_its_own_and_reloads_them() {
    let acl = |text: &str| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Some(OwnRules { name: "line".into(), acl: Some(load_acl(file.path()).unwrap()) })
    };
    let limits = Limits { maximum_connections: 1, ..Limits::default() };
    let line = Listen {
        rules: acl("topic line/a"),
        mount_point: "line/".into(),
        limits: Some(Arc::new(limits)),
        ..Listen::on_port(0)
    };
    let listeners = vec![line, Listen::on_port(0)];
    let config = Config { listeners, workers: 1, ..Config::default() };
    let next = Arc::new(Mutex::new(config.clone()));
    let found = Arc::clone(&next);
    let source = Some(Source::new(move || Ok(found.lock().unwrap().clone())));
    let broker = start(&Config { source, ..config }).unwrap();
    let addresses = mqtt_addresses(broker.addresses());
    let mut inside = join(addresses[0], hello(Version::V311, "i"));
    let mut outside = join(addresses[1], hello(Version::V311, "o"));
    assert_eq!(knock(addresses[0]), 3, "it is full");
    inside.write_all(&hex("82 06 0001 0001 23 00")).unwrap();
    assert_eq!(read(&mut inside, 5), hex("90 03 0001 00"));
    let tell = |stream: &mut TcpStream, topic, payload| {
        send(stream, &Packet::Publish(message(topic, payload, QoS::AtMostOnce, 0)));
    };
    tell(&mut outside, "line/b", "0");
    tell(&mut outside, "line/a", "1");
    assert_eq!(read(&mut inside, 6), hex("30 04 0001 61 31"));
    {
        let mut next = next.lock().unwrap();
        next.listeners[0].rules = acl("topic line/b");
        next.listeners[0].limits = None;
    }
    broker.reload().unwrap();
    tell(&mut outside, "line/a", "2");
    tell(&mut outside, "line/b", "3");
    assert_eq!(read(&mut inside, 6), hex("30 04 0001 62 33"));
    assert_eq!(knock(addresses[0]), 0, "there is room");
    broker.blocking_shutdown().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_listener_may_keep_to_a_network_interface() {
    let at = |name: &str| {
        let bind = Some(std::net::IpAddr::from([0, 0, 0, 0]));
        start(&Config::at(Listen { interface: Some(name.into()), bind, ..Listen::on_port(0) }))
    };
    let broker = at("lo").unwrap();
    let port = mqtt_addresses(broker.addresses())[0].port();
    assert_eq!(knock(([127, 0, 0, 1], port).into()), 0);
    broker.blocking_shutdown().unwrap();
    let error = at("no-such").unwrap_err().into();
    assert!(mqx::error::hint(&error).unwrap().contains("--bind-interface"), "{error}");
}

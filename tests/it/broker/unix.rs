//! The broker at a Unix socket.

use super::lab::hex;
use mqx::broker::{Broker, Config, Listen, start};
use mqx::error::{Class, Error};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

const CONNECT: &str = "10 0d 0004 4d515454 04 02 0000 0001 63";

fn start_at(path: &Path) -> Result<Broker, Error> {
    start(&Config {
        workers: 2,
        ..Config::at(Listen { unix: Some(path.to_owned()), ..Listen::on_port(0) })
    })
}

/// A connection that has sent CONNECT and read its CONNACK.
fn client(path: &Path) -> UnixStream {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(&hex(CONNECT)).unwrap();
    expect(&mut stream, "20 02 0000");
    stream
}

#[track_caller]
fn expect(stream: &mut UnixStream, bytes: &str) {
    let wanted = hex(bytes);
    let mut arrived = vec![0; wanted.len()];
    stream.read_exact(&mut arrived).unwrap();
    assert_eq!(arrived, wanted, "arrived: {arrived:02x?}");
}

#[track_caller]
fn refused_at(path: &Path) -> String {
    let error = start_at(path).unwrap_err();
    assert_eq!(error.class(), Class::Listen);
    mqx::error::line(&error.into())
}

#[test]
fn a_client_at_the_unix_socket_is_served_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mqtt.sock");
    let broker = start_at(&path).unwrap();
    let named: Vec<_> = broker.addresses().iter().map(ToString::to_string).collect();
    assert!(named.contains(&format!("unix://{}", path.display())), "{named:?}");

    let mut client = client(&path);
    client.write_all(&hex("82 06 0001 0001 74 00")).unwrap();
    expect(&mut client, "90 03 0001 00");
    // More than the buffers of a socket hold.
    let payload = vec![0x58; 1_000_000];
    let publish = [hex("30 c3843d 0001 74"), payload].concat();
    let mut writer = client.try_clone().unwrap();
    let sent = publish.clone();
    let writing = std::thread::spawn(move || writer.write_all(&sent).unwrap());
    let mut arrived = vec![0; publish.len()];
    client.read_exact(&mut arrived).unwrap();
    assert!(arrived == publish);
    writing.join().unwrap();
    broker.blocking_shutdown().unwrap();
}

#[test]
fn the_socket_is_gone_when_the_broker_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mqtt.sock");
    let broker = start_at(&path).unwrap();
    let mut client = client(&path);
    broker.blocking_shutdown().unwrap();
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    assert!(!path.exists());
}

#[test]
fn a_socket_that_was_left_behind_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mqtt.sock");
    // Closing it does not remove the file.
    drop(UnixListener::bind(&path).unwrap());
    let broker = start_at(&path).unwrap();
    client(&path);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_socket_that_is_in_use_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mqtt.sock");
    let first = start_at(&path).unwrap();
    assert!(refused_at(&path).contains(&path.display().to_string()));
    client(&path);
    first.blocking_shutdown().unwrap();
}

#[test]
fn a_file_that_is_no_socket_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("precious");
    fs::write(&path, "data").unwrap();
    assert!(refused_at(&path).contains("no socket"));
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(refused_at(&link).contains("no socket"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "data");
}

#[test]
fn a_socket_that_took_the_place_of_the_brokers_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mqtt.sock");
    let broker = start_at(&path).unwrap();
    fs::rename(&path, folder.path().join("moved.sock")).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    broker.blocking_shutdown().unwrap();
    assert!(path.exists());
}

#[test]
fn websocket_is_told_from_mqtt_at_the_unix_socket_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mqtt.sock");
    let broker = start_at(&path).unwrap();
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
    broker.blocking_shutdown().unwrap();
}

//! Several listeners, each with settings of its own.

use super::lab::hex;
use mqx::broker::access::load_passwords;
use mqx::broker::{Address, Config, Listen, start};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
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

//! The broker behind a proxy that speaks the PROXY protocol.

use super::lab::hex;
use mqx::broker::{Broker, Config, Listen, start};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

const CONNECT: &str = "10 0d 0004 4d515454 04 02 0000 0001 63";

fn running() -> Broker {
    start(&Config {
        workers: 1,
        ..Config::at(Listen { proxy_protocol: true, ..Listen::on_port(0) })
    })
    .unwrap()
}

fn dial(broker: &Broker) -> TcpStream {
    let stream = TcpStream::connect(broker.address().unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn headers() -> [Vec<u8>; 3] {
    let signature = hex("0d0a0d0a000d0a515549540a");
    let short = [&signature[..], &hex("21 11 000c 7f000001 7f000001 1111 2222")].concat();
    let long = [&signature[..], &hex("21 11 4000"), &[0; 0x4000]].concat();
    [b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 1883\r\n".to_vec(), short, long]
}

#[test]
fn the_client_is_heard_behind_the_header_of_either_version() {
    let broker = running();
    for header in headers() {
        let mut stream = dial(&broker);
        stream.write_all(&[header, hex(CONNECT)].concat()).unwrap();
        let mut arrived = [0; 4];
        stream.read_exact(&mut arrived).unwrap();
        assert_eq!(arrived[..], hex("20 02 0000"));
    }
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_header_may_come_byte_by_byte() {
    let broker = running();
    let [line, binary, _] = headers();
    for header in [line, binary] {
        let mut stream = dial(&broker);
        for byte in [header, hex(CONNECT)].concat() {
            stream.write_all(&[byte]).unwrap();
        }
        let mut arrived = [0; 4];
        stream.read_exact(&mut arrived).unwrap();
        assert_eq!(arrived[..], hex("20 02 0000"));
    }
    broker.blocking_shutdown().unwrap();
}

#[test]
fn websocket_is_told_apart_behind_the_header() {
    let broker = running();
    let [line, ..] = headers();
    let mut stream = dial(&broker);
    stream.write_all(&[&line[..], b"GET /mqtt HTTP/1.1\r\nHost: h\r\n\r\n"].concat()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 426 "), "{response}");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn who_sends_no_header_is_cut_off_without_a_byte() {
    let broker = running();
    for start in [hex(CONNECT), b"PROXY nonsense\r\n".to_vec()] {
        let mut stream = dial(&broker);
        stream.write_all(&start).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap_or_default(), 0);
    }
    broker.blocking_shutdown().unwrap();
}

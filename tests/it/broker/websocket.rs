//! MQTT over WebSocket, with a client that sends exactly the frames a test
//! gives it; and the ports on which it is told from MQTT and TLS.

use super::lab::hex;
use crate::certs::{made, server_options};
use crate::websocket::client_frame;
use mqx::broker::access::load_passwords;
use mqx::broker::{Address, Broker, Config, Listen, start, store};
use mqx::net::tls_server;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Long enough for anything that is going to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// CONNECT of client `c`, MQTT 3.1.1.
const CONNECT: &str = "10 0d 0004 4d515454 04 02 0000 0001 63";

/// Users of a broker.
const USERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/mosquitto/password_file");

const CONNACK: &str = "20 02 0000";

const PING: u8 = 0x89;
const CLOSE: u8 = 0x88;
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const BINARY_PART: u8 = 0x02;
const LAST_PART: u8 = 0x80;

/// Any stream, bare or under TLS.
trait Wire: Read + Write {}

impl<T: Read + Write> Wire for T {}

/// A client that says what it is told to.
struct Raw(Box<dyn Wire>);

impl Raw {
    fn request(&mut self, path: &str, protocol: &str) -> String {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
        );
        self.send(request.as_bytes());
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        String::from_utf8(head).unwrap()
    }

    /// Speaks WebSocket from now on.
    fn upgraded(mut self) -> Self {
        let head = self.request("/mqtt", "mqtt");
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert!(head.contains("\r\nSec-WebSocket-Protocol: mqtt\r\n"), "{head}");
        self
    }

    /// Speaks MQTT inside WebSocket from now on.
    fn connected(self) -> Self {
        let mut client = self.upgraded();
        client.frame(BINARY, &hex(CONNECT));
        client.expect("82 04 20 02 0000");
        client
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
        self.0.flush().unwrap();
    }

    fn frame(&mut self, first: u8, payload: &[u8]) {
        self.send(&client_frame(first, payload));
    }

    #[track_caller]
    fn expect(&mut self, bytes: &str) {
        let wanted = hex(bytes);
        let mut arrived = vec![0; wanted.len()];
        self.0.read_exact(&mut arrived).unwrap();
        assert_eq!(arrived, wanted, "arrived: {arrived:02x?}");
    }

    /// Reads a close frame with this code.
    #[track_caller]
    fn expect_close(&mut self, code: u16) {
        let mut start = [0; 4];
        self.0.read_exact(&mut start).unwrap();
        let [kind, length, high, low] = start;
        assert_eq!((kind, u16::from_be_bytes([high, low])), (CLOSE, code));
        let mut reason = vec![0; usize::from(length) - 2];
        self.0.read_exact(&mut reason).unwrap();
        assert!(std::str::from_utf8(&reason).is_ok());
    }

    #[track_caller]
    fn expect_end(&mut self) {
        assert_eq!(self.0.read(&mut [0]).unwrap(), 0);
    }
}

fn bare(address: SocketAddr) -> Raw {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    Raw(Box::new(stream))
}

fn secure(address: SocketAddr, files: &Path) -> Raw {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(files.join("ca.crt")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    Raw(Box::new(StreamOwned::new(ClientConnection::new(config, name).unwrap(), stream)))
}

fn running() -> (Broker, SocketAddr) {
    let broker = start(&Config { workers: 1, ..Config::on_port(0) }).unwrap();
    let address = broker.address().unwrap();
    (broker, address)
}

/// A broker with a certificate, and the files of it.
fn running_with_tls() -> (Broker, TempDir) {
    let files = made();
    let (tls, _) = tls_server(&server_options(files.path())).unwrap();
    let listen =
        Listen { tls_port: Some(0), tls: Some(tls.into()), ws_port: Some(0), ..Listen::on_port(0) };
    let broker = start(&Config::at(listen)).unwrap();
    (broker, files)
}

/// Where the first address of this scheme is.
fn at(broker: &Broker, scheme: &str) -> SocketAddr {
    let addresses = broker.addresses().iter();
    let mut named = addresses.filter(|address| address.to_string().starts_with(scheme));
    named.next().and_then(Address::socket).unwrap()
}

#[test]
fn s10_packets_may_be_split_over_frames_and_several_be_in_one() {
    let (broker, address) = running();
    let mut client = bare(address).upgraded();
    for byte in hex(CONNECT) {
        client.frame(BINARY, &[byte]);
    }
    client.expect("82 04 20 02 0000");
    client.frame(BINARY, &hex("82 06 0001 0001 74 00  c0 00  c0 00"));
    // One frame for all that the batch led to.
    client.expect("82 09  90 03 0001 00  d0 00  d0 00");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn with_a_store_what_waited_for_it_arrives_in_frames_and_in_order() {
    let folder = TempDir::new().unwrap();
    let kept = store::Config {
        place: store::Place::File(folder.path().join("store")),
        ..store::Config::default()
    };
    let broker = start(&Config { store: Some(kept), ..Config::on_port(0) }).unwrap();
    let mut client = bare(broker.address().unwrap()).upgraded();
    // A session that is kept.
    client.frame(BINARY, &hex("10 0d 0004 4d515454 04 00 0000 0001 63"));
    client.expect("82 04 20 02 0000");
    client.frame(BINARY, &hex("82 06 0001 0001 74 01"));
    client.expect("82 05 90 03 0001 01");
    for number in 1..=20 {
        // To be retained, at QoS 1.
        client.frame(BINARY, &hex(&format!("33 06 0001 75 {number:04x} 78")));
        client.expect(&format!("82 04 40 02 {number:04x}"));
    }
    broker.blocking_shutdown().unwrap();
}

#[test]
fn s10_a_message_in_parts_with_pings_in_between_is_put_together() {
    let (broker, address) = running();
    let mut client = bare(address).connected();
    client.frame(BINARY_PART, &hex("c0"));
    client.frame(PING, b"are you there?");
    client.expect("8a 0e 61726520796f752074686572653f");
    client.frame(LAST_PART, &hex("00"));
    client.expect("82 02 d000");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn s10_a_text_frame_closes_the_connection() {
    let (broker, address) = running();
    let mut client = bare(address).connected();
    client.frame(TEXT, &hex("c0 00"));
    client.expect_close(1003);
    client.expect_end();
    broker.blocking_shutdown().unwrap();
}

#[test]
fn s10_the_subprotocol_is_answered_exactly() {
    let (broker, address) = running();
    for protocol in ["mqtt", "mqttv3.1"] {
        let head = bare(address).request("/mqtt", protocol);
        assert!(head.contains(&format!("\r\nSec-WebSocket-Protocol: {protocol}\r\n")), "{head}");
    }
    let head = bare(address).request("/mqtt", "amqp");
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn an_unmasked_frame_closes_the_connection_and_what_follows_is_ignored() {
    let (broker, address) = running();
    let mut client = bare(address).connected();
    client.send(&hex("82 02 c000"));
    client.send(&[0; 10_000]);
    client.expect_close(1002);
    client.expect_end();
    broker.blocking_shutdown().unwrap();
}

#[test]
fn trap_an_empty_websocket_frame_is_not_the_end_of_the_stream() {
    let (broker, address) = running();
    let mut client = bare(address).connected();
    client.frame(BINARY, &[]);
    client.frame(BINARY, &hex("c0 00"));
    client.expect("82 02 d000");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn trap_deliveries_in_the_middle_of_a_frame_lose_none_of_its_bytes() {
    let (broker, address) = running();
    let mut subscriber = bare(address).connected();
    subscriber.frame(BINARY, &hex("82 06 0001 0001 74 00"));
    subscriber.expect("82 05 90 03 0001 00");
    let mut publisher = bare(address).upgraded();
    publisher.frame(BINARY, &hex("10 0d 0004 4d515454 04 02 0000 0001 70"));
    publisher.expect("82 04 20 02 0000");
    publisher.frame(BINARY, &hex("82 06 0001 0001 75 00"));
    publisher.expect("82 05 90 03 0001 00");
    for byte in client_frame(BINARY, &hex("30 05 0001 75 6869")) {
        subscriber.send(&[byte]);
        publisher.frame(BINARY, &hex("30 04 0001 74 78"));
        subscriber.expect("82 06 30 04 0001 74 78");
    }
    publisher.expect("82 07 30 05 0001 75 6869");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn frames_that_come_together_with_the_request_are_not_lost() {
    let (broker, address) = running();
    let mut client = bare(address);
    let request = b"GET /mqtt HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: mqtt\r\n\r\n";
    client.send(&[&request[..], &client_frame(BINARY, &hex(CONNECT))].concat());
    let mut arrived = Vec::new();
    while !arrived.ends_with(&hex("82 04 20 02 0000")) {
        let mut byte = [0];
        client.0.read_exact(&mut byte).unwrap();
        arrived.extend(byte);
    }
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_message_of_many_reads_passes_in_both_directions() {
    let (broker, address) = running();
    let mut client = bare(address).connected();
    let payload = vec![0x58; 200_000];
    client.frame(BINARY, &hex("82 06 0001 0001 74 01"));
    client.expect("82 05 90 03 0001 01");
    for (sent, expected, answer) in [
        ("30 c39a0c 0001 74", "30 c39a0c 0001 74", ""),
        // This one is kept until it is acknowledged, and its payload is not copied again.
        ("32 c59a0c 0001 74 0009", "32 c59a0c 0001 74 0001", "40 02 0009"),
    ] {
        client.frame(BINARY, &[hex(sent), payload.clone()].concat());
        let expected = [hex(expected), payload.clone(), hex(answer)].concat();
        let mut arrived = Vec::new();
        while arrived.len() < expected.len() {
            arrived.extend(server_frame(&mut client));
        }
        assert!(arrived == expected, "{:02x?}", arrived.get(..20));
    }
    broker.blocking_shutdown().unwrap();
}

/// The payload of the next frame, which is a binary one.
fn server_frame(client: &mut Raw) -> Vec<u8> {
    let mut start = [0; 2];
    client.0.read_exact(&mut start).unwrap();
    assert_eq!(start[0], BINARY);
    let mut length = vec![0; [0, 2, 8][(start[1].max(125) - 125) as usize]];
    client.0.read_exact(&mut length).unwrap();
    let long = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let mut payload = vec![0; if length.is_empty() { start[1].into() } else { long }];
    client.0.read_exact(&mut payload).unwrap();
    payload
}

#[test]
fn a_close_frame_is_answered_and_then_the_connection_ends() {
    let (broker, address) = running();
    let mut client = bare(address).connected();
    client.frame(CLOSE, &hex("03e8"));
    client.expect("88 02 03e8");
    client.expect_end();
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_disconnect_is_followed_by_the_close_frame_of_the_broker() {
    let (broker, address) = running();
    let mut client = bare(address).connected();
    client.frame(BINARY, &hex("e0 00"));
    client.expect("88 02 03e8");
    client.frame(CLOSE, &hex("03e8"));
    client.expect_end();
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_client_that_pings_and_never_reads_is_answered_once_it_does() {
    let (broker, address) = running();
    let mut client = bare(address).connected();
    client.send(&client_frame(PING, &[0x70; 125]).repeat(50_000));
    client.frame(PING, b"last");
    let mut pong = [0; 2];
    loop {
        client.0.read_exact(&mut pong).unwrap();
        assert_eq!(pong[0], 0x8a);
        let mut payload = vec![0; usize::from(pong[1])];
        client.0.read_exact(&mut payload).unwrap();
        if payload == b"last" {
            break;
        }
    }
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_request_for_anything_else_gets_an_http_error() {
    let (broker, address) = running();
    let head = bare(address).request("/other", "mqtt");
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    let mut client = bare(address);
    client.send(b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut response = String::new();
    client.0.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{response}");
    assert!(response.contains("\r\nUpgrade: websocket\r\n"), "{response}");

    let mut client = bare(address);
    client.send(format!("GET /{}", "x".repeat(8192)).as_bytes());
    let mut response = String::new();
    client.0.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 431 "), "{response}");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn another_path_takes_the_place_of_the_usual_one() {
    let config = Config::at(Listen { ws_path: "/a/b".to_owned(), ..Listen::on_port(0) });
    let broker = start(&config).unwrap();
    let address = broker.address().unwrap();
    assert!(bare(address).request("/a/b", "mqtt").starts_with("HTTP/1.1 101 "));
    assert!(bare(address).request("/mqtt", "mqtt").starts_with("HTTP/1.1 404 "));
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_web_page_connects_from_this_machine_and_from_elsewhere_only_where_it_is_let() {
    let guarded = || load_passwords(Path::new(USERS)).unwrap().0;
    let (near, far) = ("http://localhost:3000", "https://example.org");
    for (listen, origin, answer) in [
        (Listen::on_port(0), near, "101"),
        (Listen::on_port(0), far, "403"),
        (Listen { ws_origins: vec![far.into()], ..Listen::on_port(0) }, far, "101"),
        (Listen { ws_origins: vec![far.into()], ..Listen::on_port(0) }, near, "403"),
        (Listen { ws_origins: vec!["*".into()], ..Listen::on_port(0) }, far, "101"),
        (Listen { passwords: Some(guarded()), ..Listen::on_port(0) }, far, "403"),
        (Listen { passwords: Some(guarded()), anonymous: false, ..Listen::on_port(0) }, far, "101"),
    ] {
        let broker = start(&Config::at(listen)).unwrap();
        let mut page = bare(broker.address().unwrap());
        let head = page.request("/mqtt", &format!("mqtt\r\nOrigin: {origin}"));
        assert!(head.starts_with(&format!("HTTP/1.1 {answer} ")), "{origin}: {head}");
        broker.blocking_shutdown().unwrap();
    }
}

#[test]
fn a_half_sent_request_is_given_up_in_time() {
    let mut config = Config::on_port(0);
    config.limits.connect_timeout = Duration::from_millis(100);
    let broker = start(&config).unwrap();
    for start in ["", "G", "GET /mqtt HTTP/1.1\r\nHost:"] {
        let mut client = bare(broker.address().unwrap());
        client.send(start.as_bytes());
        // An end or a reset, whatever the system makes of it.
        assert_eq!(client.0.read(&mut [0]).unwrap_or_default(), 0);
    }
    broker.blocking_shutdown().unwrap();
}

#[test]
fn one_port_tells_mqtt_websocket_and_tls_apart_by_the_first_bytes() {
    let (broker, files) = running_with_tls();
    let address = at(&broker, "mqtt://");
    for mut plain in [bare(address), secure(address, files.path())] {
        plain.send(&hex(CONNECT));
        plain.expect(CONNACK);
    }
    bare(address).connected();
    secure(address, files.path()).connected();
    broker.blocking_shutdown().unwrap();
}

#[test]
fn the_tls_port_speaks_nothing_without_tls() {
    let (broker, files) = running_with_tls();
    let address = at(&broker, "mqtts://");
    let mut inside = secure(address, files.path());
    inside.send(&hex(CONNECT));
    inside.expect(CONNACK);
    secure(at(&broker, "wss://"), files.path()).connected();
    for start in [hex(CONNECT), b"GET /mqtt HTTP/1.1\r\n\r\n".to_vec()] {
        let mut outside = bare(address);
        outside.send(&start);
        let mut answer = Vec::new();
        let _ = outside.0.read_to_end(&mut answer);
        // Nothing, or the alert of TLS.
        assert!(answer.is_empty() || answer[0] == 0x15, "{answer:02x?}");
    }
    broker.blocking_shutdown().unwrap();
}

#[test]
fn the_websocket_port_speaks_no_mqtt_outside_of_it() {
    let (broker, _files) = running_with_tls();
    let last = broker.addresses().iter().rfind(|address| address.to_string().starts_with("ws://"));
    let Some(Address::WebSocket { socket, .. }) = last else { panic!() };
    bare(*socket).connected();
    let mut outside = bare(*socket);
    outside.send(&hex(CONNECT));
    assert_eq!(outside.0.read(&mut [0]).unwrap_or_default(), 0);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn every_address_is_named_as_clients_write_it() {
    let (broker, _files) = running_with_tls();
    let named: Vec<_> = broker.addresses().iter().map(ToString::to_string).collect();
    let (plain, secure) = (at(&broker, "mqtt://"), at(&broker, "mqtts://"));
    for url in [
        format!("mqtt://{plain}"),
        format!("mqtts://{secure}"),
        format!("ws://{plain}/mqtt"),
        format!("wss://{secure}/mqtt"),
    ] {
        assert!(named.contains(&url), "{url} in {named:?}");
    }
    assert!(named[0].starts_with("mqtt://"), "the plain one comes first");
    broker.blocking_shutdown().unwrap();
}

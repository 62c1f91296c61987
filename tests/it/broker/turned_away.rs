//! Who does not come as far as MQTT is told of with the reason and the cure.

use super::lab::hex;
use crate::certs::peer::{LIMIT, endpoint};
use crate::certs::{made, mutual, server_options, trusting};
use mqx::broker::core::{Event, Interest, Limits, Observer, Refusal};
use mqx::broker::log::{self, Format, Level};
use mqx::broker::{Address, Broker, Config, Listen, start};
use mqx::net::{TlsClientOptions, TlsServerOptions, connect, tls_server};
use mqx::session::Time;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;

/// Long enough for anything that is going to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Hears of connections that are refused.
#[derive(Debug)]
struct Ear(Mutex<SyncSender<String>>);

impl Observer for Ear {
    fn interest(&self) -> Interest {
        Interest { lifecycle: true, ..Interest::default() }
    }

    fn event(&self, _: Time, event: &Event<'_>) {
        let Event::Refused(refused) = event else { return };
        assert!(refused.from.address().is_some_and(|address| address.ip().is_loopback()));
        let hint = match refused.why {
            Refusal::Transport(obstacle) => obstacle.hint.unwrap_or("none"),
            _ => "none",
        };
        let cause = refused.cause.unwrap_or("none");
        let heard = format!("{} | cause: {cause} | hint: {hint}", refused.why.words());
        self.0.lock().unwrap().send(heard).unwrap();
    }
}

fn running(listen: Listen, limits: Limits) -> (Broker, Receiver<String>) {
    let (sender, receiver) = sync_channel(100);
    let ear: Arc<dyn Observer> = Arc::new(Ear(Mutex::new(sender)));
    let config = Config { workers: 1, observers: vec![ear], limits, ..Config::at(listen) };
    (start(&config).unwrap(), receiver)
}

fn running_with_tls(options: &TlsServerOptions) -> (Broker, Receiver<String>) {
    let tls = Some(tls_server(options).unwrap().0.into());
    let listen = Listen { tls_port: Some(0), tls, ws_port: Some(0), ..Listen::on_port(0) };
    running(listen, Limits::default())
}

fn at(broker: &Broker, scheme: &str) -> SocketAddr {
    let mut addresses = broker.addresses().iter().rev();
    let named = addresses.find(|address| address.to_string().starts_with(scheme));
    named.and_then(Address::socket).unwrap()
}

/// Sends `bytes` to `address` and reads whatever is answered.
fn say(address: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
}

/// What is heard next.
#[track_caller]
fn expect(heard: &Receiver<String>, words: &[&str]) {
    let heard = heard.recv_timeout(PATIENCE).unwrap();
    for word in words {
        assert!(heard.contains(word), "{heard:?} lacks {word:?}");
    }
}

/// A client's handshake and what comes behind it, which fails.
async fn fail(address: SocketAddr, options: &TlsClientOptions) {
    if let Ok(mut stream) = connect(&endpoint("127.0.0.1", address.port(), options), LIMIT).await {
        stream.read_u8().await.unwrap_err();
    }
}

#[test]
fn plain_mqtt_at_a_port_for_tls_is_told_with_the_port_to_use() {
    let dir = made();
    let (broker, heard) = running_with_tls(&server_options(dir.path()));
    say(at(&broker, "mqtts://"), &hex("10 0d 0004 4d515454 04 02 0000 0001 63"));
    expect(&heard, &["does not speak TLS", "a port without"]);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn tls_at_a_port_without_is_told_with_the_flags_to_use() {
    let (broker, heard) = running(Listen::on_port(0), Limits::default());
    say(at(&broker, "mqtt://"), &hex("16 0301 0005 01 000001 00"));
    expect(&heard, &["speaks TLS", "--cert and --key"]);
    broker.blocking_shutdown().unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_certificate_is_told_so() {
    let (dir, other) = (made(), made());
    let (broker, heard) = running_with_tls(&server_options(dir.path()));
    fail(at(&broker, "mqtts://"), &trusting(other.path())).await;
    expect(&heard, &["the client does not trust the CA", "UnknownCA", "--cert"]);
    broker.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_client_without_the_certificate_it_needs_is_told_so() {
    let dir = made();
    let (broker, heard) = running_with_tls(&mutual(dir.path()));
    fail(at(&broker, "mqtts://"), &trusting(dir.path())).await;
    expect(&heard, &["the client has shown no certificate", "--cafile"]);
    broker.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_client_with_a_certificate_of_another_ca_is_told_so() {
    let (dir, other) = (made(), made());
    let (broker, heard) = running_with_tls(&mutual(dir.path()));
    let identity = Some((other.path().join("client.crt"), other.path().join("client.key")));
    fail(at(&broker, "mqtts://"), &TlsClientOptions { identity, ..trusting(dir.path()) }).await;
    expect(&heard, &["no CA in --cafile has signed"]);
    broker.shutdown().await.unwrap();
}

#[test]
fn a_request_that_is_no_websocket_for_mqtt_is_told_with_what_it_lacks() {
    let (broker, heard) =
        running(Listen { ws_port: Some(0), ..Listen::on_port(0) }, Limits::default());
    let request = "GET /mqtt HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";
    say(at(&broker, "mqtt://"), request.as_bytes());
    expect(&heard, &["WebSocket was refused", "Sec-WebSocket-Key"]);
    say(at(&broker, "ws://"), &hex("10 0d 0004 4d515454 04 02 0000 0001 63"));
    expect(&heard, &["MQTT over WebSocket only", "ws://"]);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_proxy_that_does_not_say_whom_it_serves_is_told_with_its_setting() {
    let listen = Listen { proxy_protocol: true, ..Listen::on_port(0) };
    let (broker, heard) = running(listen, Limits::default());
    say(at(&broker, "mqtt://"), &hex("10 0d 0004 4d515454 04 02 0000 0001 63"));
    expect(&heard, &["PROXY protocol", "no header", "send-proxy"]);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn who_says_nothing_is_told_apart_from_who_goes_without_a_word() {
    let limits = Limits { connect_timeout: Duration::from_millis(50), ..Limits::default() };
    let (broker, heard) = running(Listen::on_port(0), limits);
    say(at(&broker, "mqtt://"), &[]);
    expect(&heard, &["no CONNECT came in time"]);
    broker.blocking_shutdown().unwrap();
    let (broker, heard) = running(Listen::on_port(0), Limits::default());
    drop(TcpStream::connect(at(&broker, "mqtt://")).unwrap());
    expect(&heard, &["the connection was lost"]);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn the_log_has_a_line_with_the_address_the_reason_the_cause_and_the_cure() {
    let dir = made();
    let path = dir.path().join("log");
    let log = log::Config {
        level: Level::Warn,
        format: Format::Text,
        file: Some(path.clone()),
        ..log::Config::default()
    };
    let listen = Listen { proxy_protocol: true, ..Listen::on_port(0) };
    let config = Config { workers: 1, log: Some(log), ..Config::at(listen) };
    let broker = start(&config).unwrap();
    say(at(&broker, "mqtt://"), b"nonsense");
    broker.blocking_shutdown().unwrap();
    let lines = std::fs::read_to_string(path).unwrap();
    let line = lines.lines().find(|line| line.contains(" refused ")).unwrap();
    for words in [" warn refused connection=1 from=", "why=\"", "cause=\"", "hint=\""] {
        assert!(line.contains(words), "{line}");
    }
}

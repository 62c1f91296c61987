//! The broker over sockets: what only the shell around the core can get wrong.

use super::lab::{hello, hex, message};
use mqx::broker::{Broker, Config, start};
use mqx::error::Class;
use mqx::mqtt::{Packet, QoS, Version, next_frame};
use rumqttc::{AsyncClient, Event, Incoming, MqttOptions};
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Long enough for anything that is going to happen.
const PATIENCE: Duration = Duration::from_secs(20);

fn running(workers: usize) -> (Broker, SocketAddr) {
    let config = Config { workers, ..Config::on_port(0) };
    let broker = start(&config).unwrap();
    let address = broker.address().unwrap();
    (broker, address)
}

fn dial(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A connection that has sent CONNECT and read its CONNACK.
fn client(address: SocketAddr, client_id: &str) -> TcpStream {
    let mut stream = dial(address);
    send(&mut stream, &Packet::Connect(hello(Version::V311, client_id)));
    expect(&mut stream, "20 02 00 00");
    stream
}

fn send(stream: &mut TcpStream, packet: &Packet<'_>) {
    let mut bytes = Vec::new();
    packet.encode(Version::V311, &mut bytes).unwrap();
    stream.write_all(&bytes).unwrap();
}

#[track_caller]
fn expect(stream: &mut TcpStream, bytes: &str) {
    let wanted = hex(bytes);
    let mut arrived = vec![0; wanted.len()];
    stream.read_exact(&mut arrived).unwrap();
    assert_eq!(arrived, wanted, "arrived: {arrived:02x?}");
}

#[test]
fn packets_split_and_joined_in_any_way_are_understood() {
    let (broker, address) = running(1);
    let mut stream = dial(address);
    let bytes =
        hex("10 0e 0004 4d515454 04 02 001e 0002 6361  82 06 0001 0001 74 00  30 04 0001 74 78");
    for byte in &bytes {
        stream.write_all(&[*byte]).unwrap();
    }
    expect(&mut stream, "20 02 00 00");
    let mut rest = [0; 11];
    stream.read_exact(&mut rest).unwrap();
    broker.blocking_shutdown().unwrap();
}

#[test]
fn trap_the_reason_of_a_cut_off_arrives_even_behind_unread_input() {
    let (broker, address) = running(1);
    let mut stream = dial(address);
    send(&mut stream, &Packet::Connect(hello(Version::V311, "first")));
    expect(&mut stream, "20 02 00 00");
    let mut v5 = dial(address);
    let mut bytes = Vec::new();
    Packet::Connect(hello(Version::V5, "c")).encode(Version::V5, &mut bytes).unwrap();
    // A packet for clients, and a flood that nobody will read.
    bytes.extend_from_slice(&hex("d0 00"));
    bytes.resize(bytes.len() + 200_000, 0x55);
    // The broker may have closed before all is written.
    let _ = v5.write_all(&bytes);
    let mut arrived = Vec::new();
    let _ = v5.read_to_end(&mut arrived);
    let mut packets = &arrived[..];
    let connack = next_frame(packets, usize::MAX).unwrap().unwrap();
    packets = &packets[connack.bytes.len()..];
    let goodbye = next_frame(packets, usize::MAX).unwrap().unwrap();
    assert!(goodbye.header == 0xe0 && goodbye.body[0] == 0x82, "{arrived:02x?}");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn messages_of_a_megabyte_pass_and_their_parts_take_no_more_than_they_are() {
    let (broker, address) = running(2);
    let mut subscriber = client(address, "s");
    subscriber.write_all(&hex("82 06 0001 0001 74 01")).unwrap();
    expect(&mut subscriber, "90 03 0001 01");
    let mut publisher = client(address, "p");
    let payload = "m".repeat(1_000_000);
    for id in 1..=5 {
        send(&mut publisher, &Packet::Publish(message("t", &payload, QoS::AtLeastOnce, id)));
        expect(&mut publisher, &format!("40 02 {id:04x}"));
    }
    for id in 1..=5 {
        // 1,000,005 bytes remain.
        expect(&mut subscriber, &format!("32 c5843d 0001 74 {id:04x}"));
        let mut body = vec![0; payload.len()];
        subscriber.read_exact(&mut body).unwrap();
        assert!(body == payload.as_bytes());
    }
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_client_that_never_reads_does_not_hold_up_the_others() {
    let (broker, address) = running(1);
    let mut clients: Vec<_> = (0..10).map(|n| client(address, &format!("s{n}"))).collect();
    for stream in &mut clients {
        stream.write_all(&hex("82 06 0001 0001 74 00")).unwrap();
        expect(stream, "90 03 0001 00");
    }
    let mut publisher = client(address, "p");
    let payload = "x".repeat(10_000);
    let (_deaf, reading) = clients.split_first_mut().unwrap();
    for _ in 0..2_000 {
        send(&mut publisher, &Packet::Publish(message("t", &payload, QoS::AtMostOnce, 0)));
        for stream in &mut *reading {
            let mut packet = vec![0; 10_006];
            stream.read_exact(&mut packet).unwrap();
        }
    }

    let summary = broker.blocking_shutdown().unwrap();
    assert!(summary.dropped > 0, "20 MB do not fit in the buffers of one socket");
}

/// Each delivery interrupts the reading of a packet of which a part has come.
#[test]
fn trap_deliveries_in_the_middle_of_a_packet_lose_none_of_its_bytes() {
    let (broker, address) = running(2);
    let mut subscriber = client(address, "s");
    subscriber.write_all(&hex("82 06 0001 0001 74 00")).unwrap();
    expect(&mut subscriber, "90 03 0001 00");
    let mut publisher = client(address, "p");
    publisher.write_all(&hex("82 06 0001 0001 75 00")).unwrap();
    expect(&mut publisher, "90 03 0001 00");
    // Below and above the size from which a packet has a buffer of its own.
    for length in [40, 9_000] {
        let payload: String = ('a'..='z').cycle().take(length).collect();
        let mut packet = Vec::new();
        let publish = message("u", &payload, QoS::AtMostOnce, 0);
        publish.encode(Version::V311, &mut packet).unwrap();
        for part in packet.chunks(packet.len().div_ceil(20)) {
            subscriber.write_all(part).unwrap();
            send(&mut publisher, &Packet::Publish(message("t", "x", QoS::AtMostOnce, 0)));
            expect(&mut subscriber, "30 04 0001 74 78");
        }
        let mut arrived = vec![0; packet.len()];
        publisher.read_exact(&mut arrived).unwrap();
        assert!(arrived == packet);
    }
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_port_that_is_taken_is_named_with_a_cure() {
    let (broker, address) = running(1);
    let config = Config::on_port(address.port());
    let error = start(&config).unwrap_err();
    assert_eq!(error.class(), Class::Listen);
    let error = anyhow::Error::from(error);
    assert!(mqx::error::line(&error).contains(&address.to_string()));
    assert!(mqx::error::hint(&error).unwrap().contains("--port 0"));
    broker.blocking_shutdown().unwrap();
}

#[test]
fn shutting_down_ends_every_connection_and_frees_the_port() {
    let (broker, address) = running(2);
    let mut clients: Vec<_> = (0..8).map(|n| client(address, &format!("c{n}"))).collect();
    broker.blocking_shutdown().unwrap();
    for stream in &mut clients {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
    }
    let config = Config::on_port(address.port());
    start(&config).unwrap().blocking_shutdown().unwrap();
}

/// Another implementation as the peer, over several workers: every message of
/// QoS 1 and 2 arrives exactly once, in the order of its publisher.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rumqttc_clients_exchange_messages_through_two_workers() {
    const MESSAGES: usize = 500;
    let (broker, address) = running(2);
    let (subscriber, mut events) = connect(address, "subscriber").await;
    for (topic, qos) in [("one", rumqttc::QoS::AtLeastOnce), ("two", rumqttc::QoS::ExactlyOnce)] {
        subscriber.subscribe(topic, qos).await.unwrap();
        while !matches!(next(&mut events).await, Incoming::SubAck(_)) {}
    }
    for (topic, qos) in [("one", rumqttc::QoS::AtLeastOnce), ("two", rumqttc::QoS::ExactlyOnce)] {
        let (publisher, mut events) = connect(address, topic).await;
        tokio::spawn(async move { while events.poll().await.is_ok() {} });
        tokio::spawn(async move {
            for number in 0..MESSAGES {
                publisher.publish(topic, qos, false, number.to_string()).await.unwrap();
            }
            // Kept until the broker is gone, so that nothing is cut short.
            std::future::pending::<()>().await;
        });
    }
    let (mut one, mut two) = (Vec::new(), Vec::new());
    while one.len() + two.len() < 2 * MESSAGES {
        if let Incoming::Publish(publish) = next(&mut events).await {
            let number: usize = std::str::from_utf8(&publish.payload).unwrap().parse().unwrap();
            let numbers = if publish.topic == "one" { &mut one } else { &mut two };
            numbers.push(number);
        }
    }
    for numbers in [one, two] {
        assert!(numbers.is_sorted(), "the order of the publisher");
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), MESSAGES);
    }
    tokio::task::spawn_blocking(|| broker.blocking_shutdown()).await.unwrap().unwrap();
}

async fn connect(address: SocketAddr, client_id: &str) -> (AsyncClient, rumqttc::EventLoop) {
    let mut options = MqttOptions::new(client_id, "127.0.0.1", address.port());
    options.set_inflight(50);
    let (client, mut events) = AsyncClient::new(options, 100);
    while !matches!(next(&mut events).await, Incoming::ConnAck(_)) {}
    (client, events)
}

async fn next(events: &mut rumqttc::EventLoop) -> Incoming {
    loop {
        let event = tokio::time::timeout(PATIENCE, events.poll()).await;
        if let Event::Incoming(packet) = event.expect("in time").unwrap() {
            return packet;
        }
    }
}

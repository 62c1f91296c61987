//! The broker under TLS, where only a connection's own task can write.

use super::lab::{hello, hex, message};
use crate::certs::peer::{LIMIT, endpoint};
use crate::certs::{made, server_options, trusting};
use mqx::broker::{Address, Broker, Config, Listen, start, store};
use mqx::mqtt::{Connect, Packet, QoS, Version};
use mqx::net::{Stream, connect, tls_server};
use std::path::Path;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn running(dir: &Path, store: Option<store::Config>) -> Broker {
    let (tls, _) = tls_server(&server_options(dir)).unwrap();
    let listen = Listen { tls_port: Some(0), tls: Some(tls.into()), ..Listen::on_port(0) };
    start(&Config { workers: 2, store, ..Config::at(listen) }).unwrap()
}

async fn client(broker: &Broker, dir: &Path, client_id: &str) -> Stream {
    let address =
        broker.addresses().iter().find(|at| matches!(at, Address::Mqtt { tls: true, .. }));
    let port = address.and_then(Address::socket).unwrap().port();
    let endpoint = endpoint("127.0.0.1", port, &trusting(dir));
    let mut stream = connect(&endpoint, LIMIT).await.unwrap();
    let connect = Connect { clean_start: false, ..hello(Version::V311, client_id) };
    send(&mut stream, &Packet::Connect(connect)).await;
    expect(&mut stream, &hex("20 02 00 00")).await;
    stream
}

async fn send(stream: &mut Stream, packet: &Packet<'_>) {
    let mut bytes = Vec::new();
    packet.encode(Version::V311, &mut bytes).unwrap();
    stream.write_all(&bytes).await.unwrap();
    stream.flush().await.unwrap();
}

async fn send_bytes(stream: &mut Stream, bytes: &str) {
    stream.write_all(&hex(bytes)).await.unwrap();
    stream.flush().await.unwrap();
}

async fn expect(stream: &mut Stream, wanted: &[u8]) {
    let mut arrived = vec![0; wanted.len()];
    let read = tokio::time::timeout(LIMIT, stream.read_exact(&mut arrived));
    read.await.expect("in time").unwrap();
    assert_eq!(arrived, wanted);
}

/// Each delivery comes from another connection and must wake the subscriber's
/// task anew.
#[tokio::test]
async fn a_subscriber_that_only_listens_gets_message_after_message() {
    let dir = made();
    let broker = running(dir.path(), None);
    let mut subscriber = client(&broker, dir.path(), "s").await;
    send_bytes(&mut subscriber, "82 06 0001 0001 74 01").await;
    expect(&mut subscriber, &hex("90 03 0001 01")).await;
    let mut publisher = client(&broker, dir.path(), "p").await;
    let large = "x".repeat(300_000);
    for (payload, qos, id) in [
        ("1", QoS::AtMostOnce, 0),
        ("2", QoS::AtLeastOnce, 1),
        ("3", QoS::AtMostOnce, 0),
        (&large, QoS::AtMostOnce, 0),
        (&large, QoS::AtLeastOnce, 2),
        ("last", QoS::AtMostOnce, 0),
    ] {
        let publish = Packet::Publish(message("t", payload, qos, id));
        send(&mut publisher, &publish).await;
        let mut wanted = Vec::new();
        publish.encode(Version::V311, &mut wanted).unwrap();
        expect(&mut subscriber, &wanted).await;
    }
    tokio::task::spawn_blocking(|| broker.blocking_shutdown()).await.unwrap().unwrap();
}

/// What waits for the store leaves through the connection's task, many times.
#[tokio::test]
async fn with_a_store_every_message_and_acknowledgement_arrives_in_order() {
    let dir = made();
    let store = store::Config {
        place: store::Place::File(dir.path().join("store")),
        ..store::Config::default()
    };
    let broker = running(dir.path(), Some(store));
    let mut subscriber = client(&broker, dir.path(), "s").await;
    send_bytes(&mut subscriber, "82 06 0001 0001 74 01").await;
    expect(&mut subscriber, &hex("90 03 0001 01")).await;
    let mut publisher = client(&broker, dir.path(), "p").await;
    for number in 1..=20 {
        let payload = number.to_string().repeat(20_000);
        let publish = Packet::Publish(message("t", &payload, QoS::AtLeastOnce, number));
        send(&mut publisher, &publish).await;
        expect(&mut publisher, &hex(&format!("40 02 {number:04x}"))).await;
        let mut wanted = Vec::new();
        publish.encode(Version::V311, &mut wanted).unwrap();
        expect(&mut subscriber, &wanted).await;
        send_bytes(&mut subscriber, &format!("40 02 {number:04x}")).await;
    }
    tokio::task::spawn_blocking(|| broker.blocking_shutdown()).await.unwrap().unwrap();
}

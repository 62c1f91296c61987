//! Who comes, goes and subscribes, as messages below `$SYS/brokers`.

use super::lab::hello;
use mqx::broker::{Broker, Config, InlineClient, Messages, start};
use mqx::mqtt::{
    Connect, Disconnect, Packet, PacketId, QoS, ReasonCode, Subscribe, SubscribeOptions,
    SubscribeProperties, SubscribeRequest, Unsubscribe, UnsubscribeProperties, Version,
};
use mqx::session::ClientConfig;
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::TcpStream;

/// A broker that tells, and what it tells whoever listens.
async fn telling() -> (Broker, InlineClient, Messages) {
    let config = Config { sys_events: true, ..Config::on_port(0) };
    let broker = start(&config).unwrap();
    let watcher = broker.client(ClientConfig::default()).await.unwrap();
    let told = watcher.subscribe("$SYS/brokers/+/clients/#", QoS::AtMostOnce).await.unwrap();
    (broker, watcher, told)
}

/// The next event of a client whose identifier is given, and what it says
/// besides the times, which are checked.
async fn next(told: &mut Messages, client: &str) -> (String, Value) {
    loop {
        let message = told.recv().await.unwrap();
        let below = message.topic().strip_prefix("$SYS/brokers/mqx/clients/").unwrap().to_owned();
        let mut said: Value = serde_json::from_slice(message.payload()).unwrap();
        if said["clientid"] == client {
            assert!(!message.retain);
            let members = said.as_object_mut().unwrap();
            for time in ["ts", "connected_at", "disconnected_at"] {
                let at = members.remove(time).and_then(|at| at.as_i64());
                assert!(at.is_none_or(|at| at > 1_700_000_000_000), "{time}");
            }
            return (below, said);
        }
    }
}

fn send(stream: &mut TcpStream, packet: &Packet<'_>) {
    let mut bytes = Vec::new();
    packet.encode(Version::V5, &mut bytes).unwrap();
    stream.write_all(&bytes).unwrap();
}

/// The members of all these objects in one.
fn merged<const COUNT: usize>(objects: [&Value; COUNT]) -> Value {
    let members = objects.into_iter().flat_map(|object| object.as_object().unwrap().clone());
    Value::Object(members.collect())
}

#[tokio::test]
async fn the_life_of_a_client_is_told_as_emqx_tells_it() {
    let (broker, _watcher, mut told) = telling().await;
    let mut stream = TcpStream::connect(broker.address().unwrap()).unwrap();
    let name = json!({ "clientid": "a/+", "username": "ann" });
    let network = json!({ "ipaddress": "127.0.0.1", "proto_ver": 5, "proto_name": "MQTT" });
    let topic = json!({ "protocol": "mqtt", "topic": "t/#" });

    let connect = Connect { username: Some("ann"), ..hello(Version::V5, "a/+") };
    send(&mut stream, &Packet::Connect(connect));
    let asked = json!({ "connack": 0, "clean_start": true, "keepalive": 0, "expiry_interval": 0 });
    let came = merged([&name, &network, &asked]);
    assert_eq!(next(&mut told, "a/+").await, ("a/%2B/connected".to_owned(), came));

    let packet_id = PacketId::new(1).unwrap();
    let options = SubscribeOptions { qos: QoS::AtLeastOnce, no_local: true, ..Default::default() };
    let requests = vec![SubscribeRequest { filter: "t/#", options }];
    let properties = SubscribeProperties::default();
    send(&mut stream, &Packet::Subscribe(Subscribe { packet_id, properties, requests }));
    let granted = json!({ "subopts": { "qos": 1, "nl": 1, "rap": 0, "rh": 0 } });
    let subscribed = merged([&name, &topic, &granted]);
    assert_eq!(next(&mut told, "a/+").await, ("a/%2B/subscribed".to_owned(), subscribed));

    let filters = vec!["nothing", "t/#"];
    let properties = UnsubscribeProperties::default();
    send(&mut stream, &Packet::Unsubscribe(Unsubscribe { packet_id, properties, filters }));
    let unsubscribed = merged([&name, &topic]);
    assert_eq!(next(&mut told, "a/+").await, ("a/%2B/unsubscribed".to_owned(), unsubscribed));

    send(&mut stream, &Packet::Disconnect(Disconnect::new(ReasonCode::SUCCESS)));
    let gone = merged([&name, &network, &json!({ "reason": "normal" })]);
    assert_eq!(next(&mut told, "a/+").await, ("a/%2B/disconnected".to_owned(), gone));
    broker.shutdown().await.unwrap();
}

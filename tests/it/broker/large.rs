//! Payloads so large that receivers share one copy, bytes for bytes.

use super::lab::{Client, Lab, hello, lasting, message, retained};
use mqx::broker::core::Limits;
use mqx::mqtt::{
    Connect, ConnectProperties, PacketId, PropertyBuf, Publish, PublishProperties, QoS,
    SubscribeOptions, SubscribeProperties, SubscriptionId, TopicAlias, Version,
};
use std::num::NonZeroU16;

/// Long enough for an alias to be shorter.
const TOPIC: &str = "aaaa";

/// Small and large, up to the byte at which they are shared.
const SIZES: [usize; 5] = [1, 16_384, 16_383, 300_000, 20_000];

/// The payload of the message with this number.
fn payload(number: usize) -> String {
    char::from(b'a' + u8::try_from(number).unwrap()).to_string().repeat(SIZES[number])
}

/// What a receiver gets of the messages, without what differs between receivers.
fn published(payloads: &[String], qos: QoS) -> impl Iterator<Item = Publish<'_>> {
    payloads.iter().zip(1..).map(move |(payload, id)| message(TOPIC, payload, qos, id))
}

fn encoded(publish: &Publish<'_>, version: Version) -> Vec<u8> {
    let mut bytes = Vec::new();
    publish.encode(version, &mut bytes).unwrap();
    bytes
}

/// A client of each kind, with what it gets of a message.
struct Receiver {
    client: Client,
    version: Version,
    expected: Vec<u8>,
}

const NUMBER: u32 = 300;

/// Subscribed: an old client, a new one, one whose subscription has a number and one that is
/// given aliases.
fn receivers(lab: &mut Lab, qos: QoS, payloads: &[String]) -> Vec<Receiver> {
    let mut ids = PropertyBuf::default();
    ids.push_subscription_id(SubscriptionId::new(NUMBER).unwrap());
    let numbered = PublishProperties {
        subscription_identifiers: ids.subscription_ids(),
        ..PublishProperties::default()
    };
    let named = PublishProperties {
        topic_alias: Some(TopicAlias(NonZeroU16::MIN)),
        ..PublishProperties::default()
    };
    let plain = PublishProperties::default();
    [
        ("old", Version::V311, plain, TOPIC),
        ("new", Version::V5, plain, TOPIC),
        ("numbered", Version::V5, numbered, TOPIC),
        ("named", Version::V5, named, ""),
    ]
    .into_iter()
    .map(|(name, version, properties, later)| {
        let aliases = properties.topic_alias.map(|_| NonZeroU16::MIN);
        let properties_of_connect = ConnectProperties {
            topic_alias_maximum: aliases.map(NonZeroU16::get),
            ..ConnectProperties::default()
        };
        let connect = Connect { properties: properties_of_connect, ..hello(version, name) };
        let mut client = lab.connect(&connect);
        let subscription_identifier =
            (name == "numbered").then(|| SubscriptionId::new(NUMBER).unwrap());
        let options = SubscribeOptions { qos, ..SubscribeOptions::default() };
        let subscription =
            SubscribeProperties { subscription_identifier, ..SubscribeProperties::default() };
        lab.subscribe_with(&mut client, TOPIC, options, subscription);
        client.take_packets(2);
        let packet = |(number, publish): (usize, Publish<'_>)| {
            let topic = if number == 0 { TOPIC } else { later };
            encoded(&Publish { topic, properties, ..publish }, version)
        };
        let expected = published(payloads, qos).enumerate().flat_map(packet).collect();
        Receiver { client, version, expected }
    })
    .collect()
}

#[test]
fn every_receiver_gets_its_own_packets_whatever_is_written_at_a_time() {
    let payloads: Vec<_> = (0..SIZES.len()).map(payload).collect();
    for from in [Version::V311, Version::V5] {
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
            for room in [0, 1, 20, 16_400, 40_000, 1_000_000] {
                check(from, qos, room, &payloads);
            }
        }
    }
}

/// Publishes to receivers that take `room` bytes at once, and the rest later.
fn check(from: Version, qos: QoS, room: usize, payloads: &[String]) {
    let mut lab = Lab::with(Limits { topic_aliases_sent: 1, ..Limits::default() });
    let mut receivers = receivers(&mut lab, qos, payloads);
    for receiver in &mut receivers {
        receiver.client.reads(room);
    }
    let mut publisher = lab.client(from, "p");
    for publish in published(payloads, qos) {
        lab.publish(&mut publisher, &publish);
    }
    for Receiver { client, version, expected } in &mut receivers {
        lab.make_room(client, usize::MAX);
        assert!(client.take() == *expected, "{from:?} to {version:?}, {qos:?}, room {room}");
    }
}

#[test]
fn what_is_retained_and_what_is_sent_again_is_whole() {
    let payload = payload(3);
    let mut lab = Lab::new();
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &retained("t", &payload));
    let mut client = lab.connect(&lasting("c", 100));
    client.take();
    let options = SubscribeOptions { qos: QoS::AtLeastOnce, ..SubscribeOptions::default() };
    lab.subscribe_with(&mut client, "t", options, SubscribeProperties::default());
    lab.make_room(&mut client, usize::MAX);
    let expected = encoded(&retained("t", &payload), Version::V5);
    assert!(client.take_packets(2)[1] == expected);
    lab.publish(&mut publisher, &message("t", &payload, QoS::AtLeastOnce, 9));
    let first = message("t", &payload, QoS::AtLeastOnce, 1);
    assert!(client.take_packets(1)[0] == encoded(&first, Version::V5));
    lab.lose(&mut client);
    let mut client = lab.connect(&Connect { clean_start: false, ..lasting("c", 100) });
    lab.make_room(&mut client, usize::MAX);
    let again = Publish { dup: true, packet_id: PacketId::new(1), ..first };
    assert!(client.take_packets(2)[1] == encoded(&again, Version::V5));
}

#[test]
fn what_is_under_way_when_a_connection_ends_comes_whole_before_the_goodbye() {
    let payload = payload(3);
    let publish = message(TOPIC, &payload, QoS::AtMostOnce, 0);
    let mut lab = Lab::new();
    let mut clients = ["c", "d"].map(|name| {
        let mut client = lab.client(Version::V5, name);
        lab.subscribe(&mut client, TOPIC, QoS::AtMostOnce);
        client.reads(1000);
        client
    });
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &publish);
    lab.client(Version::V5, "c");
    lab.client(Version::V5, "d");
    for client in &mut clients {
        let packets = client.take_packets(2);
        assert!(packets[0] == encoded(&publish, Version::V5));
        assert_eq!(packets[1][0], 0xe0);
    }
}

#[test]
fn a_hundred_that_do_not_read_take_the_memory_of_one() {
    let payload = "x".repeat(1 << 20);
    let mut lab = Lab::new();
    let mut receivers: Vec<_> = (0..100)
        .map(|number| {
            let mut client = lab.client(Version::V5, &format!("c{number}"));
            lab.subscribe(&mut client, "t", QoS::AtLeastOnce);
            client.reads(1000);
            client
        })
        .collect();
    let mut publisher = lab.client(Version::V5, "p");
    let publish = message("t", &payload, QoS::AtLeastOnce, 1);
    let taken = allocation_counter::measure(|| lab.publish(&mut publisher, &publish));
    assert!(taken.bytes_max < 4 << 20, "{}", taken.bytes_max);
    let last = receivers.last_mut().unwrap();
    lab.make_room(last, usize::MAX);
    assert!(last.take_packets(1)[0].ends_with(payload.as_bytes()));
}

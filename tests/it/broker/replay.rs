//! More retained messages than fit into one turn: they come a slice at a time,
//! and much may happen before the last one.

use super::lab::{Client, Lab, hello, message, retained};
use mqx::mqtt::{
    AckKind, Connect, ConnectProperties, Packet, PacketId, Publish, QoS, ReasonCode,
    SubscribeOptions, SubscribeProperties, Unsubscribe, UnsubscribeProperties, Version, next_frame,
};
use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::time::Duration;

const TOPICS: usize = 3000;

fn topic(number: usize) -> String {
    format!("house/{}/room/{number}", number % 7)
}

/// A broker with so many retained messages of a hundred bytes and more.
fn furnish(lab: &mut Lab, qos: QoS) -> Client {
    let mut publisher = lab.client(Version::V311, "p");
    let payload = "old ".repeat(25);
    for number in 0..TOPICS {
        let topic = topic(number);
        let publish = Publish { retain: true, ..message(&topic, &payload, qos, 1) };
        lab.publish(&mut publisher, &publish);
    }
    lab.store();
    publisher.take();
    publisher
}

/// Subscribes and has the first slice, with the SUBACK in front.
fn subscribe(lab: &mut Lab, client: &mut Client, filter: &str, qos: QoS) {
    let options = SubscribeOptions { qos, ..SubscribeOptions::default() };
    lab.subscribe_with(client, filter, options, SubscribeProperties::default());
    lab.store();
}

/// A message of which only this counts here.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Got {
    topic: String,
    payload: String,
    id: Option<u16>,
    dup: bool,
}

/// The messages that have arrived, behind packets of other kinds.
fn messages(client: &mut Client, version: Version) -> Vec<Got> {
    let bytes = client.take();
    let mut rest = &bytes[..];
    let mut found = Vec::new();
    while let Some(frame) = next_frame(rest, usize::MAX).unwrap() {
        if let Packet::Publish(publish) = Packet::decode(&frame, version).unwrap() {
            found.push(Got {
                topic: publish.topic.to_owned(),
                payload: String::from_utf8_lossy(publish.payload).trim().to_owned(),
                id: publish.packet_id.map(PacketId::get),
                dup: publish.dup,
            });
        }
        rest = &rest[frame.bytes.len()..];
    }
    found
}

/// How often each topic is among them.
fn count<'a>(messages: impl IntoIterator<Item = &'a Got>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for got in messages {
        *counts.entry(got.topic.clone()).or_default() += 1;
    }
    counts
}

fn once_each() -> BTreeMap<String, usize> {
    (0..TOPICS).map(|number| (topic(number), 1)).collect()
}

/// Acknowledges what has arrived, and what comes of it, until nothing does.
fn acknowledge_all(lab: &mut Lab, client: &mut Client, version: Version) -> Vec<Got> {
    let mut all = Vec::new();
    loop {
        lab.turns(client);
        let got = messages(client, version);
        if got.is_empty() {
            return all;
        }
        for id in got.iter().filter_map(|got| got.id) {
            lab.ack(client, AckKind::PubAck, id, ReasonCode::SUCCESS);
        }
        lab.store();
        all.extend(got);
    }
}

#[test]
fn everything_comes_once_behind_the_suback_and_others_have_their_turns_in_between() {
    for filter in ["#", "house/#", "+/+/room/+", "house/+/room/#"] {
        let mut lab = Lab::new();
        let mut publisher = furnish(&mut lab, QoS::AtMostOnce);
        let mut other = lab.client(Version::V311, "other");
        lab.subscribe(&mut other, "elsewhere", QoS::AtMostOnce);
        let mut client = lab.client(Version::V311, "c");
        subscribe(&mut lab, &mut client, filter, QoS::AtMostOnce);
        assert_eq!(lab.census().queued, 0, "nothing is copied to be sent later");
        let first = client.take_some(usize::MAX);
        assert_eq!(first[0], 0x90, "the SUBACK comes first");
        let (mut slices, mut bytes) = (1, first);
        while lab.turn(&mut client) {
            let slice = client.take();
            assert!(slice.len() < 70_000, "a turn of {} bytes", slice.len());
            bytes.extend(slice);
            slices += 1;
            if slices < 5 {
                lab.publish(&mut publisher, &message("elsewhere", "x", QoS::AtMostOnce, 0));
                assert_eq!(other.payloads(), ["x"], "it does not wait for the end");
            }
        }
        assert!(slices > 4, "{slices}");
        let mut found = Vec::new();
        let mut rest = &bytes[..];
        while let Some(frame) = next_frame(rest, usize::MAX).unwrap() {
            if let Packet::Publish(publish) = Packet::decode(&frame, Version::V311).unwrap()
                && publish.retain
            {
                found.push(publish.topic.to_owned());
            }
            rest = &rest[frame.bytes.len()..];
        }
        found.sort_unstable();
        let expected: Vec<_> = once_each().into_keys().collect();
        assert_eq!(found, expected, "{filter}");
    }
}

#[test]
fn what_changes_meanwhile_comes_once_as_it_is_then_and_what_is_gone_does_not() {
    let mut lab = Lab::new();
    let mut publisher = furnish(&mut lab, QoS::AtMostOnce);
    let mut client = lab.client(Version::V311, "c");
    subscribe(&mut lab, &mut client, "#", QoS::AtMostOnce);
    lab.turn(&mut client);
    let before = count(&messages(&mut client, Version::V311));
    for number in 0..TOPICS {
        match number % 3 {
            0 => lab.publish(&mut publisher, &retained(&topic(number), "new")),
            1 => lab.publish(&mut publisher, &retained(&topic(number), "")),
            _ => {}
        }
        // Whatever takes the places of those that are gone is new as well.
        lab.publish(&mut publisher, &retained(&format!("more/{number}"), "more"));
    }
    lab.turns(&mut client);
    let got = messages(&mut client, Version::V311);
    for number in 0..TOPICS {
        let topic = topic(number);
        let of_it: Vec<_> =
            got.iter().filter(|got| got.topic == topic).map(|got| &*got.payload).collect();
        let sent = before.contains_key(&topic);
        match number % 3 {
            0 => assert_eq!(of_it, ["new"]),
            1 => assert_eq!(of_it, [""], "cleared in front of the client"),
            _ => assert_eq!(of_it.len() + usize::from(sent), 1, "{topic}"),
        }
    }
    let more = got.iter().filter(|got| got.topic.starts_with("more/")).count();
    assert_eq!(more, TOPICS);
}

#[test]
fn what_is_published_meanwhile_comes_behind_the_retained_message_of_its_topic() {
    let mut lab = Lab::new();
    let mut publisher = furnish(&mut lab, QoS::AtLeastOnce);
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let mut client = lab.client(Version::V311, "c");
        subscribe(&mut lab, &mut client, "#", qos);
        let last = topic(TOPICS - 1);
        lab.publish(&mut publisher, &message(&last, "live", qos, 1));
        let got = acknowledge_all(&mut lab, &mut client, Version::V311);
        let place = |payload: &str| {
            got.iter().position(|got| got.topic == last && got.payload.starts_with(payload))
        };
        assert!(place("old").unwrap() < place("live").unwrap());
        assert_eq!(got.len(), TOPICS + 1);
    }
}

#[test]
fn unsubscribe_ends_it_and_another_subscribe_begins_it_anew() {
    let mut lab = Lab::new();
    furnish(&mut lab, QoS::AtMostOnce);
    let mut client = lab.client(Version::V311, "c");
    subscribe(&mut lab, &mut client, "#", QoS::AtMostOnce);
    let unsubscribe = Unsubscribe {
        packet_id: PacketId::MIN,
        properties: UnsubscribeProperties::default(),
        filters: vec!["#"],
    };
    lab.send(&mut client, &Packet::Unsubscribe(unsubscribe));
    client.take();
    lab.turns(&mut client);
    client.expect_nothing();
    subscribe(&mut lab, &mut client, "#", QoS::AtMostOnce);
    let first = messages(&mut client, Version::V311);
    assert!(!first.is_empty());
    subscribe(&mut lab, &mut client, "#", QoS::AtMostOnce);
    lab.turns(&mut client);
    let second = messages(&mut client, Version::V311);
    assert_eq!(count(&second), once_each(), "the first does not go on beside the second");
}

/// A CONNECT of a session that lives for an hour and has few in flight.
fn lasting() -> Connect<'static> {
    Connect {
        clean_start: false,
        properties: ConnectProperties {
            session_expiry_interval: Some(3600),
            receive_maximum: NonZeroU16::new(10),
            ..ConnectProperties::default()
        },
        ..hello(Version::V5, "c")
    }
}

#[test]
fn no_more_is_in_flight_than_the_client_takes() {
    let mut lab = Lab::new();
    furnish(&mut lab, QoS::AtLeastOnce);
    let mut client = lab.connect(&lasting());
    subscribe(&mut lab, &mut client, "#", QoS::AtLeastOnce);
    lab.turns(&mut client);
    let first = messages(&mut client, Version::V5);
    assert_eq!(first.len(), 10);
    lab.ack(&mut client, AckKind::PubAck, first[0].id.unwrap(), ReasonCode::SUCCESS);
    lab.turns(&mut client);
    let next = messages(&mut client, Version::V5);
    assert_eq!(next.len(), 1, "one for each that is acknowledged");
    for got in first[1..].iter().chain(&next) {
        lab.ack(&mut client, AckKind::PubAck, got.id.unwrap(), ReasonCode::SUCCESS);
    }
    let rest = acknowledge_all(&mut lab, &mut client, Version::V5);
    assert_eq!(count(first.iter().chain(&next).chain(&rest)), once_each());
}

#[test]
fn a_session_goes_on_where_its_last_connection_was() {
    for loses in [true, false] {
        let mut lab = Lab::new();
        let mut publisher = furnish(&mut lab, QoS::AtLeastOnce);
        let mut client = lab.connect(&lasting());
        subscribe(&mut lab, &mut client, "#", QoS::AtLeastOnce);
        lab.turns(&mut client);
        let first = messages(&mut client, Version::V5);
        for got in &first[..4] {
            lab.ack(&mut client, AckKind::PubAck, got.id.unwrap(), ReasonCode::SUCCESS);
        }
        lab.turns(&mut client);
        let second = messages(&mut client, Version::V5);
        if loses {
            lab.lose(&mut client);
            lab.publish(&mut publisher, &message("house/0", "away", QoS::AtLeastOnce, 9));
        }
        // The other way it is taken over.
        let mut client = lab.connect(&lasting());
        let rest = acknowledge_all(&mut lab, &mut client, Version::V5);
        let again: Vec<_> = rest.iter().filter(|got| got.dup).map(|got| &got.topic).collect();
        let unacknowledged: Vec<_> =
            first[4..].iter().chain(&second).map(|got| &got.topic).collect();
        assert_eq!(again, unacknowledged, "what was in flight is sent again, in order");
        let new = rest.iter().filter(|got| !got.dup && got.payload != "away");
        assert_eq!(count(first.iter().chain(&second).chain(new)), once_each());
        assert_eq!(rest.last().unwrap().payload == "away", loses, "what came later is behind");
    }
}

#[test]
fn of_qos_0_nothing_is_owed_to_a_client_that_has_left() {
    let mut lab = Lab::new();
    furnish(&mut lab, QoS::AtLeastOnce);
    let mut client = lab.connect(&lasting());
    subscribe(&mut lab, &mut client, "#", QoS::AtMostOnce);
    lab.lose(&mut client);
    let mut client = lab.connect(&lasting());
    lab.turns(&mut client);
    assert_eq!(messages(&mut client, Version::V5), []);
}

#[test]
fn after_a_crash_a_session_is_owed_all_that_is_retained_anew() {
    let mut lab = Lab::with_journal();
    furnish(&mut lab, QoS::AtLeastOnce);
    let mut client = lab.connect(&lasting());
    lab.store();
    subscribe(&mut lab, &mut client, "#", QoS::AtLeastOnce);
    lab.turns(&mut client);
    let first = messages(&mut client, Version::V5);
    assert_eq!(first.len(), 10);
    lab.crash(Duration::ZERO);
    let mut client = lab.connect(&lasting());
    lab.store();
    let rest = acknowledge_all(&mut lab, &mut client, Version::V5);
    let again: Vec<_> = rest.iter().filter(|got| got.dup).collect();
    assert_eq!(again.len(), 10);
    assert_eq!(count(rest.iter().filter(|got| !got.dup)), once_each());
    lab.crash(Duration::ZERO);
    let mut client = lab.connect(&lasting());
    lab.store();
    lab.turns(&mut client);
    assert_eq!(messages(&mut client, Version::V5), [], "it was over");
}

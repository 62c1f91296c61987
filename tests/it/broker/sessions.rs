//! Sessions that outlive their connections.

use super::lab::{Client, Lab, hello, message, seconds};
use mqx::mqtt::{
    AckKind, Connect, ConnectProperties, Disconnect, DisconnectProperties, Packet, QoS, ReasonCode,
    Version,
};
use std::num::{NonZeroU16, NonZeroU32};

fn persistent(version: Version, expiry: u32) -> Connect<'static> {
    Connect {
        clean_start: false,
        properties: ConnectProperties {
            session_expiry_interval: version.is_v5().then_some(expiry),
            ..ConnectProperties::default()
        },
        ..hello(version, "s")
    }
}

/// Connects and returns whether the CONNACK says there was a session.
fn connect(lab: &mut Lab, connect: &Connect<'_>) -> (Client, bool) {
    let mut client = lab.connect(connect);
    let connack = client.take();
    assert_eq!((connack[0], connack[3]), (0x20, 0), "{connack:02x?}");
    (client, connack[2] == 1)
}

#[test]
fn s20_session_present_is_said_exactly_when_there_was_one() {
    let mut lab = Lab::new();
    for version in [Version::V311, Version::V5] {
        let keep = persistent(version, 100);
        let clean = Connect { clean_start: true, ..persistent(version, 0) };
        for (connection, present) in
            [(&clean, false), (&keep, false), (&keep, true), (&clean, false), (&keep, false)]
        {
            let (mut client, found) = connect(&mut lab, connection);
            assert_eq!(found, present, "{version}");
            lab.lose(&mut client);
        }
        connect(&mut lab, &clean);
    }
}

#[test]
fn s20_a_session_that_ends_with_its_connection_is_never_resumed() {
    let mut lab = Lab::new();
    let (_first, _) = connect(&mut lab, &persistent(Version::V5, 0));
    let (_second, present) = connect(&mut lab, &persistent(Version::V5, 0));
    assert!(!present, "not even by a take-over in the same instant");
}

#[test]
fn s36_a_resumed_session_has_its_subscriptions_and_what_was_queued() {
    let mut lab = Lab::new();
    let (mut client, _) = connect(&mut lab, &persistent(Version::V5, 100));
    lab.subscribe(&mut client, "t", QoS::ExactlyOnce);
    lab.lose(&mut client);
    let mut publisher = lab.client(Version::V5, "p");
    for (payload, qos) in [("0", QoS::AtMostOnce), ("1", QoS::AtLeastOnce), ("2", QoS::ExactlyOnce)]
    {
        lab.publish(&mut publisher, &message("t", payload, qos, 1));
    }
    let mut client = lab.connect(&persistent(Version::V5, 100));
    let packets = client.take_packets(3);
    assert!(packets[1].ends_with(b"1") && packets[2].ends_with(b"2"));
    lab.publish(&mut publisher, &message("t", "live", QoS::AtMostOnce, 0));
    assert_eq!(client.payloads(), ["live"]);
}

#[test]
fn s42_what_was_in_flight_is_sent_again_in_order_with_dup() {
    let mut lab = Lab::new();
    let (mut client, _) = connect(&mut lab, &persistent(Version::V311, 0));
    lab.subscribe(&mut client, "t", QoS::ExactlyOnce);
    let mut publisher = lab.client(Version::V311, "p");
    lab.publish(&mut publisher, &message("t", "a", QoS::ExactlyOnce, 1));
    lab.publish(&mut publisher, &message("t", "b", QoS::AtLeastOnce, 2));
    lab.publish(&mut publisher, &message("t", "c", QoS::AtLeastOnce, 3));
    client.take();
    lab.ack(&mut client, AckKind::PubRec, 1, ReasonCode::SUCCESS);
    lab.ack(&mut client, AckKind::PubAck, 2, ReasonCode::SUCCESS);
    client.expect("62 02 0001");
    lab.pass(seconds(3600));
    client.expect_nothing();
    lab.lose(&mut client);
    let mut client = lab.connect(&persistent(Version::V311, 0));
    client.expect("20 02 01 00  62 02 0001  3a 06 0001 74 0003 63");
}

#[test]
fn s34_a_session_ends_when_its_interval_has_passed() {
    let mut lab = Lab::new();
    for (interval, waited, kept) in [(10, 9, true), (10, 11, false), (u32::MAX, 1_000_000, true)] {
        let (mut client, _) = connect(&mut lab, &persistent(Version::V5, interval));
        lab.subscribe(&mut client, "t", QoS::AtLeastOnce);
        lab.lose(&mut client);
        lab.pass(seconds(waited));
        assert_eq!(lab.summary().sessions, usize::from(kept), "{interval} {waited}");
        assert_eq!(lab.summary().subscriptions, usize::from(kept));
        connect(&mut lab, &Connect { clean_start: true, ..persistent(Version::V5, 0) });
    }
}

#[test]
fn s32_disconnect_may_change_the_interval_but_not_from_zero() {
    let mut lab = Lab::new();
    let change = |seconds| {
        Packet::Disconnect(Disconnect {
            reason: ReasonCode::SUCCESS,
            properties: DisconnectProperties {
                session_expiry_interval: Some(seconds),
                ..DisconnectProperties::default()
            },
        })
    };
    let (mut client, _) = connect(&mut lab, &persistent(Version::V5, 100));
    lab.send(&mut client, &change(0));
    assert_eq!(lab.summary().sessions, 0);
    let (mut client, _) = connect(&mut lab, &persistent(Version::V5, 0));
    lab.send(&mut client, &change(5));
    client.expect("e0 01 82");
}

#[test]
fn s35_a_3_1_1_session_ends_with_its_connection_or_never() {
    let mut lab = Lab::new();
    let (mut client, _) = connect(&mut lab, &persistent(Version::V311, 0));
    lab.lose(&mut client);
    lab.pass(seconds(100 * 24 * 3600));
    let (mut client, present) = connect(&mut lab, &persistent(Version::V311, 0));
    assert!(present);
    lab.lose(&mut client);
    let clean = hello(Version::V311, "s");
    let (mut client, _) = connect(&mut lab, &clean);
    lab.lose(&mut client);
    assert_eq!(lab.summary().sessions, 0);
}

#[test]
fn s43_a_queued_message_expires_or_arrives_with_the_time_it_has_left() {
    let mut lab = Lab::new();
    let (mut client, _) = connect(&mut lab, &persistent(Version::V5, 1000));
    lab.subscribe(&mut client, "t", QoS::AtLeastOnce);
    lab.lose(&mut client);
    let mut publisher = lab.client(Version::V5, "p");
    for (payload, expiry) in [("short", 5), ("long", 60)] {
        let mut publish = message("t", payload, QoS::AtLeastOnce, 1);
        publish.properties.message_expiry_interval = Some(expiry);
        lab.publish(&mut publisher, &publish);
    }
    lab.pass(seconds(10));
    let mut client = lab.connect(&persistent(Version::V5, 1000));
    let packets = client.take_packets(2);
    assert_eq!(packets[1], super::lab::hex("32 0f 0001 74 0001 05 02 00000032 6c6f6e67"));
    assert_eq!(lab.summary().expired, 1);
}

#[test]
fn a_qos_2_message_received_before_a_reconnect_is_not_delivered_again_after_it() {
    let mut lab = Lab::new();
    let mut watcher = lab.client(Version::V5, "w");
    lab.subscribe(&mut watcher, "t", QoS::AtMostOnce);
    let (mut client, _) = connect(&mut lab, &persistent(Version::V5, 100));
    let publish = message("t", "x", QoS::ExactlyOnce, 7);
    lab.publish(&mut client, &publish);
    lab.lose(&mut client);
    let (mut client, present) = connect(&mut lab, &persistent(Version::V5, 100));
    assert!(present);
    lab.publish(&mut client, &mqx::mqtt::Publish { dup: true, ..publish });
    client.expect("50 02 0007");
    assert_eq!(watcher.payloads(), ["x"]);
}

#[test]
fn what_is_sent_again_keeps_to_the_receive_maximum_of_the_new_connection() {
    let mut lab = Lab::new();
    let (mut client, _) = connect(&mut lab, &persistent(Version::V5, 100));
    lab.subscribe(&mut client, "t", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V5, "p");
    for (id, payload) in [(1, "a"), (2, "b"), (3, "c")] {
        lab.publish(&mut publisher, &message("t", payload, QoS::AtLeastOnce, id));
    }
    lab.lose(&mut client);
    let mut narrow = persistent(Version::V5, 100);
    narrow.properties.receive_maximum = NonZeroU16::new(1);
    let mut client = lab.connect(&narrow);
    assert!(client.take_packets(2)[1].ends_with(b"a"));
    for (id, next) in [(1, vec!["b"]), (2, vec!["c"]), (3, vec![])] {
        lab.ack(&mut client, AckKind::PubAck, id, ReasonCode::SUCCESS);
        assert_eq!(client.payloads(), next);
    }
}

#[test]
fn what_is_too_large_for_the_new_connection_is_not_sent_again_and_is_over() {
    let mut lab = Lab::new();
    let (mut client, _) = connect(&mut lab, &persistent(Version::V5, 100));
    lab.subscribe(&mut client, "t", QoS::ExactlyOnce);
    let mut publisher = lab.client(Version::V5, "p");
    let large = "x".repeat(100);
    for (id, payload, qos) in [
        (1, &*large, QoS::AtLeastOnce),
        (2, "small", QoS::AtLeastOnce),
        (3, &*large, QoS::ExactlyOnce),
    ] {
        lab.publish(&mut publisher, &message("t", payload, qos, id));
    }
    lab.lose(&mut client);
    let mut narrow = persistent(Version::V5, 100);
    narrow.properties.maximum_packet_size = NonZeroU32::new(50);
    narrow.properties.receive_maximum = NonZeroU16::new(1);
    let mut client = lab.connect(&narrow);
    assert!(client.take_packets(2)[1].ends_with(b"small"));
    lab.ack(&mut client, AckKind::PubAck, 2, ReasonCode::SUCCESS);
    client.expect_nothing();
    assert_eq!((lab.census().in_flight, lab.totals().dropped_large), (0, 2));
}

#[test]
fn an_ended_session_that_is_still_remembered_leaves_its_successor_alone() {
    let mut lab = Lab::new();
    let properties =
        ConnectProperties { session_expiry_interval: Some(5), ..ConnectProperties::default() };
    let mut old = lab.connect(&Connect { properties, ..hello(Version::V5, "same") });
    old.take_packets(1);
    lab.subscribe(&mut old, "t", QoS::AtMostOnce);
    let mut publisher = lab.client(Version::V311, "p");
    for _ in 0..3 {
        // A topic that is used again is remembered with its receivers.
        lab.publish(&mut publisher, &message("t", "", QoS::AtMostOnce, 0));
    }
    lab.lose(&mut old);
    let _new = lab.client(Version::V311, "same");
    lab.pass(seconds(6));
    assert_eq!(lab.summary().sessions, 2);
}

#[test]
fn a_long_queue_of_a_session_that_is_replaced_is_given_up_little_by_little() {
    let mut lab = Lab::new();
    let (mut client, _) = connect(&mut lab, &persistent(Version::V5, 3600));
    lab.subscribe(&mut client, "t", QoS::AtLeastOnce);
    lab.lose(&mut client);
    let mut publisher = lab.client(Version::V311, "p");
    for _ in 0..25_000 {
        lab.publish(&mut publisher, &message("t", "x", QoS::AtLeastOnce, 1));
    }
    publisher.take();
    assert_eq!(lab.census().queued, 25_000);
    let anew = Connect { clean_start: true, ..persistent(Version::V5, 0) };
    let (_client, present) = connect(&mut lab, &anew);
    assert!(!present);
    assert_eq!(lab.census().queued, 0);
    let mut turns = 0;
    while let Some(due) = lab.deadline().filter(|due| *due <= lab.now() + seconds(1)) {
        lab.pass(due - lab.now());
        turns += 1;
    }
    assert_eq!(turns, 3, "ten thousand at a time");
}

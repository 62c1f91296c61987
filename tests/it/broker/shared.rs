//! Shared subscriptions.

use super::lab::{Client, Lab, hello, hex, message, retained};
use mqx::mqtt::{AckKind, Connect, ConnectProperties, QoS, ReasonCode, Version};
use std::num::{NonZeroU16, NonZeroU32};

fn deliveries(client: &mut Client) -> usize {
    client.payloads().len()
}

#[test]
fn a_message_goes_to_one_member_of_each_group_in_turn() {
    let mut lab = Lab::new();
    let mut first = lab.client(Version::V5, "a");
    let mut second = lab.client(Version::V311, "b");
    for client in [&mut first, &mut second] {
        lab.subscribe(client, "$share/g/t/+", QoS::AtMostOnce);
    }
    let mut publisher = lab.client(Version::V5, "p");
    for _ in 0..10 {
        lab.publish(&mut publisher, &message("t/x", "m", QoS::AtMostOnce, 0));
    }
    assert_eq!((deliveries(&mut first), deliveries(&mut second)), (5, 5));
}

#[test]
fn s72_each_group_and_the_plain_subscription_get_their_own_copy() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    for filter in ["$share/a/t", "$share/b/t", "t"] {
        lab.subscribe(&mut client, filter, QoS::AtMostOnce);
    }
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("t", "m", QoS::AtMostOnce, 0));
    assert_eq!(deliveries(&mut client), 3);
}

#[test]
fn s71_malformed_shared_filters_are_refused() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    lab.send_bytes(
        &mut client,
        &hex("82 23 0001 00  0009 2473686172652f2f74 00  0008 2473686172652f67 00 0006 247368617265 00"),
    );
    client.expect("90 06 0001 00 8f 8f 8f");
}

#[test]
fn s59_no_retained_messages_for_a_shared_subscription() {
    let mut lab = Lab::new();
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &retained("t", "x"));
    let mut client = lab.client(Version::V5, "c");
    lab.subscribe(&mut client, "$share/g/t", QoS::AtMostOnce);
    client.expect_nothing();
}

#[test]
fn s74_an_offline_member_does_not_starve_the_group() {
    let mut lab = Lab::new();
    let persistent = Connect { clean_start: false, ..hello(Version::V311, "away") };
    let mut away = lab.connect(&persistent);
    away.take();
    lab.subscribe(&mut away, "$share/g/t", QoS::AtLeastOnce);
    let mut present = lab.client(Version::V311, "here");
    lab.subscribe(&mut present, "$share/g/t", QoS::AtLeastOnce);
    lab.lose(&mut away);
    let mut publisher = lab.client(Version::V311, "p");
    for id in 1..=4 {
        lab.publish(&mut publisher, &message("t", "m", QoS::AtLeastOnce, id));
    }
    assert_eq!(deliveries(&mut present), 4);
    lab.lose(&mut present);
    lab.publish(&mut publisher, &message("t", "kept", QoS::AtLeastOnce, 5));
    let mut back = lab.connect(&persistent);
    assert!(back.take().ends_with(b"kept"), "the last member keeps it");
}

#[test]
fn s74_a_member_without_quota_is_better_than_one_that_is_offline() {
    // What the offline member would keep, and what it would lose.
    for qos in [QoS::AtLeastOnce, QoS::AtMostOnce] {
        let mut lab = Lab::new();
        let persistent = Connect { clean_start: false, ..hello(Version::V311, "away") };
        let mut away = lab.connect(&persistent);
        away.take();
        lab.subscribe(&mut away, "$share/g/t", qos);
        lab.lose(&mut away);
        let properties = ConnectProperties {
            receive_maximum: NonZeroU16::new(1),
            ..ConnectProperties::default()
        };
        let mut busy = lab.connect(&Connect { properties, ..hello(Version::V5, "busy") });
        busy.take();
        lab.subscribe(&mut busy, "$share/g/t", QoS::AtLeastOnce);
        let mut publisher = lab.client(Version::V311, "p");
        for id in 1..=4 {
            lab.publish(&mut publisher, &message("t", "m", QoS::AtLeastOnce, id));
        }
        for id in 1..=4 {
            assert_eq!(deliveries(&mut busy), 1, "{id}");
            lab.ack(&mut busy, AckKind::PubAck, id, ReasonCode::SUCCESS);
        }
    }
}

#[test]
fn s51_a_message_too_large_for_one_member_goes_to_another() {
    let mut lab = Lab::new();
    let properties = ConnectProperties {
        maximum_packet_size: NonZeroU32::new(30),
        ..ConnectProperties::default()
    };
    let mut small = lab.connect(&Connect { properties, ..hello(Version::V5, "small") });
    small.take();
    let mut large = lab.client(Version::V5, "large");
    for client in [&mut small, &mut large] {
        lab.subscribe(client, "$share/g/t", QoS::AtLeastOnce);
    }
    let mut publisher = lab.client(Version::V311, "p");
    for (id, qos) in [(1, QoS::AtMostOnce), (2, QoS::AtLeastOnce), (3, QoS::AtMostOnce)] {
        lab.publish(&mut publisher, &message("t", &"x".repeat(40), qos, id));
    }
    assert_eq!((deliveries(&mut small), deliveries(&mut large)), (0, 3));
}

#[test]
fn s73_a_member_that_refuses_a_message_ends_its_delivery() {
    let mut lab = Lab::new();
    let mut first = lab.client(Version::V5, "a");
    let mut second = lab.client(Version::V5, "b");
    for client in [&mut first, &mut second] {
        lab.subscribe(client, "$share/g/t", QoS::AtLeastOnce);
    }
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("t", "m", QoS::AtLeastOnce, 1));
    assert_eq!(deliveries(&mut first), 1);
    lab.ack(&mut first, AckKind::PubAck, 1, ReasonCode::UNSPECIFIED_ERROR);
    assert_eq!(deliveries(&mut second), 0);
}

//! What the broker counts, against what went over the wire.

use super::lab::{Client, Lab, hello, hex, message, seconds};
use mqx::broker::core::{Limits, QueueLimits};
use mqx::mqtt::{AckKind, Connect, ConnectProperties, Publish, QoS, ReasonCode, Version};
use std::num::NonZeroU32;

/// A client, and the bytes of the CONNACK it got.
fn client(lab: &mut Lab, connect: &Connect<'_>) -> (Client, u64) {
    let mut client = lab.connect(connect);
    let connack = client.take().len() as u64;
    (client, connack)
}

#[test]
fn packets_and_bytes_are_those_on_the_wire() {
    let mut lab = Lab::new();
    let (mut subscriber, connack) = client(&mut lab, &hello(Version::V311, "s"));
    let (mut publisher, _) = client(&mut lab, &hello(Version::V311, "p"));
    lab.subscribe(&mut subscriber, "t", QoS::AtMostOnce);
    let before = lab.totals();
    assert_eq!((before.transports, before.connects, before.connections), (2, 2, 2));
    assert_eq!((before.packets_received, before.packets_sent()), (3, 3));
    assert_eq!(before.bytes_sent, 2 * connack + 5);

    // A message of QoS 1 with four bytes of payload, and half of another.
    lab.trickle(&mut publisher, &hex("32 09 0001 74 0001 61626364  c0"));
    let after = lab.totals();
    assert_eq!(after.packets_received - before.packets_received, 1);
    assert_eq!(after.bytes_received - before.bytes_received, 11);
    assert_eq!((after.messages_received, after.payload_received), (1, 4));
    assert_eq!((after.messages_sent, after.payload_sent), (1, 4));
    assert_eq!(after.packets_sent() - before.packets_sent(), 2, "PUBLISH and PUBACK");
    assert_eq!(after.bytes_sent - before.bytes_sent, 9 + 4);
}

#[test]
fn bytes_that_a_slow_client_has_not_taken_are_not_sent_yet() {
    let mut lab = Lab::new();
    let (mut subscriber, _) = client(&mut lab, &hello(Version::V311, "s"));
    lab.subscribe(&mut subscriber, "t", QoS::AtMostOnce);
    let mut publisher = lab.client(Version::V311, "p");
    subscriber.stop_reading();
    let before = lab.totals().bytes_sent;
    lab.publish(&mut publisher, &message("t", "abcd", QoS::AtMostOnce, 0));
    assert_eq!(lab.totals().bytes_sent, before);
    lab.make_room(&mut subscriber, usize::MAX);
    assert_eq!(lab.totals().bytes_sent - before, 9);
}

#[test]
fn every_message_that_is_not_delivered_is_counted_under_its_reason() {
    let queue = QueueLimits { messages: 1, output: 20, ..Limits::default().queue };
    let mut lab = Lab::with(Limits { queue, ..Limits::default() });
    let narrow = ConnectProperties {
        maximum_packet_size: NonZeroU32::new(30),
        session_expiry_interval: Some(60),
        ..ConnectProperties::default()
    };
    let connect = Connect { properties: narrow, ..hello(Version::V5, "s") };
    let (mut subscriber, _) = client(&mut lab, &connect);
    lab.subscribe(&mut subscriber, "t", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V5, "p");

    lab.publish(&mut publisher, &message("t", &"x".repeat(40), QoS::AtMostOnce, 0));
    assert_eq!(lab.totals().dropped_large, 1);
    lab.publish(&mut publisher, &message("nobody", "x", QoS::AtMostOnce, 0));
    assert_eq!(lab.totals().unmatched, 1);

    subscriber.stop_reading();
    for _ in 0..4 {
        lab.publish(&mut publisher, &message("t", "0123456789", QoS::AtMostOnce, 0));
    }
    assert_eq!(lab.totals().dropped_slow, 2, "after two the output is full");

    lab.lose(&mut subscriber);
    let mut short = message("t", "first", QoS::AtLeastOnce, 1);
    short.properties.message_expiry_interval = Some(5);
    lab.publish(&mut publisher, &short);
    lab.publish(&mut publisher, &message("t", "second", QoS::AtLeastOnce, 2));
    assert_eq!(lab.totals().dropped_full, 1);
    lab.pass(seconds(6));
    let mut again = lab.connect(&Connect { clean_start: false, ..connect });
    assert_eq!(lab.totals().dropped_expired, 1);
    again.take();

    lab.set_acl("topic read #\n");
    lab.publish(&mut publisher, &Publish { dup: false, ..message("t", "x", QoS::AtLeastOnce, 3) });
    assert_eq!(lab.totals().denied, 1);
}

#[test]
fn refused_cut_off_and_expired_are_told_apart() {
    let mut lab = Lab::new();
    let nameless = Connect { clean_start: false, ..hello(Version::V311, "") };
    client(&mut lab, &nameless);
    assert_eq!((lab.totals().refused, lab.totals().connections), (1, 0));

    let stays =
        ConnectProperties { session_expiry_interval: Some(10), ..ConnectProperties::default() };
    let (mut polite, _) =
        client(&mut lab, &Connect { properties: stays, ..hello(Version::V5, "polite") });
    lab.disconnect(&mut polite, ReasonCode::SUCCESS);
    lab.pass(seconds(11));
    assert_eq!((lab.totals().sessions_expired, lab.totals().cut_off), (1, 0));

    let (mut rude, _) = client(&mut lab, &hello(Version::V5, "rude"));
    lab.ack(&mut rude, AckKind::PubRec, 1, ReasonCode::SUCCESS);
    lab.send_bytes(&mut rude, &hex("d0 00"));
    assert!(rude.is_closed());
    let totals = lab.totals();
    assert_eq!((totals.sessions_expired, totals.cut_off), (1, 1), "it ended with its connection");
    assert_eq!(totals.packets_sent(), 1 + 1 + 1 + 2, "CONNACK thrice, PUBREL, DISCONNECT");
}

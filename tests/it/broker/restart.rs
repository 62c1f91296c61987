//! A broker with a journal that is killed, and another that goes on: sessions,
//! subscriptions, retained messages, what is in flight, wills and expiries.

use super::lab::{Client, Lab, hex, lasting, message, retained, seconds};
use mqx::broker::core::State;
use mqx::mqtt::{
    AckKind, Connect, Publish, PublishProperties, QoS, ReasonCode, Version, Will, WillProperties,
};

/// A client with such a session, its CONNACK read.
fn join(lab: &mut Lab, client_id: &str) -> Client {
    let mut client = lab.connect(&lasting(client_id, 100));
    lab.store();
    client.take_packets(1);
    client
}

fn is_present(connack: &[u8]) -> bool {
    assert_eq!(connack[0], 0x20, "a CONNACK");
    connack[2] == 1
}

#[test]
fn nothing_is_said_before_it_is_stored() {
    let mut lab = Lab::with_journal();
    let mut client = lab.connect(&lasting("c", 100));
    client.expect_nothing();
    lab.store();
    assert!(!is_present(&client.take_packets(1)[0]));
    lab.publish(&mut client, &Publish { retain: true, ..message("t", "x", QoS::AtLeastOnce, 5) });
    client.expect_nothing();
    lab.store();
    client.expect("40 03 0005 10");
}

#[test]
fn what_depends_on_nothing_that_is_stored_is_said_at_once() {
    let mut lab = Lab::with_journal();
    let mut subscriber = lab.client(Version::V5, "s");
    let mut publisher = lab.client(Version::V5, "p");
    lab.subscribe(&mut subscriber, "t", QoS::AtLeastOnce);
    lab.publish(&mut publisher, &message("t", "x", QoS::AtLeastOnce, 5));
    publisher.expect("40 02 0005");
    assert_eq!(subscriber.payloads(), ["x"]);
}

#[test]
fn a_store_that_fails_ends_the_connections_without_an_acknowledgement() {
    let mut lab = Lab::with_journal();
    let mut client = lab.client(Version::V5, "c");
    lab.publish(&mut client, &Publish { retain: true, ..message("t", "x", QoS::AtLeastOnce, 5) });
    lab.fail_to_store();
    client.expect_nothing();
    assert!(client.is_closed());
}

#[test]
fn the_session_its_subscriptions_and_what_is_queued_are_there_after_a_crash() {
    let mut lab = Lab::with_journal();
    let mut subscriber = join(&mut lab, "s");
    lab.subscribe(&mut subscriber, "t", QoS::ExactlyOnce);
    lab.store();
    lab.lose(&mut subscriber);
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("t", "before", QoS::AtLeastOnce, 1));
    lab.store();
    lab.crash(seconds(1));
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("t", "behind", QoS::ExactlyOnce, 1));
    let mut subscriber = lab.connect(&lasting("s", 100));
    lab.store();
    let arrived = subscriber.take_packets(3);
    assert!(is_present(&arrived[0]));
    assert!(arrived[1].ends_with(b"before") && arrived[2].ends_with(b"behind"));
}

#[test]
fn what_is_in_flight_is_sent_again_under_its_identifier_and_owed_releases_too() {
    let mut lab = Lab::with_journal();
    let mut subscriber = join(&mut lab, "s");
    lab.subscribe(&mut subscriber, "t", QoS::ExactlyOnce);
    lab.store();
    let mut publisher = lab.client(Version::V5, "p");
    for (id, payload) in [(1, "a"), (2, "b"), (3, "c")] {
        lab.publish(&mut publisher, &message("t", payload, QoS::ExactlyOnce, id));
    }
    lab.store();
    subscriber.take();
    lab.ack(&mut subscriber, AckKind::PubRec, 2, ReasonCode::SUCCESS);
    lab.store();
    subscriber.expect("62 02 0002");
    lab.crash(seconds(1));
    let mut subscriber = lab.connect(&lasting("s", 100));
    lab.store();
    let arrived = subscriber.take_packets(4);
    assert!(is_present(&arrived[0]));
    let again = ["3c 07 0001 74 0001 00 61", "62 02 0002", "3c 07 0001 74 0003 00 63"];
    assert_eq!(arrived[1..], again.map(hex));
}

#[test]
fn a_session_that_ends_with_its_connection_leaves_nothing_in_the_store() {
    let mut lab = Lab::with_journal();
    let mut client = lab.client(Version::V5, "c");
    lab.subscribe(&mut client, "t", QoS::ExactlyOnce);
    lab.publish(&mut client, &message("t", "x", QoS::ExactlyOnce, 1));
    lab.store();
    assert_eq!(*lab.stored(), State::default());
}

#[test]
fn a_message_is_stored_once_for_all_and_until_the_last_is_served() {
    let mut lab = Lab::with_journal();
    for name in ["a", "b"] {
        let mut client = join(&mut lab, name);
        lab.subscribe(&mut client, "t", QoS::AtLeastOnce);
        lab.lose(&mut client);
    }
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("t", "x", QoS::AtLeastOnce, 1));
    lab.store();
    assert_eq!(lab.stored().messages.len(), 1);
    for (name, left) in [("a", 1), ("b", 0)] {
        let mut client = lab.connect(&lasting(name, 100));
        lab.ack(&mut client, AckKind::PubAck, 1, ReasonCode::SUCCESS);
        lab.store();
        assert_eq!(lab.stored().messages.len(), left);
    }
}

#[test]
fn retained_messages_stay_until_they_are_cleared_or_expire() {
    let mut lab = Lab::with_journal();
    let mut client = lab.client(Version::V5, "c");
    lab.publish(&mut client, &retained("keep", "k"));
    lab.publish(&mut client, &retained("clear", "c"));
    let properties =
        PublishProperties { message_expiry_interval: Some(60), ..PublishProperties::default() };
    lab.publish(&mut client, &Publish { properties, ..retained("expire", "e") });
    lab.publish(&mut client, &retained("clear", ""));
    lab.store();
    lab.crash(seconds(30));
    assert_eq!(lab.summary().retained, 2);
    lab.crash(seconds(30));
    assert_eq!(lab.summary().retained, 1);
    lab.store();
    assert_eq!(lab.stored().messages.len(), 1);
}

#[test]
fn time_goes_on_for_sessions_while_there_is_no_broker() {
    let mut lab = Lab::with_journal();
    let mut short = lab.connect(&lasting("short", 10));
    lab.connect(&lasting("long", 100));
    lab.lose(&mut short);
    lab.store();
    lab.crash(seconds(5));
    assert_eq!(lab.summary().sessions, 2);
    lab.store();
    lab.crash(seconds(6));
    assert_eq!(lab.summary().sessions, 1, "the one that was connected was lost later");
    lab.pass(seconds(100));
    assert_eq!(lab.summary().sessions, 0);
    lab.store();
    assert_eq!(*lab.stored(), State::default());
}

#[test]
fn a_delayed_will_is_published_in_its_time_and_once() {
    let mut lab = Lab::with_journal();
    let mut watcher = join(&mut lab, "watcher");
    lab.subscribe(&mut watcher, "will", QoS::AtLeastOnce);
    let will = Will {
        qos: QoS::AtLeastOnce,
        retain: false,
        topic: "will",
        payload: b"gone",
        properties: WillProperties { will_delay_interval: Some(20), ..WillProperties::default() },
    };
    let mut mortal = lab.connect(&Connect { will: Some(will), ..lasting("mortal", 1_000) });
    lab.lose(&mut mortal);
    lab.store();
    lab.crash(seconds(10));
    for wait in [9, 1, 0] {
        let mut watcher = lab.connect(&lasting("watcher", 1_000));
        lab.store();
        assert_eq!(watcher.take_packets(1).len(), 1, "only the CONNACK");
        lab.pass(seconds(wait));
        lab.store();
        let arrived = watcher.take();
        assert_eq!(arrived.ends_with(b"gone"), wait == 1, "after {wait} s more");
        lab.ack(&mut watcher, AckKind::PubAck, 1, ReasonCode::SUCCESS);
        lab.store();
        lab.crash(seconds(0));
    }
}

//! Retained messages.

use super::lab::{Lab, hex, message, retained, seconds};
use mqx::mqtt::{
    Publish, PublishProperties, QoS, RetainHandling, SubscribeOptions, SubscribeProperties, Version,
};
use std::time::Duration;

#[test]
fn s55_an_empty_retained_message_clears_and_is_delivered_but_not_kept() {
    let mut lab = Lab::new();
    let mut live = lab.client(Version::V311, "live");
    lab.subscribe(&mut live, "t", QoS::AtMostOnce);
    let mut publisher = lab.client(Version::V311, "p");
    lab.publish(&mut publisher, &retained("t", "x"));
    lab.publish(&mut publisher, &message("t", "", QoS::AtMostOnce, 0));
    assert_eq!(lab.summary().retained, 1, "without RETAIN nothing is cleared");
    lab.publish(&mut publisher, &retained("t", ""));
    assert_eq!(live.payloads(), ["x", "", ""]);
    assert_eq!(lab.summary().retained, 0);
    let mut late = lab.client(Version::V311, "late");
    lab.subscribe(&mut late, "t", QoS::AtMostOnce);
    late.expect_nothing();
}

#[test]
fn s56_retain_handling_decides_when_they_are_sent() {
    let mut lab = Lab::new();
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &retained("t", "x"));
    for (handling, first, again) in [
        (RetainHandling::Send, 2, 2),
        (RetainHandling::SendIfNew, 2, 1),
        (RetainHandling::DoNotSend, 1, 1),
    ] {
        let mut client = lab.client(Version::V5, "c");
        let options = SubscribeOptions { retain_handling: handling, ..SubscribeOptions::default() };
        for count in [first, again] {
            lab.subscribe_with(&mut client, "t", options, SubscribeProperties::default());
            client.take_packets(count);
        }
    }
}

#[test]
fn s57_a_replayed_message_carries_retain_and_a_live_one_only_if_asked() {
    let mut lab = Lab::new();
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &retained("t", "x"));
    let mut plain = lab.client(Version::V5, "plain");
    let mut keeping = lab.client(Version::V5, "keeping");
    for (client, retain_as_published) in [(&mut plain, false), (&mut keeping, true)] {
        let options = SubscribeOptions { retain_as_published, ..SubscribeOptions::default() };
        lab.subscribe_with(client, "t", options, SubscribeProperties::default());
        let packets = client.take_packets(2);
        assert_eq!((packets[0][0], packets[1][0]), (0x90, 0x31));
    }
    lab.publish(&mut publisher, &retained("t", "y"));
    assert_eq!(plain.take_packets(1)[0][0], 0x30);
    assert_eq!(keeping.take_packets(1)[0][0], 0x31);
}

#[test]
fn s58_qos_and_identifier_of_the_new_subscription_are_on_the_copy() {
    let mut lab = Lab::new();
    let mut publisher = lab.client(Version::V311, "p");
    let publish = Publish { retain: true, ..message("t", "x", QoS::ExactlyOnce, 1) };
    lab.publish(&mut publisher, &publish);
    let mut client = lab.client(Version::V5, "c");
    // SUBSCRIBE with identifier 5 and QoS 1.
    lab.send_bytes(&mut client, &hex("82 09 0003 02 0b05 0001 74 01"));
    client.expect("90 04 0003 00 01  33 09 0001 74 0001 02 0b05 78");
}

#[test]
fn s60_a_retained_message_expires_and_says_how_long_it_has_left() {
    let mut lab = Lab::new();
    let mut publisher = lab.client(Version::V5, "p");
    let properties =
        PublishProperties { message_expiry_interval: Some(100), ..PublishProperties::default() };
    let publish = Publish { properties, ..retained("t", "x") };
    lab.publish(&mut publisher, &publish);
    lab.pass(seconds(30));
    let mut client = lab.client(Version::V5, "c");
    lab.subscribe_with(
        &mut client,
        "t",
        SubscribeOptions::default(),
        SubscribeProperties::default(),
    );
    client.expect("90 04 004d 00 00  31 0a 0001 74 05 02 00000046 78");
    lab.pass(seconds(71));
    assert_eq!(lab.summary().retained, 0, "nothing of it is left");
}

#[test]
fn a_message_with_less_than_a_second_left_is_not_sent_with_none() {
    let mut lab = Lab::new();
    let mut publisher = lab.client(Version::V5, "p");
    let properties =
        PublishProperties { message_expiry_interval: Some(1), ..PublishProperties::default() };
    lab.publish(&mut publisher, &Publish { properties, ..retained("t", "x") });
    lab.pass(Duration::from_millis(500));
    let mut client = lab.client(Version::V5, "c");
    let options = SubscribeOptions::default();
    lab.subscribe_with(&mut client, "t", options, SubscribeProperties::default());
    client.expect("90 04 004d 00 00  31 0a 0001 74 05 02 00000001 78");
}

#[test]
fn a_newer_message_does_not_overtake_the_retained_ones_that_still_wait() {
    let mut lab = Lab::new();
    let mut publisher = lab.client(Version::V311, "p");
    let payload = "r".repeat(1000);
    for number in 0..200 {
        lab.publish(&mut publisher, &retained(&format!("t/{number}"), &payload));
    }
    let mut client = lab.client(Version::V311, "c");
    client.stop_reading();
    let options = SubscribeOptions::default();
    lab.subscribe_with(&mut client, "t/#", options, SubscribeProperties::default());
    lab.publish(&mut publisher, &message("t/0", "new", QoS::AtMostOnce, 0));
    lab.make_room(&mut client, usize::MAX);
    let packets = client.take_packets(202);
    assert!(packets[201].ends_with(b"new"), "the new message comes last");
    assert_eq!(lab.summary().dropped, 0, "a subscription to # loses nothing");
}

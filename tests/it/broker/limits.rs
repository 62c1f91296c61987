//! Limits that are announced, and what becomes of those who do not keep to them.

use super::lab::{Lab, hello, message, retained, seconds};
use mqx::broker::core::Limits;
use mqx::mqtt::{
    Connect, QoS, ReasonCode, SubscribeOptions, SubscribeProperties, Version, Will, WillProperties,
};
use std::num::NonZeroU16;

/// What the broker announces by itself.
const USUAL: &str = "21 0400 27 01000000 22 0400";

fn will(qos: QoS, retain: bool) -> Will<'static> {
    Will { topic: "w", payload: b"", qos, retain, properties: WillProperties::default() }
}

#[test]
fn s22_what_is_limited_is_announced_and_what_is_not_is_not() {
    let keep_alive = NonZeroU16::new(5);
    for (limits, properties) in [
        (Limits::default(), format!("0b {USUAL}")),
        (
            Limits { maximum_qos: QoS::AtLeastOnce, ..Limits::default() },
            "0d 21 0400 24 01 27 01000000 22 0400".to_owned(),
        ),
        (
            Limits { maximum_qos: QoS::AtMostOnce, ..Limits::default() },
            "0d 21 0400 24 00 27 01000000 22 0400".to_owned(),
        ),
        (
            Limits { retain_available: false, ..Limits::default() },
            "0d 21 0400 25 00 27 01000000 22 0400".to_owned(),
        ),
        (
            Limits { maximum_keep_alive: keep_alive, ..Limits::default() },
            format!("0e {USUAL} 13 0005"),
        ),
        (
            Limits { receive_maximum: 1, topic_alias_maximum: 0, ..Limits::default() },
            "0b 21 0001 27 01000000 22 0000".to_owned(),
        ),
    ] {
        let mut client = Lab::with(limits).connect(&hello(Version::V5, "c"));
        let connack = client.take();
        let wanted = super::lab::hex(&format!("00 00 {properties}"));
        assert_eq!(connack[2..], wanted, "{connack:02x?}");
    }
}

#[test]
fn a_publish_beyond_the_limits_ends_the_connection_with_the_reason() {
    let limits =
        Limits { maximum_qos: QoS::AtLeastOnce, retain_available: false, ..Limits::default() };
    for (publish, reason) in
        [(message("t", "", QoS::ExactlyOnce, 1), "e0 01 9b"), (retained("t", "x"), "e0 01 9a")]
    {
        let mut lab = Lab::with(limits.clone());
        let mut v5 = lab.client(Version::V5, "a");
        lab.publish(&mut v5, &publish);
        v5.expect(reason);
        let mut v3 = lab.client(Version::V311, "b");
        lab.publish(&mut v3, &publish);
        v3.expect_nothing();
        assert!(v5.is_closed() && v3.is_closed());
        assert_eq!(lab.summary().retained, 0);
    }
}

#[test]
fn s23_a_will_beyond_the_limits_is_refused() {
    let limits =
        Limits { maximum_qos: QoS::AtMostOnce, retain_available: false, ..Limits::default() };
    for (will, answer) in [
        (will(QoS::AtLeastOnce, false), "20 03 00 9b 00"),
        (will(QoS::AtMostOnce, true), "20 03 00 9a 00"),
    ] {
        let mut lab = Lab::with(limits.clone());
        let mut client = lab.connect(&Connect { will: Some(will), ..hello(Version::V5, "c") });
        client.expect(answer);
        let mut v3 = lab.connect(&Connect { will: Some(will), ..hello(Version::V311, "c") });
        v3.expect("20 02 00 03");
        assert!(client.is_closed() && v3.is_closed());
    }
}

#[test]
fn a_payload_beyond_the_limit_is_answered_and_goes_to_nobody() {
    let mut lab = Lab::with(Limits { maximum_payload: 2, ..Limits::default() });
    let mut watcher = lab.client(Version::V311, "w");
    lab.subscribe(&mut watcher, "#", QoS::AtMostOnce);
    let mut v5 = lab.client(Version::V5, "a");
    let mut v3 = lab.client(Version::V311, "b");
    lab.publish(&mut v5, &message("t", "123", QoS::AtLeastOnce, 1));
    assert_eq!(v5.take()[4], 0x83);
    lab.publish(&mut v5, &message("t", "123", QoS::AtMostOnce, 0));
    v5.expect_nothing();
    lab.publish(&mut v3, &message("t", "123", QoS::AtLeastOnce, 1));
    v3.expect("40 02 0001");
    watcher.expect_nothing();
    lab.publish(&mut v3, &message("t", "12", QoS::AtLeastOnce, 1));
    assert_eq!(watcher.payloads().len(), 1);
    let will = Some(Will { payload: b"123", ..will(QoS::AtMostOnce, false) });
    let mut willing = lab.connect(&Connect { will, ..hello(Version::V5, "c") });
    assert_eq!(willing.take()[3], 0x95);
}

#[test]
fn a_subscription_is_granted_no_more_than_the_maximum_qos() {
    let mut lab = Lab::with(Limits { maximum_qos: QoS::AtLeastOnce, ..Limits::default() });
    let mut client = lab.client(Version::V5, "c");
    let options = SubscribeOptions { qos: QoS::ExactlyOnce, ..SubscribeOptions::default() };
    lab.subscribe_with(&mut client, "t", options, SubscribeProperties::default());
    client.expect("90 04 004d 00 01");
}

#[test]
fn s24_the_keep_alive_the_server_sets_is_the_one_that_counts() {
    let limits = Limits { maximum_keep_alive: NonZeroU16::new(10), ..Limits::default() };
    // Whether it is overridden, and the silence after which it is over.
    for (version, keep_alive, told, silence) in [
        (Version::V5, 60, true, Some(15)),
        (Version::V5, 0, true, Some(15)),
        (Version::V5, 4, false, Some(6)),
        (Version::V311, 20, false, Some(30)),
        (Version::V311, 0, false, None),
    ] {
        let mut lab = Lab::with(limits.clone());
        let mut client = lab.connect(&Connect { keep_alive, ..hello(version, "c") });
        let connack = client.take();
        assert_eq!(connack.ends_with(&[0x13, 0, 10]), told, "{connack:02x?}");
        let silence = silence.unwrap_or(100_000);
        lab.pass(seconds(silence - 1));
        assert!(!client.is_closed(), "{version:?} {keep_alive}");
        if silence < 100_000 {
            lab.pass(seconds(2));
            assert!(client.is_closed(), "{version:?} {keep_alive}");
        }
    }
}

#[test]
fn beyond_the_maximum_of_connections_only_a_client_that_returns_is_let_in() {
    let mut lab = Lab::with(Limits { maximum_connections: 2, ..Limits::default() });
    let mut first = lab.client(Version::V5, "1");
    let mut second = lab.client(Version::V5, "2");
    let mut third = lab.connect(&hello(Version::V5, "3"));
    third.expect("20 03 00 89 00");
    lab.connect(&hello(Version::V311, "3")).expect("20 02 00 03");
    // The second takes its own place; its old connection is told.
    let mut again = lab.client(Version::V5, "2");
    second.expect("e0 01 8e");
    lab.lose(&mut second);
    again.expect_nothing();
    lab.connect(&hello(Version::V311, "3")).expect("20 02 00 03");
    lab.disconnect(&mut first, ReasonCode::SUCCESS);
    lab.connect(&hello(Version::V311, "3")).expect("20 02 00 00");
}

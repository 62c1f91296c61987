//! Wills: when they are published, and when not.

use super::lab::{Client, Lab, hello, seconds};
use mqx::mqtt::{
    Connect, ConnectProperties, Packet, QoS, ReasonCode, Version, Will, WillProperties,
};
use std::time::Duration;

fn with_will(version: Version, delay: u32, expiry: u32) -> Connect<'static> {
    Connect {
        will: Some(Will {
            topic: "will",
            payload: b"gone",
            qos: QoS::AtLeastOnce,
            retain: false,
            properties: WillProperties {
                will_delay_interval: version.is_v5().then_some(delay),
                ..WillProperties::default()
            },
        }),
        clean_start: expiry == 0,
        properties: ConnectProperties {
            session_expiry_interval: version.is_v5().then_some(expiry),
            ..ConnectProperties::default()
        },
        ..hello(version, "dying")
    }
}

fn watched() -> (Lab, Client) {
    let mut lab = Lab::new();
    let mut watcher = lab.client(Version::V5, "watcher");
    lab.subscribe(&mut watcher, "will", QoS::AtMostOnce);
    (lab, watcher)
}

#[test]
fn s31_goodbye_drops_the_will_unless_it_asks_for_it() {
    let (mut lab, mut watcher) = watched();
    for (version, reason, published) in [
        (Version::V311, ReasonCode::SUCCESS, 0),
        (Version::V5, ReasonCode::SUCCESS, 0),
        (Version::V5, ReasonCode::DISCONNECT_WITH_WILL, 1),
    ] {
        let mut client = lab.connect(&with_will(version, 0, 0));
        lab.disconnect(&mut client, reason);
        assert_eq!(watcher.payloads().len(), published, "{version} {reason}");
    }
}

#[test]
fn s31_a_lost_connection_or_a_protocol_error_publishes_the_will() {
    let (mut lab, mut watcher) = watched();
    let mut client = lab.connect(&with_will(Version::V311, 0, 0));
    lab.lose(&mut client);
    assert_eq!(watcher.payloads(), ["gone"]);
    let mut client = lab.connect(&with_will(Version::V5, 0, 0));
    lab.send(&mut client, &Packet::PingResp);
    assert_eq!(watcher.payloads(), ["gone"]);
}

#[test]
fn s25_a_client_that_falls_silent_is_told_and_its_will_published() {
    let (mut lab, mut watcher) = watched();
    let mut client = lab.connect(&Connect { keep_alive: 1, ..with_will(Version::V5, 0, 0) });
    client.take();
    lab.pass(Duration::from_millis(1_450));
    client.expect_nothing();
    watcher.expect_nothing();
    lab.pass(Duration::from_millis(100));
    client.expect("e0 01 8d");
    assert!(client.is_closed());
    assert_eq!(watcher.payloads(), ["gone"]);
}

#[test]
fn s30_a_delayed_will_is_published_at_its_time_and_not_before() {
    let (mut lab, mut watcher) = watched();
    let mut client = lab.connect(&with_will(Version::V5, 5, 100));
    lab.lose(&mut client);
    lab.pass(Duration::from_millis(4_999));
    watcher.expect_nothing();
    lab.pass(Duration::from_millis(50));
    assert_eq!(watcher.payloads(), ["gone"]);
    lab.pass(seconds(200));
    watcher.expect_nothing();
}

#[test]
fn s30_the_end_of_the_session_publishes_the_will_before_its_delay_is_over() {
    let (mut lab, mut watcher) = watched();
    let mut client = lab.connect(&with_will(Version::V5, 500, 3));
    lab.lose(&mut client);
    lab.pass(seconds(4));
    assert_eq!(watcher.payloads(), ["gone"]);
    assert_eq!(lab.summary().sessions, 1, "the watcher's");
}

#[test]
fn s30_coming_back_in_time_means_no_will() {
    let (mut lab, mut watcher) = watched();
    let mut client = lab.connect(&with_will(Version::V5, 5, 100));
    lab.lose(&mut client);
    lab.pass(seconds(4));
    let mut back = lab.connect(&Connect { will: None, ..with_will(Version::V5, 5, 100) });
    lab.pass(seconds(10));
    watcher.expect_nothing();
    lab.lose(&mut back);
    watcher.expect_nothing();
}

#[test]
fn s26_a_take_over_publishes_the_will_without_delay_and_keeps_the_delayed_one() {
    let (mut lab, mut watcher) = watched();
    for (delay, clean_start, published) in [(0, false, 1), (5, false, 0), (5, true, 1)] {
        let _old = lab.connect(&with_will(Version::V5, delay, 100));
        let mut new =
            lab.connect(&Connect { clean_start, will: None, ..with_will(Version::V5, delay, 100) });
        assert_eq!(watcher.payloads().len(), published, "{delay} {clean_start}");
        lab.lose(&mut new);
        lab.pass(seconds(300));
        watcher.expect_nothing();
    }
}

#[test]
fn s61_a_retained_will_is_kept_with_its_properties() {
    let mut lab = Lab::new();
    let mut connect = with_will(Version::V5, 0, 0);
    if let Some(will) = &mut connect.will {
        will.retain = true;
        will.properties.content_type = Some("ct");
    }
    let mut client = lab.connect(&connect);
    lab.lose(&mut client);
    let mut late = lab.client(Version::V5, "late");
    let (options, properties) = Default::default();
    lab.subscribe_with(&mut late, "will", options, properties);
    late.expect("90 04 004d 00 00  31 10 0004 77696c6c 05 03 0002 6374 676f6e65");
}

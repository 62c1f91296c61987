//! What one client may take of the broker: how fast it publishes, how much it
//! subscribes, how long it is remembered.

use super::lab::{Client, Lab, hello, hex, message, seconds};
use mqx::broker::core::{Limits, Rates};
use mqx::broker::{Config, start};
use mqx::mqtt::{
    Connect, ConnectProperties, Disconnect, DisconnectProperties, Packet, QoS, ReasonCode,
    SubscribeOptions, SubscribeProperties, Version,
};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::time::Duration;

fn rated(messages: Option<u64>, bytes: Option<u64>) -> Lab {
    let rate = |rate: Option<u64>| rate.and_then(NonZeroU64::new);
    let publish_rates = Rates { messages: rate(messages), bytes: rate(bytes) };
    Lab::with(Limits { publish_rates, ..Limits::default() })
}

/// So many messages on topic `t`, as bytes.
fn publishes(payloads: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for payload in payloads {
        let publish = Packet::Publish(message("t", payload, QoS::AtMostOnce, 0));
        publish.encode(Version::V311, &mut bytes).unwrap();
    }
    bytes
}

/// Lets time pass and brings `bytes` again as often as the broker asks for it,
/// as a shell does; the payloads that `watcher` got in each second.
fn by_the_second(
    lab: &mut Lab,
    client: &mut Client,
    watcher: &mut Client,
    bytes: &[u8],
    count: usize,
) -> Vec<usize> {
    let mut rest = bytes;
    (0..count)
        .map(|_| {
            let mut arrived = 0;
            // More often than the broker looks at its timers.
            for _ in 0..200 {
                if client.connection.pause().is_none_or(|until| until <= lab.now()) {
                    let taken = lab.receive(client, rest).unwrap();
                    rest = &rest[taken..];
                }
                arrived += watcher.payloads().len();
                lab.pass(Duration::from_millis(5));
            }
            arrived
        })
        .collect()
}

#[test]
fn who_publishes_too_fast_is_held_up_and_loses_nothing() {
    for (messages, bytes, seconds) in [
        (Some(10), None, vec![20, 10, 10, 10, 0]),
        // 8 bytes each.
        (None, Some(80), vec![20, 10, 10, 10, 0]),
        (Some(10), Some(40), vec![10, 5, 5, 5, 5]),
        (None, None, vec![50, 0, 0, 0, 0]),
    ] {
        let mut lab = rated(messages, bytes);
        let mut watcher = lab.client(Version::V311, "w");
        lab.subscribe(&mut watcher, "#", QoS::AtMostOnce);
        let mut client = lab.client(Version::V311, "c");
        let burst = publishes(&["abc"; 50]);
        let got = by_the_second(&mut lab, &mut client, &mut watcher, &burst, seconds.len());
        for (got, wanted) in got.iter().zip(&seconds) {
            assert!(got.abs_diff(*wanted) <= 1, "{messages:?} {bytes:?}: {got:?}");
        }
    }
}

#[test]
fn one_client_that_is_held_up_does_not_hold_up_another() {
    let mut lab = rated(Some(2), None);
    let mut watcher = lab.client(Version::V311, "w");
    lab.subscribe(&mut watcher, "#", QoS::AtMostOnce);
    let (mut fast, mut slow) = (lab.client(Version::V311, "f"), lab.client(Version::V311, "s"));
    let burst = publishes(&["1", "2", "3"]);
    let taken = lab.receive(&mut fast, &burst).unwrap();
    assert_eq!(taken, burst.len() / 3 * 2);
    assert!(fast.connection.pause().is_some() && slow.connection.pause().is_none());
    assert_eq!(watcher.payloads(), ["1", "2"]);
    lab.send_bytes(&mut slow, &publishes(&["4"]));
    assert_eq!(watcher.payloads(), ["4"]);
    assert!(!fast.was_woken());
    lab.pass(seconds(1));
    assert!(fast.was_woken(), "its shell is told to go on");
    assert_eq!(lab.receive(&mut fast, &burst[taken..]), Some(burst.len() / 3));
    assert_eq!(watcher.payloads(), ["3"]);
}

#[test]
fn the_time_a_client_is_held_up_for_is_not_its_silence() {
    let mut lab = rated(Some(1), Some(1));
    let mut client = lab.connect(&Connect { keep_alive: 10, ..hello(Version::V311, "c") });
    client.expect("20 02 00 00");
    // A hundred bytes are a hundred seconds.
    lab.send_bytes(&mut client, &publishes(&[&"x".repeat(95)]));
    assert_eq!(lab.receive(&mut client, &hex("c0 00")), Some(0));
    lab.pass(seconds(99));
    assert!(!client.is_closed());
    lab.pass(seconds(2));
    assert_eq!(lab.receive(&mut client, &hex("c0 00")), Some(2));
    client.expect("d0 00");
    lab.pass(seconds(16));
    assert!(client.is_closed(), "now it is silent");
}

#[test]
fn a_held_up_connection_is_read_again_by_the_shell_without_being_asked() {
    let mut config = Config { workers: 1, ..Config::on_port(0) };
    config.limits.publish_rates.messages = NonZeroU64::new(20);
    let broker = start(&config).unwrap();
    let mut stream = TcpStream::connect(broker.address().unwrap()).unwrap();
    let mut bytes = Vec::new();
    Packet::Connect(hello(Version::V311, "c")).encode(Version::V311, &mut bytes).unwrap();
    bytes.extend(hex("82 06 0001 0001 74 00"));
    stream.write_all(&bytes).unwrap();
    let mut answers = [0; 9];
    stream.read_exact(&mut answers).unwrap();
    assert_eq!(answers[..], hex("20 02 0000  90 03 0001 00"));
    let messages = publishes(&["x"; 30]);
    // The second time it is held up when they come.
    for _ in 0..2 {
        stream.write_all(&messages).unwrap();
        let mut arrived = vec![0; messages.len()];
        stream.read_exact(&mut arrived).unwrap();
        assert_eq!(arrived, messages);
    }
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_filter_above_the_number_is_refused_and_one_that_is_there_is_not() {
    let mut lab = Lab::with(Limits { subscriptions: 2, ..Limits::default() });
    for (version, refused) in [(Version::V5, 0x97), (Version::V311, 0x80)] {
        let mut client = lab.client(version, "c");
        let suback = |lab: &mut Lab, client: &mut Client, filter: &str| {
            let options = SubscribeOptions::default();
            lab.subscribe_with(client, filter, options, SubscribeProperties::default());
            client.take_packets(1)[0].last().copied().unwrap()
        };
        for (filter, code) in [("a", 0), ("b", 0), ("c", refused), ("a", 0), ("c", refused)] {
            assert_eq!(suback(&mut lab, &mut client, filter), code, "{filter}");
        }
        lab.send_bytes(
            &mut client,
            &hex(if version == Version::V5 {
                "a2 06 0001 00 0001 61"
            } else {
                "a2 05 0001 0001 61"
            }),
        );
        client.take();
        assert_eq!(suback(&mut lab, &mut client, "c"), 0, "there is room again");
    }
}

/// A CONNECT that asks for a session of so many seconds.
fn keeping(version: Version, seconds: Option<u32>) -> Connect<'static> {
    let properties =
        ConnectProperties { session_expiry_interval: seconds, ..ConnectProperties::default() };
    Connect { clean_start: false, properties, ..hello(version, "c") }
}

#[test]
fn s21_a_session_is_kept_no_longer_than_the_maximum_and_the_client_is_told() {
    let limits = Limits { maximum_session_expiry: Some(10), ..Limits::default() };
    for (version, asked, told, kept) in [
        (Version::V5, Some(100), true, 10),
        (Version::V5, Some(u32::MAX), true, 10),
        (Version::V5, Some(10), false, 10),
        (Version::V5, Some(5), false, 5),
        (Version::V311, None, false, 10),
    ] {
        let mut lab = Lab::with(limits.clone());
        let mut client = lab.connect(&keeping(version, asked));
        let connack = client.take();
        let notice = connack.windows(5).any(|bytes| bytes == hex("11 0000000a"));
        assert_eq!(notice, told, "{connack:02x?}");
        lab.lose(&mut client);
        lab.pass(seconds(kept - 1));
        let mut client = lab.connect(&keeping(version, asked));
        assert_eq!(client.take()[2], 1, "the session is there");
        lab.lose(&mut client);
        lab.pass(seconds(kept + 1));
        assert_eq!(lab.summary().sessions, 0);
    }
}

#[test]
fn a_goodbye_cannot_ask_for_more_than_the_maximum_either() {
    let mut lab = Lab::with(Limits { maximum_session_expiry: Some(10), ..Limits::default() });
    let mut client = lab.connect(&keeping(Version::V5, Some(5)));
    let properties = DisconnectProperties {
        session_expiry_interval: Some(u32::MAX),
        ..DisconnectProperties::default()
    };
    let goodbye = Disconnect { reason: ReasonCode::SUCCESS, properties };
    lab.send(&mut client, &Packet::Disconnect(goodbye));
    lab.pass(seconds(9));
    assert_eq!(lab.summary().sessions, 1);
    lab.pass(seconds(2));
    assert_eq!(lab.summary().sessions, 0);
}

//! Statements that no other file is about, and the account of all of them.

use super::lab::{Client, Lab, hello, hex, lasting, message, seconds};
use mqx::mqtt::{
    AckKind, Connect, ConnectProperties, PublishProperties, QoS, ReasonCode, Version, Will,
    WillProperties,
};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// How many statements the list has.
const STATEMENTS: u32 = 79;

/// Test functions named `sNN_...`, and the rows of the table of hostile bytes
/// that begin with `sNN`.
fn tested() -> BTreeSet<u32> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut folders = vec![tests.join("it")];
    let mut text =
        fs::read_to_string(tests.join("data/hostile.tsv")).unwrap().replace('\t', "\nfn ");
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                text += &fs::read_to_string(path).unwrap();
            }
        }
    }
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("fn s"));
    let number = |name: &str| name.split(['_', ' ']).next().and_then(|text| text.parse().ok());
    names.filter_map(number).collect()
}

#[test]
fn every_statement_has_a_test() {
    let tested = tested();
    let missing: Vec<_> = (1..=STATEMENTS).filter(|number| !tested.contains(number)).collect();
    assert!(missing.is_empty(), "no test is named after {missing:?}");
}

#[test]
fn s3_a_byte_order_mark_is_kept() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    lab.subscribe(&mut client, "\u{feff}a", QoS::AtMostOnce);
    lab.publish(&mut client, &message("\u{feff}a", "x", QoS::AtMostOnce, 0));
    lab.publish(&mut client, &message("a", "x", QoS::AtMostOnce, 0));
    client.expect("30 08 0004 efbbbf61 00 78");
}

#[test]
fn s21_the_expiry_interval_that_was_asked_for_is_used_and_so_not_said() {
    let mut lab = Lab::new();
    for interval in [0, 1, 3600, u32::MAX] {
        let properties = ConnectProperties {
            session_expiry_interval: Some(interval),
            ..ConnectProperties::default()
        };
        let mut client = lab.connect(&Connect { properties, ..hello(Version::V5, "c") });
        client.expect("20 0e 00 00 0b 21 0400 27 01000000 22 0400");
    }
}

/// The client `c` of a session that is kept, subscribed to `t`.
fn kept_subscriber(lab: &mut Lab) -> Client {
    let mut client = lab.connect(&lasting("c", 600));
    client.take();
    lab.subscribe(&mut client, "t", QoS::ExactlyOnce);
    client
}

#[test]
fn s28_connack_comes_before_what_was_queued_and_what_is_in_flight() {
    let mut lab = Lab::new();
    let mut client = kept_subscriber(&mut lab);
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("t", "in flight", QoS::AtLeastOnce, 1));
    lab.lose(&mut client);
    lab.publish(&mut publisher, &message("t", "queued", QoS::AtLeastOnce, 2));
    let mut again = lab.connect(&lasting("c", 600));
    let packets = again.take_packets(3);
    let first: Vec<u8> = packets.iter().map(|packet| packet[0]).collect();
    assert_eq!(first, [0x20, 0x3a, 0x32]);
}

#[test]
fn s44_a_message_whose_exchange_has_begun_is_finished_though_its_time_runs_out() {
    let mut lab = Lab::new();
    let mut client = kept_subscriber(&mut lab);
    let mut publisher = lab.client(Version::V5, "p");
    let mut publish = message("t", "x", QoS::ExactlyOnce, 1);
    publish.properties =
        PublishProperties { message_expiry_interval: Some(1), ..PublishProperties::default() };
    lab.publish(&mut publisher, &publish);
    client.take_packets(1);
    lab.ack(&mut client, AckKind::PubRec, 1, ReasonCode::SUCCESS);
    client.expect("62 02 0001");
    lab.pass(seconds(5));
    lab.lose(&mut client);
    let mut again = lab.connect(&lasting("c", 600));
    assert_eq!(again.take_packets(2)[1], hex("62 02 0001"), "PUBREL is still owed");
    lab.ack(&mut again, AckKind::PubComp, 1, ReasonCode::SUCCESS);
    again.expect_nothing();
    assert!(!again.is_closed());
}

#[test]
fn s76_a_client_of_3_1_1_is_refused_with_one_of_its_five_codes() {
    let will = Will {
        topic: "$SYS/x",
        payload: b"",
        qos: QoS::AtMostOnce,
        retain: false,
        properties: WillProperties::default(),
    };
    for (connect, code) in [
        (Connect { clean_start: false, ..hello(Version::V311, "") }, 2),
        (Connect { will: Some(will), ..hello(Version::V311, "c") }, 5),
    ] {
        let mut lab = Lab::new();
        let mut client = lab.connect(&connect);
        assert_eq!(client.take(), [0x20, 2, 0, code]);
        assert!(client.is_closed());
    }
}

#[test]
fn s79_nothing_is_sent_again_while_a_connection_lasts() {
    let mut lab = Lab::new();
    for version in [Version::V31, Version::V311, Version::V5] {
        let mut client = lab.client(version, "c");
        lab.subscribe(&mut client, "t", QoS::ExactlyOnce);
        let mut publisher = lab.client(version, "p");
        lab.publish(&mut publisher, &message("t", "1", QoS::AtLeastOnce, 1));
        lab.publish(&mut publisher, &message("t", "2", QoS::ExactlyOnce, 2));
        client.take_packets(2);
        lab.pass(seconds(100_000));
        client.expect_nothing();
        assert!(!client.is_closed());
    }
}

//! Topic aliases that the broker gives, and Response Information.

use super::lab::{Client, Lab, hello, message, retained, seconds};
use mqx::broker::core::Limits;
use mqx::mqtt::{
    AckKind, Connect, ConnectProperties, QoS, ReasonCode, SubscribeOptions, SubscribeProperties,
    SubscriptionId, Version,
};
use std::num::NonZeroU32;

fn giving(aliases: u16) -> Lab {
    Lab::with(Limits { topic_aliases_sent: aliases, ..Limits::default() })
}

fn taking(aliases: u16) -> Connect<'static> {
    let properties = ConnectProperties {
        topic_alias_maximum: Some(aliases),
        session_expiry_interval: Some(600),
        ..ConnectProperties::default()
    };
    Connect { clean_start: false, properties, ..hello(Version::V5, "c") }
}

fn connected(lab: &mut Lab, connect: &Connect<'_>) -> Client {
    let mut client = lab.connect(connect);
    client.take_packets(1);
    client
}

#[test]
fn s46_a_client_that_takes_aliases_gets_them_in_the_order_of_topics() {
    let mut lab = giving(10);
    let mut client = connected(&mut lab, &taking(2));
    lab.subscribe(&mut client, "#", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V311, "p");
    for (topic, qos, arrives) in [
        ("aaaa", QoS::AtMostOnce, "30 0b 0004 61616161 03 23 0001 78"),
        ("aaaa", QoS::AtMostOnce, "30 07 0000 03 23 0001 78"),
        ("bbbb", QoS::AtLeastOnce, "32 0d 0004 62626262 0001 03 23 0002 78"),
        ("bbbb", QoS::AtLeastOnce, "32 09 0000 0002 03 23 0002 78"),
        // There are no more, and a short topic is not worth one.
        ("cccc", QoS::AtMostOnce, "30 08 0004 63636363 00 78"),
        ("aaa", QoS::AtMostOnce, "30 07 0003 616161 00 78"),
    ] {
        lab.publish(&mut publisher, &message(topic, "x", qos, 1));
        client.expect(arrives);
    }
}

#[test]
fn s46_nobody_gets_an_alias_who_has_not_asked_or_where_none_are_given() {
    for (aliases, connect) in [
        (0, taking(9)),
        (9, taking(0)),
        (9, hello(Version::V5, "c")),
        (9, hello(Version::V311, "c")),
    ] {
        let mut lab = giving(aliases);
        let mut client = connected(&mut lab, &connect);
        lab.subscribe(&mut client, "#", QoS::AtMostOnce);
        let mut publisher = lab.client(connect.version, "p");
        for _ in 0..2 {
            lab.publish(&mut publisher, &message("aaaa", "x", QoS::AtMostOnce, 0));
        }
        let plain = if connect.version.is_v5() {
            "30 08 0004 61616161 00 78"
        } else {
            "30 07 0004 61616161 78"
        };
        client.expect(&format!("{plain} {plain}"));
    }
}

#[test]
fn s46_a_packet_that_was_not_sent_sets_no_alias_up() {
    let mut lab = giving(10);
    let mut connect = taking(10);
    connect.properties.maximum_packet_size = NonZeroU32::new(30);
    let mut client = connected(&mut lab, &connect);
    lab.subscribe(&mut client, "#", QoS::AtMostOnce);
    let mut publisher = lab.client(Version::V311, "p");
    let large = "x".repeat(30);
    lab.publish(&mut publisher, &message("aaaa", &large, QoS::AtMostOnce, 0));
    client.expect_nothing();
    // One that fits only without the alias comes without.
    let tight = "x".repeat(20);
    lab.publish(&mut publisher, &message("aaaa", &tight, QoS::AtMostOnce, 0));
    client.expect(&format!("30 1b 0004 61616161 00 {}", "78".repeat(20)));
    lab.publish(&mut publisher, &message("bbbb", "x", QoS::AtMostOnce, 0));
    client.expect("30 0b 0004 62626262 03 23 0001 78");
}

#[test]
fn s46_aliases_die_with_the_connection_and_are_not_used_to_send_again() {
    let mut lab = giving(10);
    let mut client = connected(&mut lab, &taking(10));
    lab.subscribe(&mut client, "#", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V311, "p");
    for id in 1..=2 {
        lab.publish(&mut publisher, &message("aaaa", "x", QoS::AtLeastOnce, id));
    }
    client.expect("32 0d 0004 61616161 0001 03 23 0001 78 32 09 0000 0002 03 23 0001 78");
    lab.lose(&mut client);
    let mut again = lab.connect(&taking(10));
    let packets = again.take_packets(3);
    for (packet, id) in packets[1..].iter().zip(["0001", "0002"]) {
        let wanted = format!("3a 0a 0004 61616161 {id} 00 78");
        assert_eq!(*packet, super::lab::hex(&wanted));
    }
    lab.ack(&mut again, AckKind::PubAck, 1, ReasonCode::SUCCESS);
    lab.publish(&mut publisher, &message("aaaa", "y", QoS::AtMostOnce, 0));
    again.expect("30 0b 0004 61616161 03 23 0001 79");
}

#[test]
fn aliases_go_with_subscription_identifiers_and_retained_messages() {
    let mut lab = giving(10);
    let mut publisher = lab.client(Version::V311, "p");
    lab.publish(&mut publisher, &retained("aaaa", "x"));
    let mut client = connected(&mut lab, &taking(10));
    let properties = SubscribeProperties {
        subscription_identifier: SubscriptionId::new(5),
        ..SubscribeProperties::default()
    };
    lab.subscribe_with(&mut client, "#", SubscribeOptions::default(), properties);
    client.expect("90 04 004d 00 00 31 0d 0004 61616161 05 23 0001 0b 05 78");
    lab.publish(&mut publisher, &message("aaaa", "y", QoS::AtMostOnce, 0));
    client.expect("30 09 0000 05 23 0001 0b 05 79");
    lab.pass(seconds(1));
}

#[test]
fn response_information_is_given_to_who_asks_for_it() {
    let limits = Limits { response_prefix: Some("re/".into()), ..Limits::default() };
    let asking = |client_id, ask| Connect {
        properties: ConnectProperties {
            request_response_information: ask,
            ..ConnectProperties::default()
        },
        ..hello(Version::V5, client_id)
    };
    for (client_id, ask, given) in [
        ("c", Some(true), " 1a 0005 72652f632f"),
        ("c", Some(false), ""),
        ("c", None, ""),
        // What it was given would be no topic.
        ("c+", Some(true), ""),
        ("#", Some(true), ""),
    ] {
        let mut lab = Lab::with(limits.clone());
        let length = 0x0b + given.split_whitespace().map(str::len).sum::<usize>() / 2;
        let mut client = lab.connect(&asking(client_id, ask));
        let usual = "21 0400 27 01000000 22 0400";
        let total = length + 3;
        client.expect(&format!("20 {total:02x} 00 00 {length:02x} {usual}{given}"));
    }
    let mut without = Lab::new().connect(&asking("c", Some(true)));
    without.expect("20 0e 00 00 0b 21 0400 27 01000000 22 0400");
}

//! PUBLISH in all its ways, in both directions.

use super::lab::{Lab, hello, hex, message};
use mqx::broker::core::{Limits, QueueLimits};
use mqx::mqtt::{
    AckKind, Connect, ConnectProperties, Packet, PropertyBuf, Publish, PublishProperties, QoS,
    ReasonCode, TopicAlias, Version,
};
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

const ALL: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

#[test]
fn s68_the_delivered_qos_is_the_lower_of_published_and_granted() {
    let mut lab = Lab::new();
    for granted in ALL {
        for published in ALL {
            let mut subscriber = lab.client(Version::V311, "s");
            lab.subscribe(&mut subscriber, "t", granted);
            let mut publisher = lab.client(Version::V311, "p");
            lab.publish(&mut publisher, &message("t", "x", published, 9));
            let packet = subscriber.take_packets(1).remove(0);
            assert_eq!((packet[0] >> 1) & 3, published.min(granted) as u8);
        }
    }
}

#[test]
fn qos_1_is_acknowledged_and_delivered_with_the_brokers_own_identifier() {
    let mut lab = Lab::new();
    let mut subscriber = lab.client(Version::V311, "s");
    lab.subscribe(&mut subscriber, "a/b", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V311, "p");
    lab.send_bytes(&mut publisher, &hex("32 0a 0003 612f62 0309 706179"));
    publisher.expect("40 02 0309");
    subscriber.expect("32 0a 0003 612f62 0001 706179");
}

#[test]
fn qos_2_goes_through_its_four_steps_on_both_sides() {
    let mut lab = Lab::new();
    let mut subscriber = lab.client(Version::V5, "s");
    lab.subscribe(&mut subscriber, "t", QoS::ExactlyOnce);
    let mut publisher = lab.client(Version::V311, "p");
    lab.publish(&mut publisher, &message("t", "x", QoS::ExactlyOnce, 5));
    publisher.expect("50 02 0005");
    subscriber.expect("34 07 0001 74 0001 00 78");
    lab.ack(&mut publisher, AckKind::PubRel, 5, ReasonCode::SUCCESS);
    publisher.expect("70 02 0005");
    lab.ack(&mut subscriber, AckKind::PubRec, 1, ReasonCode::SUCCESS);
    subscriber.expect("62 02 0001");
    lab.ack(&mut subscriber, AckKind::PubComp, 1, ReasonCode::SUCCESS);
    subscriber.expect_nothing();
}

#[test]
fn s6_inbound_and_outbound_identifiers_are_independent() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    lab.subscribe(&mut client, "t", QoS::AtLeastOnce);
    lab.publish(&mut client, &message("t", "mine", QoS::AtLeastOnce, 1));
    // Its own PUBACK and the delivery both carry identifier 1.
    let packets = client.take_packets(2);
    assert!(packets.contains(&hex("40 02 0001")), "{packets:02x?}");
    lab.publish(&mut client, &message("u", "other", QoS::ExactlyOnce, 1));
    client.expect("50 03 0001 10");
    lab.ack(&mut client, AckKind::PubAck, 1, ReasonCode::SUCCESS);
    lab.publish(&mut client, &message("t", "next", QoS::AtLeastOnce, 2));
    assert_eq!(client.take_packets(2).len(), 2);
}

#[test]
fn s37_dup_and_retain_of_the_publisher_are_not_forwarded() {
    let mut lab = Lab::new();
    let mut subscriber = lab.client(Version::V311, "s");
    lab.subscribe(&mut subscriber, "t", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V311, "p");
    let publish = Publish { dup: true, retain: true, ..message("t", "x", QoS::AtLeastOnce, 3) };
    lab.publish(&mut publisher, &publish);
    assert_eq!(subscriber.take_packets(1)[0][0], 0x32);
}

#[test]
fn s38_a_repeated_qos_2_publish_is_answered_again_and_not_delivered_again() {
    let mut lab = Lab::new();
    let mut subscriber = lab.client(Version::V5, "s");
    lab.subscribe(&mut subscriber, "t", QoS::ExactlyOnce);
    let mut publisher = lab.client(Version::V5, "p");
    let publish = message("t", "x", QoS::ExactlyOnce, 5);
    lab.publish(&mut publisher, &publish);
    lab.publish(&mut publisher, &Publish { dup: true, ..publish });
    publisher.expect("50 02 0005 50 02 0005");
    assert_eq!(subscriber.payloads(), ["x"]);
}

#[test]
fn s39_after_puback_an_identifier_stands_for_a_new_message_even_with_dup() {
    let mut lab = Lab::new();
    let mut subscriber = lab.client(Version::V311, "s");
    lab.subscribe(&mut subscriber, "t", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V311, "p");
    let publish = message("t", "x", QoS::AtLeastOnce, 5);
    lab.publish(&mut publisher, &publish);
    lab.publish(&mut publisher, &Publish { dup: true, ..publish });
    assert_eq!(subscriber.payloads(), ["x", "x"]);
}

#[test]
fn s40_a_refused_delivery_ends_its_flow_without_pubrel() {
    let mut lab = Lab::new();
    let mut subscriber = lab.client(Version::V5, "s");
    lab.subscribe(&mut subscriber, "t", QoS::ExactlyOnce);
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("t", "x", QoS::ExactlyOnce, 5));
    subscriber.take();
    lab.ack(&mut subscriber, AckKind::PubRec, 1, ReasonCode::QUOTA_EXCEEDED);
    subscriber.expect_nothing();
    lab.ack(&mut subscriber, AckKind::PubRec, 1, ReasonCode::SUCCESS);
    subscriber.expect("62 03 0001 92");
}

#[test]
fn s41_acknowledgements_for_unknown_identifiers_are_answered() {
    let mut lab = Lab::new();
    let mut v5 = lab.client(Version::V5, "a");
    lab.ack(&mut v5, AckKind::PubRel, 9, ReasonCode::SUCCESS);
    v5.expect("70 03 0009 92");
    lab.ack(&mut v5, AckKind::PubRec, 9, ReasonCode::SUCCESS);
    v5.expect("62 03 0009 92");
    lab.ack(&mut v5, AckKind::PubAck, 9, ReasonCode::SUCCESS);
    v5.expect_nothing();
    let mut v3 = lab.client(Version::V311, "b");
    lab.ack(&mut v3, AckKind::PubRel, 9, ReasonCode::SUCCESS);
    v3.expect("70 02 0009");
    assert!(!v5.is_closed() && !v3.is_closed());
}

#[test]
fn s45_aliases_of_the_publisher_are_resolved_and_do_not_leak() {
    let mut lab = Lab::new();
    let mut subscriber = lab.client(Version::V5, "s");
    lab.subscribe(&mut subscriber, "t", QoS::AtMostOnce);
    let mut publisher = lab.client(Version::V5, "p");
    // Topic and alias, alias alone, the alias moved to another topic.
    lab.send_bytes(&mut publisher, &hex("30 08 0001 74 03 230001 78"));
    lab.send_bytes(&mut publisher, &hex("30 07 0000 03 230001 79"));
    subscriber.expect("30 05 0001 74 00 78 30 05 0001 74 00 79");
    lab.send_bytes(&mut publisher, &hex("30 08 0001 75 03 230001 7a"));
    lab.send_bytes(&mut publisher, &hex("30 07 0000 03 230001 7a"));
    subscriber.expect_nothing();
}

#[test]
fn s45_an_alias_out_of_range_or_unknown_ends_the_connection() {
    let mut lab = Lab::new();
    for (bytes, answer) in [
        ("30 08 0001 74 03 230000 78", "e0 01 94"),
        ("30 08 0001 74 03 230401 78", "e0 01 94"),
        ("30 07 0000 03 230007 79", "e0 01 82"),
    ] {
        let mut publisher = lab.client(Version::V5, "p");
        lab.send_bytes(&mut publisher, &hex(bytes));
        publisher.expect(answer);
    }
}

#[test]
fn s47_a_client_must_not_send_subscription_identifiers() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    lab.send_bytes(&mut client, &hex("30 07 0001 74 02 0b01 78"));
    client.expect("e0 01 82");
}

#[test]
fn s48_properties_are_forwarded_unaltered_and_in_order() {
    let mut lab = Lab::new();
    let mut subscriber = lab.client(Version::V5, "s");
    lab.subscribe(&mut subscriber, "t", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V5, "p");
    let mut user = PropertyBuf::default();
    for (name, value) in [("b", "2"), ("a", "1"), ("b", "2")] {
        user.push_user(name, value).unwrap();
    }
    let properties = PublishProperties {
        payload_format_indicator: Some(true),
        message_expiry_interval: Some(60),
        response_topic: Some("answer"),
        correlation_data: Some(&[0, 255]),
        content_type: Some("text/plain"),
        user_properties: user.user_properties(),
        topic_alias: NonZeroU16::new(3).map(TopicAlias),
        ..PublishProperties::default()
    };
    // With an alias the packet is encoded anew, without it is copied.
    for topic_alias in [properties.topic_alias, None] {
        let sent = Publish {
            properties: PublishProperties { topic_alias, ..properties },
            ..message("t", "x", QoS::AtLeastOnce, 1)
        };
        lab.publish(&mut publisher, &sent);
        let bytes = subscriber.take_packets(1).remove(0);
        let frame = mqx::mqtt::next_frame(&bytes, 1000).unwrap().unwrap();
        let Packet::Publish(received) = Packet::decode(&frame, Version::V5).unwrap() else {
            panic!("not a PUBLISH");
        };
        let expected = PublishProperties { topic_alias: None, ..properties };
        assert_eq!(received.properties, expected);
    }
}

#[test]
fn s49_more_qos_2_messages_than_announced_end_the_connection() {
    let limits = Limits { receive_maximum: 2, ..Limits::default() };
    let mut lab = Lab::with(limits);
    let mut client = lab.client(Version::V5, "c");
    for id in 1..=2 {
        lab.publish(&mut client, &message("t", "x", QoS::ExactlyOnce, id));
    }
    client.take();
    lab.publish(&mut client, &message("t", "x", QoS::ExactlyOnce, 3));
    client.expect("e0 01 93");
}

#[test]
fn s50_the_clients_receive_maximum_is_kept_and_qos_0_flows_all_the_same() {
    let mut lab = Lab::new();
    let mut subscriber = lab.connect(&Connect {
        properties: ConnectProperties {
            receive_maximum: NonZeroU16::new(1),
            ..ConnectProperties::default()
        },
        ..hello(Version::V5, "s")
    });
    subscriber.take();
    lab.subscribe(&mut subscriber, "t", QoS::ExactlyOnce);
    let mut publisher = lab.client(Version::V5, "p");
    for (payload, qos) in [
        ("1", QoS::ExactlyOnce),
        ("2", QoS::AtLeastOnce),
        ("0", QoS::AtMostOnce),
        ("3", QoS::ExactlyOnce),
    ] {
        lab.publish(&mut publisher, &message("t", payload, qos, 9));
        lab.ack(&mut publisher, AckKind::PubRel, 9, ReasonCode::SUCCESS);
    }
    assert_eq!(subscriber.payloads(), ["1", "0"]);
    lab.ack(&mut subscriber, AckKind::PubRec, 1, ReasonCode::SUCCESS);
    subscriber.expect("62 02 0001");
    lab.ack(&mut subscriber, AckKind::PubComp, 1, ReasonCode::SUCCESS);
    assert_eq!(subscriber.payloads(), ["2"]);
    lab.ack(&mut subscriber, AckKind::PubAck, 2, ReasonCode::SUCCESS);
    assert_eq!(subscriber.payloads(), ["3"]);
}

#[test]
fn s51_a_packet_too_large_for_one_subscriber_reaches_the_others() {
    let mut lab = Lab::new();
    let mut small = lab.connect(&Connect {
        properties: ConnectProperties {
            maximum_packet_size: NonZeroU32::new(30),
            receive_maximum: NonZeroU16::new(1),
            ..ConnectProperties::default()
        },
        ..hello(Version::V5, "small")
    });
    small.take();
    let mut large = lab.client(Version::V5, "large");
    lab.subscribe(&mut small, "t", QoS::AtLeastOnce);
    lab.subscribe(&mut large, "t", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V5, "p");
    let long = "x".repeat(40);
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        lab.publish(&mut publisher, &message("t", &long, qos, 1));
    }
    small.expect_nothing();
    assert_eq!(large.payloads().len(), 2);
    lab.publish(&mut publisher, &message("t", "fits", QoS::AtLeastOnce, 2));
    assert_eq!(small.payloads(), ["fits"], "no quota was lost");
}

#[test]
fn s52_a_publisher_of_version_5_hears_that_nobody_listens() {
    let mut lab = Lab::new();
    let mut v5 = lab.client(Version::V5, "a");
    lab.publish(&mut v5, &message("t", "x", QoS::AtLeastOnce, 1));
    lab.publish(&mut v5, &message("t", "x", QoS::ExactlyOnce, 2));
    v5.expect("40 03 0001 10 50 03 0002 10");
    let mut v3 = lab.client(Version::V311, "b");
    lab.publish(&mut v3, &message("t", "x", QoS::AtLeastOnce, 1));
    v3.expect("40 02 0001");
}

#[test]
fn s54_order_is_kept_when_a_session_comes_back_online() {
    let mut lab = Lab::new();
    let persistent = Connect { clean_start: false, ..hello(Version::V311, "s") };
    let mut subscriber = lab.connect(&persistent);
    subscriber.take();
    lab.subscribe(&mut subscriber, "t", QoS::AtLeastOnce);
    lab.lose(&mut subscriber);
    let mut publisher = lab.client(Version::V311, "p");
    let numbers: Vec<String> = (0..3000).map(|number| number.to_string()).collect();
    for number in &numbers[..2000] {
        lab.publish(&mut publisher, &message("t", number, QoS::AtLeastOnce, 1));
    }
    let mut subscriber = lab.connect(&persistent);
    let mut packets = Vec::new();
    for number in &numbers[2000..] {
        lab.publish(&mut publisher, &message("t", number, QoS::AtLeastOnce, 1));
    }
    let mut bytes = subscriber.take();
    assert_eq!(bytes.drain(..4).collect::<Vec<_>>(), hex("20 02 01 00"));
    loop {
        let mut ids = Vec::new();
        let mut rest = &bytes[..];
        while let Some(frame) = mqx::mqtt::next_frame(rest, 1000).unwrap() {
            let Packet::Publish(publish) = Packet::decode(&frame, Version::V311).unwrap() else {
                panic!("not a PUBLISH");
            };
            packets.push(String::from_utf8(publish.payload.to_vec()).unwrap());
            ids.push(publish.packet_id.unwrap().get());
            rest = &rest[frame.bytes.len()..];
        }
        if ids.is_empty() {
            break;
        }
        for id in ids {
            lab.ack(&mut subscriber, AckKind::PubAck, id, ReasonCode::SUCCESS);
        }
        bytes = subscriber.take();
    }
    assert_eq!(packets, numbers);
}

#[test]
fn s75_publishing_to_the_brokers_own_topics_is_refused() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    lab.publish(&mut client, &message("$SYS/x", "x", QoS::AtLeastOnce, 1));
    lab.publish(&mut client, &message("$other/x", "x", QoS::AtLeastOnce, 2));
    client.expect("40 03 0001 87 40 03 0002 10");
}

#[test]
fn messages_cross_between_versions_without_property_bytes() {
    let mut lab = Lab::new();
    let mut v3 = lab.client(Version::V31, "three");
    let mut v5 = lab.client(Version::V5, "five");
    lab.subscribe(&mut v3, "t", QoS::AtLeastOnce);
    lab.subscribe(&mut v5, "t", QoS::AtLeastOnce);
    lab.publish(&mut v5, &message("t", "x", QoS::AtLeastOnce, 1));
    v3.expect("32 06 0001 74 0001 78");
    let mut arrived = v5.take_packets(2);
    arrived.sort();
    assert_eq!(arrived, [hex("32 07 0001 74 0001 00 78"), hex("40 02 0001")]);
    lab.publish(&mut v3, &message("t", "y", QoS::AtMostOnce, 0));
    v5.expect("30 05 0001 74 00 79");
    v3.expect("30 04 0001 74 79");
}

#[test]
fn a_client_that_does_not_read_loses_qos_0_only_and_only_above_the_mark() {
    let limits = Limits {
        queue: QueueLimits { output: 1000, ..Limits::default().queue },
        ..Limits::default()
    };
    let mut lab = Lab::with(limits);
    let mut slow = lab.client(Version::V311, "slow");
    lab.subscribe(&mut slow, "t", QoS::AtLeastOnce);
    slow.stop_reading();
    let mut publisher = lab.client(Version::V311, "p");
    for number in 0..200 {
        let payload = format!("{number:0100}");
        lab.publish(&mut publisher, &message("t", &payload, QoS::AtMostOnce, 0));
        lab.publish(&mut publisher, &message("t", &payload, QoS::AtLeastOnce, 1));
    }
    assert!(slow.was_woken(), "its owner waits for room");
    let dropped = lab.summary().dropped;
    assert!((150..200).contains(&dropped), "{dropped}");
    lab.make_room(&mut slow, usize::MAX);
    let arrived = slow.payloads();
    assert_eq!(arrived.len() as u64, 400 - dropped);
}

#[test]
fn a_full_queue_refuses_and_the_publisher_of_version_5_hears_it() {
    let limits = Limits {
        maximum_in_flight: 1,
        queue: QueueLimits { messages: 2, ..Limits::default().queue },
        ..Limits::default()
    };
    let mut lab = Lab::with(limits);
    let mut subscriber = lab.client(Version::V311, "s");
    lab.subscribe(&mut subscriber, "t", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V5, "p");
    for id in 1..=4 {
        lab.publish(&mut publisher, &message("t", "x", QoS::AtLeastOnce, id));
    }
    publisher.expect("40 02 0001 40 02 0002 40 02 0003 40 03 0004 97");
    assert_eq!(lab.summary().dropped, 1);
}

#[test]
fn what_has_expired_does_not_keep_a_queue_full() {
    let queue = QueueLimits { messages: 3, ..Limits::default().queue };
    let mut lab = Lab::with(Limits { queue, ..Limits::default() });
    let mut away = lab.connect(&Connect { clean_start: false, ..hello(Version::V311, "away") });
    away.take();
    lab.subscribe(&mut away, "t", QoS::AtLeastOnce);
    lab.lose(&mut away);
    let mut publisher = lab.client(Version::V5, "p");
    let mut publish = |lab: &mut Lab, payload, expiry: Option<u32>| {
        let mut publish = message("t", payload, QoS::AtLeastOnce, 1);
        publish.properties.message_expiry_interval = expiry;
        lab.publish(&mut publisher, &publish);
        publisher.take().len() == 4
    };
    for expiry in [Some(1), None, Some(2)] {
        assert!(publish(&mut lab, "first", expiry));
    }
    assert!(!publish(&mut lab, "refused", None));
    lab.pass(Duration::from_secs(20));
    // One in front, another behind a message that has not expired.
    assert!(publish(&mut lab, "second", None) && publish(&mut lab, "third", None));
    assert!(!publish(&mut lab, "refused", None));
    let mut back = lab.connect(&Connect { clean_start: false, ..hello(Version::V311, "away") });
    let _connack = back.take_some(4);
    assert_eq!(back.payloads(), ["first", "second", "third"]);
    assert_eq!((lab.summary().expired, lab.summary().dropped), (2, 2));
}

//! What implementers are known to fall into, and what has broken real brokers.

use super::lab::{Client, Lab, hello, hex, lasting, message, retained, seconds};
use mqx::broker::core::{Limits, QueueLimits};
use mqx::mqtt::{
    Ack, AckKind, Connect, ConnectProperties, Disconnect, DisconnectProperties, Packet, PacketId,
    PropertyBuf, Publish, PublishProperties, QoS, ReasonCode, Subscribe, SubscribeOptions,
    SubscribeProperties, SubscribeRequest, Version, Will, WillProperties,
};
use std::time::Duration;

/// A CONNECT with a session that outlives the connection.
fn kept(client_id: &str) -> Connect<'_> {
    lasting(client_id, u32::MAX)
}

/// Sends a SUBSCRIBE for all `filters` and returns the codes of its SUBACK.
fn subscribe_all(lab: &mut Lab, client: &mut Client, filters: &[&str]) -> Vec<u8> {
    let options = SubscribeOptions { qos: QoS::AtLeastOnce, ..SubscribeOptions::default() };
    let requests = filters.iter().map(|filter| SubscribeRequest { filter, options }).collect();
    let packet_id = PacketId::new(1).unwrap();
    let properties = SubscribeProperties::default();
    lab.send(client, &Packet::Subscribe(Subscribe { packet_id, properties, requests }));
    let suback = client.take_without_words();
    suback[suback.len() - filters.len()..].to_vec()
}

#[test]
fn trap_a_full_queue_refuses_the_publisher_and_never_loses_silently() {
    let queue = QueueLimits { messages: 3, ..Limits::default().queue };
    let mut lab = Lab::with(Limits { queue, maximum_in_flight: 1, ..Limits::default() });
    let mut slow = lab.client(Version::V5, "slow");
    lab.subscribe(&mut slow, "t", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V5, "p");
    let mut accepted = 0;
    for id in 1..=10 {
        lab.publish(&mut publisher, &message("t", "x", QoS::AtLeastOnce, id));
        let answer = publisher.take_without_words();
        accepted += usize::from(answer.len() == 4);
        assert!(answer.len() == 4 || answer[4] == 0x97, "{answer:02x?}");
    }
    let mut received = 0;
    for id in 1..=10 {
        received += slow.payloads().len();
        lab.ack(&mut slow, AckKind::PubAck, id, ReasonCode::SUCCESS);
    }
    assert_eq!((accepted, received), (4, 4));
}

#[test]
fn trap_with_65535_in_flight_messages_queue_and_nothing_is_lost() {
    let all = usize::from(u16::MAX);
    let mut lab = Lab::with(Limits { maximum_in_flight: u16::MAX, ..Limits::default() });
    let mut receiver = lab.client(Version::V311, "r");
    lab.subscribe(&mut receiver, "t", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V311, "p");
    for _ in 0..all + 10 {
        lab.publish(&mut publisher, &message("t", "x", QoS::AtLeastOnce, 1));
        publisher.take();
    }
    assert_eq!(receiver.payloads().len(), all);
    // The identifiers come round: those given back are given out again.
    for id in 1..=u16::MAX {
        let ack = Ack::new(AckKind::PubAck, PacketId::new(id).unwrap(), ReasonCode::SUCCESS);
        lab.send(&mut receiver, &Packet::Ack(ack));
    }
    assert_eq!(receiver.payloads().len(), 10);
    assert_eq!(lab.summary().dropped, 0);
}

#[test]
fn trap_a_fight_over_one_identifier_leaves_one_session_and_no_timers() {
    let mut lab = Lab::new();
    let will = Will {
        topic: "w",
        payload: b"x",
        qos: QoS::AtMostOnce,
        retain: false,
        properties: WillProperties { will_delay_interval: Some(5), ..WillProperties::default() },
    };
    let fighter = Connect { will: Some(will), keep_alive: 10, ..kept("same") };
    let mut last = lab.connect(&fighter);
    let mut censuses = Vec::new();
    for _ in 0..1_000 {
        let mut next = lab.connect(&fighter);
        next.take();
        assert!(last.is_closed());
        lab.lose(&mut last);
        last = next;
        lab.pass(Duration::from_millis(30));
        censuses.push(lab.census());
    }
    assert!(censuses.iter().all(|census| *census == censuses[0]), "nothing grows");
    assert_eq!(lab.summary().sessions, 1);
    lab.pass(seconds(9));
    assert!(!last.is_closed(), "the winner is not cut off by the timers of the others");
    let goodbye = DisconnectProperties {
        session_expiry_interval: Some(0),
        ..DisconnectProperties::default()
    };
    let goodbye = Disconnect { reason: ReasonCode::SUCCESS, properties: goodbye };
    lab.send(&mut last, &Packet::Disconnect(goodbye));
    assert_eq!(lab.summary().sessions, 0);
    lab.pass(seconds(60));
    assert_eq!(lab.deadline(), None, "no timer is left");
}

#[test]
fn trap_coming_going_and_retaining_with_intervals_of_a_day_leaves_no_timers_behind() {
    const DAY: u32 = 86_400;
    let mut lab = Lab::new();
    let properties =
        ConnectProperties { session_expiry_interval: Some(DAY), ..ConnectProperties::default() };
    let patient = Connect { keep_alive: u16::MAX, properties, ..kept("same") };
    let properties =
        PublishProperties { message_expiry_interval: Some(DAY), ..PublishProperties::default() };
    for _ in 0..10_000 {
        let mut client = lab.connect(&patient);
        let publish = Publish { properties, ..retained("t", "x") };
        lab.publish(&mut client, &publish);
        lab.lose(&mut client);
        lab.pass(Duration::from_millis(30));
    }
    assert!(lab.timers() < 3_000, "{} timers", lab.timers());
    // Those that are meant are still there.
    assert_eq!((lab.summary().sessions, lab.summary().retained), (1, 1));
    // Longer than any of them.
    lab.pass(seconds(2 * u64::from(DAY)));
    assert_eq!((lab.summary().sessions, lab.summary().retained), (0, 0));
    assert_eq!((lab.timers(), lab.deadline()), (0, None));
}

#[test]
fn trap_a_client_that_never_reads_costs_no_more_than_its_limits() {
    let queue =
        QueueLimits { messages: 10, bytes: 1 << 20, output: 10_000, ..Limits::default().queue };
    let mut lab = Lab::with(Limits { queue, ..Limits::default() });
    let mut deaf = lab.client(Version::V5, "deaf");
    lab.subscribe(&mut deaf, "t", QoS::AtLeastOnce);
    deaf.stop_reading();
    let mut publisher = lab.client(Version::V5, "p");
    let payload = "x".repeat(100);
    for round in 0..10_000_u16 {
        let qos = if round.is_multiple_of(2) { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        lab.publish(&mut publisher, &message("t", &payload, qos, 1));
        publisher.take();
    }
    lab.make_room(&mut deaf, usize::MAX);
    let received = deaf.take().len();
    assert!(received <= 2 * 10_000 + 11 * 200, "{received} bytes were kept");
}

#[test]
fn trap_a_connect_that_drips_is_cut_off_after_ten_seconds() {
    let mut lab = Lab::new();
    let mut slow = lab.accept(Version::V5);
    let connect = hex("10 0f 0004 4d515454 05 02 001e 00 0002 6363");
    for byte in &connect[..connect.len() - 1] {
        lab.trickle(&mut slow, &[*byte]);
        lab.pass(Duration::from_millis(700));
    }
    assert!(slow.is_closed());
    slow.expect_nothing();
}

#[test]
fn trap_half_a_packet_and_silence_ends_with_the_keep_alive() {
    let mut lab = Lab::new();
    let mut client = lab.connect(&Connect { keep_alive: 2, ..hello(Version::V5, "c") });
    client.take();
    lab.trickle(&mut client, &hex("30 ff 7f 0001"));
    lab.pass(Duration::from_millis(2_900));
    assert!(!client.is_closed());
    lab.pass(Duration::from_millis(200));
    client.expect("e0 01 8d");
}

#[test]
fn trap_a_length_of_256_megabytes_is_refused_before_anything_is_kept() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    lab.send_bytes(&mut client, &hex("32 ff ff ff 7f 0001"));
    client.expect("e0 01 95");
}

#[test]
fn trap_ten_thousand_filters_in_one_subscribe_are_all_made_and_all_end() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    let names: Vec<String> = (0..10_000).map(|number| format!("t/{number}/+")).collect();
    let filters: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(subscribe_all(&mut lab, &mut client, &filters), vec![1; 10_000]);
    assert_eq!(lab.summary().subscriptions, 10_000);
    lab.disconnect(&mut client, ReasonCode::SUCCESS);
    assert_eq!(lab.summary().subscriptions, 0);
}

#[test]
fn trap_topics_and_filters_of_tens_of_thousands_of_levels_are_refused_and_cost_no_stack() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    for deep in ["/".repeat(65_535), "a/".repeat(32_000), "+/".repeat(32_000)] {
        assert_eq!(subscribe_all(&mut lab, &mut client, &[&deep]), [0x8f]);
        if !deep.contains('+') {
            lab.publish(&mut client, &message(&deep, "x", QoS::AtLeastOnce, 1));
            client.expect("40 03 0001 90");
        }
    }
    // With the limit out of the way they are matched like others.
    let mut lab = Lab::with(Limits { topic_levels: usize::MAX, ..Limits::default() });
    let mut client = lab.client(Version::V5, "c");
    let topic = "/".repeat(65_534);
    let filter = "+/".repeat(32_767) + "#";
    assert_eq!(subscribe_all(&mut lab, &mut client, &[&filter, &topic]), [1, 1]);
    let retain = Publish { retain: true, ..message(&topic, "x", QoS::AtMostOnce, 0) };
    lab.publish(&mut client, &retain);
    assert_eq!(client.payloads(), ["x"]);
    lab.disconnect(&mut client, ReasonCode::SUCCESS);
}

#[test]
fn trap_a_will_delay_is_not_rounded_down_to_whole_seconds() {
    let mut lab = Lab::new();
    let mut watcher = lab.client(Version::V5, "w");
    lab.subscribe(&mut watcher, "w", QoS::AtMostOnce);
    lab.pass(Duration::from_millis(970));
    let will = Will {
        topic: "w",
        payload: b"gone",
        qos: QoS::AtMostOnce,
        retain: false,
        properties: WillProperties { will_delay_interval: Some(1), ..WillProperties::default() },
    };
    let mut client = lab.connect(&Connect { will: Some(will), ..kept("c") });
    lab.lose(&mut client);
    lab.pass(Duration::from_millis(990));
    watcher.expect_nothing();
    lab.pass(Duration::from_millis(40));
    assert_eq!(watcher.payloads(), ["gone"]);
}

#[test]
fn trap_a_keep_alive_of_one_second_ends_after_one_and_a_half() {
    let mut lab = Lab::new();
    let client = lab.connect(&Connect { keep_alive: 1, ..hello(Version::V311, "c") });
    lab.pass(Duration::from_millis(1_490));
    assert!(!client.is_closed());
    lab.pass(Duration::from_millis(40));
    assert!(client.is_closed());
}

#[test]
fn trap_five_thousand_user_properties_arrive_in_order() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    lab.subscribe(&mut client, "t", QoS::AtMostOnce);
    let mut buffer = PropertyBuf::default();
    for number in 0..5_000 {
        buffer.push_user("k", &number.to_string()).unwrap();
    }
    let properties = PublishProperties {
        user_properties: buffer.user_properties(),
        ..PublishProperties::default()
    };
    let publish = Publish { properties, ..message("t", "x", QoS::AtMostOnce, 0) };
    let mut sent = Vec::new();
    publish.encode(Version::V5, &mut sent).unwrap();
    lab.send_bytes(&mut client, &sent);
    assert_eq!(client.take(), sent);
}

#[test]
fn trap_a_client_identifier_of_65000_bytes_is_a_name_like_others() {
    let mut lab = Lab::new();
    let name = "n".repeat(65_000);
    for version in [Version::V31, Version::V311, Version::V5] {
        let mut client = lab.client(version, &name);
        lab.subscribe(&mut client, "t", QoS::AtMostOnce);
        lab.publish(&mut client, &message("t", "x", QoS::AtMostOnce, 0));
        assert_eq!(client.payloads(), ["x"]);
    }
    assert_eq!(lab.summary().sessions, 1);
}

#[test]
fn trap_nothing_is_added_to_a_message_on_its_way() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    lab.subscribe(&mut client, "t", QoS::AtMostOnce);
    lab.send_bytes(&mut client, &hex("30 06 0001 74 00 6869"));
    client.expect("30 06 0001 74 00 6869");
    let mut old = lab.client(Version::V311, "old");
    lab.send_bytes(&mut old, &hex("30 05 0001 74 6869"));
    client.expect("30 06 0001 74 00 6869");
}

#[test]
fn trap_a_payload_of_a_megabyte_passes_by_default() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V311, "c");
    lab.subscribe(&mut client, "t", QoS::AtLeastOnce);
    let payload = "x".repeat(1_000_000);
    lab.publish(&mut client, &message("t", &payload, QoS::AtMostOnce, 0));
    assert_eq!(client.payloads(), [payload]);
}

#[test]
fn trap_bytes_in_any_portions_are_the_same_packets() {
    let bytes =
        hex("10 0e 0004 4d515454 04 02 0000 0002 6361 82 06 0001 0001 74 01 30 05 0001 74 6869 \
         32 07 0001 74 0007 6869 c0 00");
    let mut answers = Vec::new();
    for portion in [1, 2, 3, 7, bytes.len()] {
        let mut lab = Lab::new();
        let mut client = lab.accept(Version::V311);
        for part in bytes.chunks(portion) {
            lab.trickle(&mut client, part);
            lab.pass(seconds(0));
        }
        let mut answer = client.take();
        // Messages may come before or after the answers of their batch.
        answer.sort_unstable();
        answers.push(answer);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:02x?}");
}

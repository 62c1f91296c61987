//! SUBSCRIBE and UNSUBSCRIBE.

use super::lab::{Lab, hex, message};
use mqx::mqtt::{PropertyBuf, QoS, SubscribeOptions, SubscribeProperties, SubscriptionId, Version};

#[test]
fn s63_each_filter_has_its_own_answer_and_a_bad_one_costs_no_connection() {
    let mut lab = Lab::new();
    let mut v5 = lab.client(Version::V5, "a");
    lab.send_bytes(&mut v5, &hex("82 11 0001 00  0001 61 01  0002 6123 00  0002 612f 02"));
    v5.expect("90 06 0001 00 01 8f 02");
    let mut v3 = lab.client(Version::V311, "b");
    lab.send_bytes(&mut v3, &hex("82 0b 0001  0001 61 01  0002 6123 00"));
    v3.expect("90 04 0001 01 80");
}

#[test]
fn s64_wildcards_do_not_reach_the_brokers_own_topics() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    for filter in ["#", "+/x", "$mine/#"] {
        lab.subscribe(&mut client, filter, QoS::AtMostOnce);
    }
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("$mine/x", "once", QoS::AtMostOnce, 0));
    lab.publish(&mut publisher, &message("$other/x", "never", QoS::AtMostOnce, 0));
    assert_eq!(client.payloads(), ["once"]);
}

#[test]
fn s65_subscribing_again_replaces_the_options_without_a_second_copy() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V311, "c");
    lab.subscribe(&mut client, "t", QoS::AtMostOnce);
    lab.subscribe(&mut client, "t", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V311, "p");
    lab.publish(&mut publisher, &message("t", "x", QoS::AtLeastOnce, 1));
    client.expect("32 06 0001 74 0001 78");
    assert_eq!(lab.summary().subscriptions, 1);
}

#[test]
fn s66_overlapping_subscriptions_give_one_copy_with_all_identifiers() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    for (filter, qos, id) in [("t/#", QoS::AtMostOnce, 1), ("t/+", QoS::AtLeastOnce, 2)] {
        let properties = SubscribeProperties {
            subscription_identifier: SubscriptionId::new(id),
            ..SubscribeProperties::default()
        };
        let options = SubscribeOptions { qos, ..SubscribeOptions::default() };
        lab.subscribe_with(&mut client, filter, options, properties);
    }
    client.take_packets(2);
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("t/x", "m", QoS::AtLeastOnce, 1));
    let packet = client.take_packets(1).remove(0);
    assert_eq!(packet[0], 0x32, "the highest QoS");
    let both = [hex("04 0b01 0b02"), hex("04 0b02 0b01")];
    assert!(both.iter().any(|ids| packet[9..14] == ids[..]), "{packet:02x?}");
    lab.publish(&mut publisher, &message("t/x", "m", QoS::AtMostOnce, 0));
    assert_eq!(client.take_packets(1)[0][0], 0x30);
}

#[test]
fn s67_no_local_leaves_out_the_clients_own_messages() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    let options = SubscribeOptions { no_local: true, ..SubscribeOptions::default() };
    lab.subscribe_with(&mut client, "t", options, SubscribeProperties::default());
    client.take();
    lab.publish(&mut client, &message("t", "own", QoS::AtMostOnce, 0));
    client.expect_nothing();
    let mut other = lab.client(Version::V5, "o");
    lab.publish(&mut other, &message("t", "other", QoS::AtMostOnce, 0));
    assert_eq!(client.payloads(), ["other"]);
}

#[test]
fn s62_an_empty_list_or_a_zero_identifier_ends_the_connection() {
    let mut lab = Lab::new();
    for bytes in ["82 03 0001 00", "82 09 0001 02 0b00 0001 61 00", "82 07 0001 00 0001 61 03"] {
        let mut client = lab.client(Version::V5, "c");
        lab.send_bytes(&mut client, &hex(bytes));
        let goodbye = client.take_without_words();
        assert!(matches!(goodbye[..], [0xe0, 1, 0x81 | 0x82]), "{bytes}: {goodbye:02x?}");
    }
}

#[test]
fn s70_unsubscribing_stops_new_messages_and_answers_once() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    lab.subscribe(&mut client, "t", QoS::AtLeastOnce);
    // t, which is subscribed, and u, which is not.
    lab.send_bytes(&mut client, &hex("a2 09 0002 00 0001 74 0001 75"));
    client.expect("b0 05 0002 00 00 11");
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("t", "x", QoS::AtLeastOnce, 1));
    client.expect_nothing();
    publisher.expect("40 03 0001 10");
    let mut v3 = lab.client(Version::V311, "v3");
    lab.send_bytes(&mut v3, &hex("a2 05 0002 0001 74"));
    v3.expect("b0 02 0002");
}

#[test]
fn s69_a_subscription_is_effective_for_the_next_packet_of_the_same_connection() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V311, "c");
    lab.send_bytes(&mut client, &hex("82 06 0001 0001 74 00  30 04 0001 74 78"));
    let packets = client.take_packets(2);
    assert!(packets.contains(&hex("30 04 0001 74 78")), "{packets:02x?}");
}

#[test]
fn a_changed_subscription_is_seen_by_topics_that_are_already_remembered() {
    let mut lab = Lab::new();
    let mut publisher = lab.client(Version::V311, "p");
    let mut clients = Vec::new();
    for (number, filter) in ["t/a", "#", "+/a", "t/#"].iter().enumerate() {
        let name = format!("c{number}");
        let mut client = lab.client(Version::V311, &name);
        lab.subscribe(&mut client, filter, QoS::AtMostOnce);
        clients.push(client);
        for _ in 0..3 {
            lab.publish(&mut publisher, &message("t/a", "x", QoS::AtMostOnce, 0));
        }
        for client in &mut clients {
            assert_eq!(client.payloads().len(), 3, "after {filter}");
        }
    }
    while let Some(mut client) = clients.pop() {
        lab.lose(&mut client);
        lab.publish(&mut publisher, &message("t/a", "x", QoS::AtMostOnce, 0));
        for client in &mut clients {
            assert_eq!(client.payloads().len(), 1);
        }
    }
}

#[test]
fn ten_thousand_filters_in_one_packet_are_all_answered() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V311, "c");
    let filters: Vec<String> = (0..10_000).map(|number| format!("f/{number}")).collect();
    let requests = filters
        .iter()
        .map(|filter| mqx::mqtt::SubscribeRequest { filter, options: SubscribeOptions::default() });
    let packet = mqx::mqtt::Packet::Subscribe(mqx::mqtt::Subscribe {
        packet_id: mqx::mqtt::PacketId::MIN,
        properties: SubscribeProperties::default(),
        requests: requests.collect(),
    });
    lab.send(&mut client, &packet);
    let suback = client.take_packets(1).remove(0);
    assert!(suback.ends_with(&[0; 10_000]));
    assert_eq!(lab.summary().subscriptions, 10_000);
    lab.lose(&mut client);
    assert_eq!(lab.summary().subscriptions, 0);
}

#[test]
fn a_filter_or_a_topic_of_too_many_levels_is_refused() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    let deep = "/".repeat(60_000);
    let options = SubscribeOptions::default();
    lab.subscribe_with(&mut client, &deep, options, SubscribeProperties::default());
    client.expect("90 04 004d 00 8f");
    lab.publish(&mut client, &message(&deep, "x", QoS::AtLeastOnce, 1));
    client.expect("40 03 0001 90");
    let mut user = PropertyBuf::default();
    for _ in 0..5_000 {
        user.push_user("name", "value").unwrap();
    }
    let properties = SubscribeProperties {
        user_properties: user.user_properties(),
        ..SubscribeProperties::default()
    };
    lab.subscribe_with(&mut client, "t", options, properties);
    client.expect("90 04 004d 00 00");
}

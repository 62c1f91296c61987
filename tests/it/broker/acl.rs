//! Rules on who may read and write what, where they meet the protocol.

use super::lab::{Client, Lab, hello, hex, message, retained, seconds};
use mqx::broker::core::Limits;
use mqx::mqtt::{
    AckKind, Connect, ConnectProperties, Publish, PublishProperties, QoS, ReasonCode,
    SubscribeOptions, SubscribeProperties, TopicAlias, Version, Will, WillProperties,
};
use std::num::NonZeroU16;

const RULES: &str = "
topic read news/#
user ann
topic write cmd/#
topic deny cmd/secret
topic read reply/+
pattern readwrite own/%c/#
";

fn guarded(rules: &str) -> Lab {
    let mut lab = Lab::new();
    lab.set_acl(rules);
    lab
}

/// A connected client with this user name.
fn named(lab: &mut Lab, version: Version, client_id: &str, user: &str) -> Client {
    let mut client = lab.connect(&Connect { username: Some(user), ..hello(version, client_id) });
    let connack = client.take_packets(1).remove(0);
    assert_eq!(connack[3], 0, "success");
    client
}

#[test]
fn s53_a_denied_publish_is_refused_in_version_5_and_the_connection_stays() {
    let mut lab = guarded(RULES);
    let mut ann = named(&mut lab, Version::V5, "a", "ann");
    lab.publish(&mut ann, &message("cmd/x", "", QoS::AtLeastOnce, 1));
    ann.expect("40 03 0001 10");
    lab.publish(&mut ann, &message("cmd/secret", "", QoS::AtLeastOnce, 2));
    ann.expect("40 03 0002 87");
    lab.publish(&mut ann, &message("news/x", "", QoS::ExactlyOnce, 3));
    ann.expect("50 03 0003 87");
    lab.publish(&mut ann, &message("news/x", "", QoS::AtMostOnce, 0));
    ann.expect_nothing();
    // The identifier of the refused message is free again.
    lab.publish(&mut ann, &message("cmd/x", "", QoS::ExactlyOnce, 3));
    ann.expect("50 03 0003 10");
    assert!(!ann.is_closed());
}

#[test]
fn s53_a_denied_publish_of_3_1_1_is_acknowledged_and_goes_nowhere() {
    let mut lab = guarded("topic read #\nuser ann\ntopic read #\n");
    let mut watcher = lab.client(Version::V311, "w");
    lab.subscribe(&mut watcher, "#", QoS::AtMostOnce);
    let mut ann = named(&mut lab, Version::V311, "a", "ann");
    lab.publish(&mut ann, &Publish { retain: true, ..message("t", "x", QoS::AtLeastOnce, 1) });
    ann.expect("40 02 0001");
    lab.publish(&mut ann, &message("t", "x", QoS::ExactlyOnce, 2));
    ann.expect("50 02 0002");
    lab.ack(&mut ann, AckKind::PubRel, 2, ReasonCode::SUCCESS);
    ann.expect("70 02 0002");
    watcher.expect_nothing();
    assert_eq!(lab.summary().retained, 0);
}

#[test]
fn s45_the_topic_behind_an_alias_is_what_is_judged() {
    let mut lab = guarded(RULES);
    let mut ann = named(&mut lab, Version::V5, "a", "ann");
    let alias = |number| PublishProperties {
        topic_alias: NonZeroU16::new(number).map(TopicAlias),
        ..PublishProperties::default()
    };
    for (topic, number, id, answer) in [
        ("cmd/x", 1, 1, "40 03 0001 10"),
        ("cmd/secret", 2, 2, "40 03 0002 87"),
        ("", 1, 3, "40 03 0003 10"),
        ("", 2, 4, "40 03 0004 87"),
    ] {
        let publish = message(topic, "", QoS::AtLeastOnce, id);
        lab.publish(&mut ann, &Publish { properties: alias(number), ..publish });
        ann.expect(answer);
    }
}

#[test]
fn a_will_that_could_not_be_published_is_refused_with_its_connect() {
    let mut lab = guarded(RULES);
    let will = |topic| {
        Some(Will {
            topic,
            payload: b"bye",
            qos: QoS::AtMostOnce,
            retain: false,
            properties: WillProperties::default(),
        })
    };
    let hello = |version| Connect { username: Some("ann"), ..hello(version, "a") };
    for topic in ["cmd/secret", "other", "$SYS/x"] {
        let mut v5 = lab.connect(&Connect { will: will(topic), ..hello(Version::V5) });
        v5.expect("20 03 00 87 00");
        let mut v3 = lab.connect(&Connect { will: will(topic), ..hello(Version::V311) });
        v3.expect("20 02 00 05");
        assert!(v5.is_closed() && v3.is_closed());
    }
    let mut good = lab.connect(&Connect { will: will("cmd/gone"), ..hello(Version::V311) });
    good.expect("20 02 00 00");
    assert_eq!(lab.summary().sessions, 1);
}

#[test]
fn a_will_is_judged_again_when_it_is_published() {
    let mut lab = guarded("topic readwrite #\n");
    let mut watcher = lab.client(Version::V311, "w");
    lab.subscribe(&mut watcher, "#", QoS::AtMostOnce);
    for rules in ["topic readwrite #\n", "topic read #\n"] {
        lab.set_acl("topic readwrite #\n");
        let will = Will {
            topic: "gone",
            payload: b"bye",
            qos: QoS::AtMostOnce,
            retain: false,
            properties: WillProperties::default(),
        };
        let mut client = lab.connect(&Connect { will: Some(will), ..hello(Version::V311, "c") });
        lab.set_acl(rules);
        lab.lose(&mut client);
    }
    assert_eq!(watcher.payloads(), ["bye"]);
}

#[test]
fn s63_a_subscription_that_no_rule_allows_is_refused_alone() {
    let mut lab = guarded(RULES);
    for (version, refusal) in [(Version::V5, "87"), (Version::V311, "80")] {
        let mut ann = named(&mut lab, version, "a", "ann");
        let length = if version == Version::V5 { "04 004d 00" } else { "03 004d" };
        for (filter, reason) in [
            ("reply/x", "00"),
            ("#", "00"),
            ("own/a/x", "00"),
            ("own/b/x", refusal),
            ("news/x", refusal),
            ("$share/g/news/x", refusal),
            ("$share/g/reply/x", "00"),
        ] {
            let options = SubscribeOptions::default();
            lab.subscribe_with(&mut ann, filter, options, SubscribeProperties::default());
            ann.expect(&format!("90 {length} {reason}"));
        }
        assert!(!ann.is_closed());
    }
}

#[test]
fn without_the_check_every_subscription_is_granted_and_brings_what_may_be_read() {
    let mut lab = Lab::with(Limits { acl_subscribe_check: false, ..Limits::default() });
    lab.set_acl("topic write #\ntopic read open/#\n");
    let mut client = lab.client(Version::V311, "c");
    lab.subscribe(&mut client, "closed/#", QoS::AtMostOnce);
    lab.subscribe(&mut client, "#", QoS::AtMostOnce);
    let mut publisher = lab.client(Version::V311, "p");
    for _ in 0..3 {
        lab.publish(&mut publisher, &message("closed/x", "no", QoS::AtMostOnce, 0));
        lab.publish(&mut publisher, &message("open/x", "yes", QoS::AtMostOnce, 0));
    }
    assert_eq!(client.payloads(), ["yes"; 3]);
}

#[test]
fn a_message_goes_only_to_those_who_may_read_it() {
    let mut lab = guarded("topic write #\nuser ann\ntopic read a/#\nuser bob\ntopic read b/#\n");
    let mut ann = named(&mut lab, Version::V311, "a", "ann");
    let mut bob = named(&mut lab, Version::V311, "b", "bob");
    for client in [&mut ann, &mut bob] {
        lab.subscribe(client, "#", QoS::AtMostOnce);
    }
    let mut publisher = lab.client(Version::V5, "p");
    for _ in 0..3 {
        lab.publish(&mut publisher, &message("a/x", "1", QoS::AtMostOnce, 0));
        lab.publish(&mut publisher, &message("b/x", "2", QoS::AtMostOnce, 0));
    }
    assert_eq!(ann.payloads(), ["1"; 3]);
    assert_eq!(bob.payloads(), ["2"; 3]);
    lab.publish(&mut publisher, &message("c/x", "3", QoS::AtLeastOnce, 1));
    publisher.expect("40 03 0001 10");
}

#[test]
fn retained_messages_are_replayed_to_those_who_may_read_them() {
    let mut lab = guarded("topic write #\nuser ann\ntopic read a/#\ntopic deny a/secret\n");
    let mut publisher = lab.client(Version::V311, "p");
    for topic in ["a/x", "a/secret", "b"] {
        lab.publish(&mut publisher, &retained(topic, topic));
    }
    let mut ann = named(&mut lab, Version::V311, "a", "ann");
    let options = SubscribeOptions::default();
    lab.subscribe_with(&mut ann, "#", options, SubscribeProperties::default());
    let packets = ann.take_packets(2);
    assert_eq!(packets[1], hex("31 08 0003 612f78 612f78"));
}

#[test]
fn a_shared_subscription_skips_the_members_that_may_not_read() {
    let mut lab = guarded("topic write #\nuser ann\ntopic read #\nuser bob\ntopic read b/#\n");
    let mut ann = named(&mut lab, Version::V311, "a", "ann");
    let mut bob = named(&mut lab, Version::V311, "b", "bob");
    for client in [&mut ann, &mut bob] {
        lab.subscribe(client, "$share/g/#", QoS::AtMostOnce);
    }
    let mut publisher = lab.client(Version::V311, "p");
    for _ in 0..4 {
        lab.publish(&mut publisher, &message("a", "x", QoS::AtMostOnce, 0));
    }
    assert_eq!(ann.payloads().len(), 4);
    bob.expect_nothing();
    for _ in 0..4 {
        lab.publish(&mut publisher, &message("b/x", "x", QoS::AtMostOnce, 0));
    }
    assert_eq!((ann.payloads().len(), bob.payloads().len()), (2, 2));
}

#[test]
fn new_rules_hold_for_topics_that_are_already_remembered() {
    let mut lab = guarded("topic readwrite #\n");
    let mut client = lab.client(Version::V311, "c");
    lab.subscribe(&mut client, "t", QoS::AtMostOnce);
    let mut publisher = lab.client(Version::V5, "p");
    for (rules, answer, deliveries) in [
        ("topic readwrite #\n", "40 03 0001 00", 1),
        ("topic write #\n", "40 03 0001 10", 0),
        ("topic read #\n", "40 03 0001 87", 0),
        ("topic readwrite t\n", "40 03 0001 00", 1),
    ] {
        lab.set_acl(rules);
        for _ in 0..3 {
            lab.publish(&mut publisher, &message("t", "x", QoS::AtLeastOnce, 1));
            // Shorter when all is well.
            let answer = answer.replace("40 03 0001 00", "40 02 0001");
            publisher.expect(&answer);
            assert_eq!(client.payloads().len(), deliveries, "{rules}");
        }
    }
}

#[test]
fn a_hundred_publishers_of_one_topic_are_each_judged_for_themselves() {
    let mut lab = guarded("pattern write t\nuser bad\ntopic deny t\n");
    let mut clients: Vec<_> = (0..100)
        .map(|number| {
            let user = if number % 2 == 0 { "good" } else { "bad" };
            named(&mut lab, Version::V5, &format!("c{number}"), user)
        })
        .collect();
    for _ in 0..3 {
        for (number, client) in clients.iter_mut().enumerate() {
            lab.publish(client, &message("t", "", QoS::AtLeastOnce, 1));
            client.expect(if number % 2 == 0 { "40 03 0001 10" } else { "40 03 0001 87" });
        }
    }
}

#[test]
fn a_session_is_not_resumed_by_another_user() {
    let mut lab = guarded("pattern readwrite #\n");
    let properties =
        ConnectProperties { session_expiry_interval: Some(60), ..ConnectProperties::default() };
    let connect = |user| Connect {
        clean_start: false,
        properties,
        username: user,
        ..hello(Version::V5, "same")
    };
    for (user, present) in
        [(Some("ann"), 0), (Some("ann"), 1), (Some("bob"), 0), (None, 0), (None, 1)]
    {
        let mut client = lab.connect(&connect(user));
        assert_eq!(client.take_packets(1)[0][2], present, "{user:?}");
        lab.lose(&mut client);
        lab.pass(seconds(1));
    }
    assert_eq!(lab.summary().sessions, 1);
    let mut free = Lab::new();
    for (user, present) in [(Some("ann"), 0), (Some("bob"), 1)] {
        let mut client = free.connect(&connect(user));
        assert_eq!(client.take_packets(1)[0][2], present, "{user:?}: names mean nothing");
        free.lose(&mut client);
    }
}

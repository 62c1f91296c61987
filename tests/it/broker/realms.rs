//! Listeners whose clients have rules, topics and limits of their own.

use super::lab::{Client, Lab, hello, message, retained, seconds};
use mqx::broker::core::{Admission, Entrance, Limits, Realm};
use mqx::mqtt::{
    AckKind, Connect, ConnectProperties, Packet, PacketId, Publish, PublishProperties, QoS,
    ReasonCode, SubscribeOptions, SubscribeProperties, TopicAlias, Unsubscribe,
    UnsubscribeProperties, Version, Will, WillProperties, next_frame,
};
use std::num::NonZeroU16;
use std::sync::Arc;

/// A listener whose clients go by the rules of this name and have their topics
/// there; either may be empty.
fn at(rules: &str, mount_point: &str) -> Entrance {
    let rules = Some(rules).filter(|rules| !rules.is_empty()).map(Into::into);
    let realm = Realm::new(rules, mount_point.into());
    Entrance { realm: realm.map(Arc::new), ..Entrance::default() }
}

/// A client that came in there.
fn client(lab: &mut Lab, entrance: Entrance, client_id: &str) -> Client {
    lab.set_entrance(entrance);
    let client = lab.client(Version::V5, client_id);
    lab.set_entrance(Entrance::default());
    client
}

fn lasting(client_id: &str) -> Connect<'_> {
    let session_expiry_interval = Some(100);
    let properties = ConnectProperties { session_expiry_interval, ..Default::default() };
    Connect { clean_start: false, properties, ..hello(Version::V5, client_id) }
}

/// A client whose session outlives its connection, and whether it was there.
fn join(lab: &mut Lab, entrance: Entrance, client_id: &str) -> (Client, bool) {
    lab.set_entrance(entrance);
    let mut client = lab.connect(&lasting(client_id));
    lab.set_entrance(Entrance::default());
    lab.store();
    let bytes = client.take();
    let connack = next_frame(&bytes, usize::MAX).unwrap().unwrap();
    assert_eq!(connack.bytes[3], 0, "success");
    (client, connack.bytes[2] == 1)
}

/// What a client has got: `topic=payload`.
#[track_caller]
fn got(client: &mut Client) -> Vec<String> {
    let bytes = client.take();
    let mut rest = &bytes[..];
    let mut got = Vec::new();
    while let Some(frame) = next_frame(rest, usize::MAX).unwrap() {
        match Packet::decode(&frame, Version::V5).unwrap() {
            Packet::Publish(publish) => {
                let payload = String::from_utf8_lossy(publish.payload);
                got.push(format!("{}={payload}", publish.topic));
            }
            other => panic!("not a PUBLISH: {other:?}"),
        }
        rest = &rest[frame.bytes.len()..];
    }
    got
}

fn say(lab: &mut Lab, client: &mut Client, topic: &str, payload: &str) {
    lab.publish(client, &message(topic, payload, QoS::AtMostOnce, 0));
}

#[test]
fn each_client_goes_by_the_rules_of_its_listener() {
    let mut lab = Lab::new();
    lab.set_rules_of_realms(&[("in", "topic write #"), ("out", "topic read open/#")]);
    let mut sensor = client(&mut lab, at("in", ""), "i");
    let mut reader = client(&mut lab, at("out", ""), "o");
    let mut free = client(&mut lab, at("", ""), "f");
    for client in [&mut reader, &mut free] {
        lab.subscribe(client, "#", QoS::AtLeastOnce);
    }
    say(&mut lab, &mut sensor, "open/a", "1");
    say(&mut lab, &mut sensor, "b", "2");
    say(&mut lab, &mut free, "open/c", "3");
    assert_eq!(got(&mut reader), ["open/a=1", "open/c=3"]);
    assert_eq!(got(&mut free), ["open/a=1", "b=2", "open/c=3"]);
    lab.publish(&mut reader, &message("open/a", "", QoS::AtLeastOnce, 4));
    reader.expect("40 03 0004 87");
}

#[test]
fn who_is_away_goes_on_by_the_rules_of_its_listener() {
    let mut lab = Lab::new();
    lab.set_rules_of_realms(&[("out", "topic read open/#")]);
    let (mut reader, _) = join(&mut lab, at("out", ""), "o");
    lab.subscribe(&mut reader, "#", QoS::AtLeastOnce);
    lab.lose(&mut reader);
    let mut free = client(&mut lab, at("", ""), "f");
    for (topic, id) in [("open/a", 1), ("b", 2)] {
        lab.publish(&mut free, &message(topic, "x", QoS::AtLeastOnce, id));
    }
    let (mut reader, present) = join(&mut lab, at("out", ""), "o");
    assert!(present);
    say(&mut lab, &mut free, "b", "y");
    reader.expect_nothing();
    // Its first message came behind CONNACK and is sent again.
    lab.lose(&mut reader);
    lab.set_entrance(at("out", ""));
    let mut reader = lab.connect(&lasting("o"));
    let packets = reader.take_packets(2);
    assert!(packets[1].windows(6).any(|bytes| bytes == b"open/a"));
}

#[test]
fn a_session_is_resumed_where_the_same_rules_and_topics_are_and_nowhere_else() {
    let mut lab = Lab::new();
    lab.set_rules_of_realms(&[("a", "topic #"), ("b", "topic #")]);
    for (first, second, resumed) in [
        (at("a", ""), at("a", ""), true),
        (at("a", ""), at("b", ""), false),
        (at("", ""), at("a", ""), false),
        (at("", "m/"), at("", "m/"), true),
        (at("", "m/"), at("", "n/"), false),
        (at("", "m/"), at("", ""), false),
    ] {
        let said = format!("{:?} {:?}", first.realm, second.realm);
        let (mut client, _) = join(&mut lab, first, "c");
        lab.lose(&mut client);
        let (mut client, present) = join(&mut lab, second, "c");
        assert_eq!(present, resumed, "{said}");
        lab.lose(&mut client);
        lab.pass(seconds(101));
    }
}

#[test]
fn rules_and_topics_of_a_session_outlive_the_broker() {
    let mut lab = Lab::with_journal();
    let rules = [("out", "topic read m/open/#")];
    lab.set_rules_of_realms(&rules);
    let (mut reader, _) = join(&mut lab, at("out", "m/"), "o");
    lab.subscribe(&mut reader, "#", QoS::AtMostOnce);
    lab.crash(seconds(1));
    lab.set_rules_of_realms(&rules);
    let mut free = client(&mut lab, at("", ""), "f");
    for (topic, id) in [("m/open/a", 1), ("m/b", 2), ("open/c", 3)] {
        lab.publish(&mut free, &message(topic, "x", QoS::AtLeastOnce, id));
    }
    let (mut reader, present) = join(&mut lab, at("out", "m/"), "o");
    assert!(present);
    for topic in ["m/b", "m/open/z"] {
        say(&mut lab, &mut free, topic, "y");
    }
    lab.store();
    assert_eq!(got(&mut reader), ["open/z=y"]);
}

#[test]
fn where_rules_are_gone_their_clients_get_nothing() {
    let mut lab = Lab::new();
    lab.set_rules_of_realms(&[("out", "topic read #"), ("other", "topic #")]);
    let mut reader = client(&mut lab, at("out", ""), "o");
    lab.subscribe(&mut reader, "#", QoS::AtMostOnce);
    let mut free = client(&mut lab, at("", ""), "f");
    say(&mut lab, &mut free, "a", "1");
    lab.set_rules_of_realms(&[("other", "topic #")]);
    say(&mut lab, &mut free, "a", "2");
    assert_eq!(got(&mut reader), ["a=1"]);
}

#[test]
fn a_mount_point_stands_before_every_topic_and_is_never_seen() {
    let mut lab = Lab::new();
    let mut inside = client(&mut lab, at("", "m/"), "i");
    let mut outside = client(&mut lab, at("", ""), "o");
    lab.subscribe(&mut outside, "#", QoS::AtMostOnce);
    say(&mut lab, &mut outside, "m/kept", "-");
    lab.publish(&mut outside, &retained("m/r", "0"));
    let options = SubscribeOptions::default();
    lab.subscribe_with(&mut inside, "#", options, SubscribeProperties::default());
    inside.expect("90 04 004d 00 00 31 05 0001 72 00 30");
    say(&mut lab, &mut inside, "a", "1");
    lab.publish(&mut inside, &retained("b", "2"));
    // What is at the mount point itself has no name inside.
    for topic in ["m", "m/", "mm/a", "a"] {
        say(&mut lab, &mut outside, topic, "x");
    }
    say(&mut lab, &mut outside, "m/c/d", "3");
    assert_eq!(got(&mut inside), ["a=1", "b=2", "c/d=3"]);
    assert!(got(&mut outside).starts_with(&["m/kept=-".into(), "m/r=0".into(), "m/a=1".into()]));
    lab.publish(&mut inside, &retained("b", ""));
    lab.publish(&mut inside, &retained("r", ""));
    assert_eq!(lab.summary().retained, 0);
}

#[test]
fn messages_with_acknowledgement_are_mounted_when_they_are_sent_again_too() {
    let mut lab = Lab::new();
    let (mut inside, _) = join(&mut lab, at("", "m/"), "i");
    lab.subscribe(&mut inside, "+/x", QoS::AtLeastOnce);
    let mut outside = client(&mut lab, at("", ""), "o");
    lab.publish(&mut outside, &message("m/a/x", "1", QoS::AtLeastOnce, 1));
    assert_eq!(got(&mut inside), ["a/x=1"]);
    lab.lose(&mut inside);
    lab.publish(&mut outside, &message("m/b/x", "2", QoS::AtLeastOnce, 2));
    lab.set_entrance(at("", "m/"));
    let mut inside = lab.connect(&lasting("i"));
    let packets = inside.take_packets(3);
    assert_eq!(packets[1], b"\x3a\x09\x00\x03a/x\x00\x01\x001", "again");
    assert_eq!(packets[2], b"\x32\x09\x00\x03b/x\x00\x02\x002");
    lab.ack(&mut inside, AckKind::PubAck, 1, ReasonCode::SUCCESS);
}

#[test]
fn shared_subscriptions_keep_their_names_and_filters_can_be_given_up() {
    let mut lab = Lab::new();
    let mut outside = client(&mut lab, at("", ""), "o");
    let mut members = ["a", "b"].map(|name| client(&mut lab, at("", "m/"), name));
    for member in &mut members {
        lab.subscribe(member, "$share/g/t", QoS::AtMostOnce);
    }
    for payload in ["1", "2"] {
        say(&mut lab, &mut outside, "m/t", payload);
    }
    let [first, second] = &mut members;
    assert_eq!([got(first), got(second)].concat(), ["t=1", "t=2"]);
    let give_up = |id| Unsubscribe {
        packet_id: PacketId::new(id).unwrap(),
        properties: UnsubscribeProperties::default(),
        filters: vec!["$share/g/t"],
    };
    lab.send(first, &Packet::Unsubscribe(give_up(1)));
    first.expect("b0 04 0001 00 00");
    lab.send(first, &Packet::Unsubscribe(give_up(2)));
    first.expect("b0 04 0002 00 11");
}

#[test]
fn what_the_broker_says_of_itself_is_not_inside() {
    let mut lab = Lab::new();
    let mut inside = client(&mut lab, at("", "m/"), "i");
    lab.subscribe(&mut inside, "$SYS/#", QoS::AtMostOnce);
    inside.expect_nothing();
    // Below the mount point the name is like any other, as with mosquitto.
    lab.publish(&mut inside, &message("$SYS/a", "1", QoS::AtLeastOnce, 1));
    inside.expect("30 0a 0006 245359532f61 00 31 40 02 0001");
}

#[test]
fn wills_and_aliases_are_of_the_topics_inside() {
    let mut lab = Lab::new();
    let mut outside = client(&mut lab, at("", ""), "o");
    lab.subscribe(&mut outside, "#", QoS::AtMostOnce);
    lab.set_entrance(at("", "m/"));
    let will = Will {
        topic: "gone",
        payload: b"w",
        qos: QoS::AtMostOnce,
        retain: false,
        properties: WillProperties::default(),
    };
    let mut inside = lab.connect(&Connect { will: Some(will), ..hello(Version::V5, "i") });
    inside.take_packets(1);
    let topic_alias = NonZeroU16::new(1).map(TopicAlias);
    let properties = PublishProperties { topic_alias, ..PublishProperties::default() };
    let named = Publish { properties, ..message("long/name", "1", QoS::AtMostOnce, 0) };
    lab.publish(&mut inside, &named);
    lab.publish(&mut inside, &Publish { topic: "", payload: b"2", ..named });
    lab.lose(&mut inside);
    assert_eq!(got(&mut outside), ["m/long/name=1", "m/long/name=2", "m/gone=w"]);
}

#[test]
fn aliases_are_given_for_the_topics_that_a_client_sees() {
    let mut lab = Lab::new();
    lab.set_entrance(Entrance {
        limits: Some(Arc::new(Limits { topic_aliases_sent: 5, ..Limits::default() })),
        ..at("", "m/")
    });
    let properties = ConnectProperties { topic_alias_maximum: Some(1), ..Default::default() };
    let mut inside = lab.connect(&Connect { properties, ..hello(Version::V5, "i") });
    inside.take_packets(1);
    lab.subscribe(&mut inside, "#", QoS::AtMostOnce);
    let mut outside = client(&mut lab, at("", ""), "o");
    for payload in ["1", "2"] {
        say(&mut lab, &mut outside, "m/long/name", payload);
    }
    inside.expect("30 10 0009 6c6f6e672f6e616d65 03 230001 31 30 07 0000 03 230001 32");
}

#[test]
fn a_topic_that_is_too_long_with_the_mount_point_is_refused() {
    let mut lab = Lab::new();
    let mut inside = client(&mut lab, at("", "m/"), "i");
    let long = "x".repeat(65_534);
    lab.publish(&mut inside, &message(&long, "", QoS::AtLeastOnce, 1));
    inside.expect("40 03 0001 90");
    let options = SubscribeOptions::default();
    lab.subscribe_with(&mut inside, &long, options, SubscribeProperties::default());
    inside.expect("90 04 004d 00 8f");
    // Without a slash the wildcard stands in the level of the mount point.
    let mut raw = client(&mut lab, at("", "raw"), "r");
    lab.subscribe_with(&mut raw, "#", options, SubscribeProperties::default());
    raw.expect("90 04 004d 00 8f");
}

#[test]
fn a_listener_announces_and_keeps_its_own_limits() {
    let mut lab = Lab::new();
    let limits = Limits {
        maximum_qos: QoS::AtLeastOnce,
        topic_alias_maximum: 3,
        maximum_keep_alive: NonZeroU16::new(30),
        maximum_connections: 1,
        ..Limits::default()
    };
    let entrance = Entrance { limits: Some(Arc::new(limits)), ..Entrance::default() };
    let mut free = client(&mut lab, at("", ""), "f");
    lab.set_entrance(entrance);
    let mut first = lab.connect(&hello(Version::V5, "1"));
    first.expect("20 13 00 00 10 210400 2401 2701000000 220003 13001e");
    lab.publish(&mut free, &message("t", "", QoS::ExactlyOnce, 1));
    free.expect("50 03 0001 10");
    let mut second = lab.connect(&hello(Version::V5, "2"));
    second.expect("20 03 00 89 00");
    lab.publish(&mut first, &message("t", "", QoS::ExactlyOnce, 1));
    first.expect("e0 01 9b");
    // Its place is free when its connection has ended, and its own client may
    // come again in place of itself.
    for _ in 0..2 {
        let mut third = lab.connect(&hello(Version::V5, "3"));
        assert_eq!(third.take_packets(1)[0][3], 0);
    }
    lab.set_entrance(Entrance::default());
    assert_eq!(lab.connect(&hello(Version::V5, "4")).take_packets(1)[0][3], 0);
}

#[test]
fn a_user_name_is_the_identifier_where_that_is_said() {
    let mut lab = Lab::new();
    let admission = Admission { user_is_client_id: true, ..Admission::default() };
    lab.set_entrance(Entrance { admission, ..Entrance::default() });
    let ann = |client_id| Connect { username: Some("ann"), ..hello(Version::V5, client_id) };
    let mut nobody = lab.connect(&hello(Version::V5, "x"));
    nobody.expect("20 03 00 87 00");
    let mut first = lab.connect(&ann("x"));
    assert_eq!(first.take_packets(1)[0][3], 0);
    // Another identifier, and the same client.
    let mut second = lab.connect(&ann(""));
    let connack = second.take_packets(1).remove(0);
    assert!(connack.windows(6).any(|bytes| bytes == b"\x12\x00\x03ann"), "it is told");
    assert_eq!(first.take_packets(1)[0][2], ReasonCode::SESSION_TAKEN_OVER.value());
}

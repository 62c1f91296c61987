//! `$SYS`: which values there are, when they are published, and that nothing
//! is done for them while nobody listens.

use super::lab::{Client, Lab, hello, message, retained, seconds};
use mqx::broker::core::Setup;
use mqx::mqtt::{
    Packet, QoS, RetainHandling, SubscribeOptions, SubscribeProperties, Version, next_frame,
};
use std::collections::BTreeMap;
use std::time::Duration;

fn lab() -> Lab {
    Lab::made(Setup { sys_interval: Some(Duration::from_secs(10)), ..Setup::default() })
}

/// A value as it arrived.
#[derive(Debug, PartialEq)]
struct Shown {
    text: String,
    retain: bool,
}

/// What has arrived, by the part of the topic below `$SYS/broker/`.
fn shown(client: &mut Client) -> BTreeMap<String, Shown> {
    let bytes = client.take();
    let mut rest = &bytes[..];
    let mut all = BTreeMap::new();
    while let Some(frame) = next_frame(rest, usize::MAX).unwrap() {
        rest = &rest[frame.bytes.len()..];
        if let Packet::Publish(publish) = Packet::decode(&frame, Version::V5).unwrap() {
            let name = publish.topic.strip_prefix("$SYS/broker/").unwrap().to_owned();
            let text = String::from_utf8(publish.payload.to_vec()).unwrap();
            let twice = all.insert(name, Shown { text, retain: publish.retain });
            assert!(twice.is_none(), "{} came twice", publish.topic);
        }
    }
    all
}

fn listen(lab: &mut Lab, client: &mut Client, filter: &str) {
    let options = SubscribeOptions::default();
    lab.subscribe_with(client, filter, options, SubscribeProperties::default());
}

#[test]
fn an_idle_broker_has_nothing_to_wait_for_until_somebody_listens() {
    let mut lab = lab();
    assert_eq!(lab.deadline(), None);
    let mut client = lab.client(Version::V5, "c");
    lab.pass(seconds(20));
    assert_eq!(lab.deadline(), None, "the connection has no keep alive");
    lab.subscribe(&mut client, "#", QoS::AtMostOnce);
    assert_eq!(lab.deadline(), None, "a wildcard does not reach $SYS");
    listen(&mut lab, &mut client, "$SYS/#");
    assert!(lab.deadline().is_some());
    lab.lose(&mut client);
    lab.pass(seconds(40));
    assert_eq!(lab.deadline(), None, "nobody listens any more");
}

#[test]
fn without_an_interval_there_are_no_values_and_no_timer() {
    let mut lab = Lab::made(Setup { sys_interval: Some(Duration::ZERO), ..Setup::default() });
    let mut client = lab.client(Version::V5, "c");
    listen(&mut lab, &mut client, "$SYS/#");
    assert_eq!(client.take_packets(1)[0][0], 0x90, "a SUBACK and nothing else");
    lab.pass(seconds(20));
    client.expect_nothing();
    assert_eq!(lab.deadline(), None);
}

#[test]
fn a_subscription_is_answered_with_every_value_of_mosquitto_at_once() {
    let mut lab = lab();
    lab.pass(seconds(61));
    let mut client = lab.client(Version::V5, "c");
    listen(&mut lab, &mut client, "$SYS/#");
    let all = shown(&mut client);
    assert!(all.values().all(|value| value.retain));
    for name in [
        "version",
        "uptime",
        "clients/total",
        "clients/maximum",
        "clients/inactive",
        "clients/disconnected",
        "clients/active",
        "clients/connected",
        "clients/expired",
        "messages/stored",
        "store/messages/count",
        "store/messages/bytes",
        "subscriptions/count",
        "shared_subscriptions/count",
        "retained messages/count",
        "messages/received",
        "messages/sent",
        "bytes/received",
        "bytes/sent",
        "publish/bytes/received",
        "publish/bytes/sent",
        "publish/messages/dropped",
        "publish/messages/received",
        "publish/messages/sent",
        "packet/out/count",
        "packet/out/bytes",
        "connections/socket/count",
    ] {
        assert!(all.contains_key(name), "{name}");
    }
    let loads = ["messages/received", "messages/sent", "publish/dropped", "publish/received"];
    let more = ["publish/sent", "bytes/received", "bytes/sent", "sockets", "connections"];
    for load in loads.iter().chain(&more) {
        for span in ["1min", "5min", "15min"] {
            assert!(all.contains_key(&format!("load/{load}/{span}")), "{load} {span}");
        }
    }
    assert_eq!(all["uptime"].text, "61 seconds");
    assert_eq!(all["version"].text, concat!("mqx version ", env!("CARGO_PKG_VERSION")));
    assert_eq!(all["clients/connected"].text, "1");
    assert_eq!(all["connections/socket/count"].text, "1");
    assert_eq!(all["load/connections/1min"].text, "0.63", "one CONNECT in 61 seconds");
}

#[test]
fn values_are_published_at_multiples_of_the_interval_when_they_have_changed() {
    let mut lab = lab();
    lab.pass(seconds(3));
    let mut client = lab.client(Version::V5, "c");
    listen(&mut lab, &mut client, "$SYS/broker/uptime");
    listen(&mut lab, &mut client, "$SYS/broker/retained messages/count");
    assert_eq!(shown(&mut client)["uptime"].text, "3 seconds");
    lab.pass(seconds(6));
    client.expect_nothing();
    lab.pass(seconds(2));
    let news = shown(&mut client);
    let uptime = Shown { text: "10 seconds".to_owned(), retain: false };
    assert_eq!(news, BTreeMap::from([("uptime".to_owned(), uptime)]));

    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &retained("a", "kept"));
    lab.pass(seconds(10));
    assert_eq!(shown(&mut client)["retained messages/count"].text, "1");
}

#[test]
fn the_values_count_what_has_happened_and_what_there_is() {
    let mut lab = lab();
    let mut subscriber = lab.client(Version::V5, "s");
    lab.subscribe(&mut subscriber, "t", QoS::AtLeastOnce);
    lab.subscribe(&mut subscriber, "$share/g/t", QoS::AtLeastOnce);
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("t", "12345", QoS::AtLeastOnce, 1));
    let mut client = lab.client(Version::V5, "c");
    listen(&mut lab, &mut client, "$SYS/#");
    let all = shown(&mut client);
    let texts = |names: &[&str]| -> Vec<String> {
        names.iter().map(|name| all[*name].text.clone()).collect()
    };
    assert_eq!(texts(&["publish/messages/received", "publish/messages/sent"]), ["1", "2"]);
    assert_eq!(texts(&["publish/bytes/received", "publish/bytes/sent"]), ["5", "10"]);
    assert_eq!(texts(&["subscriptions/count", "shared_subscriptions/count"]), ["2", "1"]);
    assert_eq!(texts(&["clients/total", "clients/maximum"]), ["3", "3"]);
    assert_eq!(texts(&["messages/stored", "mqx/messages/in_flight"]), ["2", "2"]);
    let census = lab.census();
    assert_eq!(all["store/messages/bytes"].text, census.stored_bytes().to_string());
    assert_eq!((census.in_flight, census.queued, census.retained), (2, 0, 0));
}

#[test]
fn who_comes_later_gets_what_was_shown_last() {
    let mut lab = lab();
    let mut first = lab.client(Version::V5, "1");
    listen(&mut lab, &mut first, "$SYS/broker/uptime");
    lab.pass(seconds(14));
    let mut second = lab.client(Version::V5, "2");
    listen(&mut lab, &mut second, "$SYS/broker/+");
    assert_eq!(shown(&mut second)["uptime"].text, "10 seconds");
    let never = SubscribeOptions {
        retain_handling: RetainHandling::DoNotSend,
        retain_as_published: true,
        ..SubscribeOptions::default()
    };
    let mut third = lab.client(Version::V5, "3");
    lab.subscribe_with(&mut third, "$SYS/broker/uptime", never, SubscribeProperties::default());
    third.take_packets(1);
    lab.pass(seconds(10));
    assert_eq!(
        shown(&mut third)["uptime"],
        Shown { text: "20 seconds".to_owned(), retain: true },
        "as it was published"
    );
}

#[test]
fn the_values_are_not_among_the_retained_messages() {
    let mut lab = lab();
    let mut client = lab.client(Version::V5, "c");
    listen(&mut lab, &mut client, "$SYS/#");
    assert!(shown(&mut client).len() > 50);
    assert_eq!((lab.summary().retained, lab.census().retained), (0, 0));
    let mut other = lab.connect(&hello(Version::V5, "other"));
    other.take();
    lab.subscribe(&mut other, "#", QoS::AtMostOnce);
    lab.pass(seconds(30));
    other.expect_nothing();
}

#[test]
fn the_rules_hold_for_the_brokers_own_values() {
    let mut lab = lab();
    lab.set_acl("topic read $SYS/broker/uptime\n");
    let mut client = lab.client(Version::V5, "c");
    listen(&mut lab, &mut client, "$SYS/broker/uptime");
    listen(&mut lab, &mut client, "$SYS/broker/version");
    let names: Vec<_> = shown(&mut client).into_keys().collect();
    assert_eq!(names, ["uptime"]);
}

#[test]
fn a_session_that_comes_back_hears_the_values_again() {
    let mut lab = lab();
    let stays = mqx::mqtt::Connect {
        clean_start: false,
        version: Version::V311,
        ..hello(Version::V311, "c")
    };
    let mut client = lab.connect(&stays);
    listen(&mut lab, &mut client, "$SYS/broker/uptime");
    lab.lose(&mut client);
    lab.pass(seconds(20));
    let mut client = lab.connect(&stays);
    client.take();
    lab.pass(seconds(10));
    let bytes = client.take();
    assert!(bytes.ends_with(b"30 seconds"), "{bytes:02x?}");
}

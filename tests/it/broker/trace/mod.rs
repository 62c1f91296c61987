//! The trace, in each of its formats.

mod pcapng;

use super::lab::{Lab, hello, hex, lasting, message, seconds};
use jiff::Timestamp;
use mqx::broker::core::{Peer, Setup};
use mqx::broker::trace::{Config, Filter, Format, Trace};
use mqx::mqtt::{
    AckKind, Connect, PacketType, PropertyBuf, Publish, PublishProperties, QoS, ReasonCode,
    SubscribeOptions, SubscribeProperties, Version,
};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// What is traced while `play` runs.
fn traced(config: Config, play: impl FnOnce(&mut Lab)) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace");
    let config = Config { file: Some(path.clone()), payload: 8, ..config };
    let trace = Arc::new(Trace::start(&config, Timestamp::UNIX_EPOCH).unwrap());
    let observer = Some(Arc::clone(&trace) as _);
    let mut lab = Lab::made(Setup { observer, ..Setup::default() });
    lab.set_peer(Peer { address: "192.0.2.7:4711".parse().ok(), ..Peer::default() });
    play(&mut lab);
    trace.finish();
    std::fs::read(path).unwrap()
}

fn lines(filter: Filter, format: Format, play: impl FnOnce(&mut Lab)) -> Vec<String> {
    let bytes = traced(Config { filter, format, ..Config::default() }, play);
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

fn objects(filter: Filter, play: impl FnOnce(&mut Lab)) -> Vec<Value> {
    let lines = lines(filter, Format::Json, play);
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A message to a client that acknowledges it 5 ms later.
fn exchange(lab: &mut Lab) {
    let named =
        Connect { username: Some("u"), password: Some(b"hidden"), ..hello(Version::V5, "r") };
    let mut receiver = lab.connect(&named);
    receiver.take();
    lab.subscribe(&mut receiver, "a/#", QoS::AtLeastOnce);
    let mut sender = lab.client(Version::V311, "s");
    lab.publish(&mut sender, &message("a/b", "a longer payload", QoS::AtLeastOnce, 9));
    lab.pass(Duration::from_millis(5));
    lab.ack(&mut receiver, AckKind::PubAck, 1, ReasonCode::SUCCESS);
    lab.disconnect(&mut receiver, ReasonCode::SUCCESS);
}

#[test]
fn every_packet_is_a_line_of_text() {
    let lines = lines(Filter::default(), Format::Text, exchange);
    let at = |count: &str| format!("1970-01-01T00:00:00.{count}Z");
    assert_eq!(
        lines[0],
        format!(
            "{} 1 r connect direction=in delta-us=0 bytes=27 version=5.0 clean-start=true \
             keep-alive=0 client-id=r username=u password=true",
            at("000000")
        )
    );
    let ack = format!(
        "{} 1 r puback direction=in delta-us=5000 bytes=4 mid=1 reason=\"0x00 Success\" \
         after-us=5000 for=a/b",
        at("005000")
    );
    assert!(lines.contains(&ack), "{lines:#?}");
    let sent = format!(
        "{} 2 s publish direction=in delta-us=0 bytes=25 topic=a/b qos=1 retain=false dup=false \
         mid=9 payloadlen=16 payload=\"a longer\"",
        at("000000")
    );
    assert!(lines.contains(&sent), "{lines:#?}");
    assert!(lines.last().unwrap().ends_with("1 r closed why=\"the client said goodbye\""));
    assert!(!lines.concat().contains("hidden"));
}

#[test]
fn a_line_of_json_has_the_properties_by_name() {
    let objects =
        objects(Filter { types: vec![PacketType::Publish], ..Filter::default() }, |lab| {
            let mut client = lab.client(Version::V5, "c");
            let mut pairs = PropertyBuf::default();
            pairs.push_user("k", "v").unwrap();
            let properties = PublishProperties {
                message_expiry_interval: Some(60),
                content_type: Some("text/plain"),
                correlation_data: Some(b"\xff"),
                user_properties: pairs.user_properties(),
                ..PublishProperties::default()
            };
            let publish = message("t", "", QoS::AtMostOnce, 0);
            lab.publish(&mut client, &Publish { properties, payload: b"\xff\x00", ..publish });
        });
    let publish = &objects[0];
    assert_eq!(publish["client"], "c");
    assert_eq!(publish["direction"], "in");
    assert_eq!(publish["payload_b64"], "/wA=");
    let properties = serde_json::json!({
        "message-expiry-interval": 60, "correlation-data_b64": "/w==", "content-type": "text/plain",
        "user-properties": [{"k": "v"}],
    });
    assert_eq!(publish["properties"], properties);
}

#[test]
fn an_alias_is_shown_with_its_topic_and_a_refusal_with_its_answer() {
    let objects = objects(Filter { topic: Some("t/+".into()), ..Filter::default() }, |lab| {
        let mut client = lab.client(Version::V5, "c");
        lab.send_bytes(&mut client, &hex("30 09 0003 742f31 03 23 0001"));
        lab.send_bytes(&mut client, &hex("30 06 0000 03 23 0001"));
    });
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[1]["for"][0], "t/1");
}

#[test]
fn what_does_not_reach_a_client_is_told_with_the_reason() {
    let objects = objects(Filter { client: Some("r*".into()), ..Filter::default() }, |lab| {
        let connect = Connect { clean_start: false, ..hello(Version::V311, "r1") };
        let mut receiver = lab.connect(&connect);
        receiver.take();
        lab.subscribe(&mut receiver, "t", QoS::AtMostOnce);
        lab.lose(&mut receiver);
        let mut sender = lab.client(Version::V5, "s");
        lab.publish(&mut sender, &message("t", "", QoS::AtMostOnce, 0));
    });
    let types: Vec<_> = objects.iter().map(|object| object["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["connect", "connack", "subscribe", "suback", "closed", "dropped"]);
    let dropped = objects.last().unwrap();
    assert_eq!((&dropped["from"], &dropped["topic"]), (&"s".into(), &"t".into()));
    assert!(dropped["why"].as_str().unwrap().contains("offline"));
}

#[test]
fn a_violation_is_told_with_its_statement_at_the_packet_and_at_the_end() {
    let objects = objects(Filter::default(), |lab| {
        let mut client = lab.client(Version::V5, "c");
        lab.pass(seconds(1));
        lab.send_bytes(&mut client, &hex("36 05 0001 74 0001"));
    });
    let violations: Vec<_> =
        objects.iter().filter(|object| object["violates"] == "MQTT-3.3.1-4").collect();
    assert_eq!(violations.len(), 2, "{objects:?}");
    assert_eq!(violations[0]["type"], "publish");
    assert_eq!(violations[1]["type"], "closed");
}

#[test]
fn wireshark_gets_a_connection_it_can_follow() {
    let config = Config { format: Format::Pcapng, ..Config::default() };
    let bytes = traced(config, exchange);
    let packets = pcapng::packets(&bytes);
    let first = pcapng::streams(&packets, 4711);
    let kinds = |bytes: &[u8]| {
        let mut rest = bytes;
        let mut kinds = Vec::new();
        while let Some(frame) = mqx::mqtt::next_frame(rest, usize::MAX).unwrap() {
            kinds.push(PacketType::of(frame.header).unwrap());
            rest = &rest[frame.bytes.len()..];
        }
        assert!(rest.is_empty());
        kinds
    };
    let names =
        |bytes| kinds(bytes).iter().map(|kind| format!("{kind:?}")).collect::<Vec<_>>().join(" ");
    // Both clients of the lab come from one address: theirs is one stream.
    assert_eq!(names(&first.to_broker), "Connect Subscribe Connect Publish PubAck Disconnect");
    assert_eq!(names(&first.to_client), "ConnAck SubAck ConnAck Publish PubAck");
    assert!(!bytes.windows(6).any(|window| window == b"hidden"));
    let said: Vec<_> = packets.iter().map(|packet| &*packet.comment).collect();
    assert!(said.contains(&"mqx: why=\"the client said goodbye\""), "{said:?}");
}

/// What a capture says beside packets of MQTT, and the data of packets before
/// the first such word.
fn remarks(filter: Filter, play: impl FnOnce(&mut Lab)) -> (Vec<String>, Vec<u8>) {
    let config = Config { format: Format::Pcapng, filter, ..Config::default() };
    let packets = pcapng::packets(&traced(config, play));
    let mute = packets.iter().take_while(|packet| packet.comment.is_empty());
    let data = mute.flat_map(|packet| packet.bytes[40..].to_vec()).collect();
    let said = packets.into_iter().map(|packet| packet.comment);
    (said.filter(|comment| !comment.is_empty()).collect(), data)
}

#[test]
fn wireshark_gets_a_comment_on_what_does_not_reach_a_client() {
    let (said, _) = remarks(Filter::default(), |lab| {
        let mut client = lab.connect(&lasting("r", 60));
        let no_local = SubscribeOptions { no_local: true, ..SubscribeOptions::default() };
        lab.subscribe_with(&mut client, "t", no_local, SubscribeProperties::default());
        lab.publish(&mut client, &message("t", "", QoS::AtMostOnce, 0));
        lab.lose(&mut client);
        let mut sender = lab.client(Version::V5, "s");
        lab.publish(&mut sender, &message("t", "", QoS::AtMostOnce, 0));
    });
    assert!(said[0].starts_with("mqx: not delivered to r: topic=t qos=0 from=r why="), "{said:?}");
    assert!(said[1].contains("connection was lost"), "{said:?}");
    assert!(said[2].contains("offline"), "{said:?}");
}

#[test]
fn a_capture_without_its_connect_begins_with_it_all_the_same() {
    let filter = Filter { types: vec![PacketType::Publish], ..Filter::default() };
    let (said, before) = remarks(filter, |lab| {
        let mut client = lab.client(Version::V5, "c");
        lab.publish(&mut client, &message("t", "", QoS::AtMostOnce, 0));
    });
    assert!(before.is_empty(), "only the segments that open the stream");
    assert_eq!(said, ["mqx: sent earlier; here so that what follows can be read"]);
}

#[test]
fn a_client_that_the_broker_names_is_shown_from_its_connect_on() {
    let filter = Filter { client: Some("mqx-*".into()), ..Filter::default() };
    for version in [Version::V311, Version::V5] {
        let objects = objects(filter.clone(), |lab| {
            lab.client(Version::V5, "other");
            lab.connect(&hello(version, ""));
        });
        let types: Vec<_> = objects.iter().map(|object| object["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["connect", "connack"]);
        assert_eq!(objects[0]["client"], objects[1]["client"]);
    }
}

#[test]
fn a_file_that_was_moved_away_is_begun_anew_and_one_that_was_not_goes_on() {
    for (moved, counts) in [(true, [Some(5), Some(5)]), (false, [None, Some(6)])] {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("trace"), folder.path().join("trace.1"));
        let config =
            Config { file: Some(path.clone()), format: Format::Pcapng, ..Config::default() };
        let trace = Arc::new(Trace::start(&config, Timestamp::UNIX_EPOCH).unwrap());
        let observer = Some(Arc::clone(&trace) as _);
        let mut lab = Lab::made(Setup { observer, ..Setup::default() });
        let mut client = lab.client(Version::V5, "c");
        if moved {
            std::fs::rename(&path, &old).unwrap();
        }
        trace.reopen();
        lab.publish(&mut client, &message("t", "", QoS::AtMostOnce, 0));
        trace.finish();
        // Three segments of TCP, CONNECT, and CONNACK or the message or both.
        let count = |path| std::fs::read(path).ok().map(|file| pcapng::packets(&file).len());
        assert_eq!([count(&old), count(&path)], counts);
    }
}

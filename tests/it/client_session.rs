//! The client session with a server that is a script: bytes in, bytes and
//! events out.

use super::hex;
use mqx::mqtt::{
    Publish, PublishProperties, QoS, ReasonCode, SubscribeOptions, SubscribeProperties,
    SubscribeRequest, TopicAlias, UnsubscribeProperties, Version,
};
use mqx::session::{ClientConfig, ClientSession, Event, Failure, Time};
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

const NOW: Time = Time::ZERO;
const ACCEPTED: &str = "20 03 00 00 00";
const RESUMED: &str = "20 03 01 00 00";

/// A session that has not connected yet, with a keep alive of a minute.
fn session() -> ClientSession {
    ClientSession::new(ClientConfig {
        client_id: "c".to_owned(),
        topic_alias_maximum: 5,
        clean_start: false,
        ..ClientConfig::default()
    })
}

/// Connects and takes this CONNACK; returns what follows it.
fn connect(session: &mut ClientSession, connack: &str) -> (Vec<String>, String) {
    session.connect(NOW).expect("a configuration MQTT can say");
    session.output().clear();
    receive(session, connack).expect("accepted")
}

fn connected() -> ClientSession {
    let mut session = session();
    connect(&mut session, ACCEPTED);
    session
}

/// Gives the session whole packets; returns its events and its bytes.
fn receive(session: &mut ClientSession, packets: &str) -> Result<(Vec<String>, String), Failure> {
    let mut events = Vec::new();
    let bytes = hex::bytes(packets);
    let taken = session.receive(&bytes, NOW, |event| {
        events.extend(describe(&event));
    })?;
    assert_eq!(taken, bytes.len(), "whole packets");
    Ok((events, output(session)))
}

/// The event in words; `None` for the acceptance itself.
fn describe(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Connected(_) | Event::Pong => None,
        Event::Message(publish) => {
            let payload = String::from_utf8_lossy(publish.payload);
            Some(format!("message {}={payload}", publish.topic))
        }
        Event::Entrusted { publish, receipt } => {
            Some(format!("entrusted {}={}", publish.topic, receipt >> 16))
        }
        Event::Published { token, reason } => {
            Some(format!("published {token} 0x{:02x}", reason.value()))
        }
        Event::Subscribed { token, reasons } => Some(format!("subscribed {token} {reasons:?}")),
        Event::Unsubscribed { token, reasons } => Some(format!("unsubscribed {token} {reasons:?}")),
    }
}

fn output(session: &mut ClientSession) -> String {
    hex::text(&std::mem::take(session.output()))
}

fn message(qos: QoS) -> Publish<'static> {
    Publish { qos, topic: "t", payload: b"hi", ..Publish::default() }
}

/// Publishes and returns the bytes.
fn publish(session: &mut ClientSession, qos: QoS, token: u64) -> String {
    session.publish(&message(qos), token, NOW).expect("the window is open");
    output(session)
}

fn subscribe(session: &mut ClientSession, token: u64) -> Result<(), Failure> {
    let request = SubscribeRequest { filter: "a", options: SubscribeOptions::default() };
    session.subscribe(&[request], SubscribeProperties::default(), token, NOW)
}

fn compact(text: &str) -> String {
    hex::text(&hex::bytes(text))
}

#[test]
fn statement_6_the_identifiers_of_both_directions_are_independent() {
    let mut session = connected();
    assert_eq!(publish(&mut session, QoS::AtLeastOnce, 7), compact("32 08 000174 0001 00 6869"));
    assert_eq!(session.in_flight(), 1);
    // The server uses identifier 1 for QoS 2 and for QoS 1.
    let (events, bytes) = receive(&mut session, "34 08 000161 0001 00 7879").unwrap();
    assert_eq!((events.join(","), bytes), ("message a=xy".to_owned(), compact("50 02 0001")));
    let (events, bytes) = receive(&mut session, "62 02 0001").unwrap();
    assert_eq!((events.join(","), bytes), (String::new(), compact("70 02 0001")));
    let (_, bytes) = receive(&mut session, "32 08 000161 0001 00 7879").unwrap();
    assert_eq!(bytes, compact("40 02 0001"));
    assert_eq!(session.in_flight(), 1, "the client's own is still in flight");
    // A SUBSCRIBE takes the next identifier of the client.
    subscribe(&mut session, 8).unwrap();
    assert_eq!(output(&mut session), compact("82 07 0002 00 000161 00"));
    let (events, _) = receive(&mut session, "90 04 0002 00 00  40 02 0001").unwrap();
    assert_eq!(events, ["subscribed 8 [0x00 Success]", "published 7 0x00"]);
    assert_eq!(session.in_flight(), 0);
}

#[test]
fn a_connection_begins_with_connect_and_nothing_left_from_before() {
    let mut session = connected();
    session.publish(&message(QoS::AtMostOnce), 1, NOW).unwrap();
    session.connect(NOW).unwrap();
    let expected = "10 11 0004 4d515454 05 00 003c 03 220005 0001 63";
    assert_eq!(output(&mut session), compact(expected));
}

#[test]
fn a_session_that_was_to_begin_anew_must_not_go_on() {
    for (version, connack, is_taken) in [
        (Version::V5, RESUMED, false),
        (Version::V5, ACCEPTED, true),
        (Version::V311, "20 02 01 00", true),
    ] {
        let config = ClientConfig { version, clean_start: true, ..ClientConfig::default() };
        let mut session = ClientSession::new(config);
        session.connect(NOW).unwrap();
        let taken = receive(&mut session, connack);
        assert_eq!(taken.is_ok(), is_taken, "{version} {connack}: {taken:?}");
    }
}

#[test]
fn what_is_sent_again_carries_dup_and_a_pubrel_keeps_its_flags() {
    let mut session = connected();
    publish(&mut session, QoS::AtLeastOnce, 1);
    publish(&mut session, QoS::ExactlyOnce, 2);
    publish(&mut session, QoS::ExactlyOnce, 3);
    receive(&mut session, "50 02 0003").unwrap();
    let (events, bytes) = connect(&mut session, RESUMED);
    assert_eq!(events, [""; 0]);
    let expected = "3a 08 000174 0001 00 6869  3c 08 000174 0002 00 6869  62 02 0003";
    assert_eq!(bytes, compact(expected));
}

#[test]
fn a_server_without_the_session_gets_new_messages_and_none_it_had_taken() {
    let mut session = connected();
    publish(&mut session, QoS::AtLeastOnce, 1);
    publish(&mut session, QoS::ExactlyOnce, 2);
    publish(&mut session, QoS::ExactlyOnce, 3);
    receive(&mut session, "50 02 0003").unwrap();
    let (events, bytes) = connect(&mut session, ACCEPTED);
    assert_eq!(events, ["published 3 0x00"]);
    let expected = "32 08 000174 0004 00 6869  34 08 000174 0005 00 6869";
    assert_eq!(bytes, compact(expected));
}

#[test]
fn a_server_without_the_session_uses_its_identifiers_for_new_messages() {
    let mut session = connected();
    let qos_2 = "34 08 000161 0001 00 7879";
    assert_eq!(receive(&mut session, qos_2).unwrap().0, ["message a=xy"]);
    connect(&mut session, RESUMED);
    assert_eq!(receive(&mut session, qos_2).unwrap().0, [""; 0], "the same");
    connect(&mut session, ACCEPTED);
    assert_eq!(receive(&mut session, qos_2).unwrap().0, ["message a=xy"], "another");
}

#[test]
fn a_publish_ends_with_what_the_server_said_of_it() {
    let mut session = connected();
    publish(&mut session, QoS::AtLeastOnce, 1);
    publish(&mut session, QoS::ExactlyOnce, 2);
    publish(&mut session, QoS::ExactlyOnce, 3);
    let (events, bytes) = receive(&mut session, "40 03 0001 10").unwrap();
    assert_eq!((events.join(","), bytes), ("published 1 0x10".to_owned(), String::new()));
    let (events, bytes) = receive(&mut session, "50 03 0002 87").unwrap();
    assert_eq!(events, ["published 2 0x87"]);
    assert_eq!(bytes, "", "a PUBREC that refuses is not answered");
    // Nobody subscribes; and of the PUBREL the server says only that it is late.
    let (_, bytes) = receive(&mut session, "50 03 0003 10").unwrap();
    assert_eq!(bytes, compact("62 02 0003"));
    let (events, _) = receive(&mut session, "70 03 0003 92").unwrap();
    assert_eq!(events, ["published 3 0x10"]);
    assert_eq!(session.in_flight(), 0);
}

#[test]
fn acknowledgements_of_nothing_are_answered_and_otherwise_ignored() {
    let mut session = connected();
    let (events, bytes) = receive(&mut session, "40 02 0009 70 02 0009").unwrap();
    assert_eq!((events.len(), bytes), (0, String::new()));
    let (_, bytes) = receive(&mut session, "50 02 0009 62 02 0009").unwrap();
    assert_eq!(bytes, compact("62 03 0009 92  70 03 0009 92"));
}

#[test]
fn what_a_new_server_will_never_take_ends_with_a_reason() {
    let mut session = connected();
    publish(&mut session, QoS::ExactlyOnce, 1);
    publish(&mut session, QoS::AtLeastOnce, 2);
    // Maximum QoS 1.
    let (events, bytes) = connect(&mut session, "20 05 00 00 02 2401");
    assert_eq!(events, ["published 1 0x9b"]);
    assert_eq!(bytes, compact("32 08 000174 0003 00 6869"));
    let refused = session.publish(&message(QoS::ExactlyOnce), 3, NOW);
    assert_eq!(refused, Err(Failure::Unsupported("this quality of service")));
    // The session is there, and a maximum packet size of 9 bytes.
    let (events, bytes) = connect(&mut session, "20 08 01 00 05 2700000009");
    assert_eq!((events.join(","), bytes), ("published 2 0x95".to_owned(), String::new()));
    let refused = session.publish(&message(QoS::AtLeastOnce), 3, NOW);
    assert_eq!(refused, Err(Failure::TooLarge(10, 9)));
    assert_eq!(session.in_flight(), 0);
}

#[test]
fn what_could_not_be_sent_is_not_in_flight() {
    let mut session = session();
    connect(&mut session, "20 08 00 00 05 2700000005");
    assert_eq!(subscribe(&mut session, 1), Err(Failure::TooLarge(9, 5)));
    let refused = session.unsubscribe(&["abc"], UnsubscribeProperties::default(), 2, NOW);
    assert!(matches!(refused, Err(Failure::TooLarge(_, 5))));
    assert_eq!((session.in_flight(), output(&mut session)), (0, String::new()));
}

#[test]
fn a_topic_that_is_none_is_refused_before_it_is_sent() {
    let mut session = connected();
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        for topic in ["", "a/#"] {
            let message = Publish { topic, ..message(qos) };
            let refused = session.publish(&message, 1, NOW);
            assert!(matches!(refused, Err(Failure::Invalid(_))), "{topic:?} {qos:?}");
        }
    }
    assert_eq!(output(&mut session), "");
}

#[test]
fn requests_end_with_their_connection() {
    let mut session = connected();
    subscribe(&mut session, 1).unwrap();
    assert_eq!(session.in_flight(), 1);
    let (events, bytes) = connect(&mut session, RESUMED);
    assert_eq!((events.len(), bytes), (0, String::new()));
    assert_eq!(session.in_flight(), 0);
    let (events, _) = receive(&mut session, "90 04 0001 00 00").unwrap();
    assert_eq!(events, [""; 0], "a late answer");
}

#[test]
fn an_unsubscribe_ends_with_its_answer() {
    let mut session = connected();
    session.unsubscribe(&["a"], UnsubscribeProperties::default(), 4, NOW).unwrap();
    assert_eq!(output(&mut session), compact("a2 06 0001 00 000161"));
    let (events, _) = receive(&mut session, "b0 04 0001 00 11").unwrap();
    assert_eq!(events, ["unsubscribed 4 [0x11 No subscription existed]"]);
}

#[test]
fn an_alias_is_resolved_and_dies_with_its_connection() {
    let mut session = connected();
    let (events, _) =
        receive(&mut session, "30 09 000161 03 230001 7879  30 08 0000 03 230001 7a7a").unwrap();
    assert_eq!(events, ["message a=xy", "message a=zz"]);
    connect(&mut session, RESUMED);
    let failure = receive(&mut session, "30 08 0000 03 230001 7a7a").unwrap_err();
    assert!(matches!(failure, Failure::Protocol(error) if error.statement == "§3.3.2.3.4"));
}

#[test]
fn a_message_refused_for_its_alias_is_delivered_when_it_comes_again() {
    let mut session = connected();
    let unknown = receive(&mut session, "34 0a 0000 0001 03 230001 7879");
    assert!(matches!(unknown, Err(Failure::Protocol(_))));
    connect(&mut session, RESUMED);
    let (events, bytes) = receive(&mut session, "3c 08 000161 0001 00 7879").unwrap();
    assert_eq!((events.join(","), bytes), ("message a=xy".to_owned(), compact("50 02 0001")));
}

#[test]
fn an_alias_of_the_owner_is_left_out_of_what_is_kept() {
    let mut session = connected();
    let properties = PublishProperties {
        topic_alias: Some(TopicAlias(NonZeroU16::MIN)),
        ..PublishProperties::default()
    };
    let message = Publish { properties, ..message(QoS::AtLeastOnce) };
    session.publish(&message, 1, NOW).unwrap();
    assert_eq!(output(&mut session), compact("32 08 000174 0001 00 6869"));
}

#[test]
fn the_server_says_why_it_refuses_or_ends_a_connection() {
    let mut refused = session();
    refused.connect(NOW).unwrap();
    let failure = receive(&mut refused, "20 07 00 87 04 1f0001 6e").unwrap_err();
    assert_eq!(failure, Failure::Refused(ReasonCode::NOT_AUTHORIZED, Some("n".to_owned())));
    let old = receive(&mut refused, "20 02 00 05").unwrap_err();
    assert_eq!(old, Failure::Refused(ReasonCode::NOT_AUTHORIZED, None));
    let failure = receive(&mut connected(), "e0 01 8e").unwrap_err();
    assert_eq!(failure, Failure::Disconnected(ReasonCode::SESSION_TAKEN_OVER, None));
}

#[test]
fn packets_a_server_may_not_send_end_the_connection() {
    let mut early = session();
    early.connect(NOW).unwrap();
    let out_of_order = |result: Result<_, Failure>| match result {
        Err(Failure::Protocol(error)) => error.statement == "§4.13",
        _ => false,
    };
    assert!(out_of_order(receive(&mut early, "d0 00")), "before CONNACK");
    for packet in
        ["20 03 00 00 00", "c0 00", "82 07 0001 00 000161 00", "a2 06 0001 00 000161", "f0 00"]
    {
        assert!(out_of_order(receive(&mut connected(), packet)), "{packet}");
    }
    let old = ClientConfig { version: Version::V311, ..ClientConfig::default() };
    let mut old = ClientSession::new(old);
    connect(&mut old, "20 02 00 00");
    assert!(out_of_order(receive(&mut old, "e0 00")), "3.1.1 servers do not say goodbye");
}

#[test]
fn a_packet_over_the_announced_maximum_ends_the_connection_from_its_header() {
    let mut session = ClientSession::new(ClientConfig {
        maximum_packet_size: NonZeroU32::new(20),
        ..ClientConfig::default()
    });
    connect(&mut session, ACCEPTED);
    let failure = receive(&mut session, "30 13").unwrap_err();
    assert!(
        matches!(failure, Failure::Protocol(error) if error.reason == ReasonCode::PACKET_TOO_LARGE)
    );
}

#[test]
fn the_start_of_a_packet_waits_for_its_end() {
    let mut session = connected();
    let bytes = hex::bytes("30 06 000161 00 7879  30 06 000161 00 7a7a");
    for cut in 0..=bytes.len() {
        let mut events = 0;
        let taken = session.receive(&bytes[..cut], NOW, |_| events += 1);
        assert_eq!((taken, events), (Ok(cut / 8 * 8), cut / 8), "{cut} bytes");
    }
}

#[test]
fn the_server_overrules_the_keep_alive() {
    let mut session = session();
    connect(&mut session, "20 06 00 00 03 13000a");
    let at = |seconds| NOW + Duration::from_secs(seconds);
    assert_eq!(session.deadline(), Some(at(10)));
    session.tick(at(9)).unwrap();
    assert_eq!(output(&mut session), "");
    session.tick(at(10)).unwrap();
    assert_eq!(output(&mut session), "c000");
    assert_eq!(session.tick(at(20)), Err(Failure::Silent));
    connect(&mut session, "20 06 00 00 03 130000");
    assert_eq!(session.deadline(), None);
}

#[test]
fn the_client_keeps_the_identifier_the_server_gave_it() {
    let mut session = ClientSession::new(ClientConfig::default());
    connect(&mut session, "20 07 00 00 04 120001 78");
    session.connect(NOW).unwrap();
    assert!(output(&mut session).ends_with(&compact("0001 78")));
}

#[test]
fn a_session_ends_its_connection_with_disconnect() {
    let mut session = connected();
    session.disconnect(ReasonCode::DISCONNECT_WITH_WILL, NOW).unwrap();
    assert_eq!(output(&mut session), compact("e0 01 04"));
    assert!(!session.is_connected());
    let late = session.publish(&message(QoS::AtMostOnce), 1, NOW);
    assert_eq!(late, Err(Failure::NotConnected));
}

/// A session whose owner acknowledges what arrives.
fn careful() -> ClientSession {
    let mut session = ClientSession::new(ClientConfig {
        client_id: "c".to_owned(),
        clean_start: false,
        acknowledged_by_owner: true,
        ..ClientConfig::default()
    });
    connect(&mut session, ACCEPTED);
    session
}

/// The receipt for the message with this number of all, and packet identifier.
fn receipt(number: u64, id: u64) -> u64 {
    number << 16 | id
}

/// Acknowledges, and returns the bytes.
fn acknowledge(session: &mut ClientSession, receipt: u64, reason: ReasonCode) -> String {
    session.acknowledge(receipt, reason, NOW).expect("it fits");
    output(session)
}

#[test]
fn what_is_entrusted_is_answered_when_the_owner_says_so_and_once() {
    let mut session = careful();
    let (events, bytes) = receive(&mut session, "32 07 0001 74 0007 00 61").unwrap();
    assert_eq!((events, bytes.as_str()), (vec!["entrusted t=1".to_owned()], ""));
    let (events, bytes) = receive(&mut session, "34 07 0001 74 0008 00 62").unwrap();
    assert_eq!((events, bytes.as_str()), (vec!["entrusted t=2".to_owned()], ""));
    let success = ReasonCode::SUCCESS;
    assert_eq!(acknowledge(&mut session, receipt(2, 8), success), "50020008");
    assert_eq!(acknowledge(&mut session, receipt(1, 7), success), "40020007");
    assert_eq!(acknowledge(&mut session, receipt(1, 7), success), "");
    let (_, bytes) = receive(&mut session, "62 02 0008").unwrap();
    assert_eq!(bytes, "70020008");
    let (events, bytes) = receive(&mut session, "30 04 0001 74 00").unwrap();
    assert_eq!((events, bytes.as_str()), (vec!["message t=".to_owned()], ""));
}

#[test]
fn what_is_entrusted_and_sent_again_is_handed_over_once() {
    let mut session = careful();
    receive(&mut session, "32 07 0001 74 0007 00 61 34 07 0001 74 0008 00 62").unwrap();
    connect(&mut session, RESUMED);
    let again = "3a 07 0001 74 0007 00 61 3c 07 0001 74 0008 00 62";
    let (events, bytes) = receive(&mut session, again).unwrap();
    assert_eq!((events.len(), bytes.as_str()), (0, ""), "the owner has them");
    let success = ReasonCode::SUCCESS;
    assert_eq!(acknowledge(&mut session, receipt(1, 7), success), "40020007");
    assert_eq!(acknowledge(&mut session, receipt(2, 8), success), "50020008");
    connect(&mut session, RESUMED);
    let (events, bytes) = receive(&mut session, "3c 07 0001 74 0008 00 62").unwrap();
    assert_eq!((events.len(), bytes.as_str()), (0, "50020008"), "only the answer was lost");
}

#[test]
fn what_a_server_has_forgotten_or_given_up_is_not_acknowledged() {
    let mut session = careful();
    receive(&mut session, "32 07 0001 74 0007 00 61").unwrap();
    let (events, _) = receive(&mut session, "32 07 0001 74 0007 00 62").unwrap();
    assert_eq!(events, ["entrusted t=2"], "another under the same identifier");
    assert_eq!(acknowledge(&mut session, receipt(1, 7), ReasonCode::SUCCESS), "");
    connect(&mut session, ACCEPTED);
    assert_eq!(acknowledge(&mut session, receipt(2, 7), ReasonCode::SUCCESS), "");
}

#[test]
fn a_message_the_owner_refuses_is_refused_and_its_identifier_free() {
    let mut session = careful();
    receive(&mut session, "34 07 0001 74 0008 00 62").unwrap();
    let refused = ReasonCode::NOT_AUTHORIZED;
    assert_eq!(acknowledge(&mut session, receipt(1, 8), refused), "5003000887");
    let (events, _) = receive(&mut session, "34 07 0001 74 0008 00 63").unwrap();
    assert_eq!(events, ["entrusted t=2"]);
}

#[test]
fn no_packet_is_sent_that_is_larger_than_the_configuration_allows() {
    let largest_sent = NonZeroU32::new(10);
    let config = ClientConfig { largest_sent, ..ClientConfig::default() };
    let mut session = ClientSession::new(config);
    connect(&mut session, ACCEPTED);
    let large = Publish { payload: b"too large", ..message(QoS::AtMostOnce) };
    assert_eq!(session.publish(&large, 0, NOW), Err(Failure::TooLarge(15, 10)));
    session.publish(&message(QoS::AtMostOnce), 0, NOW).expect("it is small");
}

#[test]
fn a_topic_is_spelled_out_once_for_each_connection_if_the_server_takes_an_alias_for_it() {
    let config =
        ClientConfig { clean_start: false, topic_aliases_sent: 5, ..ClientConfig::default() };
    let mut session = ClientSession::new(config);
    let said = |session: &mut ClientSession, topic: &str, qos| {
        let message = Publish { topic, ..message(qos) };
        session.publish(&message, 7, NOW).unwrap();
        output(session)
    };
    for _ in 0..2 {
        connect(&mut session, "20 06 00 00 03 22 0001");
        let first = said(&mut session, "abcd", QoS::AtMostOnce);
        assert_eq!(first, compact("30 0c 0004 61626364 03 23 0001 6869"));
        let next = said(&mut session, "abcd", QoS::AtMostOnce);
        assert_eq!(next, compact("30 08 0000 03 23 0001 6869"));
        let other = said(&mut session, "efgh", QoS::AtMostOnce);
        assert_eq!(other, compact("30 09 0004 65666768 00 6869"), "there is one alias only");
    }
    // What is sent again, perhaps to a server that takes none, is spelled out.
    let sure = said(&mut session, "abcd", QoS::AtLeastOnce);
    assert_eq!(sure, compact("32 0a 0000 0001 03 23 0001 6869"));
    let (_, again) = connect(&mut session, RESUMED);
    assert_eq!(again, compact("3a 0b 0004 61626364 0001 00 6869"));
}

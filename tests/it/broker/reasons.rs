//! Reasons in words: what they say, and when they are left out.

use super::lab::{Client, Lab, hello, hex, message, retained};
use mqx::broker::core::Limits;
use mqx::mqtt::{Connect, ConnectProperties, Packet, QoS, Version, next_frame};
use std::num::NonZeroU32;

/// The reason in words of the one packet that has arrived.
#[track_caller]
fn words(client: &mut Client) -> Option<String> {
    let bytes = client.take_packets(1).remove(0);
    let frame = next_frame(&bytes, usize::MAX).unwrap().unwrap();
    let words = match Packet::decode(&frame, Version::V5).unwrap() {
        Packet::ConnAck(packet) => packet.properties.reason_string,
        Packet::Ack(packet) => packet.properties.reason_string,
        Packet::SubAck(packet) => packet.properties.reason_string,
        Packet::UnsubAck(packet) => packet.properties.reason_string,
        Packet::Disconnect(packet) => packet.properties.reason_string,
        other => panic!("{other:?}"),
    };
    words.map(str::to_owned)
}

fn with(properties: ConnectProperties<'static>) -> Connect<'static> {
    Connect { properties, ..hello(Version::V5, "c") }
}

fn connected(lab: &mut Lab, properties: ConnectProperties<'static>) -> Client {
    let mut client = lab.connect(&with(properties));
    client.take_packets(1);
    client
}

/// What a client may send, and why it is refused.
const REFUSED: &[(&str, &str)] = &[
    // PUBLISH with QoS 1 below $SYS/, then QoS 2 with too many levels.
    ("32 0b 0006 245359532f61 0001 00", "only the broker publishes below $SYS/"),
    ("34 0b 0006 612f622f632f 0002 00", "4 topic levels, 3 are allowed"),
    ("82 11 0003 00 0001 61 00 0007 612f622f632f64 00", "filter 2: 4 topic levels, 3 are allowed"),
    (
        "82 08 0004 00 0002 6123 00",
        "filter 1: # must fill a whole level of a topic filter [MQTT-4.7.1-1]",
    ),
    (
        "a2 07 0005 00 0002 6123",
        "filter 1: # must fill a whole level of a topic filter [MQTT-4.7.1-1]",
    ),
];

/// What a client may send, and why it is cut off.
const CUT_OFF: &[(&str, &str)] = &[
    ("d0 00", "only a server sends such a packet [§2.1.2]"),
    ("36 06 0001 61 0001 00", "the QoS of a message is 3 [MQTT-3.3.1-4]"),
    ("31 04 0001 61 00", "messages are not retained, as announced [MQTT-3.2.2-14]"),
];

fn limits() -> Limits {
    Limits { topic_levels: 3, retain_available: false, ..Limits::default() }
}

#[test]
fn a_refusal_says_why_and_what_would_be_allowed() {
    let mut lab = Lab::with(limits());
    let mut client = connected(&mut lab, ConnectProperties::default());
    for (bytes, wanted) in REFUSED {
        lab.send_bytes(&mut client, &hex(bytes));
        assert_eq!(words(&mut client).as_deref(), Some(*wanted), "{bytes}");
    }
    assert!(!client.is_closed());
}

#[test]
fn whoever_is_cut_off_hears_why() {
    let mut lab = Lab::with(limits());
    for (bytes, wanted) in CUT_OFF {
        let mut client = connected(&mut lab, ConnectProperties::default());
        lab.send_bytes(&mut client, &hex(bytes));
        assert_eq!(words(&mut client).as_deref(), Some(*wanted), "{bytes}");
    }
}

#[test]
fn s18_a_client_that_wants_no_problem_information_gets_words_in_connack_and_disconnect_only() {
    let mut lab = Lab::with(limits());
    let quiet = ConnectProperties {
        request_problem_information: Some(false),
        ..ConnectProperties::default()
    };
    let mut client = connected(&mut lab, quiet);
    for (bytes, _) in REFUSED {
        lab.send_bytes(&mut client, &hex(bytes));
        assert_eq!(words(&mut client), None, "{bytes}");
    }
    lab.send_bytes(&mut client, &hex("d0 00"));
    assert!(words(&mut client).is_some());
    let method = ConnectProperties { authentication_method: Some("none"), ..quiet };
    assert!(words(&mut lab.connect(&with(method))).is_some());
}

#[test]
fn s19_words_are_left_out_of_a_packet_they_would_make_too_large() {
    let mut lab = Lab::with(limits());
    let narrow = |size| ConnectProperties {
        maximum_packet_size: NonZeroU32::new(size),
        ..ConnectProperties::default()
    };
    for (bytes, _) in REFUSED.iter().chain(CUT_OFF) {
        let mut client = connected(&mut lab, ConnectProperties::default());
        lab.send_bytes(&mut client, &hex(bytes));
        let size = client.take().len();
        for (limit, said) in [(size, true), (size - 1, false)] {
            let mut client = connected(&mut lab, narrow(u32::try_from(limit).unwrap()));
            lab.send_bytes(&mut client, &hex(bytes));
            assert_eq!(words(&mut client).is_some(), said, "{bytes} {limit}");
        }
    }
    let method = ConnectProperties { authentication_method: Some("none"), ..narrow(20) };
    assert_eq!(words(&mut lab.connect(&with(method))), None);
}

#[test]
fn a_success_has_no_words() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    lab.subscribe(&mut client, "t", QoS::AtMostOnce);
    lab.publish(&mut client, &message("u", "nobody", QoS::AtLeastOnce, 1));
    assert_eq!(client.take(), hex("40 03 0001 10"));
    lab.publish(&mut client, &retained("u", "kept"));
    assert!(client.take().is_empty());
}

#[test]
fn s78_a_client_of_3_1_1_never_sees_words_or_properties() {
    let mut lab = Lab::with(limits());
    for (bytes, answer) in [
        // The reason is not even said where it would be a code of version 5.
        ("32 0a 0006 245359532f61 0001", "40 02 0001"),
        ("34 0a 0006 612f622f632f 0002", "50 02 0002"),
        ("82 07 0004 0002 6123 00", "90 03 0004 80"),
        ("a2 06 0005 0002 6123", "b0 02 0005"),
        ("32 07 0001 61 0006 6869", "40 02 0006"),
        ("62 02 0007", "70 02 0007"),
        ("d0 00", ""),
    ] {
        let mut client = lab.client(Version::V311, "c");
        lab.send_bytes(&mut client, &hex(bytes));
        assert_eq!(client.take(), hex(answer), "{bytes}");
        assert_eq!(client.is_closed(), answer.is_empty(), "{bytes}");
    }
}

#[test]
fn s77_a_client_of_3_1_whose_filter_is_refused_is_granted_qos_0_and_gets_nothing() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V31, "a name that is longer than 23 bytes");
    lab.send_bytes(&mut client, &hex("82 0b 0001 0002 6123 02 0001 62 02"));
    client.expect("90 04 0001 00 02");
    let mut publisher = lab.client(Version::V5, "p");
    for topic in ["a", "a/b", "b"] {
        lab.publish(&mut publisher, &message(topic, topic, QoS::AtMostOnce, 0));
    }
    assert_eq!(client.payloads(), ["b"]);
}

#[test]
fn s77_a_client_of_3_1_may_send_a_password_without_a_user_name() {
    let mut lab = Lab::new();
    let connect = Connect { password: Some(b"pw"), ..hello(Version::V31, "c") };
    lab.connect(&connect).expect("20 02 00 00");
}

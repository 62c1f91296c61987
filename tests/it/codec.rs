//! The statements on codec and framing, one test each: bytes in, bytes or the
//! broken statement out. The number in a test's name is that of the statement
//! in the project's list of what the standards demand; 6 is a matter of the
//! session (`flows.rs`) and 10 of WebSocket.

mod samples;

use super::hex;
use mqx::mqtt::{
    Ack, AckKind, Connect, ConnectProperties, Disconnect, Error, Frame, Packet, PropertyBuf,
    Publish, PublishProperties, QoS, ReasonCode, SubscriptionId, Version, Will, WillProperties,
    next_frame,
};
use samples::{
    PROPERTIES, USER_PROPERTY, V5_PACKETS, packet, packets_with_a_string, replace, v5_packet,
};
use std::num::NonZeroU16;

const LIMIT: usize = 1_000_000;
const MALFORMED: u8 = 0x81;
const PROTOCOL_ERROR: u8 = 0x82;

fn decode(bytes: &[u8], version: Version) -> Result<Packet<'_>, Error> {
    let frame = next_frame(bytes, LIMIT)?.expect("the packet is whole");
    assert_eq!(frame.bytes.len(), bytes.len(), "one packet");
    Packet::decode(&frame, version)
}

fn encode(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut out = Vec::new();
    packet.encode(version, &mut out).expect("a packet of ordinary size");
    out
}

/// Asserts that the packet is refused, for this reason and statement.
#[track_caller]
fn refused(bytes: &[u8], version: Version, reason: u8, statement: &str) {
    let packet = hex::text(bytes);
    match decode(bytes, version) {
        Ok(accepted) => panic!("{packet} ({version}) was accepted as {accepted:?}"),
        Err(error) => assert_eq!(
            (error.reason.value(), error.statement),
            (reason, statement),
            "{packet} ({version}): {error}"
        ),
    }
}

#[test]
fn statement_1_reserved_flags_of_any_fixed_header_are_malformed() {
    let pings = [("PINGREQ", vec![0xc0, 0]), ("PINGRESP", vec![0xd0, 0])];
    let others = V5_PACKETS.iter().map(|row| (row.0, v5_packet(row.0, &[])));
    for (name, good) in others.chain(pings) {
        decode(&good, Version::V5).expect(name);
        // In PUBLISH the flags are not reserved.
        for flags in (0..16).filter(|flags| name != "PUBLISH" && good[0] & 0x0f != *flags) {
            let mut bad = good.clone();
            bad[0] = good[0] & 0xf0 | flags;
            for version in [Version::V31, Version::V311, Version::V5] {
                refused(&bad, version, MALFORMED, "MQTT-2.1.3-1");
            }
        }
    }
}

#[test]
fn statement_2_lengths_are_minimal_and_at_most_four_bytes() {
    for bad in ["c0 8000", "c0 808000", "c0 80808000", "30 8700"] {
        let error = next_frame(&hex::bytes(bad), LIMIT).unwrap_err();
        let expected = (ReasonCode::MALFORMED_PACKET, "MQTT-1.5.5-1");
        assert_eq!((error.reason, error.statement), expected, "{bad}");
    }
    for bad in ["c0 80808080", "c0 8080808000", "30 ffffffff01"] {
        let error = next_frame(&hex::bytes(bad), LIMIT).unwrap_err();
        let expected = (ReasonCode::MALFORMED_PACKET, "§1.5.5");
        assert_eq!((error.reason, error.statement), expected, "{bad}");
    }
    // The same in a property length and in a subscription identifier.
    let property_length = packet(0x30, &hex::bytes("0001 61 8000 6869"));
    refused(&property_length, Version::V5, MALFORMED, "MQTT-1.5.5-1");
    let property_length = packet(0x30, &hex::bytes("0001 61 8080808001 6869"));
    refused(&property_length, Version::V5, MALFORMED, "§1.5.5");
    let identifier = v5_packet("SUBSCRIBE", &hex::bytes("0b 8100"));
    refused(&identifier, Version::V5, MALFORMED, "MQTT-1.5.5-1");
    let identifier = v5_packet("SUBSCRIBE", &hex::bytes("0b ffffffff7f"));
    refused(&identifier, Version::V5, MALFORMED, "§1.5.5");
}

#[test]
fn statement_3_strings_are_utf_8_without_u_0000_in_every_field() {
    let surrogates = [*b"\xed\xa0\x80", *b"\xed\xaf\xbf", *b"\xed\xb0\x80", *b"\xed\xbf\xbf"];
    let broken = [*b"a\xffb", *b"ab\xc3", *b"\xc0\x80a", *b"\xf5aa"];
    for (field, good) in packets_with_a_string() {
        decode(&good, Version::V5).expect(field);
        for bad in surrogates.into_iter().chain(broken) {
            refused(&replace(&good, bad), Version::V5, MALFORMED, "MQTT-1.5.4-1");
        }
        for bad in [*b"\0ab", *b"ab\0"] {
            refused(&replace(&good, bad), Version::V5, MALFORMED, "MQTT-1.5.4-2");
        }
        let with_mark = replace(&good, *b"\xef\xbb\xbf");
        let decoded = decode(&with_mark, Version::V5).expect(field);
        let kept = encode(&decoded, Version::V5);
        assert!(
            kept.windows(3).any(|three| three == b"\xef\xbb\xbf"),
            "the byte order mark is kept (MQTT-1.5.4-3) in {field}"
        );
    }
}

#[test]
fn statement_4_dup_needs_qos_and_qos_3_does_not_exist() {
    for version in [Version::V31, Version::V311, Version::V5] {
        let body = hex::bytes("0001 61 0007 00 6869");
        for retain in 0..2 {
            refused(&packet(0x38 | retain, &body), version, MALFORMED, "MQTT-3.3.1-2");
            refused(&packet(0x36 | retain, &body), version, MALFORMED, "MQTT-3.3.1-4");
            refused(&packet(0x3e | retain, &body), version, MALFORMED, "MQTT-3.3.1-4");
        }
    }
    refused(
        &packet(0x10, &hex::bytes("0004 4d515454 05 1e 003c 00 0000 00 0001 77 0000")),
        Version::V5,
        MALFORMED,
        "MQTT-3.1.2-12",
    );
}

#[test]
fn statement_5_a_packet_identifier_is_never_zero() {
    for version in [Version::V311, Version::V5] {
        let properties: &[u8] = if version.is_v5() { &[0] } else { &[] };
        let bodies = [
            (0x32, [&hex::bytes("0001 61 0000")[..], properties, b"hi"].concat()),
            (0x34, [&hex::bytes("0001 61 0000")[..], properties, b"hi"].concat()),
            (0x82, [&hex::bytes("0000")[..], properties, &hex::bytes("0001 61 00")].concat()),
            (0x90, [&hex::bytes("0000")[..], properties, &[0]].concat()),
            (0xa2, [&hex::bytes("0000")[..], properties, &hex::bytes("0001 61")].concat()),
            (0x40, vec![0, 0]),
            (0x50, vec![0, 0]),
            (0x62, vec![0, 0]),
            (0x70, vec![0, 0]),
            (0xb0, [&hex::bytes("0000")[..], properties].concat()),
        ];
        for (header, body) in bodies {
            refused(&packet(header, &body), version, PROTOCOL_ERROR, "MQTT-2.2.1-3");
        }
    }
}

#[test]
fn statement_7_a_property_where_it_is_not_allowed_is_malformed() {
    for (name, ..) in V5_PACKETS {
        decode(&v5_packet(name, &hex::bytes(USER_PROPERTY)), Version::V5).expect(name);
        for (property, allowed) in PROPERTIES {
            let bytes = v5_packet(name, &hex::bytes(property));
            let needs_a_method = *name == "CONNECT" && property.starts_with("16");
            if needs_a_method {
                refused(&bytes, Version::V5, PROTOCOL_ERROR, "§3.1.2.11.10");
            } else if allowed.contains(name) {
                let decoded = decode(&bytes, Version::V5).unwrap_or_else(|error| {
                    panic!("{property} is allowed in {name}: {error}");
                });
                let encoded = encode(&decoded, Version::V5);
                assert_eq!(hex::text(&encoded), hex::text(&bytes), "{name}");
            } else {
                refused(&bytes, Version::V5, MALFORMED, "§2.2.2.2");
            }
        }
        let known = |id: &u8| PROPERTIES.iter().any(|row| hex::bytes(row.0)[0] == *id);
        for unknown in (0..=0xff).filter(|id| !known(id) && *id != 0x26) {
            let bytes = v5_packet(name, &[unknown, 0]);
            refused(&bytes, Version::V5, MALFORMED, "§2.2.2.2");
        }
    }
}

#[test]
fn statement_7_a_property_given_twice_is_a_protocol_error() {
    for (property, allowed) in PROPERTIES {
        for name in *allowed {
            let twice = [hex::bytes(property), hex::bytes(property)].concat();
            let bytes = v5_packet(name, &twice);
            if *name == "PUBLISH" && property.starts_with("0b") {
                let decoded = decode(&bytes, Version::V5).expect("may be given often");
                assert_eq!(encode(&decoded, Version::V5), bytes);
            } else {
                refused(&bytes, Version::V5, PROTOCOL_ERROR, "§2.2.2.2");
            }
        }
    }
    for (name, ..) in V5_PACKETS {
        let twice = hex::bytes(&[USER_PROPERTY, USER_PROPERTY].concat());
        let bytes = v5_packet(name, &twice);
        let decoded = decode(&bytes, Version::V5).expect(name);
        assert_eq!(encode(&decoded, Version::V5), bytes, "{name}");
    }
}

#[test]
fn statement_8_bytes_behind_the_last_field_are_malformed() {
    let has_an_end = |name: &&str| !["PUBLISH", "SUBACK", "UNSUBACK"].contains(name);
    for name in V5_PACKETS.iter().map(|row| row.0).filter(has_an_end) {
        let good = v5_packet(name, &[]);
        let bad = packet(good[0], &[&good[2..], &[0]].concat());
        refused(&bad, Version::V5, MALFORMED, "§2.1.4");
    }
    let v311 = [
        "10 0e 0004 4d515454 04 02 003c 0002 636c",
        "20 02 0000",
        "40 02 0009",
        "50 02 0009",
        "62 02 0009",
        "70 02 0009",
        "82 06 0009 0001 61 00",
        "a2 05 0009 0001 61",
        "b0 02 0009",
        "c0 00",
        "d0 00",
        "e0 00",
    ];
    for good in v311.map(hex::bytes) {
        decode(&good, Version::V311).expect("the packet itself is in order");
        let bad = packet(good[0], &[&good[2..], &[0]].concat());
        refused(&bad, Version::V311, MALFORMED, "§2.1.4");
    }
}

#[test]
fn statement_9_acknowledgements_come_in_three_lengths_and_leave_in_the_shortest() {
    let kinds = [
        (0x40, AckKind::PubAck),
        (0x50, AckKind::PubRec),
        (0x62, AckKind::PubRel),
        (0x70, AckKind::PubComp),
    ];
    for (header, kind) in kinds {
        let id = NonZeroU16::new(9).expect("not zero");
        let success = Packet::Ack(Ack::new(kind, id, ReasonCode::SUCCESS));
        let shortest = packet(header, &[0, 9]);
        for body in [&[0, 9][..], &[0, 9, 0], &[0, 9, 0, 0]] {
            let bytes = packet(header, body);
            assert_eq!(decode(&bytes, Version::V5).as_ref(), Ok(&success));
        }
        assert_eq!(encode(&success, Version::V5), shortest);
        let failed = match kind {
            AckKind::PubAck | AckKind::PubRec => 0x87,
            AckKind::PubRel | AckKind::PubComp => 0x92,
        };
        let short = packet(header, &[0, 9, failed]);
        let decoded = decode(&short, Version::V5).expect("a reason and no properties");
        assert_eq!(encode(&decoded, Version::V5), short);
        assert_eq!(encode(&decoded, Version::V311), shortest, "3.1.1 has no reasons");
        let long = packet(header, &[0, 9, failed, 0]);
        assert_eq!(decode(&long, Version::V5), Ok(decoded));
    }
}

#[test]
fn statement_9_disconnect_and_auth_may_be_empty() {
    let success = Packet::Disconnect(Disconnect::default());
    for bytes in ["e0 00", "e0 01 00", "e0 02 00 00"].map(hex::bytes) {
        assert_eq!(decode(&bytes, Version::V5).as_ref(), Ok(&success));
    }
    assert_eq!(encode(&success, Version::V5), [0xe0, 0]);
    let taken_over = Packet::Disconnect(Disconnect::new(ReasonCode::SESSION_TAKEN_OVER));
    for bytes in ["e0 01 8e", "e0 02 8e 00"].map(hex::bytes) {
        assert_eq!(decode(&bytes, Version::V5).as_ref(), Ok(&taken_over));
    }
    assert_eq!(encode(&taken_over, Version::V5), [0xe0, 1, 0x8e]);
    assert_eq!(encode(&taken_over, Version::V311), [0xe0, 0]);
    for bytes in ["f0 00", "f0 02 00 00"].map(hex::bytes) {
        let auth = decode(&bytes, Version::V5).expect("an empty AUTH is a success");
        assert_eq!(encode(&auth, Version::V5), [0xf0, 0]);
    }
    // Unlike DISCONNECT, AUTH must not leave out the property length alone.
    refused(&hex::bytes("f0 01 18"), Version::V5, MALFORMED, "§2.1.4");
}

#[test]
fn statement_11_a_packet_that_is_too_large_is_refused_from_its_header() {
    // 0x30, four bytes of length, 268,435,455 bytes to come: none of them needed.
    for header in ["30 ffffff7f", "30 e807", "30 e707"].map(hex::bytes) {
        let error = next_frame(&header, 1000).unwrap_err();
        assert_eq!(error.reason, ReasonCode::PACKET_TOO_LARGE, "0x95");
    }
    // 1 byte of type, 2 of length and 997 are 1,000: waits for them.
    assert_eq!(next_frame(&hex::bytes("30 e507"), 1000), Ok(None));
}

#[test]
fn a_3_1_1_connack_to_a_version_5_client_says_why_it_was_refused() {
    for (code, reason) in [
        (0x01, ReasonCode::UNSUPPORTED_PROTOCOL_VERSION),
        (0x05, ReasonCode::NOT_AUTHORIZED),
        (0x84, ReasonCode::UNSUPPORTED_PROTOCOL_VERSION),
    ] {
        let bytes = [0x20, 2, 0, code];
        match decode(&bytes, Version::V5) {
            Ok(Packet::ConnAck(connack)) => assert_eq!(connack.reason, reason),
            other => panic!("0x{code:02x}: {other:?}"),
        }
    }
}

#[test]
fn properties_may_come_in_any_order_and_leave_in_that_of_the_tables() {
    let mixed = v5_packet("PUBLISH", &hex::bytes("0b02 03000163 2600016b000176 0b01 0101"));
    let decoded = decode(&mixed, Version::V5).expect("a PUBLISH");
    let Packet::Publish(publish) = &decoded else {
        panic!("not a PUBLISH: {decoded:?}");
    };
    let identifiers = publish.properties.subscription_identifiers;
    let identifiers: Vec<u32> = identifiers.iter().map(SubscriptionId::value).collect();
    assert_eq!(identifiers, [2, 1], "repetitions keep their own order");
    let pairs: Vec<_> = publish.properties.user_properties.iter().collect();
    assert_eq!(pairs, [("k", "v")]);
    let sorted = v5_packet("PUBLISH", &hex::bytes("0101 2600016b000176 0b02 0b01 03000163"));
    assert_eq!(encode(&decoded, Version::V5), sorted);
}

#[test]
fn an_older_version_leaves_out_what_it_cannot_say() {
    let mut user = PropertyBuf::default();
    user.push_user("k", "v").expect("short");
    let connect = Packet::Connect(Connect {
        version: Version::V311,
        bridge: false,
        clean_start: true,
        keep_alive: 60,
        properties: ConnectProperties {
            user_properties: user.user_properties(),
            ..ConnectProperties::default()
        },
        client_id: "cl",
        will: Some(Will {
            topic: "w",
            payload: b"m",
            qos: QoS::AtLeastOnce,
            retain: false,
            properties: WillProperties {
                will_delay_interval: Some(5),
                ..WillProperties::default()
            },
        }),
        username: None,
        password: None,
    });
    let expected = "10 14 0004 4d515454 04 0e 003c 0002 636c 0001 77 0001 6d";
    assert_eq!(encode(&connect, Version::V311), hex::bytes(expected));
    let publish = Packet::Publish(Publish {
        topic: "a",
        properties: PublishProperties {
            user_properties: user.user_properties(),
            ..PublishProperties::default()
        },
        payload: b"hi",
        ..Publish::default()
    });
    assert_eq!(encode(&publish, Version::V31), hex::bytes("30 05 0001 61 6869"));
}

#[test]
fn a_publish_is_written_with_an_identifier_exactly_when_its_qos_needs_one() {
    let publish = |qos, packet_id| Publish {
        qos,
        packet_id: NonZeroU16::new(packet_id),
        topic: "a",
        ..Publish::default()
    };
    let mut out = Vec::new();
    publish(QoS::AtMostOnce, 7).encode(Version::V311, &mut out).expect("ignored");
    assert_eq!(out, hex::bytes("30 03 0001 61"));
    let missing = publish(QoS::AtLeastOnce, 0).encode(Version::V311, &mut out);
    assert_eq!(missing.unwrap_err().statement, "MQTT-2.2.1-3");
}

#[test]
fn frames_follow_each_other_in_one_buffer() {
    let bytes = hex::bytes("c000 30 05 0001 61 6869 d000");
    let mut rest = &bytes[..];
    let mut headers = Vec::new();
    while let Some(Frame { header, bytes, .. }) = next_frame(rest, LIMIT).expect("in order") {
        headers.push(header);
        rest = &rest[bytes.len()..];
    }
    assert_eq!(headers, [0xc0, 0x30, 0xd0]);
}

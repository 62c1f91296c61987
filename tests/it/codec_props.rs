//! What must hold for every packet and for any bytes: round trips, no panic,
//! and memory in proportion to the input.

mod generate;

use super::vectors;
use generate::{packet, publish};
use mqx::mqtt::{
    Ack, AckProperties, ConnAckProperties, ConnectProperties, DisconnectProperties, Error, Message,
    Packet, Publish, PublishProperties, ReasonCode, SubscribeOptions, SubscribeProperties,
    UnsubscribeProperties, Version, WillProperties, next_frame,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const VERSIONS: [Version; 3] = [Version::V31, Version::V311, Version::V5];

fn encode(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut out = Vec::new();
    packet.encode(version, &mut out).expect("every part is short enough");
    out
}

/// The packet at the start of `bytes`, if it is whole and in order.
fn decode(bytes: &[u8], version: Version) -> Result<Option<Packet<'_>>, Error> {
    let Some(frame) = next_frame(bytes, usize::MAX)? else {
        return Ok(None);
    };
    Packet::decode(&frame, version).map(Some)
}

/// What is left of a packet in a version without properties and reason codes.
fn in_3_1_1(packet: &Packet<'static>) -> Packet<'static> {
    let mut packet = packet.clone();
    match &mut packet {
        Packet::Connect(_) | Packet::PingReq | Packet::PingResp | Packet::Auth(_) => {}
        Packet::ConnAck(connack) => {
            connack.properties = ConnAckProperties::default();
            connack.reason = match connack.reason {
                ReasonCode::BANNED | ReasonCode::BAD_AUTHENTICATION_METHOD => {
                    ReasonCode::NOT_AUTHORIZED
                }
                said @ (ReasonCode::SUCCESS
                | ReasonCode::UNSUPPORTED_PROTOCOL_VERSION
                | ReasonCode::CLIENT_IDENTIFIER_NOT_VALID
                | ReasonCode::BAD_USER_NAME_OR_PASSWORD
                | ReasonCode::NOT_AUTHORIZED) => said,
                _ => ReasonCode::SERVER_UNAVAILABLE,
            };
        }
        Packet::Publish(publish) => publish.properties = PublishProperties::default(),
        Packet::Ack(ack) => *ack = Ack::new(ack.kind, ack.packet_id, ReasonCode::SUCCESS),
        Packet::Subscribe(subscribe) => {
            subscribe.properties = SubscribeProperties::default();
            for request in &mut subscribe.requests {
                let qos = request.options.qos;
                request.options = SubscribeOptions { qos, ..SubscribeOptions::default() };
            }
        }
        Packet::SubAck(suback) => {
            suback.properties = AckProperties::default();
            let failures = suback.reasons.iter_mut().filter(|reason| reason.is_error());
            failures.for_each(|reason| *reason = ReasonCode::UNSPECIFIED_ERROR);
        }
        Packet::Unsubscribe(packet) => packet.properties = UnsubscribeProperties::default(),
        Packet::UnsubAck(unsuback) => {
            unsuback.properties = AckProperties::default();
            unsuback.reasons.clear();
        }
        Packet::Disconnect(disconnect) => {
            disconnect.reason = ReasonCode::SUCCESS;
            disconnect.properties = DisconnectProperties::default();
        }
    }
    packet
}

/// A CONNECT says its version itself.
fn as_its_version_says(packet: &Packet<'static>) -> Packet<'static> {
    let mut packet = packet.clone();
    if let Packet::Connect(connect) = &mut packet
        && connect.version != Version::V5
    {
        connect.properties = ConnectProperties::default();
        if let Some(will) = &mut connect.will {
            will.properties = WillProperties::default();
        }
    }
    packet
}

proptest! {
    #[test]
    fn a_packet_survives_version_5(packet in packet()) {
        let bytes = encode(&packet, Version::V5);
        let expected = as_its_version_says(&packet);
        prop_assert_eq!(decode(&bytes, Version::V5), Ok(Some(expected)));
    }

    #[test]
    fn an_older_version_keeps_what_it_can_say(
        packet in packet(),
        version in select(vec![Version::V31, Version::V311]),
    ) {
        let nameless = matches!(&packet, Packet::Publish(publish) if publish.topic.is_empty());
        prop_assume!(!nameless && !matches!(packet, Packet::Auth(_)));
        let bytes = encode(&packet, version);
        let expected = in_3_1_1(&as_its_version_says(&packet));
        prop_assert_eq!(decode(&bytes, version), Ok(Some(expected)));
    }

    #[test]
    fn a_packet_is_whole_with_its_last_byte_and_not_before(packet in packet(), cut: Index) {
        let bytes = encode(&packet, Version::V5);
        let cut = cut.index(bytes.len());
        prop_assert_eq!(next_frame(&bytes[..cut], usize::MAX), Ok(None));
        let size = bytes.len();
        let frame = next_frame(&bytes, size).expect("exactly the limit");
        prop_assert_eq!(frame.map(|frame| frame.bytes), Some(&bytes[..]));
        prop_assert!(next_frame(&bytes, size - 1).is_err());
    }

    #[test]
    fn a_message_keeps_everything_but_its_alias(publish in publish()) {
        let Ok(message) = Message::new(&publish) else {
            prop_assert!(publish.topic.is_empty());
            return Ok(());
        };
        let kept = PublishProperties { topic_alias: None, ..publish.properties };
        let expected = Publish { properties: kept, ..publish };
        prop_assert_eq!(message.publish(publish.packet_id, publish.dup), expected);
        prop_assert_eq!(message.payload_bytes(), publish.payload);
        prop_assert!(message.size() >= publish.topic.len() + publish.payload.len());
        prop_assert_eq!(message.clone(), message);
    }
}

/// Any first byte, and a length that fits what follows.
fn framed_bytes() -> impl Strategy<Value = Vec<u8>> {
    (any::<u8>(), vec(any::<u8>(), 0..120)).prop_map(|(header, body)| {
        let length = u8::try_from(body.len()).expect("less than 128");
        [&[header, length], &body[..]].concat()
    })
}

/// A small change to some bytes.
#[derive(Debug, Clone)]
enum Mutation {
    Flip(Index, u8),
    Insert(Index, u8),
    Delete(Index),
    /// Makes the length fit again, so that what changed is reached.
    FixLength,
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.len() < 2 {
            return;
        }
        match self {
            Self::Flip(at, bits) => {
                let at = at.index(bytes.len());
                bytes[at] ^= bits;
            }
            Self::Insert(at, byte) => bytes.insert(at.index(bytes.len()), *byte),
            Self::Delete(at) => drop(bytes.remove(at.index(bytes.len()))),
            Self::FixLength => bytes[1] = u8::try_from(bytes.len() - 2).unwrap_or(0x7f),
        }
    }
}

/// A packet of the vectors with some changes.
fn mutated_packet() -> impl Strategy<Value = Vec<u8>> {
    let packets: Vec<Vec<u8>> = vectors::rows().into_iter().map(|row| row.bytes).collect();
    let mutation = prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        any::<Index>().prop_map(Mutation::Delete),
        Just(Mutation::FixLength),
    ];
    (select(packets), vec(mutation, 1..8)).prop_map(|(mut packet, mutations)| {
        for mutation in &mutations {
            mutation.apply(&mut packet);
        }
        packet
    })
}

/// Any bytes: noise, framed noise, and packets that are almost in order.
fn foreign_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => vec(any::<u8>(), 0..64),
        2 => framed_bytes(),
        6 => mutated_packet(),
    ]
}

/// Bytes that decoding may have in use at once for a byte of input. The dearest
/// byte is one of an empty filter: a filter is two bytes (three with options)
/// and sixteen (twenty-four) in memory, of which a growing list has twice, and
/// while it moves once more.
const MEMORY_PER_BYTE: u64 = 24;

/// What the first element of a list may cost.
const MEMORY_BESIDES: u64 = 128;

/// Decodes and checks what must hold whether or not the bytes are a packet.
fn check_foreign(bytes: &[u8], version: Version) -> Result<(), TestCaseError> {
    let mut decoded = Ok(None);
    let memory = allocation_counter::measure(|| decoded = decode(bytes, version));
    let limit = MEMORY_PER_BYTE * bytes.len() as u64 + MEMORY_BESIDES;
    prop_assert!(memory.bytes_max <= limit, "{memory:?} for {} bytes", bytes.len());
    if let Ok(Some(Packet::Publish(_))) = decoded {
        prop_assert_eq!(memory.count_total, 0);
    }
    if let Ok(Some(packet)) = decode(bytes, version) {
        let again = encode(&packet, version);
        prop_assert_eq!(decode(&again, version), Ok(Some(packet)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn foreign_bytes_never_panic_and_take_memory_in_proportion(bytes in foreign_bytes()) {
        for version in VERSIONS {
            check_foreign(&bytes, version)?;
        }
    }
}

/// A packet of `header` with any length of body.
fn long_packet(header: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![header];
    mqx::mqtt::wire::put_varint(&mut out, body.len()).expect("not too long");
    out.extend_from_slice(body);
    out
}

#[test]
fn the_dearest_packets_take_memory_in_proportion() {
    let id = [0, 9];
    let user_property = [0x26, 0, 0, 0, 0];
    let properties = user_property.repeat(50_000);
    let mut section = Vec::new();
    mqx::mqtt::wire::put_varint(&mut section, properties.len()).expect("not too long");
    section.extend_from_slice(&properties);
    for body in [
        long_packet(0x82, &[&id[..], &[0], &[0, 0, 0].repeat(100_000)].concat()),
        long_packet(0xa2, &[&id[..], &[0], &[0, 0].repeat(100_000)].concat()),
        long_packet(0x90, &[&id[..], &[0], &[2].repeat(100_000)].concat()),
        long_packet(0xb0, &[&id[..], &[0], &[0].repeat(100_000)].concat()),
        long_packet(0x40, &[&id[..], &[0], &section].concat()),
        long_packet(0x30, &[&[0, 1, b'a'][..], &section, &[0].repeat(1_000_000)].concat()),
    ] {
        check_foreign(&body, Version::V5).expect("in proportion");
    }
}

#[test]
fn decoding_a_publish_allocates_nothing() {
    let bytes = super::hex::bytes(
        "32 22 0003 612f62 0007 18 2600016b000176 2600016b000176 0b01 0b8001 0bffffff7f 6869",
    );
    let mut seen = (0, 0);
    let memory = allocation_counter::measure(|| {
        if let Ok(Some(Packet::Publish(publish))) = decode(&bytes, Version::V5) {
            let properties = &publish.properties;
            seen.0 = properties.user_properties.iter().count();
            seen.1 = properties.subscription_identifiers.iter().count();
        }
    });
    assert_eq!(seen, (2, 3), "two user properties and three identifiers");
    assert_eq!(memory.count_total, 0);
}

//! Frames of WebSocket, bytes against bytes, and what must hold for any bytes.

use super::hex::bytes as hex;
use mqx::net::websocket::{Answer, Decoder, End, Origins, answer, code};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// A frame as a client sends it.
pub(crate) fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let length = payload.len();
    let mut out = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..126), _) => out.push(0x80 | short),
        (_, Ok(medium)) => {
            out.push(0xfe);
            out.extend(medium.to_be_bytes());
        }
        _ => {
            out.push(0xff);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

/// What a decoder made of bytes that came in pieces.
#[derive(Debug, PartialEq, Eq)]
struct Decoded {
    payload: Vec<u8>,
    last_ping: Option<Vec<u8>>,
    end: Option<End>,
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
    let mut decoder = Decoder::new();
    let mut payload = Vec::new();
    let mut last_ping = None;
    for piece in pieces {
        let mut piece = piece.to_vec();
        let kept = decoder.decode(&mut piece);
        payload.extend_from_slice(&piece[..kept]);
        last_ping = decoder.take_ping().map(|ping| ping.as_bytes().to_vec()).or(last_ping);
    }
    Decoded { payload, last_ping, end: decoder.end() }
}

#[track_caller]
fn decode_hex(bytes: &str) -> Decoded {
    decode([&hex(bytes)[..]])
}

#[track_caller]
fn ends_with(bytes: &str, code: u16) {
    match decode_hex(bytes).end {
        Some(End::Violation(fault)) => assert_eq!(fault.code, code, "{}", fault.what),
        end => panic!("{bytes} ends with {end:?}"),
    }
}

#[test]
fn the_masked_frame_of_the_standard_is_unmasked() {
    let decoded = decode_hex("82 85 37fa213d 7f9f4d5158");
    assert_eq!(decoded.payload, b"Hello");
    assert_eq!((decoded.last_ping, decoded.end), (None, None));
}

#[test]
fn a_message_in_parts_may_have_control_frames_in_between() {
    let decoded = decode_hex(
        "02 83 00000000 414243  89 82 01010101 6869  8a 80 00000000  00 80 00000000 \
         80 82 00000000 4445  82 81 00000000 46",
    );
    assert_eq!(decoded.payload, b"ABCDEF");
    assert_eq!(decoded.last_ping.unwrap(), b"ih");
    assert_eq!(decoded.end, None);
}

#[test]
fn what_no_client_may_send_ends_the_connection_with_its_code() {
    for (bytes, code) in [
        ("82 05", code::PROTOCOL_ERROR),
        ("81 80 00000000", code::UNSUPPORTED),
        ("80 80 00000000", code::PROTOCOL_ERROR),
        ("02 80 00000000 82 80 00000000", code::PROTOCOL_ERROR),
        ("83 80", code::PROTOCOL_ERROR),
        ("c2 80", code::PROTOCOL_ERROR),
        ("09 80", code::PROTOCOL_ERROR),
        ("89 fe", code::PROTOCOL_ERROR),
        ("88 81 00000000 03", code::PROTOCOL_ERROR),
        ("88 82 00000000 03ed", code::PROTOCOL_ERROR),
        ("88 83 00000000 03e8ff", code::INVALID_TEXT),
    ] {
        ends_with(bytes, code);
    }
}

#[test]
fn what_came_before_the_end_counts_and_what_comes_behind_it_does_not() {
    let decoded = decode_hex("82 81 00000000 41  88 82 00000000 03e8  82 81 00000000 42");
    assert_eq!(decoded.payload, b"A");
    assert_eq!(decoded.end, Some(End::Closed(Some(code::NORMAL))));
    let decoded = decode_hex("82 81 00000000 41  81 81 00000000 42  82 81 00000000 43");
    assert_eq!(decoded.payload, b"A");
    assert_eq!(decode_hex("88 80 00000000").end, Some(End::Closed(None)));
}

/// A part of what a client may send: payload and control frames.
#[derive(Debug, Clone)]
enum Part {
    Payload(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        3 => vec(any::<u8>(), 0..300).prop_map(Part::Payload),
        1 => vec(any::<u8>(), 0..=125).prop_map(Part::Ping),
        1 => vec(any::<u8>(), 0..=125).prop_map(Part::Pong),
    ]
}

/// The frames of `parts`; every second payload is a message's last.
fn frames(parts: &[Part]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut inside = false;
    for part in parts {
        let frame = match part {
            Part::Payload(payload) => {
                let first = if inside { 0x80 } else { 0x02 };
                inside = !inside;
                client_frame(first, payload)
            }
            Part::Ping(payload) => client_frame(0x89, payload),
            Part::Pong(payload) => client_frame(0x8a, payload),
        };
        out.extend(frame);
    }
    out
}

/// `bytes` cut at `places`.
fn cut<'a>(bytes: &'a [u8], places: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #[test]
    fn payload_and_pings_come_through_however_the_bytes_are_cut(
        parts in vec(part(), 0..12),
        places in vec(any::<Index>(), 0..20),
    ) {
        let bytes = frames(&parts);
        let decoded = decode(cut(&bytes, &places));
        let (mut payload, mut last_ping) = (Vec::new(), None);
        for part in parts {
            match part {
                Part::Payload(bytes) => payload.extend(bytes),
                Part::Ping(bytes) => last_ping = Some(bytes),
                Part::Pong(_) => {}
            }
        }
        prop_assert_eq!(decoded, Decoded { payload, last_ping, end: None });
    }

    #[test]
    fn any_bytes_mean_the_same_however_they_are_cut(
        bytes in vec(prop_oneof![any::<u8>(), Just(0x82), Just(0x80), Just(0x02), Just(0)], 0..200),
        places in vec(any::<Index>(), 0..20),
    ) {
        prop_assert_eq!(decode(cut(&bytes, &places)), decode([&bytes[..]]));
    }

    #[test]
    fn any_request_is_answered_or_waited_for(
        start in "(GET|G|POST)? ?(/mqtt)? ?(HTTP/1.1)?(\r\n)?",
        rest in vec(any::<u8>(), 0..400),
    ) {
        let bytes = [start.as_bytes(), &rest].concat();
        let accepted = matches!(answer(&bytes, "/mqtt", &Origins::Near), Some(Answer::Accept { .. }));
        prop_assert!(!accepted, "no key can come about by chance");
    }
}

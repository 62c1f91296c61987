//! Decoding what each format says, and what nobody should send.

use super::*;
use crate::mqtt::{Publish, PublishProperties};
use proptest::prelude::*;
use std::io::Write as _;

fn decode(codec: Option<Codec>, publish: &Publish<'_>) -> Result<Option<String>, String> {
    let rules = vec![Rule { topics: None, codec }];
    let decoded = Decoder::new(rules, Schemas::default()).decode(publish)?;
    Ok(decoded.map(|decoded| String::from_utf8(decoded.bytes().to_vec()).unwrap()))
}

fn said(codec: Codec, payload: &[u8]) -> Result<String, String> {
    let publish = Publish { topic: "a", payload, ..Publish::default() };
    decode(Some(codec), &publish).map(Option::unwrap)
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

#[test]
fn each_format_is_shown_as_text() {
    for (codec, payload, wanted) in [
        (Codec::Json, &b" { \"a\" : 1 }\n"[..], r#"{"a":1}"#),
        (Codec::Hex, b"\x00\xff", "00ff"),
        (Codec::Base64, b"\x00\xff", "AP8="),
        (
            Codec::Cbor,
            b"\xa2\x61a\x42\x01\x02\x01\x83\xf6\xf5\x20",
            r#"{"1":[null,true,-1],"a":"AQI="}"#,
        ),
        (
            Codec::MsgPack,
            b"\x82\xa1a\xc4\x01\x01\x01\x93\xc0\xc3\xff",
            r#"{"1":[null,true,-1],"a":"AQ=="}"#,
        ),
        (Codec::Gzip, &compressed(b"[1, 2]"), "[1,2]"),
        (Codec::Gzip, &compressed(&compressed(b"text")), "text"),
    ] {
        assert_eq!(said(codec, payload).as_deref(), Ok(wanted), "{codec:?}");
    }
}

#[test]
fn what_is_cut_short_or_too_long_is_refused() {
    for (codec, payload) in [
        (Codec::Json, &b"{"[..]),
        (Codec::Cbor, b"\x82\x01"),
        (Codec::Cbor, b"\x01\x02"),
        (Codec::MsgPack, b"\x92\x01"),
        (Codec::MsgPack, b"\x01\x02"),
        (Codec::Gzip, b"\x1f\x8b\x08"),
    ] {
        assert!(said(codec, payload).is_err(), "{codec:?}");
    }
}

#[test]
fn depth_length_and_compression_cannot_be_used_against_the_reader() {
    let deep = [vec![0x81; 100_000], vec![0xf6]].concat();
    assert!(said(Codec::Cbor, &deep).unwrap_err().contains("nested more than"));
    let deep = [vec![0x91; 100_000], vec![0xc0]].concat();
    assert!(said(Codec::MsgPack, &deep).is_err());
    // Maps with one member whose key is such a map, and so on.
    for (codec, map, nothing) in [(Codec::Cbor, 0xa1, 0xf6), (Codec::MsgPack, 0x81, 0xc0)] {
        let nested = |depth| [vec![map; depth], vec![nothing; depth + 1]].concat();
        assert_eq!(said(codec, &nested(1)).unwrap(), r#"{"null":null}"#);
        assert!(said(codec, &nested(2)).unwrap_err().contains("the key of a map has a map in it"));
        assert!(said(codec, &nested(90)).is_err());
    }
    assert!(said(Codec::Json, &vec![b'['; 100_000]).is_err());
    let cut = said(Codec::Cbor, b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff");
    assert!(cut.unwrap_err().contains("it ends before the value does"));
    assert!(said(Codec::MsgPack, b"\xdd\xff\xff\xff\xff").is_err());
    assert!(said(Codec::MsgPack, b"\xc6\xff\xff\xff\xff").is_err());
    let bomb = compressed(&vec![0; MAX_SIZE + 1]);
    assert!(said(Codec::Gzip, &bomb).unwrap_err().contains("more than"));
}

#[test]
fn the_content_type_chooses_when_no_format_is_named() {
    let with = |content_type| {
        let properties = PublishProperties { content_type, ..PublishProperties::default() };
        let publish = Publish { topic: "a", payload: b"\x01", properties, ..Publish::default() };
        decode(None, &publish)
    };
    assert_eq!(with(Some("application/cbor")), Ok(Some("1".to_owned())));
    assert_eq!(with(Some("text/plain")), Ok(None));
    assert_eq!(with(None), Ok(None));
}

#[test]
fn protocol_buffers_are_decoded_by_their_schema() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.proto");
    let schema = "syntax = \"proto3\"; package p; message M { string name = 1; M next = 2; }";
    std::fs::write(&path, schema).unwrap();
    let protobuf = Some(MessageType::read(&path, None).unwrap());
    let schemas = Schemas { protobuf, avro: None };
    let rules = vec![Rule { topics: None, codec: Some(Codec::Protobuf) }];
    let mut decoder = Decoder::new(rules, schemas);
    let mut decode = |payload: &[u8]| {
        let publish = Publish { topic: "a", payload, ..Publish::default() };
        decoder.decode(&publish).map(|decoded| decoded.unwrap().bytes().to_vec())
    };
    assert_eq!(decode(b"\x0a\x02hi").unwrap(), br#"{"name":"hi"}"#);
    assert!(decode(b"\x0a\xff\xff\xff\xff\x0f").is_err());
    let deep = (0..2000).fold(Vec::new(), |inner: Vec<u8>, _| {
        let mut outer = vec![0x12];
        prost::encoding::encode_varint(inner.len() as u64, &mut outer);
        [outer, inner].concat()
    });
    assert!(decode(&deep).is_err());
    assert!(MessageType::read(&path, Some("p.M")).is_ok());
    assert!(MessageType::read(&path, Some("X")).unwrap_err().contains("p.M"));
}

proptest! {
    #[test]
    fn no_payload_is_too_strange(payload in prop::collection::vec(any::<u8>(), 0..80)) {
        for (_, codec) in Codec::ALL {
            let publish = Publish { topic: "a", payload: &payload, ..Publish::default() };
            let _ = decode(Some(codec), &publish);
        }
    }
}

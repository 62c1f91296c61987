//! Payloads that are typed as text and published as something else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value;
use serde::de::IgnoredAny;

/// What a payload is written in, or is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// JSON, which is published as it is once it is known to be some.
    Json,
    /// Pairs of hexadecimal digits for the bytes to publish.
    Hex,
    /// Base64 of the bytes to publish.
    Base64,
    /// JSON, which is published as CBOR (RFC 8949).
    Cbor,
    /// JSON, which is published as `MessagePack`.
    MsgPack,
}

impl Encoding {
    /// Each with its name on the command line.
    pub const ALL: [(&'static str, Self); 5] = [
        ("json", Self::Json),
        ("hex", Self::Hex),
        ("base64", Self::Base64),
        ("cbor", Self::Cbor),
        ("msgpack", Self::MsgPack),
    ];

    /// The payload that `text` stands for.
    ///
    /// # Errors
    /// In words, when `text` is not what it should be.
    pub fn encode(self, text: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Json => {
                let is_json = serde_json::from_slice::<IgnoredAny>(text);
                is_json.map(|_| text.to_vec()).map_err(not_json)
            }
            Self::Hex => {
                let what = "the payload is not pairs of hexadecimal digits";
                from_hex(&without_blanks(text)).ok_or_else(|| what.to_owned())
            }
            Self::Base64 => {
                let wrong = |cause| format!("the payload is not Base64: {cause}");
                STANDARD.decode(without_blanks(text)).map_err(wrong)
            }
            Self::Cbor => cbor(&json(text)?),
            Self::MsgPack => msgpack(json(text)?),
        }
    }
}

fn without_blanks(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

/// The bytes that pairs of hexadecimal digits stand for.
#[must_use]
pub fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect()).flatten()
}

/// JSON with the members of its objects in the order in which they stand.
fn json(text: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(text).map_err(not_json)
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn not_json(cause: serde_json::Error) -> String {
    format!("the payload is not JSON: {cause}")
}

fn cbor(value: &Value) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let written = ciborium::into_writer(value, &mut bytes);
    written.map(|()| bytes).map_err(|cause| format!("the payload cannot be CBOR: {cause}"))
}

fn msgpack(value: Value) -> Result<Vec<u8>, String> {
    let wrong = |cause: String| format!("the payload cannot be MessagePack: {cause}");
    let value = in_msgpack(value).ok_or_else(|| wrong("a number is too large".to_owned()))?;
    let mut bytes = Vec::new();
    let written = rmpv::encode::write_value(&mut bytes, &value);
    written.map(|()| bytes).map_err(|cause| wrong(cause.to_string()))
}

/// The same for the other format; JSON has nothing that it lacks but numbers
/// of more than 64 bits. As deep as the parser of JSON goes, which is not far.
fn in_msgpack(value: Value) -> Option<rmpv::Value> {
    Some(match value {
        Value::Bool(bool) => bool.into(),
        Value::Integer(number) => match u64::try_from(number) {
            Ok(number) => number.into(),
            Err(_) => i64::try_from(number).ok()?.into(),
        },
        Value::Float(number) => number.into(),
        Value::Text(text) => text.into(),
        Value::Array(items) => {
            rmpv::Value::Array(items.into_iter().map(in_msgpack).collect::<Option<_>>()?)
        }
        Value::Map(members) => {
            let member = |(name, value)| Some((in_msgpack(name)?, in_msgpack(value)?));
            rmpv::Value::Map(members.into_iter().map(member).collect::<Option<_>>()?)
        }
        _ => rmpv::Value::Nil,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_makes_the_bytes_its_text_stands_for() {
        for (name, text, payload) in [
            ("json", r#" {"b":1} "#, &b" {\"b\":1} "[..]),
            ("hex", "00 fF\n", &[0, 255]),
            ("base64", "AP8=\n", &[0, 255]),
            ("cbor", r#"{"b":[1,-1,"x"],"a":null}"#, b"\xa2\x61b\x83\x01\x20\x61x\x61a\xf6"),
            ("msgpack", r#"{"b":[1,-1,"x"],"a":null}"#, b"\x82\xa1b\x93\x01\xff\xa1x\xa1a\xc0"),
            ("msgpack", "18446744073709551615", b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
        ] {
            let encoding = Encoding::ALL.iter().find(|row| row.0 == name).unwrap().1;
            assert_eq!(encoding.encode(text.as_bytes()).as_deref(), Ok(payload), "{name} {text}");
        }
    }

    #[test]
    fn what_is_no_such_text_is_refused_in_words() {
        for (encoding, text, wanted) in [
            (Encoding::Json, "{", "not JSON"),
            (Encoding::Hex, "0", "hexadecimal"),
            (Encoding::Hex, "+1", "hexadecimal"),
            (Encoding::Base64, "AP8", "not Base64"),
            (Encoding::Cbor, "nul", "not JSON"),
            (Encoding::MsgPack, "[1,]", "not JSON"),
        ] {
            let error = encoding.encode(text.as_bytes()).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
        let deep = "[".repeat(100_000);
        assert!(Encoding::MsgPack.encode(deep.as_bytes()).is_err());
    }
}

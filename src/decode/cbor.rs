//! CBOR (RFC 8949) as JSON (§6.1 there).

use super::{Decoded, MAX_DEPTH};
use crate::text_or_base64::TextOrBase64;
use ciborium::Value as Cbor;
use ciborium::de::from_reader_with_recursion_limit;
use serde_json::{Map, Number, Value};

/// The value, which has to be the whole payload.
pub(super) fn decode(payload: &[u8]) -> Result<Decoded, String> {
    let mut rest = payload;
    let value: Cbor = from_reader_with_recursion_limit(&mut rest, MAX_DEPTH)
        .map_err(|cause| cause.to_string())?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the value", rest.len()));
    }
    Ok(Decoded::json(&json(value)))
}

fn json(value: Cbor) -> Value {
    match value {
        Cbor::Bool(yes) => yes.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Bytes(bytes) => TextOrBase64::base64(&bytes).value().into(),
        Cbor::Integer(integer) => number(integer.into()),
        Cbor::Float(number) => number.into(),
        Cbor::Array(values) => values.into_iter().map(json).collect(),
        Cbor::Map(members) => {
            let member = |(name, value)| (key(name), json(value));
            members.into_iter().map(member).collect::<Map<_, _>>().into()
        }
        Cbor::Tag(_, inside) => json(*inside),
        _ => Value::Null,
    }
}

/// A number that JSON can say, or its digits.
fn number(integer: i128) -> Value {
    Number::from_i128(integer).map_or_else(|| integer.to_string().into(), Value::Number)
}

fn key(name: Cbor) -> String {
    match name {
        Cbor::Text(text) => text,
        other => json(other).to_string(),
    }
}

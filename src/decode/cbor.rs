//! CBOR (RFC 8949) as JSON (§6.1 there).

use super::{Decoded, MAP_IN_KEY, MAX_DEPTH};
use crate::text_or_base64::TextOrBase64;
use ciborium::Value as Cbor;
use ciborium::de::{Error, from_reader_with_recursion_limit};
use serde_json::{Map, Number, Value};

/// The value, which has to be the whole payload.
pub(super) fn decode(payload: &[u8]) -> Result<Decoded, String> {
    let mut rest = payload;
    let value: Cbor =
        from_reader_with_recursion_limit(&mut rest, MAX_DEPTH).map_err(|cause| words(&cause))?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the value", rest.len()));
    }
    Ok(Decoded::json(&json(value, false)?))
}

/// What is wrong, for people: ciborium says it as a program would.
fn words<T>(cause: &Error<T>) -> String {
    match cause {
        Error::Io(_) => "it ends before the value does".to_owned(),
        Error::Syntax(place) => format!("byte {place} is not what could stand there"),
        Error::Semantic(Some(place), what) => format!("{what} at byte {place}"),
        Error::Semantic(None, what) => what.clone(),
        Error::RecursionLimitExceeded => format!("it is nested more than {MAX_DEPTH} deep"),
    }
}

fn json(value: Cbor, in_key: bool) -> Result<Value, String> {
    Ok(match value {
        Cbor::Bool(yes) => yes.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Bytes(bytes) => TextOrBase64::base64(&bytes).value().into(),
        Cbor::Integer(integer) => number(integer.into()),
        Cbor::Float(number) => number.into(),
        Cbor::Array(values) => {
            values.into_iter().map(|value| json(value, in_key)).collect::<Result<_, _>>()?
        }
        Cbor::Map(_) if in_key => return Err(MAP_IN_KEY.to_owned()),
        Cbor::Map(members) => {
            let member = |(name, value)| Ok((key(name)?, json(value, false)?));
            members.into_iter().map(member).collect::<Result<Map<_, _>, String>>()?.into()
        }
        Cbor::Tag(_, inside) => json(*inside, in_key)?,
        _ => Value::Null,
    })
}

/// A number that JSON can say, or its digits.
fn number(integer: i128) -> Value {
    Number::from_i128(integer).map_or_else(|| integer.to_string().into(), Value::Number)
}

fn key(name: Cbor) -> Result<String, String> {
    match name {
        Cbor::Text(text) => Ok(text),
        other => json(other, true).map(|key| key.to_string()),
    }
}

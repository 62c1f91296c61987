//! `MessagePack` as JSON.

use super::{Decoded, MAP_IN_KEY, MAX_DEPTH};
use crate::text_or_base64::TextOrBase64;
use rmpv::Value as MsgPack;
use rmpv::decode::read_value_with_max_depth;
use serde_json::{Map, Value, json};

/// The value, which has to be the whole payload.
pub(super) fn decode(payload: &[u8]) -> Result<Decoded, String> {
    let mut rest = payload;
    let value =
        read_value_with_max_depth(&mut rest, MAX_DEPTH).map_err(|cause| cause.to_string())?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the value", rest.len()));
    }
    Ok(Decoded::json(&to_json(value, false)?))
}

fn to_json(value: MsgPack, in_key: bool) -> Result<Value, String> {
    Ok(match value {
        MsgPack::Nil => Value::Null,
        MsgPack::Boolean(yes) => yes.into(),
        MsgPack::Integer(integer) => match integer.as_i64() {
            Some(number) => number.into(),
            None => integer.as_u64().into(),
        },
        MsgPack::F32(number) => number.into(),
        MsgPack::F64(number) => number.into(),
        MsgPack::String(text) => TextOrBase64::of(text.as_bytes()).value().into(),
        MsgPack::Binary(bytes) => TextOrBase64::base64(&bytes).value().into(),
        MsgPack::Array(values) => {
            values.into_iter().map(|value| to_json(value, in_key)).collect::<Result<_, _>>()?
        }
        MsgPack::Map(_) if in_key => return Err(MAP_IN_KEY.to_owned()),
        MsgPack::Map(members) => {
            let member = |(name, value)| Ok((key(name)?, to_json(value, false)?));
            members.into_iter().map(member).collect::<Result<Map<_, _>, String>>()?.into()
        }
        MsgPack::Ext(kind, bytes) => {
            json!({ "type": kind, "data": TextOrBase64::base64(&bytes).value() })
        }
    })
}

fn key(name: MsgPack) -> Result<String, String> {
    Ok(match to_json(name, true)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

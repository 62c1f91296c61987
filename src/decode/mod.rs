//! Payloads in formats for programs, as JSON or as the bytes inside.
//!
//! What is decoded comes from anywhere: sizes, depths and what is kept from
//! message to message have limits, and nothing here panics.

mod avro;
mod cbor;
mod codec;
mod gzip;
mod msgpack;
mod protobuf;
mod rules;
mod sparkplug;

pub use avro::AvroSchema;
pub use codec::Codec;
pub use protobuf::MessageType;
pub use rules::{Decoder, Rule, Schemas};

use crate::text_or_base64::TextOrBase64;
use std::borrow::Cow;

/// What a payload says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// A value, as JSON on one line.
    Json(Vec<u8>),
    /// Bytes or text.
    Bytes(Vec<u8>),
}

impl Decoded {
    /// As it is printed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Json(bytes) | Self::Bytes(bytes) => bytes,
        }
    }

    /// As a value of JSON; bytes that are no text are in Base64.
    #[must_use]
    pub fn to_json(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Json(json) => json.into(),
            Self::Bytes(bytes) => {
                let text = TextOrBase64::of(bytes);
                serde_json::to_vec(text.value()).unwrap_or_default().into()
            }
        }
    }

    /// A value as JSON.
    fn json(value: &serde_json::Value) -> Self {
        Self::Json(value.to_string().into_bytes())
    }
}

/// The deepest nesting of a value that is decoded.
const MAX_DEPTH: usize = 100;

/// Why a map in the key of a map is refused: JSON has text for keys, and text in text in text
/// doubles its escapes at each step, so that a hundred bytes would fill all memory.
const MAP_IN_KEY: &str = "the key of a map has a map in it, which JSON cannot say";

/// The most bytes that a payload may become.
const MAX_SIZE: usize = 64 << 20;

#[cfg(test)]
mod tests;

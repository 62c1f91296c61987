//! Which messages are decoded, and how.

use super::sparkplug::{self, Sparkplug};
use super::{AvroSchema, Codec, Decoded, MessageType, cbor, gzip, msgpack};
use crate::mqtt::Publish;
use crate::mqtt::topic::TopicFilter;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How often what is inside a payload is looked at again.
const MAX_LAYERS: usize = 4;

/// The messages of some topics and their format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which topics; none is all.
    pub topics: Option<TopicFilter>,
    /// The format; none is what the topic or the content type says.
    pub codec: Option<Codec>,
}

/// What formats need that do not describe themselves.
#[derive(Debug, Clone, Default)]
pub struct Schemas {
    /// For Protocol Buffers.
    pub protobuf: Option<MessageType>,
    /// For Avro.
    pub avro: Option<AvroSchema>,
}

/// Decodes messages by rules, the first that fits a topic.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    rules: Vec<Rule>,
    schemas: Schemas,
    sparkplug: Sparkplug,
}

impl Decoder {
    /// A decoder with these rules; without any it decodes nothing.
    #[must_use]
    pub fn new(rules: Vec<Rule>, schemas: Schemas) -> Self {
        Self { rules, schemas, sparkplug: Sparkplug::default() }
    }

    /// Whether there is anything to decode.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the payload says, or `None` when no format is known for it.
    ///
    /// # Errors
    /// In words, when it is not in its format.
    pub fn decode(&mut self, publish: &Publish<'_>) -> Result<Option<Decoded>, String> {
        let fits =
            |rule: &&Rule| rule.topics.as_ref().is_none_or(|filter| filter.matches(publish.topic));
        let Some(rule) = self.rules.iter().find(fits) else {
            return Ok(None);
        };
        let Some(codec) = rule.codec.or_else(|| recognised(publish)) else {
            return Ok(None);
        };
        let decoded = self.apply(codec, publish, publish.payload);
        decoded.map_err(|what| format!("not {}: {what}", name(codec)))
    }

    fn apply(
        &mut self,
        codec: Codec,
        publish: &Publish<'_>,
        payload: &[u8],
    ) -> Result<Option<Decoded>, String> {
        let decoded = match codec {
            Codec::Json => json(payload)?,
            Codec::Hex => Decoded::Bytes(hex(payload)),
            Codec::Base64 => Decoded::Bytes(STANDARD.encode(payload).into_bytes()),
            Codec::Cbor => cbor::decode(payload)?,
            Codec::MsgPack => msgpack::decode(payload)?,
            Codec::Gzip => unpacked(gzip::decode(payload)?)?,
            Codec::Protobuf => match &self.schemas.protobuf {
                Some(schema) => schema.decode(payload)?,
                None => return Ok(None),
            },
            Codec::Avro => match &self.schemas.avro {
                Some(schema) => schema.decode(payload)?,
                None => return Ok(None),
            },
            Codec::Sparkplug => match sparkplug::Address::read(publish.topic) {
                Some(address) => self.sparkplug.decode(&address, payload)?,
                None => return Ok(None),
            },
        };
        Ok(Some(decoded))
    }
}

fn name(codec: Codec) -> &'static str {
    Codec::ALL.iter().find(|row| row.1 == codec).map_or("", |row| row.0)
}

/// The format that the topic or the content type says.
fn recognised(publish: &Publish<'_>) -> Option<Codec> {
    if sparkplug::Address::read(publish.topic).is_some() {
        return Some(Codec::Sparkplug);
    }
    publish.properties.content_type.and_then(Codec::from_content_type)
}

fn json(payload: &[u8]) -> Result<Decoded, String> {
    let value: serde_json::Value =
        serde_json::from_slice(payload).map_err(|cause| cause.to_string())?;
    Ok(Decoded::json(&value))
}

fn hex(payload: &[u8]) -> Vec<u8> {
    payload.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

/// What was compressed, also when it was more than once, and as JSON if it is.
fn unpacked(mut decoded: Decoded) -> Result<Decoded, String> {
    for _ in 0..MAX_LAYERS {
        match decoded.bytes() {
            bytes if bytes.starts_with(&[0x1f, 0x8b]) => decoded = gzip::decode(bytes)?,
            bytes => return Ok(json(bytes).unwrap_or(decoded)),
        }
    }
    Err("it is compressed too often".to_owned())
}

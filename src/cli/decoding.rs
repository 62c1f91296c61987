//! The options that say what payloads are written in.

use super::values;
use crate::decode::{AvroSchema, Codec, Decoder, MessageType, Rule, Schemas};
use crate::error::{Error, Result};
use crate::mqtt::topic::TopicFilter;
use crate::output::escape;
use clap::Args;
use std::path::{Path, PathBuf};

/// The largest schema that is read, in bytes.
const MAX_SCHEMA: u64 = 16 << 20;

/// How payloads are decoded; a command says under which heading.
#[derive(Debug, Args)]
pub(super) struct DecodingArgs {
    /// Decode payloads: json, hex, base64, cbor, msgpack, gzip, protobuf, avro,
    /// sparkplug, or auto for what the topic or the content type says; of some
    /// topics, as in FILTER=FORMAT (repeatable, the first that fits holds)
    #[arg(long, value_name = "FORMAT", value_parser = rule)]
    decode: Vec<Rule>,

    /// Schema of Protocol Buffers: a .proto file, or a set of descriptors
    #[arg(long, value_name = "FILE", requires = "decode")]
    proto: Option<PathBuf>,

    /// Message in that schema
    #[arg(long, value_name = "NAME", requires = "proto")]
    proto_message: Option<String>,

    /// Schema of Avro
    #[arg(long, value_name = "FILE", requires = "decode")]
    avro_schema: Option<PathBuf>,
}

/// Reads `FORMAT` or `FILTER=FORMAT`.
fn rule(text: &str) -> Result<Rule, String> {
    let (topics, name) = match text.rsplit_once('=') {
        Some((filter, name)) => (Some(values::filter(filter)?), name),
        None => (None::<TopicFilter>, text),
    };
    let codec = Codec::from_name(name);
    if codec.is_none() && name != "auto" {
        let names = Codec::ALL.map(|row| row.0).join(", ");
        return Err(format!("known are {names} and auto"));
    }
    Ok(Rule { topics, codec })
}

impl DecodingArgs {
    /// What decodes payloads; the schemas are read here.
    ///
    /// # Errors
    /// When one is not what it should be, or one is missing.
    pub(super) fn read(self) -> Result<Decoder> {
        let needs = |codec| self.decode.iter().any(|rule| rule.codec == Some(codec));
        if needs(Codec::Protobuf) && self.proto.is_none() {
            return Err(Error::usage("--decode protobuf needs a schema").hint("add --proto FILE"));
        }
        if needs(Codec::Avro) && self.avro_schema.is_none() {
            return Err(Error::usage("--decode avro needs a schema").hint("add --avro-schema FILE"));
        }
        let protobuf = self.proto.as_deref();
        let message = self.proto_message.as_deref();
        let protobuf = protobuf.map(|path| protobuf_schema(path, message)).transpose()?;
        let avro = self.avro_schema.as_deref().map(avro_schema).transpose()?;
        Ok(Decoder::new(self.decode, Schemas { protobuf, avro }))
    }
}

fn protobuf_schema(path: &Path, message: Option<&str>) -> Result<MessageType> {
    MessageType::read(path, message).map_err(|what| unusable("--proto", path, &what))
}

fn avro_schema(path: &Path) -> Result<AvroSchema> {
    let text = values::file(path, MAX_SCHEMA)?;
    let schema = std::str::from_utf8(&text).map_err(|cause| cause.to_string());
    let schema = schema.and_then(AvroSchema::parse);
    schema.map_err(|what| unusable("--avro-schema", path, &what))
}

fn unusable(option: &str, path: &Path, what: &str) -> Error {
    Error::usage(format!("{option} {}: {}", path.display(), escape(what)))
}

//! The options that look into payloads.

use crate::cli::values;
use crate::decode::{AvroSchema, Codec, Decoder, MessageType, Rule, Schemas};
use crate::error::{Error, Result};
use crate::mqtt::topic::TopicFilter;
use crate::output::escape;
use crate::subscribe::{Expectation, Query};
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The largest schema that is read, in bytes.
const MAX_SCHEMA: u64 = 16 << 20;

/// What is made of payloads.
#[derive(Debug, Args)]
#[command(next_help_heading = "Payloads")]
pub(super) struct ReadingArgs {
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

    /// Leave out messages of which this expression of jq is not true; . is the
    /// payload, and there are $topic, $qos, $retain and $user
    #[arg(long, value_name = "JQ")]
    filter: Option<String>,

    /// Print what this expression of jq makes of the payload
    #[arg(long, value_name = "JQ")]
    select: Option<String>,

    /// End with the first message of which this expression of jq is true; exit
    /// code 9 if none comes
    #[arg(long, value_name = "JQ")]
    expect: Option<String>,

    /// How long to wait for what is expected
    #[arg(long, value_name = "TIME", requires = "expect", value_parser = values::duration)]
    within: Option<Duration>,
}

/// What the options come to.
pub(super) struct Reading {
    pub(super) decoder: Decoder,
    pub(super) filter: Option<Query>,
    pub(super) select: Option<Query>,
    pub(super) expect: Option<Expectation>,
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

impl ReadingArgs {
    /// Reads the schemas and the expressions.
    ///
    /// # Errors
    /// When one is not what it should be, or one is missing.
    pub(super) fn read(self) -> Result<Reading> {
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
        let expect = query("--expect", self.expect.as_deref())?;
        let within = self.within;
        Ok(Reading {
            decoder: Decoder::new(self.decode, Schemas { protobuf, avro }),
            filter: query("--filter", self.filter.as_deref())?,
            select: query("--select", self.select.as_deref())?,
            expect: expect.map(|query| Expectation { query, within }),
        })
    }
}

fn query(option: &str, text: Option<&str>) -> Result<Option<Query>> {
    let query = text.map(Query::parse).transpose();
    query.map_err(|what| Error::usage(format!("{option}: {}", escape(&what))))
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

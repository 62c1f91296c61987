//! The options for a payload that is one: of a message, or of a request.

use super::values;
use crate::encode::Encoding;
use crate::error::Result;
use crate::payload::{READ_AT_MOST, Writing};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use std::path::PathBuf;

/// What the payload is; a command says which of these are alternatives.
#[allow(clippy::doc_markdown, reason = "these are texts for the terminal")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Payload")]
pub(super) struct OnePayloadArgs {
    /// Publish this text
    #[arg(short, long, alias = "msg", value_name = "TEXT")]
    message: Option<String>,

    /// Publish the content of this file; - is stdin
    #[arg(short, long, aliases = ["file-read", "message-file"], value_name = "FILE")]
    file: Option<PathBuf>,

    /// Publish all of stdin as one message
    #[arg(short, long, alias = "stdin")]
    stdin_file: bool,

    /// Publish so many random bytes, as in 64, 4k or 1MB
    #[arg(
        long, aliases = ["size", "payload-size"], value_name = "SIZE",
        value_parser = values::payload_size, allow_hyphen_values = true
    )]
    random: Option<usize>,

    /// Publish an empty message; with -r it removes the retained one
    #[arg(short, long, alias = "message-empty")]
    null_message: bool,

    /// What the payload is written in or is to become: json (which is checked), hex, base64,
    /// cbor or msgpack (from JSON)
    #[arg(
        long, value_name = "FORMAT", conflicts_with = "random",
        value_parser = PossibleValuesParser::new(Encoding::ALL.map(|row| row.0))
            .try_map(|name| encoding(&name)),
        hide_possible_values = true
    )]
    encode: Option<Encoding>,

    /// Fill in, in payload and topic: {{seq}}, {{now}}, {{unix}}, {{unix_ms}}, {{unix_us}},
    /// {{unix_ns}}, {{uuid}}, {{rand 1 9}}, {{hex 8}}, {{pick a b}}
    #[arg(long, conflicts_with = "random")]
    template: bool,
}

/// Where the one payload comes from.
#[derive(Debug)]
pub(super) enum Given {
    /// These bytes are it.
    Bytes(Vec<u8>),
    /// All of stdin is.
    Stdin,
    /// So many random bytes are.
    Random(usize),
}

fn encoding(name: &str) -> Result<Encoding, String> {
    let row = Encoding::ALL.into_iter().find(|row| row.0 == name);
    row.map(|row| row.1).ok_or_else(|| "it is not known".to_owned())
}

impl OnePayloadArgs {
    /// How the payload is written, if not as it is to be published.
    pub(super) fn writing(&self) -> Option<Writing> {
        let is_said = self.template || self.encode.is_some();
        is_said.then_some(Writing { template: self.template, encoding: self.encode })
    }

    /// The one payload, if these options name it; a file is read here.
    pub(super) fn given(self) -> Result<Option<Given>> {
        let given = match (self.message, self.file, self.random) {
            (Some(text), ..) => Given::Bytes(text.into_bytes()),
            (_, Some(path), _) if path.as_os_str() == "-" => Given::Stdin,
            (_, Some(path), _) => Given::Bytes(values::file(&path, READ_AT_MOST)?),
            (.., Some(size)) => Given::Random(size),
            _ if self.stdin_file => Given::Stdin,
            _ if self.null_message => Given::Bytes(Vec::new()),
            _ => return Ok(None),
        };
        Ok(Some(given))
    }
}

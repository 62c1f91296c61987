//! The options that say what `mqx pub` publishes.

use super::replay::ReplayArgs;
use crate::cli::connection::no_topic;
use crate::cli::payload::{Given, OnePayloadArgs};
use crate::cli::values;
use crate::error::{Error, Result};
use crate::publish::{BatchLimits, Making, Source};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{ArgAction, ArgGroup, Args};

/// Where payloads come from and what is made of them.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[allow(clippy::doc_markdown, reason = "these are texts for the terminal")]
#[derive(Debug, Args)]
#[command(
    next_help_heading = "Payload",
    group = ArgGroup::new("payload").required(true).args([
        "message", "file", "stdin_file", "stdin_line", "stdin_nul", "ndjson", "random",
        "null_message", "replay",
    ])
)]
pub(super) struct PayloadArgs {
    #[command(flatten)]
    one: OnePayloadArgs,

    /// Publish each line of stdin as a message
    #[arg(short = 'l', long, alias = "line-mode")]
    stdin_line: bool,

    /// Publish what stands between NUL bytes in stdin, each as a message
    #[arg(short = '0', long, alias = "null-separated")]
    stdin_nul: bool,

    /// Publish messages that come as lines of JSON, as sub -J prints them: topic, payload or
    /// payload_b64, qos, retain, properties; the options say what a line does not
    #[arg(long, conflicts_with_all = ["encode", "template"])]
    ndjson: bool,

    /// Byte that ends a message of -l in place of the line feed: a character, \t, \0 or hex:1e
    #[arg(long, value_name = "BYTE", value_parser = values::byte)]
    delimiter: Option<u8>,

    /// Gather the messages of stdin and publish an array of JSON in every such time, and
    /// before it has more than so many bytes, as in 1s or 1s,64KB [default: 1MB], or than the
    /// broker takes
    #[arg(
        long, value_name = "TIME[,SIZE]", value_parser = values::batch,
        conflicts_with = "template"
    )]
    pub(super) batch: Option<BatchLimits>,

    /// What to do about a message of stdin that is not what it should be: stop, or skip it
    /// and fail in the end
    #[arg(
        long = "on-error", value_name = "WAY", default_value = "stop", action = ArgAction::Set,
        value_parser = PossibleValuesParser::new(["stop", "skip"]).map(|way| way == "skip"),
        hide_possible_values = true
    )]
    pub(super) skips_bad: bool,

    #[command(flatten)]
    pub(super) replay: ReplayArgs,
}

impl PayloadArgs {
    /// Where payloads come from and what is made of them; a file is read here.
    pub(super) fn into_source(self) -> Result<(Source, Making)> {
        let reads_json = self.reads_json();
        let (recording, maps) = self.replay.into_parts();
        let writing = self.one.writing();
        let given = self.one.given()?;
        let making = match (&given, writing) {
            (Some(Given::Random(size)), _) => Making::Random(*size),
            _ if reads_json => Making::Line { maps },
            (_, Some(writing)) => Making::Text(writing),
            (_, None) => Making::AsIs,
        };
        let source = match (given, recording) {
            (Some(Given::Bytes(payload)), _) => Source::Message(payload),
            (Some(Given::Stdin), _) => Source::Stdin,
            (Some(Given::Random(_)), _) => Source::Message(Vec::new()),
            (None, Some(recording)) => Source::Recording(recording),
            (None, None) if self.stdin_line => Source::Records(self.delimiter.unwrap_or(b'\n')),
            (None, None) if self.stdin_nul => Source::Records(0),
            (None, None) => Source::LINES,
        };
        Ok((source, making))
    }

    /// Whether payloads are messages as JSON.
    fn reads_json(&self) -> bool {
        self.ndjson || self.replay.is_asked_for()
    }

    /// Checks that the options fit together and to so many topics.
    pub(super) fn check(&self, topics: usize) -> Result<()> {
        if self.delimiter.is_some() && !self.stdin_line {
            return Err(Error::usage("--delimiter is of use with --stdin-line only"));
        }
        if self.batch.is_some() && !self.stdin_line && !self.stdin_nul {
            return Err(Error::usage("--batch is of use with --stdin-line and --stdin-nul only"));
        }
        self.replay.check(self.ndjson)?;
        match topics {
            0 if !self.reads_json() => Err(no_topic()),
            2.. if self.reads_json() => {
                let what = "with --ndjson and --replay there is one topic at most: that of lines without one";
                Err(Error::usage(what))
            }
            _ => Ok(()),
        }
    }
}

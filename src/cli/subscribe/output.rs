//! The options that say how messages are printed.

use crate::output;
use crate::subscribe::{Format, Layout, Look};
use clap::Args;
use std::path::PathBuf;

/// How messages are printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Print the topic before the payload
    #[arg(short, long)]
    verbose: bool,

    /// Print each message in this format, the one of mosquitto: %t topic,
    /// %p payload, %x payload in hex, %q QoS, %r retained, %j JSON, %I time ...;
    /// or with names, as in %{topic} %{user:key} %{json:.a.b} %{time:rfc3339ns} %{b64}
    #[arg(short = 'F', long)]
    format: Option<Format>,

    /// Print each message as one line of JSON
    #[arg(short = 'J', long, alias = "json-output", conflicts_with = "format")]
    json: bool,

    /// Record the messages in this file, to be played by pub --replay; compressed
    /// when its name ends in .zst. Nothing is printed unless -v, -F, -J or --select
    /// asks for it
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,

    /// Print no line feed behind each message
    #[arg(short = 'N')]
    no_newline: bool,
}

impl OutputArgs {
    /// How messages are printed; `selects` says that what to print of them was
    /// asked for.
    pub(super) fn into_look(self, selects: bool) -> Look {
        let layout = match self.format {
            Some(format) => Layout::Format(format),
            None if self.json => Layout::Json,
            None if self.verbose => Layout::TopicAndPayload,
            None if self.record.is_some() && !selects => Layout::Nothing,
            None => Layout::Payload,
        };
        Look { layout, newline: !self.no_newline, terminal: output::stdout_is_terminal() }
    }
}

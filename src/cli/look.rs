//! The options that say how a message is printed.

use crate::look::{Format, Layout, Look};
use crate::output;
use clap::Args;

/// How messages are printed.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct LookArgs {
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

    /// Print JSON (-J, %j, %J) in several lines
    #[arg(long)]
    pretty: bool,

    /// Print no line feed behind each message
    #[arg(short = 'N')]
    no_newline: bool,
}

impl LookArgs {
    /// How messages are printed, by `unless_said` where nothing says it.
    pub(super) fn into_look(self, unless_said: Layout) -> Look {
        let layout = match self.format {
            Some(format) => Layout::Format(format),
            None if self.json => Layout::Json,
            None if self.verbose => Layout::TopicAndPayload,
            None => unless_said,
        };
        let (newline, pretty) = (!self.no_newline, self.pretty);
        Look { layout, newline, pretty, terminal: output::stdout_is_terminal() }
    }
}

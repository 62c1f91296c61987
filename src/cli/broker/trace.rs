//! The options of `mqx broker` that say which packets are traced.

use crate::broker::trace::{Config, Filter, Format};
use crate::describe::type_named;
use crate::mqtt::PacketType;
use crate::mqtt::topic::Filter as TopicFilter;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use std::path::PathBuf;

const TRACE: &str = "Trace";

/// What stands for stderr.
const STDERR: &str = "-";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct TraceArgs {
    /// Write every packet, decoded, to this file, or to stderr without one
    ///
    /// With what belongs together linked (an acknowledgement to its message,
    /// with the time between them), why a client does not get a message, and
    /// which statement of the standard was violated. Passwords are left out.
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        default_missing_value = STDERR,
        help_heading = TRACE
    )]
    trace: Option<PathBuf>,

    /// text, json (a line each) or pcapng, which Wireshark opens [default: by
    /// the file's ending, else text]
    #[arg(
        long,
        value_name = "FORMAT",
        hide_possible_values = true,
        value_parser = PossibleValuesParser::new(["text", "json", "pcapng"]).map(|name| format(&name)),
        help_heading = TRACE
    )]
    trace_format: Option<Format>,

    /// Clients whose packets are written; * stands for any text
    #[arg(long, value_name = "PATTERN", help_heading = TRACE)]
    trace_client: Option<String>,

    /// Topic filter of what is written: messages, their acknowledgements and
    /// requests that name it
    #[arg(long, value_name = "FILTER", value_parser = topic, help_heading = TRACE)]
    trace_topic: Option<String>,

    /// Types of packets that are written: publish,puback,...
    #[arg(
        long,
        value_name = "TYPES",
        value_delimiter = ',',
        value_parser = packet_type,
        help_heading = TRACE
    )]
    trace_type: Vec<PacketType>,

    /// Bytes of each payload that are shown
    #[arg(long, value_name = "BYTES", default_value_t = 256, help_heading = TRACE)]
    trace_payload: usize,
}

fn format(name: &str) -> Format {
    match name {
        "json" => Format::Json,
        "pcapng" => Format::Pcapng,
        _ => Format::Text,
    }
}

fn topic(text: &str) -> Result<String, &'static str> {
    TopicFilter::parse(text).map(|_| text.to_owned()).map_err(|error| error.what)
}

fn packet_type(name: &str) -> Result<PacketType, &'static str> {
    type_named(name).ok_or("no type of packet has this name")
}

impl TraceArgs {
    /// What is traced, if anything.
    ///
    /// # Errors
    /// When packets are to be captured for Wireshark and there is no file.
    pub(super) fn into_config(self) -> crate::error::Result<Option<Config>> {
        let Some(path) = self.trace else {
            return Ok(None);
        };
        let file = Some(path).filter(|path| path.as_os_str() != STDERR);
        let by_name = file.as_deref().map(Format::of).unwrap_or_default();
        let format = self.trace_format.unwrap_or(by_name);
        if format == Format::Pcapng && file.is_none() {
            let error = crate::error::Error::usage("--trace-format pcapng needs a file");
            return Err(error.hint("name one: --trace broker.pcapng"));
        }
        let filter =
            Filter { client: self.trace_client, topic: self.trace_topic, types: self.trace_type };
        Ok(Some(Config { file, format, filter, payload: self.trace_payload }))
    }
}

#[cfg(test)]
mod tests {
    use crate::broker::trace::{Config, Format};
    use crate::cli::broker::Task;
    use crate::cli::{Command, parse_from};
    use crate::mqtt::PacketType;

    fn trace(options: &[&str]) -> crate::error::Result<Option<Config>> {
        let words = ["mqx", "broker"].into_iter().chain(options.iter().copied());
        let Command::Broker(args) = parse_from(words).unwrap().command else { panic!() };
        match args.into_task()? {
            Task::Run(config) => Ok(config.trace),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_ending_of_the_file_says_the_format_unless_an_option_does() {
        let format = |options: &[&str]| trace(options).unwrap().unwrap().format;
        assert_eq!(trace(&[]).unwrap(), None);
        assert_eq!(format(&["--trace"]), Format::Text);
        assert_eq!(format(&["--trace", "a.ndjson"]), Format::Json);
        assert_eq!(format(&["--trace", "a.pcapng"]), Format::Pcapng);
        assert_eq!(format(&["--trace", "a.pcapng", "--trace-format", "text"]), Format::Text);
        assert!(trace(&["--trace", "--trace-format", "pcapng"]).is_err());
    }

    #[test]
    fn types_are_given_in_one_word() {
        let config = trace(&["--trace", "--trace-type", "publish,PubAck"]).unwrap().unwrap();
        assert_eq!(config.filter.types, [PacketType::Publish, PacketType::PubAck]);
        assert_eq!(config.file, None);
    }
}

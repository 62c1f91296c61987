//! The options of `mqx broker` that say what is logged.

use crate::broker::log::{Config, Format, Level};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use std::path::PathBuf;

const LOG: &str = "Log";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct LogArgs {
    /// Least that is worth a line: error, warn, info, debug or trace
    ///
    /// warn has clients that are refused, cut off or break the standard; info
    /// also those that come and go; debug also subscriptions, sessions and
    /// messages that are not delivered, with the reason; trace every message.
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = Level::default().name(),
        hide_possible_values = true,
        value_parser = PossibleValuesParser::new(LEVELS.map(Level::name)).map(|name| level(&name)),
        help_heading = LOG
    )]
    log_level: Level,

    /// As --log-level debug
    #[arg(short, long, help_heading = LOG)]
    verbose: bool,

    /// Look of a line: text or json
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true,
        value_parser = PossibleValuesParser::new(["text", "json"]).map(|name| format(&name)),
        help_heading = LOG
    )]
    log_format: Format,

    /// File that lines are appended to [default: stderr]
    #[arg(long, value_name = "FILE", help_heading = LOG)]
    log_file: Option<PathBuf>,

    /// Leave out that clients come and go; those that are refused stay in
    #[arg(long, help_heading = LOG)]
    no_log_connections: bool,
}

const LEVELS: [Level; 5] = [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace];

fn level(name: &str) -> Level {
    LEVELS.into_iter().find(|level| level.name() == name).unwrap_or_default()
}

fn format(name: &str) -> Format {
    if name == "json" { Format::Json } else { Format::Text }
}

impl LogArgs {
    /// What is logged.
    pub(super) fn into_config(self) -> Config {
        let at_least = if self.verbose { Level::Debug } else { Level::Error };
        Config {
            level: self.log_level.max(at_least),
            format: self.log_format,
            file: self.log_file,
            no_connections: self.no_log_connections,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::broker::log::Level;
    use crate::cli::broker::Task;
    use crate::cli::{Command, parse_from};

    fn level(options: &[&str]) -> Level {
        let words = ["mqx", "broker"].into_iter().chain(options.iter().copied());
        let Command::Broker(args) = parse_from(words).unwrap().command else { panic!() };
        match args.into_task().unwrap() {
            Task::Run(config) => config.log.unwrap().level,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_connects_is_logged_unless_the_level_says_otherwise() {
        assert_eq!(level(&[]), Level::Info);
        assert_eq!(level(&["--log-level", "warn"]), Level::Warn);
        assert_eq!(level(&["-v"]), Level::Debug);
        assert_eq!(level(&["-v", "--log-level", "trace"]), Level::Trace);
    }
}

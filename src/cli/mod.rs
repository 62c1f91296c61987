//! What may be typed, and nothing about what it does.
//!
//! Each command has one file with its `Args`; `into_config` lowers them once to
//! the feature's `Config`, which is where files are read and defaults end.

mod access;
pub mod bench;
pub mod broker;
pub mod certs;
pub mod connection;
pub mod generate;
mod limits;
mod passwd;
pub mod publish;
pub mod subscribe;
mod values;

use crate::error::EXIT_CODES;
use crate::output::ColorChoice;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Arg, ArgAction, Command as Definition, CommandFactory as _, FromArgMatches as _};
use std::ffi::OsString;

/// The command line as it was typed.
#[derive(Debug, clap::Parser)]
#[command(name = "mqx", about, long_about = None)]
pub struct Cli {
    /// When to colour what is printed
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        value_parser = PossibleValuesParser::new(["auto", "always", "never"])
            .map(|name| color(&name))
    )]
    pub color: ColorChoice,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Publish messages
    Pub(Box<publish::PublishArgs>),
    /// Subscribe to topics and print the messages
    Sub(Box<subscribe::SubscribeArgs>),
    /// Measure a broker: put a load on it and see what becomes of it
    Bench(Box<bench::BenchArgs>),
    /// Make certificates for testing
    Certs(certs::CertsArgs),
    /// Run a broker
    Broker(broker::BrokerArgs),
    /// Write the shell completions and man pages
    #[command(hide = true)]
    Generate(generate::GenerateArgs),
}

fn color(name: &str) -> ColorChoice {
    match name {
        "always" => ColorChoice::Always,
        "never" => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

/// Reads the command line; on a usage error, and for `--help` and
/// `--version`, prints what is due and ends the process.
#[must_use]
pub fn parse() -> Cli {
    parse_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
}

/// Reads the command line in `words`, the first of which names the program.
///
/// # Errors
/// What clap prints: a usage error, a help text or the version.
pub fn parse_from<W>(words: impl IntoIterator<Item = W>) -> Result<Cli, clap::Error>
where
    W: Into<OsString> + Clone,
{
    let mut definition = definition();
    let mut matches = definition.try_get_matches_from_mut(words)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut definition))
}

/// Every command and option, for the parser, the man pages and the completions.
#[must_use]
pub fn definition() -> Definition {
    commands().after_help(exit_codes())
}

/// The table of exit codes below the help.
fn exit_codes() -> String {
    let rows = EXIT_CODES.iter();
    let rows = rows.map(|(code, _, meaning)| format!("\n{code:>5}  {meaning}"));
    format!("Exit codes:{}", rows.collect::<String>())
}

/// The definition without what stands below the help.
fn commands() -> Definition {
    let version = Arg::new("version")
        .long("version")
        .help("Print the version of mqx")
        .action(ArgAction::Version);
    let help =
        Arg::new("help").long("help").global(true).help("Print help").action(ArgAction::Help);
    let definition = Cli::command()
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .arg(version)
        .arg(help);
    with_conventions(definition)
}

/// What holds for every command: `-h` is the host and `-V` the MQTT version,
/// of an option given twice the last holds, and the word behind an option that
/// needs a value is its value even if it begins with a dash.
fn with_conventions(command: Definition) -> Definition {
    command
        .disable_help_flag(true)
        .args_override_self(true)
        .mut_args(|arg| {
            let needs_value = arg.get_num_args().is_none_or(|range| range.min_values() > 0);
            if needs_value && arg.get_action().takes_values() {
                arg.allow_hyphen_values(true)
            } else {
                arg
            }
        })
        .mut_subcommands(with_conventions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        definition().debug_assert();
    }

    #[test]
    fn the_version_of_mqx_is_asked_for_with_the_long_option_only() {
        let error = parse_from(["mqx", "--version"]).unwrap_err();
        assert_eq!(error.kind(), clap::error::ErrorKind::DisplayVersion);
        let error = parse_from(["mqx", "-V"]).unwrap_err();
        assert_eq!(error.kind(), clap::error::ErrorKind::UnknownArgument);
    }

    #[test]
    fn help_is_there_for_every_command() {
        for command in ["pub", "sub", "certs", "broker"] {
            let error = parse_from(["mqx", command, "--help"]).unwrap_err();
            assert_eq!(error.kind(), clap::error::ErrorKind::DisplayHelp);
        }
    }
}

//! What may be typed, and nothing about what it does.
//!
//! Each command has one file with its `Args`; `into_config` lowers them once to
//! the feature's `Config`, which is where files are read and defaults end.

pub mod bench;
pub mod broker;
pub mod certs;
pub mod connection;
pub mod generate;
mod message;
mod properties;
pub mod publish;
mod spelling;
pub mod subscribe;
mod usage;
mod values;

use crate::error::{self, COMMAND_CODES, EXIT_CODES};
use crate::output::ColorChoice;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command as Definition, CommandFactory as _, FromArgMatches as _};
use spelling::drop_in::DropIn;
use std::ffi::OsString;

/// Where options that every command has stand in the help: behind its own.
const LAST: usize = 1000;

/// The command line as it was typed.
#[derive(Debug, clap::Parser)]
#[command(name = "mqx", about, long_about = None)]
pub struct Cli {
    /// Colour what is said on stderr: auto, always or never
    #[arg(
        long,
        global = true,
        display_order = LAST,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
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
    Broker(Box<broker::BrokerArgs>),
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

/// The words that the process was called with.
#[derive(Debug)]
pub struct CommandLine(Vec<OsString>);

impl CommandLine {
    /// The words of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self(std::env::args_os().collect())
    }

    /// Reads them; for `--help` and `--version`, prints what is due and ends
    /// the process.
    ///
    /// # Errors
    /// When the command line is wrong.
    pub fn parse(&self) -> error::Result<Cli> {
        // What is wrong may be the option for another choice.
        ColorChoice::default().apply();
        match self.drop_in() {
            Some((program, words)) => read(&program.translate(words, &definition())?),
            None => read(&self.0),
        }
    }

    /// The exit code for the failure of what they ask for.
    #[must_use]
    pub fn exit_code(&self, error: &anyhow::Error) -> u8 {
        match self.drop_in() {
            Some((program, words)) => program.exit_code(error, words, &definition()),
            None => error::exit_code(error),
        }
    }

    /// The program that mqx stands in for, and the words behind its name.
    fn drop_in(&self) -> Option<(&'static DropIn, &[OsString])> {
        let (program, count) = DropIn::named(&self.0)?;
        Some((program, self.0.get(count..).unwrap_or_default()))
    }
}

fn read(words: &[OsString]) -> error::Result<Cli> {
    parse_from(words).map_err(|wrong| match wrong.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => wrong.exit(),
        _ => usage::explain(&wrong.render().to_string(), words, &definition()),
    })
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
    let words = words.into_iter().map(Into::into).collect();
    let words = spelling::spelled_out(words, &definition);
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
    format!("Exit codes:{}\n\n{COMMAND_CODES}.", rows.collect::<String>())
}

/// The definition without what stands below the help.
fn commands() -> Definition {
    let version = Arg::new("version")
        .long("version")
        .help("Print the version of mqx")
        .display_order(LAST)
        .action(ArgAction::Version);
    let help = Arg::new("help")
        .long("help")
        .global(true)
        .help("Print help")
        .display_order(LAST)
        .action(ArgAction::Help);
    let definition = Cli::command()
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .arg(version)
        .arg(help)
        .mut_subcommands(with_url);
    with_conventions(definition)
}

/// `-L` is the URL of the broker as mosquitto has it, where a command has no
/// other `-L`.
fn with_url(command: Definition) -> Definition {
    let taken = command.get_arguments().any(|arg| arg.get_short() == Some('L'));
    if spelling::is_client(&command) && !taken {
        command.mut_arg("broker", |arg| arg.visible_short_alias('L'))
    } else {
        command
    }
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
            if needs_value && !arg.is_positional() && arg.get_action().takes_values() {
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
        assert_eq!(error.kind(), ErrorKind::DisplayVersion);
        let error = parse_from(["mqx", "-V"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownArgument);
    }

    #[test]
    fn help_is_there_for_every_command() {
        for command in ["pub", "sub", "certs", "broker"] {
            let error = parse_from(["mqx", command, "--help"]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DisplayHelp);
        }
    }
}

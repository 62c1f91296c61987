//! What may be typed, and nothing about what it does.
//!
//! Each command has one file with its `Args`; `into_config` lowers them once to
//! the feature's `Config`, which is where files are read and defaults end.

pub mod bench;
pub mod broker;
pub mod certs;
pub mod connection;
mod decoding;
pub mod doctor;
pub mod generate;
mod look;
mod message;
mod payload;
pub mod profile;
mod properties;
pub mod publish;
pub mod request;
mod retyped;
mod said;
mod spelling;
pub mod subscribe;
pub mod test;
mod usage;
mod values;

use crate::error::{self, COMMAND_CODES, EXIT_CODES};
use crate::output::{self, ColorChoice};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::error::{ContextKind, ErrorKind};
use clap::{
    Arg, ArgAction, Args as _, Command as Definition, CommandFactory as _, FromArgMatches as _,
};
use spelling::drop_in::{self, DropIn};
use spelling::sources::{self, ELSEWHERE};
use std::ffi::OsString;

/// Where options that every command has stand in the help: behind its own.
const LAST: usize = 1000;

/// The command line as it was typed.
#[derive(Debug, clap::Parser)]
#[command(name = "mqx", about, long_about = None)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub common: CommonArgs,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
pub struct CommonArgs {
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

    /// Report the failure that ends the command as JSON on stderr
    ///
    /// One line with an object: error, code (the exit code), `reason_code` (the one of MQTT 5
    /// that the broker gave) and hint; what is not known is null.
    #[arg(long, global = true, display_order = LAST)]
    pub json_errors: bool,
}

impl CommonArgs {
    /// Makes these choices for the rest of the process.
    pub fn apply(&self) {
        self.color.apply();
        if self.json_errors {
            output::report_as_json();
        }
    }
}

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Publish messages
    Pub(Box<publish::PublishArgs>),
    /// Subscribe to topics and print the messages
    Sub(Box<subscribe::SubscribeArgs>),
    /// Ask somebody behind the broker and print the answers, or answer
    Rr(Box<request::RequestArgs>),
    /// Measure a broker: put a load on it and see what becomes of it
    Bench(Box<bench::BenchArgs>),
    /// Examine step by step whether a broker can be reached and used, and why not
    ///
    /// The steps are: name, TCP, proxy, TLS, WebSocket, MQTT (CONNECT), ping, a message
    /// there and back with each QoS, one that is retained, and one of a shared
    /// subscription. The first that fails is explained, what would have worked instead is
    /// tried, and the command that helps is told. The exit code says which it was: 3 for
    /// name, TCP, proxy and WebSocket and where no MQTT is spoken, 4 for TLS, 5 for a
    /// CONNECT that is refused, 6 to 9 and 27 for messages that are denied, lost, changed
    /// or do not come.
    Doctor(Box<doctor::DoctorArgs>),
    /// Check in one line whether a broker answers, for health checks
    Ping(Box<doctor::PingArgs>),
    /// Probe what a broker supports and how it behaves, or in what two differ
    Test(Box<test::TestArgs>),
    /// Make certificates for testing
    Certs(certs::CertsArgs),
    /// Keep what it takes to reach a broker under a name
    Profile(profile::ProfileArgs),
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
        if self.wants_json_errors() {
            output::report_as_json();
        }
        let variables: Vec<_> = std::env::vars_os().collect();
        self.parse_in(&variables)
    }

    /// Whether the option is among the words, in which something else may be wrong.
    fn wants_json_errors(&self) -> bool {
        let mut options = self.0.iter().take_while(|word| *word != "--");
        self.drop_in().is_none() && options.any(|word| word == "--json-errors")
    }

    /// The same in an environment with these variables.
    fn parse_in(&self, variables: &[(OsString, OsString)]) -> error::Result<Cli> {
        let definition = self.definition();
        if let Some((program, words)) = self.drop_in() {
            let file = program.option_file();
            let words = program.translate(words, &definition, file.as_deref())?;
            return read(definition, &words, |_| None);
        }
        let whole = sources::whole(&self.0, &definition, variables)?;
        read(definition, &whole.words, |wrong| whole.place_of(wrong))
    }

    /// The exit code for the failure of what they ask for.
    #[must_use]
    pub fn exit_code(&self, error: &anyhow::Error) -> u8 {
        match self.drop_in() {
            Some((program, words)) => {
                let file = program.option_file();
                program.exit_code(error, words, &definition(), file.as_deref())
            }
            None => error::exit_code(error),
        }
    }

    /// What is needed of the definition to read them.
    fn definition(&self) -> Definition {
        let typed = self.0.get(1).and_then(|word| word.to_str());
        let name = self.drop_in().map(|(program, _)| program.command()).or(typed);
        name.and_then(definition_of).unwrap_or_else(definition)
    }

    /// The program that mqx stands in for, and the words behind its name.
    fn drop_in(&self) -> Option<(&'static DropIn, &[OsString])> {
        let (program, count) = DropIn::named(&self.0)?;
        Some((program, self.0.get(count..).unwrap_or_default()))
    }
}

/// Reads `words`; `place` says where the option that is wrong stands, if it was
/// not typed.
fn read<'a>(
    known: Definition,
    words: &[OsString],
    place: impl FnOnce(&clap::Error) -> Option<&'a str>,
) -> error::Result<Cli> {
    let read = parse_with(known, words.to_vec());
    // What is said of a mistake, and help, may be about other commands.
    let read = read.or_else(|_| parse_with(definition(), words.to_vec()));
    read.map_err(|wrong| match wrong.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => wrong.exit(),
        _ => {
            let error = usage::explain(&wrong.render().to_string(), words, &definition());
            let error = match cure(&wrong) {
                Some(cure) => error.hint(cure),
                None => error,
            };
            match place(&wrong) {
                Some(place) => error.at(place),
                None => error,
            }
        }
    })
}

/// What helps where an option is not there that another program has, or does not go with
/// what is typed.
fn cure(wrong: &clap::Error) -> Option<&'static str> {
    let option = |context| wrong.get(context).map(ToString::to_string);
    let wrong_one = option(ContextKind::InvalidArg)?;
    match wrong.kind() {
        ErrorKind::UnknownArgument => drop_in::cure(&wrong_one),
        ErrorKind::ArgumentConflict => {
            let both = [Some(wrong_one), option(ContextKind::PriorArg)];
            both.iter()
                .flatten()
                .any(|option| option.contains("--srv"))
                .then_some(connection::ABOUT_SRV)
        }
        _ => None,
    }
}

/// Reads the command line in `words`, the first of which names the program.
///
/// # Errors
/// What clap prints: a usage error, a help text or the version.
pub fn parse_from<W>(words: impl IntoIterator<Item = W>) -> Result<Cli, clap::Error>
where
    W: Into<OsString> + Clone,
{
    parse_with(definition(), words.into_iter().map(Into::into).collect())
}

fn parse_with(mut known: Definition, words: Vec<OsString>) -> Result<Cli, clap::Error> {
    let words = spelling::spelled_out(words, &known);
    let mut matches = known.try_get_matches_from_mut(words)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut known))
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

/// A command and what adds its options to a definition.
type Row = (&'static str, fn(Definition) -> Definition);

/// The commands that are run again and again by scripts.
const BRIEF: [Row; 4] = [
    ("pub", publish::PublishArgs::augment_args),
    ("sub", subscribe::SubscribeArgs::augment_args),
    ("rr", request::RequestArgs::augment_args),
    ("ping", doctor::PingArgs::augment_args),
];

/// The definition with this command alone, if it is a brief one: to define all of them
/// takes longer than such a command itself.
fn definition_of(command: &str) -> Option<Definition> {
    let (name, define) = BRIEF.into_iter().find(|row| row.0 == command)?;
    let root = CommonArgs::augment_args(Definition::new("mqx"));
    Some(completed(root.subcommand(define(Definition::new(name)))))
}

/// The definition without what stands below the help.
fn commands() -> Definition {
    completed(Cli::command())
}

/// The definition of commands, with what all of them have.
fn completed(definition: Definition) -> Definition {
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
    let definition = definition
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .arg(version)
        .arg(help)
        .mut_subcommands(as_client);
    with_conventions(definition)
}

/// What clients have in common: the help says where else options are read, and
/// `-L` is the URL of the broker as mosquitto has it, where the command has no
/// other `-L`.
fn as_client(command: Definition) -> Definition {
    if !spelling::is_client(&command) {
        return command;
    }
    let command = with_sources(command.mut_subcommands(as_client));
    let taken = command.get_arguments().any(|arg| arg.get_short() == Some('L'));
    if taken { command } else { command.mut_arg("broker", |arg| arg.visible_short_alias('L')) }
}

/// Says below the help where else options are read.
fn with_sources(command: Definition) -> Definition {
    let own = command.get_after_help().map(|text| format!("{text}\n\n"));
    command.after_help(own.unwrap_or_default() + ELSEWHERE)
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
    fn a_command_alone_is_defined_as_it_is_among_the_others() {
        let whole = definition();
        for (name, _) in BRIEF {
            let mut alone = definition_of(name).unwrap();
            alone.build();
            let help = |root: &mut Definition| {
                root.build();
                root.find_subcommand_mut(name).unwrap().render_long_help().to_string()
            };
            // The line that sums a command up stands with the list of commands.
            let options = |help: String| help.split_once("Usage:").unwrap().1.to_owned();
            assert_eq!(options(help(&mut alone)), options(help(&mut whole.clone())), "{name}");
        }
    }

    #[test]
    fn the_version_of_mqx_is_asked_for_with_the_long_option_only() {
        let error = parse_from(["mqx", "--version"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DisplayVersion);
        let error = parse_from(["mqx", "-V"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownArgument);
    }

    #[test]
    fn an_option_of_mosquitto_that_cannot_be_had_is_named_with_the_cure() {
        for words in ["mqx pub -t a -m x --psk 00", "mosquitto_pub -t a -m x --psk 00"] {
            let line = CommandLine(words.split(' ').map(Into::into).collect());
            let error = line.parse_in(&[]).unwrap_err();
            assert!(error.to_string().contains("--psk"), "{error}");
            assert!(error.cure().unwrap().contains("mqx certs init"), "{error}");
        }
    }

    #[test]
    fn help_is_there_for_every_command() {
        for command in ["pub", "sub", "certs", "broker"] {
            let error = parse_from(["mqx", command, "--help"]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DisplayHelp);
        }
    }
}

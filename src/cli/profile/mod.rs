//! `mqx profile`: its arguments.

mod import;

use super::connection::{ClientIdArgs, ConnectionArgs};
use super::spelling::sources::usual_path;
use crate::error::{Error, Result};
use crate::profile::{Action, Config, Setting};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use std::path::PathBuf;

/// The arguments of `mqx profile`.
#[derive(Debug, Args)]
pub struct ProfileArgs {
    /// File with the profiles [default: ~/.config/mqx/config.toml]
    #[arg(long = "config", value_name = "FILE", env = "MQX_CONFIG", hide_env = true)]
    path: Option<PathBuf>,

    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Debug, Subcommand)]
enum ProfileCommand {
    /// Name the profiles and their brokers
    Ls,
    /// Show what a profile says, but for its secrets
    Show(NameArgs),
    /// Add a profile with options of the clients
    Add(Box<AddArgs>),
    /// Remove a profile
    Rm(NameArgs),
    /// Make profiles of what mosquitto's clients, MQTTX or `HiveMQ`'s tool know
    Import(ImportArgs),
}

#[derive(Debug, Args)]
struct NameArgs {
    /// Name of the profile
    name: String,
}

#[derive(Debug, Args)]
struct AddArgs {
    /// Name of the profile
    #[arg(value_parser = name)]
    name: String,

    /// Put it in the place of one of the same name
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    said: Said,
}

#[derive(Debug, Args)]
struct ImportArgs {
    /// An option file of mosquitto's clients, connections that MQTTX has exported (JSON),
    /// or config.properties of `HiveMQ`'s tool
    source: PathBuf,

    /// Name of the profile, where the file has none [default: that of the file]
    #[arg(long, value_parser = name)]
    name: Option<String>,

    /// Put them in the place of those of the same name
    #[arg(long)]
    replace: bool,
}

/// Reads the name of a profile, which must not look like a URL.
fn name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains([':', '/']) || text.contains(char::is_control) {
        return Err("a name has letters, without : and /".to_owned());
    }
    Ok(text.to_owned())
}

/// The options of clients as they were typed.
#[derive(Debug, Clone, Default)]
struct Said(Vec<Setting>);

impl Args for Said {
    fn augment_args(command: Command) -> Command {
        ConnectionArgs::augment_args(ClientIdArgs::augment_args(command))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Said {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let known = Self::augment_args(Command::new("mqx"));
        let typed = known.get_arguments().filter_map(|arg| {
            let id = arg.get_id().as_str();
            let typed = matches.value_source(id) == Some(ValueSource::CommandLine);
            let option = arg.get_long().filter(|_| typed)?.to_owned();
            let values = matches.get_raw(id).into_iter().flatten();
            let values: Vec<_> = values.map(|value| value.to_string_lossy().into_owned()).collect();
            let bare = values.is_empty() || !arg.get_action().takes_values();
            Some(Setting { option, values: if bare { vec!["true".to_owned()] } else { values } })
        });
        Ok(Self(typed.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl ProfileArgs {
    /// What is to be done; a file to import is read here.
    ///
    /// # Errors
    /// When no place for the profiles is known, or the file cannot be read.
    pub fn into_config(self) -> Result<Config> {
        let action = match self.command {
            ProfileCommand::Ls => Action::List,
            ProfileCommand::Show(args) => Action::Show(args.name),
            ProfileCommand::Rm(args) => Action::Remove(args.name),
            ProfileCommand::Add(args) => {
                Action::Add { profiles: vec![(args.name, args.said.0)], replace: args.replace }
            }
            ProfileCommand::Import(args) => Action::Add {
                profiles: import::read(&args.source, args.name)?,
                replace: args.replace,
            },
        };
        let usual = || usual_path(&|name: &str| std::env::var_os(name));
        let nowhere = || Error::usage("no file of profiles is known").hint("name it with --config");
        let path = self.path.or_else(usual).ok_or_else(nowhere)?;
        Ok(Config { path, action })
    }
}

//! `mqx broker`: its arguments, and the other places its options are read from.
//!
//! An option is one field of a clap group. `sources` takes the same word as a
//! flag, as a key of a TOML file and, in capitals behind `MQX_BROKER_`, as a
//! variable of the environment; the groups then lower what was said to
//! [`Config`], once.
//!
//! # Where do I add a broker option?
//! A field with `#[arg(long, help_heading = ...)]` in the group it belongs to
//! (`listen`, `tls`, `access`, `admission`, `limits`, `store`, `log`, `operation`; a new group gets a line in
//! `settings::Settings`), and its place where that group is lowered. The key of
//! the file and the variable follow from the flag. Leave `requires` and
//! `conflicts_with` out, for the other option may stand in the file: what
//! options need of each other is asked in the lowering, with
//! `settings::need`. `MQX_BLESS=1 cargo test` refreshes completions and man
//! pages. What mosquitto calls it is a row in `mosquitto/options.rs`.

mod access;
mod admission;
mod archive;
mod bridge;
mod client_certificate;
mod grants;
mod limits;
mod listen;
mod log;
mod mosquitto;
mod operation;
mod own_certificate;
mod passwd;
mod settings;
mod shares;
pub(in crate::cli) mod sources;
mod store;
mod tls;
mod tls_lab;
mod token;
pub(in crate::cli) mod toml_file;
mod trace;
mod users;

pub use mosquitto::check as check_mosquitto_conf;

use crate::broker::access::passwd as passwd_command;
use crate::broker::store::archive::{Export, Import};
use crate::broker::{Config, Source};
use crate::error::Result;
use archive::{ExportArgs, ImportArgs};
use grants::GrantArgs;
use listen::{ListenerArgs, MannerArgs};
use passwd::PasswdArgs;
use settings::Settings;
use sources::{Entries, File, Typed};
use std::path::{Path, PathBuf};

/// What may be typed behind `mqx broker`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = ELSEWHERE)]
pub struct BrokerArgs {
    #[command(subcommand)]
    command: Option<BrokerCommand>,

    /// File with options; what is typed and what the environment says come first
    ///
    /// A file that ends in .toml has the options without dashes in front for
    /// keys: `max-qos = 1`, `no-retain = true`. Each table `[[listener]]` opens
    /// further ports, with settings, rules and limits of their own where it names
    /// them, and each `[[bridge]]` carries topics to another broker or from it. Any other
    /// file is read as mosquitto.conf, with the defaults of mosquitto; what it
    /// asks for and mqx does not have is refused.
    #[arg(short, long, value_name = "FILE", env = "MQX_BROKER_CONFIG", hide_env = true)]
    config: Option<PathBuf>,

    /// Read the configuration and every file it names, say what is wrong with it, and end
    #[arg(long, alias = "test-config")]
    check_config: bool,

    #[command(flatten)]
    typed: Typed,
}

/// Where a broker on this machine keeps the certificates that it makes itself, unless
/// it is told otherwise.
#[must_use]
pub fn own_certificates() -> Option<PathBuf> {
    own_certificate::folder(None).ok()
}

/// Reads a file of options: mosquitto's, unless it says that it is TOML.
fn read_file(path: &Path) -> Result<File> {
    let toml = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("toml"));
    if toml { toml_file::read(path) } else { mosquitto::read(path) }
}

/// What a configuration is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To run a broker: what it keeps for itself is made where it is missing.
    Run,
    /// To say whether one could: nothing is made.
    Check,
}

/// The configuration that a file says, and what is said `above` it.
fn lower(file: File, above: Entries, purpose: Purpose) -> Result<Config> {
    let from_above = above.only::<MannerArgs>();
    let first = file.first.without(&above);
    let said = file.settings.under(above);
    let usual = said.only::<MannerArgs>();
    let everywhere = said.only::<GrantArgs>();
    let further = file.listeners.into_iter().map(|section| {
        let manner = if section.complete { &from_above } else { &usual };
        let below = everywhere.clone().under(manner.clone());
        let all = below.under(section.entries.clone()).parse::<ListenerArgs>()?;
        let listen = all
            .listen
            .read(purpose)
            .and_then(|listen| all.grants.read_own(&section.entries.only::<GrantArgs>(), listen));
        listen.map_err(|error| error.at(&section.place))
    });
    let further = further.collect::<Result<Vec<_>>>()?;
    let own =
        |listen| everywhere.under(first.clone()).parse::<GrantArgs>()?.read_own(&first, listen);
    let bridges = bridge::read(&file.bridges)?;
    Ok(Config { bridges, ..said.parse::<Settings>()?.into_config(own, further, purpose)? })
}

/// What the help says of the other places that options come from.
const ELSEWHERE: &str = "Each option is also read from the environment, --max-qos from \
    MQX_BROKER_MAX_QOS, and from the file that --config names. The command line comes before \
    the environment, and that before the file.";

#[derive(Debug, clap::Subcommand)]
enum BrokerCommand {
    /// Set or delete a user's password in a file for --password-file
    Passwd(PasswdArgs),
    /// Write what a store holds as JSON
    Export(ExportArgs),
    /// Put what `mqx broker export` has written into a store
    Import(ImportArgs),
}

impl BrokerCommand {
    fn into_task(self) -> Result<Task> {
        match self {
            Self::Passwd(args) => Ok(Task::Passwd(args.into_config())),
            Self::Export(args) => args.into_config().map(Task::Export),
            Self::Import(args) => args.into_config().map(Task::Import),
        }
    }
}

/// What `mqx broker` is to do.
#[derive(Debug)]
pub enum Task {
    /// To run a broker.
    Run(Box<Config>),
    /// To say that this configuration can be run.
    Check(Box<Config>),
    /// To change a password.
    Passwd(passwd_command::Config),
    /// To write what a store holds.
    Export(Export),
    /// To fill a store.
    Import(Import),
}

impl BrokerArgs {
    /// Reads the configuration, certificates and rules and says what to do.
    ///
    /// # Errors
    /// When an option is wrong, or a file cannot be read or used.
    pub fn into_task(self) -> Result<Task> {
        if let Some(command) = self.command {
            return command.into_task();
        }
        if self.check_config {
            return Ok(Task::Check(Box::new(self.read(Purpose::Check)?)));
        }
        let mut config = Box::new(self.read(Purpose::Run)?);
        config.source = Some(Source::new(move || self.read(Purpose::Run)));
        Ok(Task::Run(config))
    }

    /// Puts together what the command line, the environment and the file say.
    fn read(&self, purpose: Purpose) -> Result<Config> {
        let file = self.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
        let above = Entries::environment(std::env::vars_os()).under(self.typed.entries());
        lower(file, above, purpose)
    }
}

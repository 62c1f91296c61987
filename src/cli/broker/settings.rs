//! Every option that a broker runs by, in groups.

use super::Purpose;
use super::grants::GrantArgs;
use super::listen::ListenArgs;
use super::log::LogArgs;
use super::operation::OperationArgs;
use super::store::StoreArgs;
use super::tls_lab::TlsLabArgs;
use super::trace::TraceArgs;
use crate::broker::{Config, Listen};
use crate::error::{Error, Result};

/// The options, wherever they were said.
#[derive(Debug, clap::Args)]
pub(super) struct Settings {
    #[command(flatten)]
    listen: ListenArgs,

    #[command(flatten)]
    lab: TlsLabArgs,

    #[command(flatten)]
    grants: GrantArgs,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    operation: OperationArgs,

    #[command(flatten)]
    log: LogArgs,

    #[command(flatten)]
    trace: TraceArgs,

    /// Threads that serve connections [default: one per core, 4 at most]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
}

impl Settings {
    /// Reads the files that the options name. With `further` listeners the usual
    /// one is there only if a port of it is named; `own` puts on it what is said
    /// of it alone.
    ///
    /// # Errors
    /// When options do not go together, or a file cannot be read or used.
    pub(super) fn into_config(
        self,
        own: impl FnOnce(Listen) -> Result<Listen>,
        further: Vec<Listen>,
        purpose: Purpose,
    ) -> Result<Config> {
        let default = Config::default();
        let lab_folder = self.listen.tls_folder();
        let alone = further.is_empty() || self.listen.place.is_said();
        let usual = alone.then(|| self.listen.read_usual(purpose).and_then(own)).transpose()?;
        let (acl, limits) = self.grants.read()?;
        let mut listeners: Vec<_> = usual.into_iter().chain(further).collect();
        let lab = self.lab.read(lab_folder, listeners.first(), purpose)?;
        listeners.extend(lab);
        let operation = self.operation.read(&listeners)?;
        Ok(Config {
            listeners,
            acl,
            limits,
            store: self.store.into_config()?,
            sys_interval: operation.sys_interval,
            sys_events: operation.sys_events,
            http_token: operation.http_token,
            exec: operation.exec,
            log: Some(self.log.into_config()),
            trace: self.trace.into_config()?,
            workers: self.workers.map_or(default.workers, usize::from),
            ..default
        })
    }
}

/// An option, and whether it was said.
pub(super) type Said = (&'static str, bool);

/// Demands that whoever says the `first` option says the `other` too.
///
/// # Errors
/// [`crate::error::Class::Usage`] where the other is missing.
pub(super) fn need((option, said): Said, (other, there): Said) -> Result<()> {
    if said && !there {
        return Err(Error::usage(format!("--{option} needs --{other}"))
            .hint(format!("give --{other}, or leave --{option} out")));
    }
    Ok(())
}

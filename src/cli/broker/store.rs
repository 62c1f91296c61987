//! The options of `mqx broker` that say what outlives it.

use crate::broker::store::{Config, Sync};
use clap::ValueEnum;
use std::path::PathBuf;

const STORE: &str = "Store";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct StoreArgs {
    /// File that keeps sessions, subscriptions, retained, queued and in-flight
    /// messages and wills; it is made if it is missing [default: memory only]
    #[arg(long, value_name = "PATH", help_heading = STORE)]
    store: Option<PathBuf>,

    /// What the store promises
    #[arg(long, value_enum, default_value = "always", help_heading = STORE)]
    sync: SyncArg,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SyncArg {
    /// Nothing is acknowledged before the disk has it: a killed broker or a power cut loses nothing
    Always,
    /// Written to the disk once a second: a killed broker or a power cut loses a second at most
    Interval,
    /// Left to the system once a second: a killed broker loses a second at most, a power cut may
    /// lose more or spoil the file
    Never,
}

impl StoreArgs {
    pub(super) fn into_config(self) -> Option<Config> {
        let sync = match self.sync {
            SyncArg::Always => Sync::Always,
            SyncArg::Interval => Sync::Interval,
            SyncArg::Never => Sync::Never,
        };
        self.store.map(|path| Config { path, sync, ..Config::default() })
    }
}

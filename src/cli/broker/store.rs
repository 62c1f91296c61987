//! The options of `mqx broker` that say what outlives it.

use super::settings::need;
use crate::broker::store::{Config, Place, Sync};
use crate::error::Result;
use clap::ValueEnum;
use std::ffi::OsString;

const STORE: &str = "Store";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct StoreArgs {
    /// File that keeps sessions, subscriptions, retained, queued and in-flight messages and wills,
    /// or `redis://USER:PASSWORD@HOST:PORT/DB?prefix=mqx`, of which all but the host may be left out;
    /// it is made if it is missing
    /// [default: memory only]
    #[arg(long, value_name = "PLACE", help_heading = STORE)]
    store: Option<OsString>,

    /// What the store promises [default: always]
    ///
    /// What a Redis server still has after it has itself been killed is up to its
    /// own settings: `appendonly yes` with `appendfsync always` keeps all that it
    /// was sent, `everysec` may lose a second of it, and without `appendonly` it
    /// has what its last snapshot has.
    #[arg(long, value_enum, help_heading = STORE)]
    sync: Option<SyncArg>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SyncArg {
    /// Nothing is acknowledged before the disk has it, or the Redis server: a killed broker loses
    /// nothing, nor does a power cut with a file
    Always,
    /// Written to the disk, or sent to the Redis server, once a second: a killed broker loses a
    /// second at most, and so does a power cut with a file
    Interval,
    /// Left to the system once a second: a killed broker loses a second at most, a power cut may
    /// lose more or spoil the file; at Redis the same as interval
    Never,
}

impl StoreArgs {
    /// Where to keep what outlives the broker.
    ///
    /// # Errors
    /// When it is said how, and not where.
    pub(super) fn into_config(self) -> Result<Option<Config>> {
        need(("sync", self.sync.is_some()), ("store", self.store.is_some()))?;
        let default = Config::default();
        let sync = self.sync.map_or(default.sync, SyncArg::into_sync);
        let place = self.store.as_deref().map(Place::parse).transpose()?;
        Ok(place.map(|place| Config { place, sync, ..default }))
    }
}

impl SyncArg {
    const fn into_sync(self) -> Sync {
        match self {
            Self::Always => Sync::Always,
            Self::Interval => Sync::Interval,
            Self::Never => Sync::Never,
        }
    }
}

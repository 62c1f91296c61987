//! `mqx broker export` and `mqx broker import`: their arguments.

use crate::broker::store::archive::{Export, Import};
use crate::broker::store::{Config, Place};
use crate::error::Result;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The store that a command is about.
#[derive(Debug, clap::Args)]
struct StoreArg {
    /// The store, as `mqx broker --store` names it; no broker may have it open
    #[arg(long, value_name = "PLACE", env = "MQX_BROKER_STORE", hide_env = true)]
    store: OsString,
}

impl StoreArg {
    fn into_config(self) -> Result<Config> {
        Ok(Config { place: Place::parse(&self.store)?, ..Config::default() })
    }
}

/// What may be typed behind `mqx broker export`.
#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    store: StoreArg,

    /// Where to write; `-` is stdout
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

/// What may be typed behind `mqx broker import`.
#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    #[command(flatten)]
    store: StoreArg,

    /// What to read; `-` is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Replace what the store holds
    #[arg(long)]
    force: bool,
}

impl ExportArgs {
    pub(super) fn into_config(self) -> Result<Export> {
        Ok(Export { store: self.store.into_config()?, file: named(self.file) })
    }
}

impl ImportArgs {
    pub(super) fn into_config(self) -> Result<Import> {
        let store = self.store.into_config()?;
        Ok(Import { store, file: named(self.file), force: self.force })
    }
}

fn named(file: PathBuf) -> Option<PathBuf> {
    Some(file).filter(|file| file != Path::new("-"))
}

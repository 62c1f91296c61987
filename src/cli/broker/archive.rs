//! `mqx broker export` and `mqx broker import`: their arguments.

use crate::broker::store::Config;
use crate::broker::store::archive::{Export, Import};
use std::path::{Path, PathBuf};

/// The store that a command is about.
#[derive(Debug, clap::Args)]
struct StoreArg {
    /// The store, as `mqx broker --store` names it; no broker may have it open
    #[arg(long, value_name = "PATH", env = "MQX_BROKER_STORE", hide_env = true)]
    store: PathBuf,
}

impl StoreArg {
    fn into_config(self) -> Config {
        Config { path: self.store, ..Config::default() }
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
    pub(super) fn into_config(self) -> Export {
        Export { store: self.store.into_config(), file: named(self.file) }
    }
}

impl ImportArgs {
    pub(super) fn into_config(self) -> Import {
        Import { store: self.store.into_config(), file: named(self.file), force: self.force }
    }
}

fn named(file: PathBuf) -> Option<PathBuf> {
    Some(file).filter(|file| file != Path::new("-"))
}

//! `mqx certs install` and `mqx certs uninstall`: their arguments.

use crate::certs::Task;
use crate::certs::store::Config;
use clap::Args;
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct StoreArgs {
    /// Certificate of the CA (PEM)
    #[arg(value_name = "FILE", default_value = "ca.crt")]
    ca: PathBuf,

    /// Say it in JSON
    #[arg(long)]
    json: bool,

    /// Root of the system whose store it is, for tests
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    root: PathBuf,
}

impl StoreArgs {
    pub(super) fn into_task(self, remove: bool) -> Task {
        Task::Install(Config { ca: self.ca, remove, root: self.root, json: self.json })
    }
}

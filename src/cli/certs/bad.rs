//! `mqx certs bad`: its arguments.

use super::delivery::DeliveryArgs;
use super::signer::SignerArgs;
use crate::certs::bad::{Config, Kind};
use crate::certs::{Host, Task};
use crate::error::Result;
use clap::Args;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct BadArgs {
    /// The kinds to make, after which the files are called [default: all]
    #[arg(value_name = "KIND")]
    kinds: Vec<Kind>,

    /// What the certificates would be for (repeatable)
    #[arg(long = "host", value_name = "HOST", default_values = ["localhost", "127.0.0.1", "::1"])]
    hosts: Vec<Host>,

    #[command(flatten)]
    delivery: DeliveryArgs,

    #[command(flatten)]
    signer: SignerArgs,
}

/// The table of the kinds.
pub(super) fn after_help() -> String {
    let rows = Kind::all().map(|kind| format!("\n  {:<16} {}", kind.name(), kind.meaning()));
    format!("Kinds:{}", rows.collect::<String>())
}

impl BadArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        let delivery = self.delivery.into_delivery(None);
        let kinds = if self.kinds.is_empty() { Kind::all().collect() } else { self.kinds };
        Ok(Task::Bad(Config {
            signer: self.signer.into_signer(delivery.dir.clone())?,
            kinds,
            hosts: self.hosts,
            delivery,
        }))
    }
}

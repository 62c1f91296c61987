//! The options that say where files go and how that is told.

use crate::certs::{Delivery, Product};
use clap::Args;
use std::path::PathBuf;

/// The options as they are said.
#[derive(Debug, Args)]
pub(super) struct DeliveryArgs {
    /// Write the files here, into the folder of the CA; it is made if it is missing
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,

    /// Replace files that exist
    #[arg(long)]
    force: bool,

    /// Say what was made in JSON, a line for each certificate
    #[arg(long)]
    json: bool,
}

impl DeliveryArgs {
    pub(super) fn into_delivery(self, print: Option<Product>) -> Delivery {
        Delivery { dir: self.dir, force: self.force, json: self.json, print }
    }
}

/// `--print`.
#[derive(Debug, Args)]
pub(super) struct PrintArgs {
    /// Print the configuration that uses the files: of mosquitto, emqx, nanomq,
    /// mqx, paho-python, mqttjs or esp-idf
    #[arg(long, value_name = "PRODUCT", conflicts_with = "json")]
    pub(super) print: Option<Product>,
}

//! `mqx certs csr` and `mqx certs sign`: their arguments.

use super::delivery::DeliveryArgs;
use super::issue::DaysArgs;
use super::leaf::{LeafArgs, Plan};
use super::signer::SignerArgs;
use crate::certs::issue::{Leaf, Purpose};
use crate::certs::request::{Config, SignConfig};
use crate::certs::{Host, Task};
use crate::error::{Error, Result};
use clap::Args;
use std::path::PathBuf;

/// The arguments of `mqx certs csr`.
#[derive(Debug, Args)]
pub(super) struct CsrArgs {
    /// Hosts of the broker, or with --client the name of the client
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    /// Ask for the certificate of a client
    #[arg(long)]
    client: bool,

    #[command(flatten)]
    leaf: LeafArgs,
}

impl CsrArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        let mut leaf = match (self.client, self.names.as_slice()) {
            (true, [name]) => Leaf::client(&name.parse()?, &[]),
            (true, _) => return Err(Error::usage("a request is for one client")),
            (false, hosts) => {
                let hosts: Vec<Host> =
                    hosts.iter().map(|host| host.parse()).collect::<Result<_>>()?;
                Leaf::server(&hosts)
            }
        };
        let named = std::slice::from_mut(&mut leaf);
        let Plan { subject, key, delivery } = self.leaf.plan(named, None)?;
        Ok(Task::Request(Config { leaf, subject, key, delivery }))
    }
}

/// The arguments of `mqx certs sign`.
#[derive(Debug, Args)]
pub(super) struct SignArgs {
    /// Files with requests (PEM or DER); what is signed is called after them
    #[arg(value_name = "CSR", required = true)]
    requests: Vec<PathBuf>,

    /// Make it the certificate of a server [default: if it names a host]
    #[arg(long, conflicts_with = "client")]
    server: bool,

    /// Make it the certificate of a client [default: if it names no host]
    #[arg(long)]
    client: bool,

    /// A host name or IP address beside those that are asked for (repeatable)
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<Host>,

    #[command(flatten)]
    delivery: DeliveryArgs,

    #[command(flatten)]
    days: DaysArgs,

    #[command(flatten)]
    signer: SignerArgs,
}

impl SignArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        let delivery = self.delivery.into_delivery(None);
        let purpose = match (self.server, self.client) {
            (true, _) => Some(Purpose::Server),
            (_, true) => Some(Purpose::Client),
            _ => None,
        };
        Ok(Task::Sign(SignConfig {
            signer: self.signer.into_signer(delivery.dir.clone())?,
            requests: self.requests,
            purpose,
            hosts: self.hosts,
            days: self.days.days,
            delivery,
        }))
    }
}

//! `mqx certs server` and `mqx certs client`: their arguments.

use super::delivery::PrintArgs;
use super::leaf::{LeafArgs, Plan};
use super::signer::SignerArgs;
use crate::certs::issue::{Config, Leaf};
use crate::certs::{AltName, CommonName, Host, MAX_DAYS, Task};
use crate::error::Result;
use clap::{Args, value_parser};

/// How long new certificates are valid.
#[derive(Debug, Args)]
pub(super) struct DaysArgs {
    /// How many days the certificates are valid, not counting those of CAs
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = MAX_DAYS,
        value_parser = value_parser!(u16).range(1..=i64::from(MAX_DAYS))
    )]
    pub(super) days: u16,
}

/// What both commands have.
#[derive(Debug, Args)]
struct IssueArgs {
    #[command(flatten)]
    leaf: LeafArgs,

    #[command(flatten)]
    days: DaysArgs,

    #[command(flatten)]
    print: PrintArgs,

    #[command(flatten)]
    signer: SignerArgs,
}

/// The arguments of `mqx certs server`.
#[derive(Debug, Args)]
pub(super) struct ServerArgs {
    /// Host names and IP addresses of the broker; *.example.org stands for every
    /// host of example.org
    #[arg(value_name = "HOST", required = true)]
    hosts: Vec<Host>,

    #[command(flatten)]
    rest: IssueArgs,
}

/// The arguments of `mqx certs client`.
#[derive(Debug, Args)]
pub(super) struct ClientArgs {
    /// Names of clients, each of which gets a certificate; an e-mail address or a
    /// URI becomes a subjectAltName too
    #[arg(value_name = "NAME", required = true)]
    names: Vec<CommonName>,

    /// Another subjectAltName: a URI, an e-mail address or a host (repeatable)
    #[arg(long, value_name = "NAME")]
    san: Vec<AltName>,

    #[command(flatten)]
    rest: IssueArgs,
}

impl ServerArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        self.rest.into_task(vec![Leaf::server(&self.hosts)])
    }
}

impl ClientArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        let leaves = self.names.iter().map(|name| Leaf::client(name, &self.san));
        self.rest.into_task(leaves.collect())
    }
}

impl IssueArgs {
    fn into_task(self, mut leaves: Vec<Leaf>) -> Result<Task> {
        let Plan { subject, key, delivery } = self.leaf.plan(&mut leaves, self.print.print)?;
        Ok(Task::Issue(Config {
            signer: self.signer.into_signer(delivery.dir.clone())?,
            leaves,
            subject,
            days: self.days.days,
            key,
            delivery,
        }))
    }
}

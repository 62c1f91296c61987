//! `mqx certs revoke` and `mqx certs crl`: their arguments.

use super::signer::SignerArgs;
use crate::certs::Task;
use crate::certs::revoke::{Config, Reason};
use crate::error::Result;
use clap::{Args, value_parser};
use std::path::PathBuf;

/// What both have.
#[derive(Debug, Args)]
struct ListArgs {
    /// Folder of the CA
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,

    /// In how many days brokers need a new list; they turn all clients away after
    #[arg(
        long, value_name = "DAYS", default_value_t = 365,
        value_parser = value_parser!(u16).range(1..)
    )]
    days: u16,

    /// Say it in JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    signer: SignerArgs,
}

/// The arguments of `mqx certs revoke`.
#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// Files of certificates, or serial numbers in hexadecimal
    #[arg(value_name = "FILE|SERIAL", required = true)]
    certificates: Vec<String>,

    /// Why: keyCompromise, superseded, affiliationChanged, cessationOfOperation,
    /// privilegeWithdrawn or unspecified
    #[arg(long, value_name = "REASON")]
    reason: Option<Reason>,

    #[command(flatten)]
    list: ListArgs,
}

/// The arguments of `mqx certs crl`.
#[derive(Debug, Args)]
pub(super) struct CrlArgs {
    #[command(flatten)]
    list: ListArgs,
}

impl RevokeArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        self.list.into_task(self.certificates, self.reason)
    }
}

impl CrlArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        self.list.into_task(Vec::new(), None)
    }
}

impl ListArgs {
    fn into_task(self, certificates: Vec<String>, reason: Option<Reason>) -> Result<Task> {
        Ok(Task::Revoke(Config {
            signer: self.signer.into_signer(self.dir)?,
            certificates,
            reason,
            days: self.days,
            json: self.json,
        }))
    }
}

//! `mqx certs ca` and `mqx certs intermediate`: their arguments.

use super::delivery::DeliveryArgs;
use super::key::KeyArgs;
use super::signer::SignerArgs;
use crate::certs::new_ca::{CA_DAYS, Config};
use crate::certs::{CommonName, Subject, Task, file_stem};
use crate::error::Result;
use clap::{Args, value_parser};

/// What both commands have.
#[derive(Debug, Args)]
struct AuthorityArgs {
    #[command(flatten)]
    delivery: DeliveryArgs,

    /// Common name of the CA [default: mqx CA and a random number]
    #[arg(long, value_name = "NAME")]
    common_name: Option<CommonName>,

    /// What its subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<Subject>,

    /// How many days it is valid
    #[arg(
        long, value_name = "DAYS", default_value_t = CA_DAYS,
        value_parser = value_parser!(u16).range(1..)
    )]
    days: u16,

    #[command(flatten)]
    key: KeyArgs,
}

/// The arguments of `mqx certs ca`.
#[derive(Debug, Args)]
pub(super) struct CaArgs {
    /// How many CAs may be in a row below it
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    path_length: u8,

    #[command(flatten)]
    rest: AuthorityArgs,
}

/// The arguments of `mqx certs intermediate`.
#[derive(Debug, Args)]
pub(super) struct IntermediateArgs {
    /// Call the files NAME.crt and NAME.key
    #[arg(value_name = "NAME", default_value = "intermediate")]
    name: String,

    /// How many CAs may be in a row below it
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    path_length: u8,

    #[command(flatten)]
    rest: AuthorityArgs,

    #[command(flatten)]
    signer: SignerArgs,
}

impl CaArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        Ok(Task::Authority(self.rest.into_config("ca", self.path_length)?))
    }
}

impl IntermediateArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        let config = self.rest.into_config(&file_stem(&self.name), self.path_length)?;
        let parent = Some(self.signer.into_signer(config.delivery.dir.clone())?);
        Ok(Task::Authority(Config { parent, ..config }))
    }
}

impl AuthorityArgs {
    fn into_config(self, stem: &str, path_length: u8) -> Result<Config> {
        Ok(Config {
            name: self.common_name,
            subject: self.subject.unwrap_or_default(),
            days: self.days,
            path_length,
            key: self.key.into_options()?,
            delivery: self.delivery.into_delivery(None),
            stem: stem.to_owned(),
            parent: None,
        })
    }
}

//! `mqx certs renew`: its arguments.

use super::key::KeyArgs;
use super::signer::SignerArgs;
use crate::certs::Task;
use crate::certs::renew::Config;
use crate::error::Result;
use clap::{Arg, Args, value_parser};
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, Args)]
#[command(mut_args(with_new_key))]
pub(super) struct RenewArgs {
    /// Files of certificates (PEM), which are replaced; a CA that signs itself
    /// keeps its key, so that what it has signed stays valid
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Folder of the CA that signs [default: that of each file]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// How many days they are valid [default: as long as new ones]
    #[arg(long, value_name = "DAYS", value_parser = value_parser!(u16).range(1..))]
    days: Option<u16>,

    /// Make new keys too, in the .key files beside the certificates
    #[arg(long)]
    new_key: bool,

    /// Say what was made in JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    signer: SignerArgs,
}

/// The options of new keys: of a key that stays they would be said in vain.
const OF_NEW_KEYS: [&str; 4] = ["kind", "key_password", "key_password_file", "key_password_env"];

fn with_new_key(option: Arg) -> Arg {
    let is_of_key = OF_NEW_KEYS.contains(&option.get_id().as_str());
    if is_of_key { option.requires("new_key") } else { option }
}

impl RenewArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        let key = self.key.into_options()?;
        Ok(Task::Renew(Config {
            own_folders: self.dir.is_none(),
            signer: self.signer.into_signer(self.dir.unwrap_or_default())?,
            files: self.files,
            days: self.days,
            new_key: self.new_key.then_some(key),
            json: self.json,
        }))
    }
}

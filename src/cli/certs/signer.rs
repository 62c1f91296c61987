//! The options that say which CA signs.

use super::super::connection::secrets;
use crate::certs::Signer;
use crate::error::Result;
use crate::secret::Secret;
use clap::Args;
use std::path::PathBuf;

/// The options as they are said.
#[derive(Debug, Args)]
#[command(next_help_heading = "Signing CA")]
pub(super) struct SignerArgs {
    /// Certificate of the CA that signs (PEM), of openssl or of a CA below yours
    /// [default: ca.crt in --dir]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Key of that CA (PEM) [default: beside its certificate, ending in .key]
    #[arg(long, value_name = "FILE", requires = "ca")]
    ca_key: Option<PathBuf>,

    /// Password of the CA's key; on this machine everybody can see it
    #[arg(
        long, value_name = "TEXT",
        conflicts_with_all = ["ca_key_password_file", "ca_key_password_env"]
    )]
    ca_key_password: Option<Secret>,

    /// Take the password of the CA's key from this file
    #[arg(long, value_name = "FILE", conflicts_with = "ca_key_password_env")]
    ca_key_password_file: Option<PathBuf>,

    /// Take the password of the CA's key from this variable of the environment
    #[arg(long, value_name = "NAME")]
    ca_key_password_env: Option<String>,
}

impl SignerArgs {
    /// The CA; without one it is that of `dir`.
    pub(super) fn into_signer(self, dir: PathBuf) -> Result<Signer> {
        let password = secrets::chosen(
            self.ca_key_password,
            self.ca_key_password_file,
            self.ca_key_password_env,
        )?;
        Ok(Signer { dir, ca: self.ca, key: self.ca_key, password })
    }
}

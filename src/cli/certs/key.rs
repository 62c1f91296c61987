//! The options of new keys.

use super::super::connection::secrets;
use crate::certs::{KeyKind, KeyOptions};
use crate::error::Result;
use crate::secret::Secret;
use clap::Args;
use std::path::PathBuf;

/// The options as they are said.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub(super) struct KeyArgs {
    /// Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096
    #[arg(long = "key-type", alias = "kty", value_name = "KIND", default_value_t = KeyKind::default())]
    kind: KeyKind,

    /// Encrypt the new key with this password; on this machine everybody can see it
    #[arg(
        id = "key_password", long = "key-password", value_name = "TEXT",
        conflicts_with_all = ["key_password_file", "key_password_env"]
    )]
    password: Option<Secret>,

    /// Encrypt the new key with the password in this file
    #[arg(
        id = "key_password_file",
        long = "key-password-file",
        value_name = "FILE",
        conflicts_with = "key_password_env"
    )]
    password_file: Option<PathBuf>,

    /// Encrypt the new key with the password in this variable of the environment
    #[arg(id = "key_password_env", long = "key-password-env", value_name = "NAME")]
    password_env: Option<String>,
}

impl KeyArgs {
    pub(super) fn into_options(self) -> Result<KeyOptions> {
        let password = secrets::chosen(self.password, self.password_file, self.password_env)?;
        Ok(KeyOptions { kind: self.kind, password })
    }
}

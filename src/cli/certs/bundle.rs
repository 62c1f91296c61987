//! `mqx certs bundle`: its arguments.

use super::super::connection::secrets;
use super::delivery::DeliveryArgs;
use crate::certs::Task;
use crate::certs::bundle::{Config, Format};
use crate::error::{Error, Result};
use crate::secret::Secret;
use clap::Args;
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct BundleArgs {
    /// File of the certificate (PEM), with those of the CAs between
    #[arg(value_name = "FILE")]
    certificate: PathBuf,

    /// How: pem (the whole chain), p12 (PKCS#12 for Windows and Java), der (for
    /// devices) or header (of C, for firmware)
    #[arg(long, short = 'f', value_name = "FORMAT", default_value_t = Format::Pkcs12)]
    format: Format,

    /// Private key of the certificate [default: beside it, ending in .key]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Password of that key; on this machine everybody can see it
    #[arg(long, value_name = "TEXT", conflicts_with = "key_password_file")]
    key_password: Option<Secret>,

    /// Take the password of that key from this file
    #[arg(long, value_name = "FILE")]
    key_password_file: Option<PathBuf>,

    /// CA at the top of the chain [default: ca.crt beside the certificate]
    #[arg(long, alias = "ca", value_name = "FILE")]
    cafile: Option<PathBuf>,

    /// Encrypt PKCS#12 with this password; on this machine everybody can see it
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["password_file", "password_env"])]
    password: Option<Secret>,

    /// Encrypt PKCS#12 with the password in this file
    #[arg(long, value_name = "FILE", conflicts_with = "password_env")]
    password_file: Option<PathBuf>,

    /// Encrypt PKCS#12 with the password in this variable of the environment
    #[arg(long, value_name = "NAME")]
    password_env: Option<String>,

    #[command(flatten)]
    delivery: DeliveryArgs,
}

impl BundleArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        let password = secrets::chosen(self.password, self.password_file, self.password_env)?;
        if password.is_some() && self.format != Format::Pkcs12 {
            return Err(Error::usage("--password and its kin are for PKCS#12 only")
                .hint("leave it out, or add --format p12"));
        }
        Ok(Task::Bundle(Config {
            certificate: self.certificate,
            key: self.key,
            key_password: secrets::chosen(self.key_password, self.key_password_file, None)?,
            ca: self.cafile,
            format: self.format,
            password,
            delivery: self.delivery.into_delivery(None),
        }))
    }
}

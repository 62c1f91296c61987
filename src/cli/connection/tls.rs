//! The options that say how to encrypt, whom to believe and who to be.

use super::brokers::Encryption;
use crate::error::Result;
use crate::net::{TlsClient, TlsClientOptions, Trust};
use crate::output;
use clap::Args;
use std::path::PathBuf;

/// How to encrypt, whom to believe and who to be.
#[allow(clippy::option_option, reason = "--tls is absent, alone or with a value")]
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct TlsArgs {
    /// Use TLS; trust the CA in this file, or without one those of the system
    #[arg(
        long, value_name = "CA", num_args = 0..=1,
        conflicts_with = "cafile"
    )]
    tls: Option<Option<PathBuf>>,

    /// The same as --tls with a CA
    #[arg(long, aliases = ["ca", "ca-cert", "cacertfile"], value_name = "FILE")]
    cafile: Option<PathBuf>,

    /// Use TLS and show this certificate to the broker (PEM)
    #[arg(long, aliases = ["certfile", "client-cert"], value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,

    /// The private key of that certificate (PEM)
    #[arg(
        long, aliases = ["keyfile", "client-key", "client-private-key"],
        value_name = "FILE", requires = "cert"
    )]
    key: Option<PathBuf>,

    /// Use TLS and believe any certificate; for tests only
    #[arg(long)]
    insecure: bool,

    /// Use no TLS, not even with port 8883
    #[arg(long, conflicts_with_all = ["tls", "cafile", "cert", "insecure"])]
    no_tls: bool,
}

impl TlsArgs {
    /// Whether these options ask for TLS or forbid it.
    pub(super) const fn encryption(&self) -> Encryption {
        if self.no_tls {
            Encryption::Forbidden
        } else if self.tls.is_some()
            || self.cafile.is_some()
            || self.cert.is_some()
            || self.insecure
        {
            Encryption::Wanted
        } else {
            Encryption::Open
        }
    }

    /// Reads the files.
    pub(super) fn into_client(self) -> Result<TlsClient> {
        let ca = self.cafile.or(self.tls.flatten());
        let (client, warnings) = TlsClient::new(&TlsClientOptions {
            ca: ca.map_or(Trust::System, Trust::File),
            insecure: self.insecure,
            identity: self.cert.zip(self.key),
        })?;
        if self.insecure {
            output::warn("--insecure: the broker's certificate is not checked");
        }
        warnings.iter().for_each(output::warn);
        Ok(client)
    }
}

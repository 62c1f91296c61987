//! How a bridge encrypts, whom it believes and who it shows to be.

use crate::cli::broker::settings::need;
use crate::error::Result;
use crate::net::{TlsClient, TlsClientOptions, TlsVersion, Trust};
use crate::output;
use std::path::PathBuf;

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct TlsArgs {
    /// Use TLS and trust the CAs of the system
    #[arg(long)]
    tls: bool,

    /// Use TLS and trust the CA in this file
    #[arg(long, value_name = "FILE")]
    cafile: Option<PathBuf>,

    /// Use TLS and trust the CAs in the files of this directory
    #[arg(long, value_name = "DIR")]
    capath: Option<PathBuf>,

    /// Certificate to show to the other broker (PEM)
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,

    /// Private key of that certificate (PEM)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Application protocol to offer
    #[arg(long, value_name = "NAME")]
    tls_alpn: Vec<String>,

    /// The only version of TLS to speak: 1.2 or 1.3 [default: either]
    #[arg(long, value_name = "VERSION")]
    tls_version: Option<TlsVersion>,

    /// Believe any certificate; for tests only
    #[arg(long)]
    insecure: bool,
}

impl TlsArgs {
    /// Reads the files, if TLS is asked for.
    ///
    /// # Errors
    /// When options do not go together, or a file cannot be read or used.
    pub(super) fn into_client(self) -> Result<Option<TlsClient>> {
        let wanted = self.tls || self.cafile.is_some() || self.capath.is_some();
        let tls = ("tls", wanted);
        need(("cert", self.cert.is_some()), ("key", self.key.is_some()))?;
        need(("key", self.key.is_some()), ("cert", self.cert.is_some()))?;
        need(("cert", self.cert.is_some()), tls)?;
        need(("tls-alpn", !self.tls_alpn.is_empty()), tls)?;
        need(("tls-version", self.tls_version.is_some()), tls)?;
        need(("insecure", self.insecure), tls)?;
        if !wanted {
            return Ok(None);
        }
        let file = self.cafile.map(Trust::File);
        let (client, warnings) = TlsClient::new(&TlsClientOptions {
            ca: file.or(self.capath.map(Trust::Folder)).unwrap_or_default(),
            insecure: self.insecure,
            identity: self.cert.zip(self.key),
            alpn: self.tls_alpn,
            version: self.tls_version,
            ..TlsClientOptions::default()
        })?;
        if self.insecure {
            output::warn("a bridge is insecure: the other broker's certificate is not checked");
        }
        warnings.iter().for_each(output::warn);
        Ok(Some(client))
    }
}

//! The options of `mqx broker` that are about TLS.

use super::client_certificate::ClientCertificateArgs;
use super::settings::need;
use crate::cli::connection::secrets;
use crate::error::Result;
use crate::net::{CertificateName, TlsServerOptions, TlsVersion, Trust, tls_server};
use crate::output;
use rustls::ServerConfig;
use std::path::PathBuf;
use std::sync::Arc;

const TLS: &str = "TLS";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct TlsArgs {
    /// Server certificate with its chain (PEM); opens the TLS port. The file that
    /// SSLKEYLOGFILE names gets the secrets, for Wireshark
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    cert: Option<PathBuf>,

    /// Private key of the server certificate (PEM)
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    key: Option<PathBuf>,

    /// Password of that key, in a file; for a key that is encrypted
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    key_password_file: Option<PathBuf>,

    /// CA that client certificates are checked against (PEM)
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    cafile: Option<PathBuf>,

    /// The same of the CAs in the files of this directory, which `openssl
    /// rehash` has prepared; goes together with --cafile
    #[arg(long, value_name = "DIR", help_heading = TLS)]
    capath: Option<PathBuf>,

    /// Oldest version of TLS that is spoken: 1.2 or 1.3 [default: 1.2]
    #[arg(long, value_name = "VERSION", help_heading = TLS)]
    tls_min_version: Option<TlsVersion>,

    #[command(flatten)]
    clients: ClientCertificateArgs,

    /// Refuse clients on every port that do not speak TLS
    #[arg(long, help_heading = TLS)]
    pub(super) require_tls: bool,
}

impl TlsArgs {
    /// Whether there is a certificate.
    pub(super) const fn is_said(&self) -> bool {
        self.cert.is_some()
    }

    /// Whether clients are asked for a certificate.
    pub(super) const fn asks_clients(&self) -> bool {
        self.cafile.is_some() || self.capath.is_some()
    }

    /// The name in a client's certificate that is its user name, if one is.
    pub(super) fn identity(&self) -> Option<CertificateName> {
        self.clients.identity()
    }

    /// How TLS is spoken, if it is.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub(super) fn read(self) -> Result<Option<Arc<ServerConfig>>> {
        let Some((cert, key)) = self.cert.zip(self.key) else {
            return Ok(None);
        };
        let file = self.cafile.map(Trust::File);
        let (config, warnings) = tls_server(&TlsServerOptions {
            cert,
            key,
            key_password: secrets::chosen(None, self.key_password_file, None)?,
            client_ca: file.into_iter().chain(self.capath.map(Trust::Folder)).collect(),
            revocations: self.clients.crlfile,
            require_client_cert: self.clients.require_client_cert,
            oldest: self.tls_min_version.unwrap_or(TlsVersion::V12),
        })?;
        warnings.iter().for_each(output::warn);
        Ok(Some(config))
    }

    /// Demands what the options need, and `tls_port` too.
    ///
    /// # Errors
    /// [`crate::error::Class::Usage`] where it is missing.
    pub(super) fn check(&self, tls_port: Option<u16>) -> Result<()> {
        let cert = ("cert", self.cert.is_some());
        let key = ("key", self.key.is_some());
        let password = ("key-password-file", self.key_password_file.is_some());
        self.clients.check(("cafile", self.asks_clients()))?;
        need(("tls-port", tls_port.is_some()), cert)?;
        need(("tls-min-version", self.tls_min_version.is_some()), cert)?;
        need(("require-tls", self.require_tls), cert)?;
        need(("cafile", self.cafile.is_some()), cert)?;
        need(("capath", self.capath.is_some()), cert)?;
        need(password, key)?;
        need(cert, key)?;
        need(key, cert)
    }
}

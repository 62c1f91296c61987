//! The options of `mqx broker` that are about TLS.

use super::Purpose;
use super::client_certificate::ClientCertificateArgs;
use super::own_certificate::{OwnCertificateArgs, upkeep};
use super::settings::need;
use crate::broker::OwnCertificate;
use crate::cli::connection::secrets;
use crate::error::Result;
use crate::net::{CertificateName, TlsServer, TlsServerOptions, TlsVersion, Trust};
use crate::output;
use clap::builder::NonEmptyStringValueParser;
use std::net::IpAddr;
use std::path::PathBuf;

const TLS: &str = "TLS";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct TlsArgs {
    #[command(flatten)]
    own: OwnCertificateArgs,

    /// Server certificate with its chain (PEM); opens the TLS port. The file that
    /// SSLKEYLOGFILE names gets the secrets, for Wireshark
    ///
    /// This file and the other ones of TLS are read again as soon as they have
    /// changed, for clients that come from then on.
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

    /// Newest version of TLS that is spoken: 1.2 or 1.3 [default: 1.3]
    #[arg(long, value_name = "VERSION", help_heading = TLS)]
    tls_max_version: Option<TlsVersion>,

    /// Application protocol to agree on with clients that offer any (ALPN), as in
    /// mqtt; those that offer none of these are refused (repeatable)
    #[arg(
        long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new(),
        help_heading = TLS
    )]
    tls_alpn: Vec<String>,

    #[command(flatten)]
    clients: ClientCertificateArgs,

    /// Refuse clients on every port that do not speak TLS
    #[arg(long, help_heading = TLS)]
    pub(super) require_tls: bool,
}

impl TlsArgs {
    /// Whether there is a certificate.
    pub(super) const fn is_said(&self) -> bool {
        self.cert.is_some() || self.own.is_said()
    }

    /// Whether clients are asked for a certificate.
    pub(super) const fn asks_clients(&self) -> bool {
        let own = self.own.is_said() && self.clients.require_client_cert;
        self.cafile.is_some() || self.capath.is_some() || own
    }

    /// Where the broker keeps what it makes itself, if that is said.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.own.tls_dir.clone()
    }

    /// The name in a client's certificate that is its user name, if one is.
    pub(super) fn identity(&self) -> Option<CertificateName> {
        self.clients.identity()
    }

    /// How TLS is spoken at `bind`, if it is, and what is said of a certificate that
    /// was made for it; both are missing where it is still to be made, and is only to be
    /// looked at.
    ///
    /// # Errors
    /// When a file cannot be read or used, or made.
    pub(super) fn read(
        self,
        bind: Option<IpAddr>,
        purpose: Purpose,
    ) -> Result<(Option<TlsServer>, Option<OwnCertificate>)> {
        let kept = self.own.keep(bind, purpose)?;
        let told = kept.as_ref().map(|kept| OwnCertificate {
            upkeep: upkeep(&kept.ca),
            ca: kept.ca.clone(),
            lab: None,
        });
        let mut client_ca: Vec<_> = self.cafile.map(Trust::File).into_iter().collect();
        client_ca.extend(self.capath.map(Trust::Folder));
        if client_ca.is_empty() && self.clients.require_client_cert {
            client_ca.extend(told.iter().map(|own| Trust::File(own.ca.clone())));
        }
        let made = kept.map(|kept| (kept.certificate, kept.key));
        let Some((cert, key)) = made.or(self.cert.zip(self.key)) else {
            return Ok((None, None));
        };
        let (server, warnings) = TlsServer::new(TlsServerOptions {
            key_password: secrets::chosen(None, self.key_password_file, None)?,
            client_ca,
            revocations: self.clients.crlfile,
            require_client_cert: self.clients.require_client_cert,
            oldest: self.tls_min_version.unwrap_or(TlsVersion::V12),
            newest: self.tls_max_version.unwrap_or(TlsVersion::V13),
            alpn: self.tls_alpn,
            ..TlsServerOptions::new(cert, key)
        })?;
        warnings.iter().for_each(output::warn);
        Ok((Some(server), told))
    }

    /// Demands what the options need, and `tls_port` too.
    ///
    /// # Errors
    /// [`crate::error::Class::Usage`] where it is missing.
    pub(super) fn check(&self, tls_port: Option<u16>) -> Result<()> {
        self.own.check(self.cert.is_some())?;
        let cert = ("cert", self.is_said());
        let key = ("key", self.key.is_some());
        let password = ("key-password-file", self.key_password_file.is_some());
        self.clients.check(("cafile", self.asks_clients()))?;
        need(("tls-port", tls_port.is_some()), cert)?;
        need(("tls-min-version", self.tls_min_version.is_some()), cert)?;
        need(("tls-max-version", self.tls_max_version.is_some()), cert)?;
        need(("tls-alpn", !self.tls_alpn.is_empty()), cert)?;
        need(("require-tls", self.require_tls), cert)?;
        need(("cafile", self.cafile.is_some()), cert)?;
        need(("capath", self.capath.is_some()), cert)?;
        need(password, key)?;
        need(("cert", self.cert.is_some()), key)?;
        need(key, ("cert", self.cert.is_some()))
    }
}

//! The options that say how to encrypt, whom to believe and who to be.

use super::brokers::Encryption;
use super::secrets;
use crate::error::Result;
use crate::net::{Ciphers, TlsClient, TlsClientOptions, TlsVersion, Trust};
use crate::output;
use crate::secret::Secret;
use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args};
use std::path::{Path, PathBuf};

/// The options of which one says where the private key is.
const KEY: &str = "the_key";

/// The files of the certificates that clients have of their own.
#[derive(Debug, Clone)]
pub struct OwnFiles {
    /// Certificates.
    pub cert: PathBuf,
    /// Their keys.
    pub key: PathBuf,
    /// The password of all keys, if they are encrypted.
    pub password: Option<Secret>,
}

/// How to encrypt, whom to believe and who to be.
#[allow(clippy::option_option, reason = "--tls is absent, alone or with a value")]
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "TLS", group = ArgGroup::new(KEY).args(["key", "p12"]))]
pub(super) struct TlsArgs {
    /// Use TLS; trust the CA in this file, or without one those of the system
    #[arg(
        long, aliases = ["secure", "ssl"], value_name = "CA", num_args = 0..=1,
        conflicts_with_all = ["cafile", "capath"]
    )]
    tls: Option<Option<PathBuf>>,

    /// The same as --tls with a CA
    #[arg(
        long, aliases = ["ca", "ca-cert", "cacertfile"], value_name = "FILE",
        conflicts_with = "capath"
    )]
    cafile: Option<PathBuf>,

    /// Use TLS and trust the CAs in the PEM files of this directory
    #[arg(long, alias = "ca-cert-dir", value_name = "DIR")]
    capath: Option<PathBuf>,

    /// Use TLS and show this certificate to the broker (PEM)
    #[arg(long, aliases = ["certfile", "client-cert"], value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,

    /// The private key of that certificate (PEM, also encrypted PKCS#8)
    #[arg(
        long, aliases = ["keyfile", "client-key", "client-private-key"],
        value_name = "FILE", requires = "cert"
    )]
    key: Option<PathBuf>,

    /// Use TLS and show the certificate in this PKCS#12 file, which has its key too
    #[arg(
        long, aliases = ["pkcs12", "pfx"], value_name = "FILE", conflicts_with_all = ["cert", "key"]
    )]
    p12: Option<PathBuf>,

    /// Password of the private key, or of the PKCS#12 file; on this machine everybody can see it
    #[arg(
        long, aliases = ["keypw", "keypass"], value_name = "TEXT", requires = KEY,
        conflicts_with_all = ["key_password_file", "key_password_env"]
    )]
    key_password: Option<Secret>,

    /// Take the password of the private key from this file
    #[arg(long, value_name = "FILE", requires = KEY, conflicts_with = "key_password_env")]
    key_password_file: Option<PathBuf>,

    /// Take the password of the private key from this variable of the environment
    #[arg(long, value_name = "NAME", requires = KEY)]
    key_password_env: Option<String>,

    /// Use TLS and believe any certificate; for tests only
    #[arg(long)]
    insecure: bool,

    /// Name to ask the broker for (SNI) and to check its certificate with, in
    /// place of the host
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    sni: Option<String>,

    /// Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)
    #[arg(
        long, alias = "alpn", value_name = "NAME",
        value_parser = NonEmptyStringValueParser::new()
    )]
    tls_alpn: Vec<String>,

    /// Speak this version of TLS and no other: 1.2 or 1.3
    #[arg(long, value_name = "VERSION")]
    tls_version: Option<TlsVersion>,

    /// Offer these cipher suites and no others, by their names of IANA or OpenSSL with
    /// colons between them; what is not known is told
    #[arg(long, value_name = "LIST", value_parser = Ciphers::parse)]
    ciphers: Option<Ciphers>,

    /// Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]
    #[arg(long, value_name = "FILE")]
    tls_keylog: Option<PathBuf>,

    /// Use no TLS, not even with port 8883
    #[arg(long, conflicts_with_all = ["tls", "cafile", "capath", "cert", "key", "p12", "insecure"])]
    no_tls: bool,
}

impl TlsArgs {
    /// Whether these options ask for TLS or forbid it.
    pub(super) const fn encryption(&self) -> Encryption {
        if self.no_tls {
            Encryption::Forbidden
        } else if self.tls.is_some()
            || self.cafile.is_some()
            || self.capath.is_some()
            || self.cert.is_some()
            || self.p12.is_some()
            || self.insecure
        {
            Encryption::Wanted
        } else {
            Encryption::Open
        }
    }

    /// Asks for TLS.
    pub(super) fn want(&mut self) {
        self.tls.get_or_insert(None);
    }

    /// Takes out the files of the client's certificate and its key, and the password of
    /// the key, if `differs` says of one that clients have their own; what is left still
    /// asks for TLS.
    pub(super) fn take_identity(
        &mut self,
        differs: impl Fn(&Path) -> bool,
    ) -> Result<Option<OwnFiles>> {
        let files = self.cert.clone().zip(self.key.clone());
        let Some((cert, key)) = files.filter(|(cert, key)| differs(cert) || differs(key)) else {
            return Ok(None);
        };
        (self.cert, self.key) = (None, None);
        self.want();
        let password = secrets::chosen(
            self.key_password.take(),
            self.key_password_file.take(),
            self.key_password_env.take(),
        )?;
        Ok(Some(OwnFiles { cert, key, password }))
    }

    /// An option that is given and of no use without TLS.
    pub(super) fn idle(&self) -> Option<&'static str> {
        let rows = [
            (self.sni.is_some(), "--sni"),
            (!self.tls_alpn.is_empty(), "--tls-alpn"),
            (self.tls_version.is_some(), "--tls-version"),
            (self.ciphers.is_some(), "--ciphers"),
            (self.tls_keylog.is_some(), "--tls-keylog"),
        ];
        rows.iter().find(|(given, _)| *given).map(|(_, name)| *name)
    }

    /// Reads the files.
    pub(super) fn into_client(self) -> Result<TlsClient> {
        let key_password =
            secrets::chosen(self.key_password, self.key_password_file, self.key_password_env)?;
        let file = self.cafile.or(self.tls.flatten());
        let ca = file.map(Trust::File).or(self.capath.map(Trust::Folder));
        let unknown = self.ciphers.iter().flat_map(|ciphers| &ciphers.unknown);
        for name in unknown {
            let name = output::escape(name);
            output::warn(format!("--ciphers: {name} is no cipher suite that mqx has"));
        }
        let (client, warnings) = TlsClient::new(&TlsClientOptions {
            ca: ca.unwrap_or_default(),
            insecure: self.insecure,
            identity: self.cert.zip(self.key),
            pkcs12: self.p12,
            key_password,
            server_name: self.sni,
            alpn: self.tls_alpn,
            version: self.tls_version,
            ciphers: self.ciphers,
            key_log: self.tls_keylog,
        })?;
        if self.insecure {
            output::warn("--insecure: the broker's certificate is not checked");
        }
        warnings.iter().for_each(output::warn);
        Ok(client)
    }
}

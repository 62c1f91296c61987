//! TLS as a client speaks it.

use super::identity::Identity;
use super::insecure::AcceptAny;
use super::key_log::KeyLogTo;
use super::{Trust, provider};
use crate::error::{Class, Error, Result};
use crate::secret::Secret;
use rustls::client::WantsClientCert;
use rustls::version::{TLS12, TLS13};
use rustls::{ALL_VERSIONS, ClientConfig, ConfigBuilder, KeyLogFile, SupportedProtocolVersion};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// What a client believes and who it says it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsClientOptions {
    /// Whose signature a server's certificate needs; unused when `insecure`.
    pub ca: Trust,
    /// Accept any certificate for any host name.
    pub insecure: bool,
    /// The PEM files of the client's certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The password of the key, if it is encrypted.
    pub key_password: Option<Secret>,
    /// The name that is asked for and that the server's certificate has to
    /// prove, in place of the host that is connected to.
    pub server_name: Option<String>,
    /// Application protocols to offer, the preferred one first.
    pub alpn: Vec<String>,
    /// The only version of TLS to speak; without it 1.3 or 1.2.
    pub version: Option<TlsVersion>,
    /// The file to append secrets to; without it that of `SSLKEYLOGFILE`.
    pub key_log: Option<PathBuf>,
}

/// A version of TLS that can be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2.
    V12,
    /// TLS 1.3.
    V13,
}

/// The versions with the names that tools have for them.
const VERSIONS: &[(TlsVersion, &[&str])] =
    &[(TlsVersion::V12, &["1.2", "tlsv1.2"]), (TlsVersion::V13, &["1.3", "tlsv1.3"])];

impl FromStr for TlsVersion {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.to_ascii_lowercase();
        let row = VERSIONS.iter().find(|(_, names)| names.contains(&text.as_str()));
        row.map(|(version, _)| *version).ok_or("known are 1.2 and 1.3; what is older is not safe")
    }
}

/// A ready TLS configuration; a clone shares it.
#[derive(Debug, Clone)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    trust: Trust,
    has_identity: bool,
    server_name: Option<String>,
}

impl TlsClient {
    /// Reads the files the options name. Beside the configuration come
    /// warnings, one sentence each, about files that can be used but should not.
    ///
    /// # Errors
    /// [`Class::File`] for a file that cannot be read, [`Class::Tls`] for one
    /// that is not what it should be; the error says what it is instead.
    pub fn new(options: &TlsClientOptions) -> Result<(Self, Vec<String>)> {
        let builder = verifying(options)?;
        let identity = match &options.identity {
            Some((cert, key)) => Some(Identity::read(cert, key, options.key_password.as_ref())?),
            None => None,
        };
        let has_identity = identity.is_some();
        let (mut config, warnings) = match identity {
            Some(own) => (builder.with_client_cert_resolver(own.resolver), own.warnings),
            None => (builder.with_no_client_auth(), Vec::new()),
        };
        config.key_log = match &options.key_log {
            Some(path) => Arc::new(KeyLogTo::open(path)?),
            None => Arc::new(KeyLogFile::new()),
        };
        config.alpn_protocols = options.alpn.iter().map(|name| name.clone().into_bytes()).collect();
        let (config, trust) = (Arc::new(config), options.ca.clone());
        let server_name = options.server_name.clone();
        Ok((Self { config, trust, has_identity, server_name }, warnings))
    }

    /// Whether the client has a certificate to show.
    #[must_use]
    pub const fn has_identity(&self) -> bool {
        self.has_identity
    }

    /// Whose signature the server's certificate needs.
    #[must_use]
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The name to use in place of the host that is connected to.
    pub(super) fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    pub(super) fn connector(&self) -> TlsConnector {
        TlsConnector::from(Arc::clone(&self.config))
    }
}

fn verifying(options: &TlsClientOptions) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>> {
    let provider = provider();
    let algorithms = provider.signature_verification_algorithms;
    let versions: &[&SupportedProtocolVersion] = match options.version {
        None => ALL_VERSIONS,
        Some(TlsVersion::V12) => &[&TLS12],
        Some(TlsVersion::V13) => &[&TLS13],
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|cause| Error::new(Class::Tls, "TLS cannot be set up").because(cause))?;
    Ok(if options.insecure {
        let verifier = Arc::new(AcceptAny(algorithms));
        builder.dangerous().with_custom_certificate_verifier(verifier)
    } else {
        builder.with_root_certificates(options.ca.roots()?)
    })
}

//! TLS as a client speaks it.

use super::identity::Identity;
use super::insecure::AcceptAny;
use super::{Trust, provider};
use crate::error::{Class, Error, Result};
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, KeyLogFile};
use std::path::PathBuf;
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
}

/// A ready TLS configuration; a clone shares it.
#[derive(Debug, Clone)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    trust: Trust,
    has_identity: bool,
}

impl TlsClient {
    /// Reads the files the options name. Beside the configuration come
    /// warnings, one sentence each, about files that can be used but should not.
    /// Secrets are logged to the file `SSLKEYLOGFILE` names, for Wireshark.
    ///
    /// # Errors
    /// [`Class::File`] for a file that cannot be read, [`Class::Tls`] for one
    /// that is not what it should be; the error says what it is instead.
    pub fn new(options: &TlsClientOptions) -> Result<(Self, Vec<String>)> {
        let builder = verifying(options)?;
        let identity = match &options.identity {
            Some((cert, key)) => Some(Identity::read(cert, key)?),
            None => None,
        };
        let has_identity = identity.is_some();
        let (mut config, warnings) = match identity {
            Some(own) => (builder.with_client_cert_resolver(own.resolver), own.warnings),
            None => (builder.with_no_client_auth(), Vec::new()),
        };
        config.key_log = Arc::new(KeyLogFile::new());
        let (config, trust) = (Arc::new(config), options.ca.clone());
        Ok((Self { config, trust, has_identity }, warnings))
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

    pub(super) fn connector(&self) -> TlsConnector {
        TlsConnector::from(Arc::clone(&self.config))
    }
}

fn verifying(options: &TlsClientOptions) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>> {
    let provider = provider();
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| Error::new(Class::Tls, "TLS cannot be set up").because(cause))?;
    Ok(if options.insecure {
        let verifier = Arc::new(AcceptAny(algorithms));
        builder.dangerous().with_custom_certificate_verifier(verifier)
    } else {
        builder.with_root_certificates(options.ca.roots()?)
    })
}

//! TLS as a client speaks it.

use super::asked::Asked;
use super::ciphers::Ciphers;
use super::identity::Identity;
use super::insecure::AcceptAny;
use super::issuer::{Remembering, UnknownIssuer};
use super::key_log::KeyLogTo;
use super::{Trust, provider};
use crate::error::{Class, Error, Result};
use crate::secret::Secret;
use rustls::client::{Resumption, WantsClientCert, WebPkiServerVerifier};
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
    /// A PKCS#12 file with both, in place of them.
    pub pkcs12: Option<PathBuf>,
    /// The password of the key or of the PKCS#12 file, if it is encrypted.
    pub key_password: Option<Secret>,
    /// The name that is asked for and that the server's certificate has to
    /// prove, in place of the host that is connected to.
    pub server_name: Option<String>,
    /// Application protocols to offer, the preferred one first.
    pub alpn: Vec<String>,
    /// The only version of TLS to speak; without it 1.3 or 1.2.
    pub version: Option<TlsVersion>,
    /// The cipher suites to offer and no others.
    pub ciphers: Option<Ciphers>,
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

/// Sessions that one of many clients keeps to take them up again.
const SESSIONS: usize = 4;

/// A ready TLS configuration; a clone shares it.
#[derive(Debug, Clone)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    options: Arc<TlsClientOptions>,
    asked: Arc<Asked>,
    /// What checks the server, unless nothing does.
    verifier: Option<Arc<Remembering>>,
}

impl TlsClient {
    /// Reads the files the options name. Beside the configuration come
    /// warnings, one sentence each, about files that can be used but should not.
    ///
    /// # Errors
    /// [`Class::File`] for a file that cannot be read, [`Class::Tls`] for one
    /// that is not what it should be; the error says what it is instead.
    pub fn new(options: &TlsClientOptions) -> Result<(Self, Vec<String>)> {
        let (builder, verifier) = verifying(options)?;
        let password = options.key_password.as_ref();
        let identity = match (&options.identity, &options.pkcs12) {
            (Some((cert, key)), _) => Some(Identity::read(cert, key, password)?),
            (None, Some(file)) => Some(Identity::read_pkcs12(file, password)?),
            (None, None) => None,
        };
        let (own, warnings) = identity.map(|own| (own.resolver, own.warnings)).unzip();
        let asked = Arc::new(Asked::new(own));
        let mut config = builder.with_client_cert_resolver(Arc::clone(&asked) as _);
        config.key_log = match &options.key_log {
            Some(path) => Arc::new(KeyLogTo::open(path)?),
            None => Arc::new(KeyLogFile::new()),
        };
        config.alpn_protocols = options.alpn.iter().map(|name| name.clone().into_bytes()).collect();
        let client =
            Self { config: Arc::new(config), options: Arc::new(options.clone()), asked, verifier };
        Ok((client, warnings.unwrap_or_default()))
    }

    /// What it was made of.
    #[must_use]
    pub fn options(&self) -> &TlsClientOptions {
        &self.options
    }

    /// The same for another client: with its certificate and key, and with sessions of
    /// its own, for one that is taken up again is the client's who began it.
    ///
    /// # Errors
    /// When the files cannot be read or do not belong together.
    pub fn with_identity(
        &self,
        cert: PathBuf,
        key: PathBuf,
        password: Option<&Secret>,
    ) -> Result<Self> {
        let own = Identity::read(&cert, &key, password)?;
        let asked = Arc::new(Asked::new(Some(own.resolver)));
        let mut config = ClientConfig::clone(&self.config);
        config.client_auth_cert_resolver = Arc::clone(&asked) as _;
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        let options = TlsClientOptions {
            identity: Some((cert, key)),
            ..TlsClientOptions::clone(&self.options)
        };
        Ok(Self { config: Arc::new(config), options: Arc::new(options), asked, ..self.clone() })
    }

    /// Whether the client has a certificate to show.
    #[must_use]
    pub fn has_identity(&self) -> bool {
        self.options.identity.is_some() || self.options.pkcs12.is_some()
    }

    /// Whether any server has asked for the certificate of this client so far.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        self.asked.was()
    }

    /// The versions of TLS that are offered, for people.
    #[must_use]
    pub fn versions(&self) -> &'static str {
        match self.options.version {
            None => "1.3 and 1.2",
            Some(TlsVersion::V12) => "1.2 only",
            Some(TlsVersion::V13) => "1.3 only",
        }
    }

    /// The CA of a server that was not trusted, the last one.
    pub(super) fn unknown_issuer(&self) -> Option<UnknownIssuer> {
        self.verifier.as_ref()?.unknown()
    }

    pub(super) fn connector(&self) -> TlsConnector {
        TlsConnector::from(Arc::clone(&self.config))
    }
}

/// A configuration that lacks only the client's certificate, and what checks the
/// server, unless nothing does.
type Verifying = (ConfigBuilder<ClientConfig, WantsClientCert>, Option<Arc<Remembering>>);

fn verifying(options: &TlsClientOptions) -> Result<Verifying> {
    let provider = match &options.ciphers {
        Some(ciphers) => ciphers.provider(),
        None => provider(),
    };
    let algorithms = provider.signature_verification_algorithms;
    let versions: &[&SupportedProtocolVersion] = match options.version {
        None => ALL_VERSIONS,
        Some(TlsVersion::V12) => &[&TLS12],
        Some(TlsVersion::V13) => &[&TLS13],
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|cause| {
            let hint = "the suites of --ciphers have to be of the version of --tls-version";
            not_set_up(cause).hint(hint)
        })?
        .dangerous();
    if options.insecure {
        let verifier = Arc::new(AcceptAny(algorithms));
        return Ok((builder.with_custom_certificate_verifier(verifier), None));
    }
    let roots = Arc::new(options.ca.roots()?);
    let usual = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
    let verifier = Arc::new(Remembering::new(usual.map_err(not_set_up)?));
    let builder = builder.with_custom_certificate_verifier(Arc::clone(&verifier) as _);
    Ok((builder, Some(verifier)))
}

fn not_set_up(cause: impl Into<anyhow::Error>) -> Error {
    Error::new(Class::Tls, "TLS cannot be set up").because(cause)
}

//! TLS as a server speaks it.

use super::identity::Identity;
use super::tls_client::TlsVersion;
use super::trust::{self, Trust};
use super::{pem, provider};
use crate::error::{Class, Error, Result};
use crate::secret::Secret;
use rustls::pki_types::CertificateRevocationListDer;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientCertVerifierBuilder, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{KeyLogFile, RootCertStore, ServerConfig, SupportedProtocolVersion};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ONLY_12: &[&SupportedProtocolVersion] = &[&TLS12];
const ONLY_13: &[&SupportedProtocolVersion] = &[&TLS13];

/// Where rustls finds the name of the file for secrets.
const KEY_LOG: &str = "SSLKEYLOGFILE";

/// Who a server says it is and whom it believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsServerOptions {
    /// PEM file with the server's certificate, then those of intermediate CAs.
    pub cert: PathBuf,
    /// PEM file with the private key of the server's certificate.
    pub key: PathBuf,
    /// The password of that key, if it is encrypted.
    pub key_password: Option<Secret>,
    /// The CAs that client certificates must be signed by, wherever they are;
    /// without any no client is asked for a certificate.
    pub client_ca: Vec<Trust>,
    /// PEM file with the lists of certificates that those CAs have revoked; a
    /// client whose CA has no list in it, or one that is out of date, is refused.
    pub revocations: Option<PathBuf>,
    /// Refuse clients without a certificate; needs `client_ca`.
    pub require_client_cert: bool,
    /// The oldest version of TLS to speak.
    pub oldest: TlsVersion,
    /// The newest one.
    pub newest: TlsVersion,
    /// The application protocols to take, the preferred one first; a client that
    /// offers only others is refused. Without any, whatever is offered is ignored.
    pub alpn: Vec<String>,
}

impl TlsServerOptions {
    /// A server with these two files, as most are: every version of TLS is spoken
    /// and no client is asked for a certificate.
    #[must_use]
    pub const fn new(cert: PathBuf, key: PathBuf) -> Self {
        Self {
            cert,
            key,
            key_password: None,
            client_ca: Vec::new(),
            revocations: None,
            require_client_cert: false,
            oldest: TlsVersion::V12,
            newest: TlsVersion::V13,
            alpn: Vec::new(),
        }
    }

    /// Every file and folder that is read.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let cas = self.client_ca.iter().filter_map(Trust::place);
        let own = [self.cert.as_path(), self.key.as_path()].into_iter();
        own.chain(cas).chain(self.revocations.as_deref())
    }

    fn versions(&self) -> Result<&'static [&'static SupportedProtocolVersion]> {
        Ok(match (self.oldest, self.newest) {
            (TlsVersion::V12, TlsVersion::V13) => rustls::ALL_VERSIONS,
            (TlsVersion::V12, TlsVersion::V12) => ONLY_12,
            (TlsVersion::V13, TlsVersion::V13) => ONLY_13,
            (TlsVersion::V13, TlsVersion::V12) => {
                return Err(Error::usage("the oldest version of TLS is newer than the newest"));
            }
        })
    }
}

/// Reads the files the options name. Beside the configuration come warnings,
/// one sentence each, about what works but is not for every day. Secrets are
/// logged to the file `SSLKEYLOGFILE` names, for Wireshark.
///
/// # Errors
/// [`Class::File`] for a file that cannot be read, [`Class::Tls`] for one that
/// is not what it should be; [`Class::Usage`] if client certificates are
/// required and nothing says which to believe, or if no version is left.
pub fn tls_server(options: &TlsServerOptions) -> Result<(Arc<ServerConfig>, Vec<String>)> {
    let clients = client_verifier(options)?;
    let versions = options.versions()?;
    let identity = Identity::read(&options.cert, &options.key, options.key_password.as_ref())?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .map_err(|cause| Error::new(Class::Tls, "TLS cannot be set up").because(cause))?
        .with_client_cert_verifier(clients)
        .with_cert_resolver(identity.resolver);
    config.key_log = Arc::new(KeyLogFile::new());
    config.alpn_protocols = options.alpn.iter().map(|name| name.clone().into_bytes()).collect();
    let mut warnings = identity.warnings;
    if let Some(path) = std::env::var_os(KEY_LOG) {
        let path = path.display();
        warnings.push(format!("{KEY_LOG} is set: whoever reads {path} can read what TLS hides"));
    }
    Ok((Arc::new(config), warnings))
}

fn client_verifier(options: &TlsServerOptions) -> Result<Arc<dyn ClientCertVerifier>> {
    match options.client_ca.as_slice() {
        [] if options.require_client_cert => {
            Err(Error::usage("client certificates are required, but no CA says which to believe")
                .hint("give the CA of the clients with --cafile CA"))
        }
        [] => Ok(WebPkiClientVerifier::no_client_auth()),
        cas => believing(cas, options),
    }
}

/// What checks the certificates of clients with these CAs and the `lists` of what they
/// have revoked; without any list nobody asks for that.
pub(super) fn of_clients(
    roots: RootCertStore,
    lists: Vec<CertificateRevocationListDer<'static>>,
) -> ClientCertVerifierBuilder {
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .with_crls(lists)
        .only_check_end_entity_revocation()
        .enforce_revocation_expiration()
}

fn believing(cas: &[Trust], options: &TlsServerOptions) -> Result<Arc<dyn ClientCertVerifier>> {
    let lists = options.revocations.as_deref().map(pem::revocations).transpose()?;
    let mut builder = of_clients(trust::all(cas)?, lists.unwrap_or_default());
    if !options.require_client_cert {
        builder = builder.allow_unauthenticated();
    }
    builder.build().map_err(|cause| {
        Error::new(Class::Tls, "the CAs of clients cannot be used to check them").because(cause)
    })
}

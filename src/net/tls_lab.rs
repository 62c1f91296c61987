//! TLS of a server that shows whatever it is given, for finding out whether clients
//! look.

use super::weak_rsa::WeakRsa;
use super::{pem, provider};
use crate::error::{Class, Error, Result};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use std::path::Path;
use std::sync::Arc;

/// A server with the certificates and the key in these files, whether or not
/// they are in force, good for anything, long enough or belong together.
///
/// # Errors
/// When a file cannot be read, or no handshake can be signed with the key.
pub fn tls_lab_server(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let provider = provider();
    let chain = pem::certificates(cert)?;
    let key = signing(&pem::private_key(key, None)?, &provider)?;
    let failed = |cause| Error::new(Class::Tls, "TLS cannot be set up").because(cause);
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))));
    Ok(Arc::new(config))
}

/// What signs with `key`: rustls, or where that refuses a key of RSA for its length we.
fn signing(key: &PrivateKeyDer<'static>, provider: &CryptoProvider) -> Result<Arc<dyn SigningKey>> {
    match provider.key_provider.load_private_key(key.clone_key()) {
        Ok(key) => Ok(key),
        Err(_) => Ok(Arc::new(WeakRsa::new(key)?)),
    }
}

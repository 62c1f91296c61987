//! TLS of a server that shows whatever it is given, for finding out whether clients
//! look.

use super::{pem, provider};
use crate::error::{Class, Error, Result};
use rustls::ServerConfig;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::path::Path;
use std::sync::Arc;

/// A server with the certificates and the key in these files, whether or not
/// they are in force, good for anything or belong together.
///
/// # Errors
/// When a file cannot be read, or no handshake can be signed with the key.
pub fn tls_lab_server(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let provider = provider();
    let chain = pem::certificates(cert)?;
    let key = provider.key_provider.load_private_key(pem::private_key(key, None)?);
    let failed = |cause| Error::new(Class::Tls, "TLS cannot be set up").because(cause);
    let shown = CertifiedKey::new(chain, key.map_err(failed)?);
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    Ok(Arc::new(config))
}

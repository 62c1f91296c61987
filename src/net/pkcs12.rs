//! Certificates and keys out of PKCS#12 files (RFC 7292).

use super::pem;
use crate::error::{Class, Error, Result};
use crate::secret::Secret;
use p12_keystore::error::Error as Wrong;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;

/// The certificates, the own one first, and the key in the file at `path`.
///
/// # Errors
/// When it cannot be read, `password` is not its password, or it has no certificate with
/// its key.
pub(super) fn read(
    path: &Path,
    password: Option<&Secret>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let shown = path.display();
    let failed = |what: String| Error::new(Class::Tls, what);
    let content = pem::read(path).map_err(|cause| Error::file("read", path, cause))?;
    let password = password.map(Secret::expose).unwrap_or_default();
    let password = std::str::from_utf8(password)
        .map_err(|_| Error::usage("the password of a PKCS#12 file has to be text"))?;
    let store = KeyStore::from_pkcs12(&content, password, Pkcs12ImportPolicy::default());
    let store = store.map_err(|cause| match cause {
        Wrong::MacError(_) => failed(format!("the password of {shown} is wrong"))
            .hint("give it with --key-password-file, --key-password-env or --key-password"),
        cause => failed(format!("{shown} is not a PKCS#12 file that can be read")).because(cause),
    })?;
    let (_, chain) = store
        .private_key_chain()
        .ok_or_else(|| failed(format!("{shown} has no certificate with its private key")))?;
    let key = PrivateKeyDer::try_from(chain.key().as_der().to_vec());
    let key = key.map_err(|_| failed(format!("the private key in {shown} is damaged")))?;
    let certificates = chain.certs().iter();
    let certificates = certificates.map(|each| CertificateDer::from(each.as_der().to_vec()));
    Ok((certificates.collect(), key))
}

//! A certificate with its private key: who one end of a connection is.

use super::validity::Validity;
use super::{pem, pkcs12, provider};
use crate::error::{Class, Error, Result};
use crate::secret::Secret;
use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

/// The permission bit that lets everybody read a file.
const EVERYBODY_READS: u32 = 0o004;

/// A certificate chain with the key that belongs to its first certificate.
pub(super) struct Identity {
    /// What rustls asks for the certificate to show.
    pub(super) resolver: Arc<SingleCertAndKey>,
    /// What is unwise about the files, one sentence each.
    pub(super) warnings: Vec<String>,
}

impl Identity {
    /// Reads both files and checks that they belong together; `password` is for
    /// a key that is encrypted.
    pub(super) fn read(cert: &Path, key: &Path, password: Option<&Secret>) -> Result<Self> {
        let chain = pem::certificates(cert)?;
        let secret = pem::private_key(key, password)?;
        Self::new((cert, chain), (key, secret))
    }

    /// Reads a PKCS#12 file.
    pub(super) fn read_pkcs12(file: &Path, password: Option<&Secret>) -> Result<Self> {
        let (chain, secret) = pkcs12::read(file, password)?;
        Self::new((file, chain), (file, secret))
    }

    /// A chain and a key with the files they are from.
    fn new(
        (cert, chain): (&Path, Vec<CertificateDer<'static>>),
        (key, secret): (&Path, PrivateKeyDer<'static>),
    ) -> Result<Self> {
        let certified = CertifiedKey::from_der(chain, secret, &provider())
            .map_err(|cause| unusable(cert, key, cause))?;
        Ok(Self {
            warnings: [expired(cert, &certified), exposed(key)].into_iter().flatten().collect(),
            resolver: Arc::new(SingleCertAndKey::from(certified)),
        })
    }
}

fn unusable(cert: &Path, key: &Path, cause: rustls::Error) -> Error {
    let (cert, key) = (cert.display(), key.display());
    match cause {
        rustls::Error::InconsistentKeys(_) => {
            let what = format!("the key {key} does not belong to the certificate {cert}");
            Error::new(Class::Tls, what).hint(
                "give two files that were made together; in the certificate file the \
                 certificate itself comes before those of its CAs",
            )
        }
        rustls::Error::InvalidCertificate(_) => {
            Error::new(Class::Tls, format!("the certificate {cert} is damaged")).because(cause)
        }
        // rustls says no more than that it could not read the key.
        _ => Error::new(Class::Tls, format!("the private key {key} cannot be used for TLS"))
            .hint("use an ECDSA (P-256, P-384, P-521), Ed25519 or RSA (2048 bits and more) key"),
    }
}

fn expired(path: &Path, certified: &CertifiedKey) -> Option<String> {
    let own = certified.cert.first()?;
    let problem = Validity::of(own)?.problem(Timestamp::now())?;
    Some(format!("the certificate {} {problem}: peers will reject it", path.display()))
}

/// The warning about a private key that everybody on this machine can read.
#[must_use]
pub fn exposed(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    let path = path.display();
    (mode & EVERYBODY_READS != 0)
        .then(|| format!("everybody on this machine can read the private key {path}: chmod 600 it"))
}

//! Which certificate authorities are trusted.

use super::pem;
use crate::error::{Class, Error, Result};
use rustls::RootCertStore;
use rustls_native_certs::CertificateResult;
use std::fs;
use std::path::{Path, PathBuf};

/// The certificate authorities that are trusted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// Those of the operating system.
    #[default]
    System,
    /// Those in this PEM file and no others.
    File(PathBuf),
    /// Those in the PEM files of this directory and no others.
    Folder(PathBuf),
}

impl Trust {
    /// Where they are, if not with the operating system.
    pub(super) fn place(&self) -> Option<&Path> {
        match self {
            Self::System => None,
            Self::File(path) | Self::Folder(path) => Some(path),
        }
    }

    pub(super) fn roots(&self) -> Result<RootCertStore> {
        match self {
            Self::System => from_system(rustls_native_certs::load_native_certs()),
            Self::File(path) => from_file(path),
            Self::Folder(path) => from_folder(path),
        }
    }
}

/// The trust anchors of all these places.
pub(super) fn all(places: &[Trust]) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for place in places {
        roots.extend(place.roots()?.roots);
    }
    Ok(roots)
}

/// The trust anchors in a PEM file, at least one.
fn from_file(path: &Path) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(path)? {
        roots.add(certificate).map_err(|cause| {
            let what =
                format!("{} holds a certificate that cannot be used as a CA", path.display());
            Error::new(Class::Tls, what).because(cause)
        })?;
    }
    Ok(roots)
}

/// The trust anchors in the files of a directory, at least one; files that hold
/// something else are left out, as OpenSSL leaves them out.
fn from_folder(path: &Path) -> Result<RootCertStore> {
    let loaded = rustls_native_certs::load_certs_from_paths(None, Some(path));
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.certs);
    if roots.is_empty() {
        fs::read_dir(path).map_err(|cause| Error::file("read", path, cause))?;
        let what = format!("{} has no certificate of a CA in any file", path.display());
        return Err(Error::new(Class::Tls, what).hint(
            "the names of the files are those that `openssl rehash DIR` gives; --cafile takes \
             any name",
        ));
    }
    Ok(roots)
}

/// Some certificates of a system are always too old to be read; they are left out.
fn from_system(loaded: CertificateResult) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let error = Error::new(Class::Tls, "this system has no trusted certificate authorities")
        .hint("install the package ca-certificates, or give the CA with --tls CA or --cafile CA");
    Err(match loaded.errors.into_iter().next() {
        Some(cause) => error.because(cause),
        None => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_certificates_says_how_to_get_some() {
        let error = from_system(CertificateResult::default()).unwrap_err();
        assert_eq!(error.class(), Class::Tls);
        let error = error.into();
        assert!(crate::error::line(&error).contains("no trusted certificate authorities"));
        assert!(crate::error::hint(&error).unwrap().contains("--cafile"));
    }
}

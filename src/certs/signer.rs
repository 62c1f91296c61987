//! Which CA is to sign: where its files are.

use super::folder;
use crate::error::{Class, Error, Result};
use crate::net::{exposed, pem};
use crate::output;
use crate::secret::Secret;
use rcgen::KeyPair;
use std::path::{Path, PathBuf};

/// Where the CA that signs has its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The folder of the CA that `mqx certs ca` or `init` has made.
    pub dir: PathBuf,
    /// The certificate of another CA.
    pub ca: Option<PathBuf>,
    /// The key of another CA; without it beside the certificate, as `.key`.
    pub key: Option<PathBuf>,
    /// What the key of the CA is encrypted with.
    pub password: Option<Secret>,
}

impl Signer {
    /// The CA that is called `ca` in this folder.
    #[must_use]
    pub const fn in_folder(dir: PathBuf) -> Self {
        Self { dir, ca: None, key: None, password: None }
    }

    /// The file of the CA's certificate.
    pub(super) fn certificate(&self) -> PathBuf {
        self.ca.clone().unwrap_or_else(|| folder::place(&self.dir, "ca.crt"))
    }

    /// The file of the CA's key.
    pub(super) fn key(&self) -> PathBuf {
        self.key.clone().unwrap_or_else(|| self.certificate().with_extension("key"))
    }

    /// The folder in which the CA keeps its index.
    pub(super) fn folder(&self) -> PathBuf {
        folder::parent(&self.certificate()).to_owned()
    }

    /// The file in which the CA lists what it has revoked.
    pub(super) fn revocations(&self) -> PathBuf {
        self.certificate().with_extension("crl")
    }

    /// Whether `path` is a file of the CA itself.
    pub(super) fn owns(&self, path: &Path) -> bool {
        [self.certificate(), self.key(), self.revocations()].iter().any(|own| own == path)
    }

    /// Reads the CA's key.
    ///
    /// # Errors
    /// When it cannot be read or decrypted.
    pub(super) fn read_key(&self) -> Result<KeyPair> {
        let path = self.key();
        let der =
            pem::private_key(&path, self.password.as_ref()).map_err(|error| self.locked(error))?;
        exposed(&path).iter().for_each(output::warn);
        KeyPair::try_from(&der).map_err(|cause| {
            let what = format!("the private key {} cannot be used", path.display());
            Error::new(Class::Tls, what).because(cause)
        })
    }

    /// The error of reading the CA's key, with the option for its password.
    fn locked(&self, error: Error) -> Error {
        if pem::is_encrypted(&self.key()) {
            return error
                .hint("give the password of the CA's key with --ca-key-password-file FILE");
        }
        error
    }
}

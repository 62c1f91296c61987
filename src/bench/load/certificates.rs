//! Certificates that differ from client to client.

use super::Pattern;
use super::pattern::Who;
use crate::error::Result;
use crate::net::TlsClient;
use crate::secret::Secret;
use std::path::PathBuf;

/// The certificates that the clients of a group show, each its own.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// The PEM file of a client's certificate.
    pub cert: Pattern,
    /// That of its key.
    pub key: Pattern,
    /// The password of all keys, if they are encrypted.
    pub password: Option<Secret>,
}

impl Certificates {
    /// The TLS of `common` with the certificate of this client.
    ///
    /// # Errors
    /// When its files cannot be read or do not belong together.
    pub(in crate::bench) fn of(&self, common: &TlsClient, who: &Who<'_>) -> Result<TlsClient> {
        let [cert, key] = [&self.cert, &self.key].map(|file| PathBuf::from(file.text(who)));
        common.with_identity(cert, key, self.password.as_ref())
    }
}

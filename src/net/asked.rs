//! Whether a server has asked for the certificate of the client.

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shows the certificate of the client, if it has one, and notes that it was asked
/// for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    own: Option<Arc<SingleCertAndKey>>,
    was: AtomicBool,
}

impl Asked {
    /// For a client with this certificate.
    pub(super) fn new(own: Option<Arc<SingleCertAndKey>>) -> Self {
        Self { own, was: AtomicBool::new(false) }
    }

    /// Whether any server has asked so far.
    pub(super) fn was(&self) -> bool {
        self.was.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for Asked {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.was.store(true, Ordering::Relaxed);
        let own = self.own.as_deref()?;
        ResolvesClientCert::resolve(own, root_hint_subjects, schemes)
    }

    fn has_certs(&self) -> bool {
        self.own.is_some()
    }
}

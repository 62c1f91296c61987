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
    let content = pem::read(path).map_err(|cause| Error::file("read", path, cause))?;
    in_bytes(path, &content, password)
}

/// The same in the bytes of the file at `path`.
fn in_bytes(
    path: &Path,
    content: &[u8],
    password: Option<&Secret>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let shown = path.display();
    let failed = |what: String| Error::new(Class::Tls, what);
    let password = password.map(Secret::expose).unwrap_or_default();
    let password = std::str::from_utf8(password)
        .map_err(|_| Error::usage("the password of a PKCS#12 file has to be text"))?;
    let store = KeyStore::from_pkcs12(content, password, Pkcs12ImportPolicy::default());
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

#[cfg(test)]
mod tests {
    use super::*;
    use p12_keystore::{Certificate, KeyStoreEntry, PrivateKey, PrivateKeyChain};
    use proptest::prelude::*;

    /// A file that is opened at once.
    fn file() -> Vec<u8> {
        let key = rcgen::KeyPair::generate().unwrap();
        let own = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        let own = Certificate::from_der(own.der()).unwrap();
        let key = PrivateKey::from_der(key.serialized_der()).unwrap();
        let mut store = KeyStore::new();
        let chain = PrivateKeyChain::new(b"a".as_slice(), key, vec![own]);
        store.add_entry("a", KeyStoreEntry::PrivateKeyChain(chain));
        store.writer("p").encryption_iterations(1).mac_iterations(1).write().unwrap()
    }

    fn opened(bytes: &[u8]) -> Result<()> {
        in_bytes(Path::new("a.p12"), bytes, Some(&Secret::new("p"))).map(drop)
    }

    #[test]
    fn a_whole_file_is_opened_and_a_cut_one_is_not() {
        let whole = file();
        opened(&whole).unwrap();
        for end in 0..whole.len() {
            assert_eq!(opened(&whole[..end]).unwrap_err().class(), Class::Tls);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange_to_be_looked_at(bytes: Vec<u8>) {
            prop_assert!(opened(&bytes).is_err());
        }

        #[test]
        fn a_damaged_file_is_no_panic(place: prop::sample::Index, byte: u8) {
            let mut bytes = file();
            *place.get_mut(&mut bytes) = byte;
            let _ = opened(&bytes);
        }
    }
}

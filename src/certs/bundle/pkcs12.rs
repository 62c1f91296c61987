//! PKCS#12 (RFC 7292), encrypted with AES-256 and PBKDF2 as openssl 3 does.

use super::super::folder::NewFile;
use super::Parts;
use crate::error::{Class, Error, Result};
use crate::secret::Secret;
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};

/// Rounds of the functions that make keys out of the password; programs that read
/// the file do them all again.
const ROUNDS: u32 = 100_000;

/// The file.
pub(super) fn file(parts: &Parts, password: Option<&Secret>) -> Result<NewFile> {
    let password = password.ok_or_else(|| {
        Error::usage("a PKCS#12 file needs a password").hint("give one with --password-file FILE")
    })?;
    let password = std::str::from_utf8(password.expose())
        .map_err(|_| Error::usage("the password of a PKCS#12 file has to be text"))?;
    let content = encoded(parts, password).map_err(|cause| {
        Error::new(Class::Tls, "the PKCS#12 file cannot be made").because(cause)
    })?;
    let meaning = "certificate, key and CAs, encrypted with the password";
    Ok(NewFile::secret(format!("{}.p12", parts.stem), content).means(meaning))
}

fn encoded(parts: &Parts, password: &str) -> p12_keystore::Result<Vec<u8>> {
    let chain: Vec<_> =
        parts.chain.iter().map(|each| Certificate::from_der(each)).collect::<Result<_, _>>()?;
    let key = PrivateKey::from_der(&parts.key)?;
    let chain = PrivateKeyChain::new(parts.stem.as_bytes(), key, chain);
    let mut store = KeyStore::new();
    store.add_entry(&parts.stem, KeyStoreEntry::PrivateKeyChain(chain));
    store.writer(password).encryption_iterations(ROUNDS).mac_iterations(ROUNDS).write()
}

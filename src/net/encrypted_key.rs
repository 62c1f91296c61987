//! Private keys that are encrypted with a password: PKCS#8 as `openssl genpkey`
//! and `openssl pkcs8 -topk8` write them (RFC 5958 §3).

use crate::error::{Class, Error, Result};
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls::pki_types::PrivateKeyDer;
use std::path::Path;

const BEGIN: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const END: &str = "-----END ENCRYPTED PRIVATE KEY-----";

/// What is between the first lines that say an encrypted key is there.
pub(super) fn section(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(BEGIN)?;
    rest.split_once(END).map(|(section, _)| section)
}

/// The key in a section of the file at `path`.
pub(super) fn decrypt(
    path: &Path,
    section: &str,
    password: &Secret,
) -> Result<PrivateKeyDer<'static>> {
    let path = path.display();
    let base64: String = section.chars().filter(|one| !one.is_ascii_whitespace()).collect();
    let damaged = || Error::new(Class::Tls, format!("the encrypted private key {path} is damaged"));
    let der = STANDARD.decode(base64).map_err(|_| damaged().hint("copy the file again"))?;
    let key = EncryptedPrivateKeyInfoRef::try_from(der.as_slice()).map_err(|_| damaged())?;
    let key = key.decrypt(password.expose()).map_err(|_| {
        let what = format!("the private key {path} cannot be decrypted: the password is wrong");
        Error::new(Class::Tls, what).hint(
            "check --key-password and its kin; if the password is right, openssl pkey can \
             re-encrypt the key with AES-256",
        )
    })?;
    PrivateKeyDer::try_from(key.as_bytes().to_vec()).map_err(|_| damaged())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_whole_section_is_one() {
        let text = format!("Bag\n{BEGIN}\nAA\n{END}\nmore");
        assert_eq!(section(&text), Some("\nAA\n"));
        assert_eq!(section(BEGIN), None);
        assert_eq!(section(&text.replace("ENCRYPTED ", "")), None);
    }

    proptest! {
        #[test]
        fn any_section_is_refused_without_panic(bytes: Vec<u8>) {
            let text = STANDARD.encode(&bytes);
            let error = decrypt(Path::new("k"), &text, &Secret::new("hunter2")).unwrap_err();
            prop_assert_eq!(error.class(), Class::Tls);
        }
    }
}

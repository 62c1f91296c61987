//! RSA signatures with keys that every TLS library refuses because they are too short:
//! for a port that shows such a key, to see whether clients refuse it too.
//!
//! Not for keys that are secrets: how long a signature takes tells of the key.

use super::provider;
use crate::error::{Class, Error, Result};
use aws_lc_rs::digest::{self, SHA256, SHA256_OUTPUT_LEN};
use num_bigint::BigUint;
use pkcs8::PrivateKeyInfoRef;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};
use x509_parser::asn1_rs::{FromDer as _, Integer, Sequence};

/// The one way it signs; TLS 1.2 and 1.3 both have it.
const SCHEME: SignatureScheme = SignatureScheme::RSA_PSS_SHA256;

/// A private key of RSA, as far as signing needs it.
#[derive(Debug, Clone)]
pub(super) struct WeakRsa {
    modulus: BigUint,
    exponent: BigUint,
}

impl WeakRsa {
    /// The key in PKCS#8.
    ///
    /// # Errors
    /// [`Class::Tls`] if it is no key of RSA.
    pub(super) fn new(key: &PrivateKeyDer<'_>) -> Result<Self> {
        let found = match key {
            PrivateKeyDer::Pkcs8(key) => numbers(key.secret_pkcs8_der()),
            _ => None,
        };
        let (modulus, exponent) =
            found.ok_or_else(|| Error::new(Class::Tls, "the key of the lab is no key of RSA"))?;
        Ok(Self { modulus, exponent })
    }

    /// EMSA-PSS with SHA-256 (RFC 8017 §9.1.1), then the private operation (§5.2.1).
    fn signature(&self, message: &[u8], salt: &[u8; SHA256_OUTPUT_LEN]) -> Option<Vec<u8>> {
        let encoded = encoded(message, salt, self.modulus.bits().checked_sub(1)?)?;
        let signature = BigUint::from_bytes_be(&encoded).modpow(&self.exponent, &self.modulus);
        let length = usize::try_from(self.modulus.bits().div_ceil(8)).ok()?;
        let digits = signature.to_bytes_be();
        Some(std::iter::repeat_n(0, length.checked_sub(digits.len())?).chain(digits).collect())
    }
}

/// The modulus and the private exponent of a key in PKCS#8 (RFC 8017, appendix A.1.2).
fn numbers(pkcs8: &[u8]) -> Option<(BigUint, BigUint)> {
    let key = PrivateKeyInfoRef::try_from(pkcs8).ok()?;
    let (_, sequence) = Sequence::from_der(key.private_key.as_bytes()).ok()?;
    let mut rest: &[u8] = &sequence.content;
    let mut numbers = Vec::new();
    while numbers.len() < 4 {
        let (behind, number) = Integer::from_der(rest).ok()?;
        numbers.push(BigUint::from_bytes_be(number.as_ref()));
        rest = behind;
    }
    let [_version, modulus, _public, exponent] = numbers.try_into().ok()?;
    Some((modulus, exponent))
}

/// What is signed for `message`, in so many `bits`; nothing if it does not fit.
fn encoded(message: &[u8], salt: &[u8; SHA256_OUTPUT_LEN], bits: u64) -> Option<Vec<u8>> {
    let length = usize::try_from(bits.div_ceil(8)).ok()?;
    let hash = sha256(&[&[0; 8], sha256(&[message]).as_ref(), salt]);
    let masked = length.checked_sub(SHA256_OUTPUT_LEN + 1)?;
    let padding = masked.checked_sub(salt.len() + 1)?;
    let block = std::iter::repeat_n(0, padding).chain([1]).chain(*salt);
    let mut block: Vec<u8> =
        block.zip(mask(hash.as_ref())).map(|(one, other)| one ^ other).collect();
    if let Some(first) = block.first_mut() {
        *first &= 0xFF_u8 >> (8 * length as u64 - bits);
    }
    block.extend_from_slice(hash.as_ref());
    block.push(0xBC);
    Some(block)
}

/// Bytes without end that `seed` stands for (MGF1, RFC 8017 appendix B.2.1).
fn mask(seed: &[u8]) -> impl Iterator<Item = u8> {
    (0_u32..).flat_map(move |count| sha256(&[seed, &count.to_be_bytes()]).as_ref().to_vec())
}

fn sha256(parts: &[&[u8]]) -> digest::Digest {
    let mut context = digest::Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    context.finish()
}

impl SigningKey for WeakRsa {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&SCHEME).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for WeakRsa {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let mut salt = [0; SHA256_OUTPUT_LEN];
        provider().secure_random.fill(&mut salt)?;
        let signature = self.signature(message, &salt);
        signature.ok_or_else(|| rustls::Error::General("the key is too short to sign".to_owned()))
    }

    fn scheme(&self) -> SignatureScheme {
        SCHEME
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
    use rcgen::{KeyPair, PKCS_RSA_SHA256, PublicKeyData as _, RsaKeySize};

    #[test]
    fn what_it_signs_with_a_long_key_others_verify() {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let key = WeakRsa::new(&PrivateKeyDer::try_from(pair.serialized_der()).unwrap()).unwrap();
        let signature = key.sign(b"a message").unwrap();
        let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, pair.der_bytes());
        public.verify(b"a message", &signature).unwrap();
        assert!(public.verify(b"another", &signature).is_err());
    }

    #[test]
    fn a_key_of_another_kind_is_refused() {
        let pair = KeyPair::generate().unwrap();
        assert!(WeakRsa::new(&PrivateKeyDer::try_from(pair.serialized_der()).unwrap()).is_err());
    }
}

//! The names of keys and signatures, and how strong a key is.

use serde::Serialize;
use x509_parser::asn1_rs::Oid;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// A public key as people speak of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyFacts {
    /// Its kind, as in `ECDSA P-256`; a number where that is not known.
    pub kind: String,
    /// Its size; 0 where that is not known.
    pub bits: usize,
}

/// Keys that have one size, by their algorithm or, with elliptic curves, by the curve.
const KEYS: &[(&str, &str, usize)] = &[
    ("1.2.840.10045.3.1.7", "ECDSA P-256", 256),
    ("1.3.132.0.34", "ECDSA P-384", 384),
    ("1.3.132.0.35", "ECDSA P-521", 521),
    ("1.3.132.0.33", "ECDSA P-224", 224),
    ("1.3.132.0.10", "ECDSA secp256k1", 256),
    ("1.3.101.112", "Ed25519", 253),
    ("1.3.101.113", "Ed448", 456),
];

/// Signatures under the names that openssl has for them.
const SIGNATURES: &[(&str, &str)] = &[
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.1.10", "rsassaPss"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.3.101.112", "ED25519"),
    ("1.3.101.113", "ED448"),
];

/// The shortest RSA key, in bits, that rustls and today's openssl use.
pub const SHORTEST_RSA: usize = 2048;

impl KeyFacts {
    /// Whether TLS refuses it, which it does only once it signs a handshake.
    #[must_use]
    pub fn is_too_short(&self) -> bool {
        self.kind == "RSA" && self.bits < SHORTEST_RSA
    }

    /// What kind of key this is.
    #[must_use]
    pub fn of(key: &SubjectPublicKeyInfo<'_>) -> Self {
        let id = key.algorithm.algorithm.to_id_string();
        let curve = key.algorithm.parameters.as_ref();
        let curve = curve.and_then(|any| Oid::try_from(any.clone()).ok());
        let fixed = curve.map_or(id.clone(), |curve| curve.to_id_string());
        if let Some((_, kind, bits)) = KEYS.iter().find(|(known, ..)| *known == fixed) {
            return Self { kind: (*kind).to_owned(), bits: *bits };
        }
        match key.parsed() {
            Ok(PublicKey::RSA(rsa)) => Self { kind: "RSA".to_owned(), bits: bits(rsa.modulus) },
            Ok(PublicKey::DSA(_)) => Self { kind: "DSA".to_owned(), bits: 0 },
            _ => Self { kind: fixed, bits: 0 },
        }
    }
}

/// The bits of a number without its leading zeros.
fn bits(number: &[u8]) -> usize {
    let number = match number.iter().position(|byte| *byte != 0) {
        Some(first) => number.get(first..).unwrap_or_default(),
        None => return 0,
    };
    let zeros = number.first().map_or(0, |first| first.leading_zeros());
    number.len() * 8 - zeros as usize
}

/// The name of a signature algorithm.
pub(super) fn signature(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let id = algorithm.algorithm.to_id_string();
    let known = SIGNATURES.iter().find(|(known, _)| *known == id);
    known.map_or(id, |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_do_not_make_a_key_longer() {
        assert_eq!((bits(&[0, 0xC0, 0]), bits(&[1, 0]), bits(&[0]), bits(&[])), (16, 9, 0, 0));
    }
}

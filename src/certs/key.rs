//! Private keys: which kinds there are, how one is made and how it is kept.

use crate::error::{Class, Error, Result};
use crate::secret::Secret;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2;
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
    RsaKeySize, SignatureAlgorithm,
};
use rustls::pki_types::PrivateKeyDer;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Rounds of PBKDF2-HMAC-SHA-256 between a password and a key, as OWASP advises.
const ROUNDS: u32 = 600_000;

/// Characters in a line of PEM (RFC 7468 §2).
const PEM_LINE: usize = 64;

/// A kind of key that certificates can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyKind {
    /// ECDSA with the curve P-256: small, fast and known everywhere.
    #[default]
    P256,
    /// ECDSA with the curve P-384.
    P384,
    /// Ed25519; few embedded TLS stacks know it.
    Ed25519,
    /// RSA of 2048 bits, for what is old.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
}

/// The kinds with their names.
const KINDS: &[(KeyKind, &str)] = &[
    (KeyKind::P256, "p256"),
    (KeyKind::P384, "p384"),
    (KeyKind::Ed25519, "ed25519"),
    (KeyKind::Rsa2048, "rsa2048"),
    (KeyKind::Rsa3072, "rsa3072"),
    (KeyKind::Rsa4096, "rsa4096"),
];

impl KeyKind {
    /// The names of all kinds.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|(_, name)| *name)
    }

    /// A new key of this kind.
    pub(super) fn generate(self) -> Result<KeyPair, rcgen::Error> {
        let of = |algorithm: &'static SignatureAlgorithm| KeyPair::generate_for(algorithm);
        let rsa = |size| KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size);
        match self {
            Self::P256 => of(&PKCS_ECDSA_P256_SHA256),
            Self::P384 => of(&PKCS_ECDSA_P384_SHA384),
            Self::Ed25519 => of(&PKCS_ED25519),
            Self::Rsa2048 => rsa(RsaKeySize::_2048),
            Self::Rsa3072 => rsa(RsaKeySize::_3072),
            Self::Rsa4096 => rsa(RsaKeySize::_4096),
        }
    }
}

impl FromStr for KeyKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wanted = text.to_ascii_lowercase().replace(['-', ':'], "");
        let row = KINDS.iter().find(|(_, name)| *name == wanted);
        row.map(|(kind, _)| *kind).ok_or_else(|| {
            let known = Self::names().collect::<Vec<_>>().join(", ");
            Error::usage(format!("known kinds of keys are {known}"))
        })
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = KINDS.iter().find(|(kind, _)| kind == self);
        f.write_str(row.map_or("", |(_, name)| name))
    }
}

/// How new keys are made and kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyOptions {
    /// Their kind.
    pub kind: KeyKind,
    /// What their files are encrypted with, if with anything.
    pub password: Option<Secret>,
}

/// The key as a file holds it: PKCS#8 in PEM, encrypted if there is a password
/// (RFC 5958 §3, with AES-256 and PBKDF2).
pub(super) fn pem(key: &KeyPair, password: Option<&Secret>) -> Result<String> {
    match password {
        None => Ok(key.serialize_pem()),
        Some(password) => {
            let encrypted = encrypt(key.serialized_der(), password)?;
            Ok(pem_text("ENCRYPTED PRIVATE KEY", &encrypted))
        }
    }
}

/// An unencrypted PKCS#8 key, encrypted.
pub(super) fn encrypt(pkcs8: &[u8], password: &Secret) -> Result<Vec<u8>> {
    let failed = |cause: pkcs8::Error| {
        Error::new(Class::Tls, "the private key cannot be encrypted")
            .because(anyhow::Error::msg(cause.to_string()))
    };
    let salt: [u8; 16] = super::random()?;
    let parameters =
        pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, super::random()?)
            .map_err(|cause| failed(cause.into()))?;
    let key = PrivateKeyInfoRef::try_from(pkcs8).map_err(failed)?;
    let encrypted = key.encrypt_with_params(parameters, password.expose()).map_err(failed)?;
    Ok(encrypted.as_bytes().to_vec())
}

/// The key as PKCS#8 (RFC 5958), whichever way the file at `path` has it.
pub(super) fn pkcs8(key: &PrivateKeyDer<'_>, path: &Path) -> Result<Vec<u8>> {
    let converted = match key {
        PrivateKeyDer::Pkcs8(key) => return Ok(key.secret_pkcs8_der().to_vec()),
        PrivateKeyDer::Pkcs1(key) => rsa_as_pkcs8(key.secret_pkcs1_der()),
        PrivateKeyDer::Sec1(key) => ecdsa_as_pkcs8(key.secret_sec1_der()),
        _ => None,
    };
    converted.ok_or_else(|| {
        let what = format!("the private key {} cannot be written as PKCS#8", path.display());
        Error::new(Class::Tls, what).hint("`openssl pkcs8 -topk8 -nocrypt` can, for rare kinds")
    })
}

fn rsa_as_pkcs8(key: &[u8]) -> Option<Vec<u8>> {
    let key = RsaKeyPair::from_der(key).ok()?;
    let der: Pkcs8V1Der<'_> = key.as_der().ok()?;
    Some(der.as_ref().to_vec())
}

fn ecdsa_as_pkcs8(key: &[u8]) -> Option<Vec<u8>> {
    let curves = [
        &ECDSA_P256_SHA256_ASN1_SIGNING,
        &ECDSA_P384_SHA384_ASN1_SIGNING,
        &ECDSA_P521_SHA512_ASN1_SIGNING,
    ];
    let key =
        curves.iter().find_map(|curve| EcdsaKeyPair::from_private_key_der(curve, key).ok())?;
    Some(key.to_pkcs8v1().ok()?.as_ref().to_vec())
}

/// A section of PEM (RFC 7468 §3).
pub(super) fn pem_text(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for (place, letter) in base64.chars().enumerate() {
        if place > 0 && place % PEM_LINE == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text + &format!("\n-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_under_the_name_it_shows() {
        for (kind, name) in KINDS {
            assert_eq!(name.parse::<KeyKind>().unwrap(), *kind);
            assert_eq!(kind.to_string(), *name);
        }
        assert_eq!("P-256".parse::<KeyKind>().unwrap(), KeyKind::P256);
        let error = "dsa".parse::<KeyKind>().unwrap_err().to_string();
        assert!(error.contains("ed25519, rsa2048"), "{error}");
    }

    #[test]
    fn pem_has_lines_of_64_characters() {
        let text = pem_text("X", &[0; 49]);
        let lines: Vec<_> = text.lines().map(str::len).collect();
        assert_eq!(lines, [17, 64, 4, 15]);
    }
}

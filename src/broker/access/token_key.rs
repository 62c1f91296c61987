//! The keys that tokens are signed with, out of a file: a public key in PEM, a
//! JWKS (RFC 7517 §5), or else a secret.
//!
//! The algorithm follows from the key and never from a token, so that nobody
//! can pass a public key off as a secret.

use crate::error::{Class, Error, Result};
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use std::fs;
use std::path::Path;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Bytes of the shortest secret: as long as what HS256 makes of it (RFC 7518
/// §3.2).
const SHORTEST_SECRET: usize = 32;

/// How the parts of PEM begin.
const PEM: &[u8] = b"-----BEGIN ";

const RSA: &str = "1.2.840.113549.1.1.1";
const ELLIPTIC: &str = "1.2.840.10045.2.1";
const P256: &str = "1.2.840.10045.3.1.7";

/// A key that tokens may be signed with.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// The name that tokens call it by.
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    /// What signatures are checked with.
    pub(super) check: DecodingKey,
}

/// Reads the keys in the file at `path`, at least one.
pub(super) fn load(path: &Path) -> Result<Vec<Key>> {
    let bytes = fs::read(path).map_err(|cause| Error::file("read", path, cause))?;
    let keys = if bytes.windows(PEM.len()).any(|start| start == PEM) {
        from_pem(&bytes).map(|key| vec![key])
    } else if bytes.trim_ascii_start().starts_with(b"{") {
        from_set(&bytes)
    } else {
        from_secret(bytes.trim_ascii_end()).map(|key| vec![key])
    };
    keys.map_err(|Problem { what, hint }| {
        Error::new(Class::File, format!("{}: {what}", path.display())).hint(hint)
    })
}

/// Why a file has no keys, and what to do.
struct Problem {
    what: String,
    hint: &'static str,
}

fn problem(what: impl Into<String>, hint: &'static str) -> Problem {
    Problem { what: what.into(), hint }
}

fn from_pem(bytes: &[u8]) -> Result<Key, Problem> {
    const CONVERT: &str = "get the public key with openssl pkey -in KEY -pubout";
    let der = SubjectPublicKeyInfoDer::from_pem_slice(bytes)
        .map_err(|_| problem("there is no public key (-----BEGIN PUBLIC KEY-----)", CONVERT))?;
    let (_, info) = SubjectPublicKeyInfo::from_der(&der)
        .map_err(|_| problem("the public key is damaged", "copy the file again"))?;
    let curve = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
    let curve = curve.map(|oid| oid.to_id_string());
    let (algorithm, key) = match (info.algorithm.algorithm.to_id_string().as_str(), curve) {
        (RSA, _) => (Algorithm::RS256, DecodingKey::from_rsa_pem(bytes)),
        (ELLIPTIC, Some(curve)) if curve == P256 => {
            (Algorithm::ES256, DecodingKey::from_ec_pem(bytes))
        }
        _ => return Err(problem("the key is neither RSA nor ECDSA with P-256", USE_OTHERS)),
    };
    let key = key.map_err(|cause| problem(cause.to_string(), CONVERT))?;
    Ok(Key { id: None, algorithm, check: key })
}

const USE_OTHERS: &str = "tokens are taken that are signed with RS256, ES256 or HS256";

fn from_set(bytes: &[u8]) -> Result<Vec<Key>, Problem> {
    let set: JwkSet = serde_json::from_slice(bytes).map_err(|cause| {
        let hint = "a JWKS reads {\"keys\": [...]}; a secret does not begin with {";
        problem(format!("this is no JWKS: {cause}"), hint)
    })?;
    let keys: Vec<Key> = set.keys.iter().filter_map(from_jwk).collect();
    if keys.is_empty() {
        return Err(problem("none of the keys can be used", USE_OTHERS));
    }
    Ok(keys)
}

/// The key if it is for signatures of a kind that is taken.
fn from_jwk(jwk: &Jwk) -> Option<Key> {
    let common = &jwk.common;
    let for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    let (named, algorithm) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (KeyAlgorithm::RS256, Algorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (KeyAlgorithm::ES256, Algorithm::ES256)
        }
        AlgorithmParameters::OctetKey(_) => (KeyAlgorithm::HS256, Algorithm::HS256),
        _ => return None,
    };
    let suits = for_signatures && common.key_algorithm.is_none_or(|own| own == named);
    let key = DecodingKey::from_jwk(jwk).ok().filter(|_| suits)?;
    let weak = algorithm == Algorithm::HS256
        && key.try_get_as_bytes().is_ok_and(|secret| secret.len() < SHORTEST_SECRET);
    (!weak).then(|| Key { id: common.key_id.clone(), algorithm, check: key })
}

fn from_secret(bytes: &[u8]) -> Result<Key, Problem> {
    if bytes.len() < SHORTEST_SECRET {
        return Err(problem(
            format!("a secret for HS256 has {SHORTEST_SECRET} bytes at least"),
            "make one with openssl rand -hex 32",
        ));
    }
    let check = DecodingKey::from_secret(bytes);
    Ok(Key { id: None, algorithm: Algorithm::HS256, check })
}

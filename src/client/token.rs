//! JSON Web Tokens (RFC 7519) as passwords, signed anew for every connection.

use crate::error::{Class, Error, Result};
use crate::session::Secret;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// RSA with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl TokenAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 2] = [Self::Rs256, Self::Es256];

    /// The name in the token (RFC 7518 §3.1).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    const fn in_header(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::RS256,
            Self::Es256 => Algorithm::ES256,
        }
    }

    fn key(self, pem: &[u8]) -> Option<EncodingKey> {
        match self {
            Self::Rs256 => EncodingKey::from_rsa_pem(pem).ok(),
            Self::Es256 => EncodingKey::from_ec_pem(pem).ok(),
        }
    }
}

impl FromStr for TokenAlgorithm {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == name);
        kind.ok_or_else(|| "known are RS256 and ES256".to_owned())
    }
}

/// What the tokens are to say.
#[derive(Debug, Clone)]
pub struct TokenOptions {
    /// The file with the private key (PEM).
    pub key: PathBuf,
    /// How to sign; `None` as the key is made for.
    pub algorithm: Option<TokenAlgorithm>,
    /// The name of the key (`kid`).
    pub key_id: Option<String>,
    /// What the token says beside its times.
    pub claims: Map<String, Value>,
    /// How long it counts from its making.
    pub lifetime: Duration,
}

/// Makes tokens.
#[derive(Debug, Clone)]
pub struct TokenMaker {
    key: EncodingKey,
    header: Header,
    claims: Map<String, Value>,
    lifetime: Duration,
}

impl TokenMaker {
    /// Reads the key.
    ///
    /// # Errors
    /// When the file cannot be read or has no key for the algorithm.
    pub fn load(options: TokenOptions) -> Result<Self> {
        let path = &options.key;
        let pem = fs::read(path).map_err(|cause| Error::file("read", path, cause))?;
        let wanted = TokenAlgorithm::ALL.into_iter();
        let mut wanted = wanted.filter(|kind| options.algorithm.is_none_or(|own| own == *kind));
        let found = wanted.find_map(|kind| Some((kind, kind.key(&pem)?)));
        let (kind, key) = found.ok_or_else(|| no_key(path, options.algorithm))?;
        let header = Header { kid: options.key_id, ..Header::new(kind.in_header()) };
        let maker = Self { key, header, claims: options.claims, lifetime: options.lifetime };
        // A key of another size or curve shows only when it signs.
        maker.make(UNIX_EPOCH).map_err(|_| no_key(path, Some(kind)))?;
        Ok(maker)
    }

    /// A token that counts from `now` on.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn make(&self, now: SystemTime) -> Result<Secret> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut claims = self.claims.clone();
        claims.insert("iat".to_owned(), now.as_secs().into());
        claims.insert("exp".to_owned(), now.saturating_add(self.lifetime).as_secs().into());
        let failed = |cause| Error::new(Class::File, "cannot sign the token").because(cause);
        encode(&self.header, &claims, &self.key).map(Secret::new).map_err(failed)
    }
}

fn no_key(path: &Path, wanted: Option<TokenAlgorithm>) -> Error {
    let name = wanted.map_or("RS256 or ES256", TokenAlgorithm::name);
    let what = format!("{} has no private key for {name}", path.display());
    Error::new(Class::File, what).hint(
        "RS256 takes an RSA key of 2048 bits or more and ES256 one on P-256, in PEM and not \
         encrypted; `openssl pkcs8 -topk8 -nocrypt` turns others into that",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation, decode};
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256};
    use serde_json::json;

    /// A maker with the key in `pem`, and its error.
    fn maker(pem: &str, algorithm: Option<TokenAlgorithm>) -> Result<TokenMaker> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), pem).unwrap();
        let claims = json!({"aud": "project", "exp": 1});
        TokenMaker::load(TokenOptions {
            key: file.path().into(),
            algorithm,
            key_id: Some("k1".to_owned()),
            claims: claims.as_object().unwrap().clone(),
            lifetime: Duration::from_mins(1),
        })
    }

    #[test]
    fn a_token_says_what_it_is_to_say_from_the_moment_it_is_made() {
        let ec = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let rsa = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let public = |key: &KeyPair| key.public_key_pem().into_bytes();
        for (key, kind, check) in [
            (&ec, Algorithm::ES256, DecodingKey::from_ec_pem(&public(&ec)).unwrap()),
            (&rsa, Algorithm::RS256, DecodingKey::from_rsa_pem(&public(&rsa)).unwrap()),
        ] {
            let maker = maker(&key.serialize_pem(), None).unwrap();
            let now = SystemTime::now();
            let token = maker.make(now).unwrap();
            let mut validation = Validation::new(kind);
            validation.set_audience(&["project"]);
            let read = decode::<Map<String, Value>>(token.expose(), &check, &validation).unwrap();
            let seconds = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
            assert_eq!(read.header.kid.as_deref(), Some("k1"));
            assert_eq!(
                Value::Object(read.claims),
                json!({
                    "aud": "project", "iat": seconds, "exp": seconds + 60
                })
            );
            assert_ne!(maker.make(now + Duration::from_secs(1)).unwrap(), token, "made anew");
        }
    }

    #[test]
    fn a_key_that_cannot_sign_so_is_refused_before_it_is_needed() {
        let other = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap().serialize_pem();
        let good = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        for (pem, algorithm, words) in [
            ("", None, "RS256 or ES256"),
            (&*good.public_key_pem(), None, "RS256 or ES256"),
            (&*good.serialize_pem(), Some(TokenAlgorithm::Rs256), "for RS256"),
            (&*other, None, "ES256"),
        ] {
            let error = maker(pem, algorithm).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}

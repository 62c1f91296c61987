//! JSON Web Tokens (RFC 7519) as passwords.

use super::token_key::{self, Key};
use crate::error::Result;
use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds that the clocks of the issuer and of this machine may differ by.
const LEEWAY: u64 = 5;

/// How every token begins: `{"` in Base64.
const START: &[u8] = b"eyJ";

/// Which tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenOptions {
    /// The file with the public key (PEM), the keys (JWKS) or the secret they
    /// are signed with.
    pub keys: PathBuf,
    /// The claim that is the user name.
    pub user_claim: String,
    /// Who they must be for, one of these; without any, those are taken that
    /// are not for anybody in particular.
    pub audience: Vec<String>,
    /// Who they must be from, one of these; without any, from anybody who has
    /// a key.
    pub issuer: Vec<String>,
}

/// What tokens are checked by.
#[derive(Debug, Clone)]
pub struct Tokens {
    keys: Vec<(Key, Validation)>,
    user_claim: String,
}

impl Tokens {
    /// Reads the file with the keys.
    ///
    /// # Errors
    /// When it cannot be read or has no key for RS256, ES256 or HS256.
    pub fn load(options: &TokenOptions) -> Result<Self> {
        let keys = token_key::load(&options.keys)?;
        let keys = keys.into_iter().map(|key| {
            let validation = validation(&key, options);
            (key, validation)
        });
        Ok(Self { keys: keys.collect(), user_claim: options.user_claim.clone() })
    }

    /// For how long `token` lets `user` in from now on, if it does.
    pub(super) fn check(&self, user: &str, token: &[u8]) -> Option<Duration> {
        let (holder, time) = self.holder(token)?;
        (*holder == *user).then_some(time)
    }

    /// The user that `token` lets in, and for how long from now on.
    pub(super) fn holder(&self, token: &[u8]) -> Option<(Box<str>, Duration)> {
        let id = decode_header(token).ok()?.kid;
        let fits = |key: &Key| id.is_none() || key.id.is_none() || key.id == id;
        let keys = self.keys.iter().filter(|(key, _)| fits(key));
        let mut claims = keys.filter_map(|(key, validation)| {
            Some(decode::<Map<String, Value>>(token, &key.check, validation).ok()?.claims)
        });
        let claims = claims.next()?;
        let user = claims.get(&self.user_claim)?.as_str()?;
        Some((user.into(), time_left(&claims)?))
    }
}

/// Whether `password` is to be taken for a token: three parts, of which the
/// first begins as an object does.
pub(super) fn looks_like_token(password: &[u8]) -> bool {
    password.starts_with(START) && password.split(|byte| *byte == b'.').count() == 3
}

/// One algorithm, an end, and what else the options say.
fn validation(key: &Key, options: &TokenOptions) -> Validation {
    let mut validation = Validation::new(key.algorithm);
    let mut required = vec!["exp"];
    validation.leeway = LEEWAY;
    validation.validate_nbf = true;
    if !options.audience.is_empty() {
        validation.set_audience(&options.audience);
        required.push("aud");
    }
    if !options.issuer.is_empty() {
        validation.set_issuer(&options.issuer);
        required.push("iss");
    }
    validation.set_required_spec_claims(&required);
    validation
}

/// How long a token with these claims is still taken.
fn time_left(claims: &Map<String, Value>) -> Option<Duration> {
    let end = claims.get("exp")?.as_f64()? + Duration::from_secs(LEEWAY).as_secs_f64();
    let end = Duration::try_from_secs_f64(end).unwrap_or(Duration::MAX);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(end.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use proptest::prelude::*;
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256};
    use rustls::pki_types::SubjectPublicKeyInfoDer;
    use rustls::pki_types::pem::PemObject as _;
    use serde_json::json;
    use std::fs;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn options(keys: PathBuf) -> TokenOptions {
        TokenOptions { keys, user_claim: "sub".into(), audience: vec![], issuer: vec![] }
    }

    /// What the file with this content says, or the error.
    fn loaded(content: &str, change: impl FnOnce(&mut TokenOptions)) -> Result<Tokens> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        fs::write(&path, content).unwrap();
        let mut options = options(path);
        change(&mut options);
        Tokens::load(&options)
    }

    fn tokens(content: &str) -> Tokens {
        loaded(content, |_| {}).unwrap()
    }

    fn now() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
    }

    fn claims() -> Value {
        json!({"sub": "ann", "exp": now() + 100})
    }

    fn signed(algorithm: Algorithm, claims: &Value, key: &EncodingKey) -> Vec<u8> {
        encode(&Header::new(algorithm), claims, key).unwrap().into_bytes()
    }

    fn by_secret(claims: &Value) -> Vec<u8> {
        signed(Algorithm::HS256, claims, &EncodingKey::from_secret(SECRET.as_bytes()))
    }

    #[test]
    fn a_token_is_taken_under_each_kind_of_key_and_a_changed_one_is_not() {
        let ec = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let rsa = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let private = |key: &KeyPair| key.serialize_pem().into_bytes();
        for (file, algorithm, key) in [
            (
                SECRET.to_owned() + "\n",
                Algorithm::HS256,
                EncodingKey::from_secret(SECRET.as_bytes()),
            ),
            (
                ec.public_key_pem(),
                Algorithm::ES256,
                EncodingKey::from_ec_pem(&private(&ec)).unwrap(),
            ),
            (
                rsa.public_key_pem(),
                Algorithm::RS256,
                EncodingKey::from_rsa_pem(&private(&rsa)).unwrap(),
            ),
        ] {
            let tokens = tokens(&file);
            let token = signed(algorithm, &claims(), &key);
            assert!(looks_like_token(&token));
            let time = tokens.check("ann", &token).unwrap();
            assert!((100..=105).contains(&time.as_secs()), "{time:?}");
            assert_eq!(tokens.check("eve", &token), None);
            let mut changed = token.clone();
            changed[token.len() / 2] ^= 1;
            assert_eq!(tokens.check("ann", &changed), None);
        }
    }

    #[test]
    fn the_key_decides_on_the_algorithm_and_not_the_token() {
        let ec = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let public = ec.public_key_pem();
        // The public key passed off as a secret, in each form it comes in.
        let der = SubjectPublicKeyInfoDer::from_pem_slice(public.as_bytes()).unwrap();
        for secret in [public.as_bytes(), public.trim_end().as_bytes(), &der] {
            let forged = signed(Algorithm::HS256, &claims(), &EncodingKey::from_secret(secret));
            assert_eq!(tokens(&public).check("ann", &forged), None);
        }
        let longer = EncodingKey::from_secret(SECRET.as_bytes());
        let other = signed(Algorithm::HS512, &claims(), &longer);
        assert_eq!(tokens(SECRET).check("ann", &other), None);
        let body = URL_SAFE_NO_PAD.encode(claims().to_string());
        for header in [json!({"alg": "none"}), json!({"alg": "None", "typ": "JWT"}), json!({})] {
            let header = URL_SAFE_NO_PAD.encode(header.to_string());
            for signature in ["", "e30"] {
                let bare = format!("{header}.{body}.{signature}");
                assert_eq!(tokens(SECRET).check("ann", bare.as_bytes()), None);
            }
        }
    }

    #[test]
    fn a_token_counts_from_its_beginning_to_its_end_and_needs_an_end() {
        let now = now();
        for (claims, taken) in [
            (json!({"sub": "ann", "exp": now - 1}), true),
            (json!({"sub": "ann", "exp": now - 60}), false),
            (json!({"sub": "ann"}), false),
            (json!({"sub": "ann", "exp": "soon"}), false),
            (json!({"sub": "ann", "exp": null}), false),
            (json!({"sub": "ann", "exp": now + 60, "nbf": now + 1}), true),
            (json!({"sub": "ann", "exp": now + 60, "nbf": now + 30}), false),
            (json!({"sub": "ann", "exp": 1e18}), true),
            (json!({"sub": "ann", "exp": -1}), false),
            (json!({"sub": ["ann"], "exp": now + 60}), false),
            (json!({"exp": now + 60}), false),
        ] {
            let time = tokens(SECRET).check("ann", &by_secret(&claims));
            assert_eq!(time.is_some(), taken, "{claims}");
        }
        let just_ended =
            tokens(SECRET).check("ann", &by_secret(&json!({"sub": "ann", "exp": now})));
        assert!(just_ended.unwrap() <= Duration::from_secs(LEEWAY));
    }

    #[test]
    fn audience_issuer_and_the_claim_of_the_user_are_what_the_options_say() {
        let told = loaded(SECRET, |options| {
            options.user_claim = "name".into();
            options.audience = vec!["a".into(), "b".into()];
            options.issuer = vec!["i".into()];
        });
        let told = told.unwrap();
        let plain = tokens(SECRET);
        let exp = now() + 60;
        for (claims, by_told, by_plain) in [
            (json!({"name": "ann", "exp": exp, "aud": "b", "iss": "i"}), true, false),
            (json!({"name": "ann", "exp": exp, "aud": ["x", "a"], "iss": "i"}), true, false),
            (json!({"name": "ann", "exp": exp, "aud": "c", "iss": "i"}), false, false),
            (json!({"name": "ann", "exp": exp, "aud": 7, "iss": "i"}), false, false),
            (json!({"name": "ann", "exp": exp, "iss": "i"}), false, false),
            (json!({"name": "ann", "exp": exp, "aud": "a"}), false, false),
            (json!({"name": "ann", "exp": exp, "aud": "a", "iss": "j"}), false, false),
            (json!({"sub": "ann", "exp": exp, "aud": "a", "iss": "i"}), false, false),
            (json!({"sub": "ann", "exp": exp, "iss": "i"}), false, true),
        ] {
            let token = by_secret(&claims);
            assert_eq!(told.check("ann", &token).is_some(), by_told, "{claims}");
            assert_eq!(plain.check("ann", &token).is_some(), by_plain, "{claims}");
        }
    }

    #[test]
    fn a_set_of_keys_is_chosen_from_by_the_name_in_the_token() {
        let key = |kid: &str, secret: &str| {
            let k = URL_SAFE_NO_PAD.encode(secret);
            json!({"kty": "oct", "kid": kid, "k": k, "alg": "HS256"})
        };
        let other = SECRET.replace('0', "x");
        let unused = json!({"kty": "oct", "kid": "c", "k": "c2hvcnQ"});
        let set = json!({"keys": [key("a", SECRET), key("b", &other), unused]}).to_string();
        let tokens = tokens(&set);
        for (kid, secret, taken) in [
            (Some("a"), SECRET, true),
            (Some("b"), SECRET, false),
            (Some("b"), other.as_str(), true),
            (Some("c"), "short", false),
            (Some("z"), SECRET, false),
            (None, other.as_str(), true),
        ] {
            let header = Header { kid: kid.map(Into::into), ..Header::new(Algorithm::HS256) };
            let key = EncodingKey::from_secret(secret.as_bytes());
            let token = encode(&header, &claims(), &key).unwrap();
            assert_eq!(tokens.check("ann", token.as_bytes()).is_some(), taken, "{kid:?}");
        }
    }

    #[test]
    fn a_file_without_a_key_is_described() {
        let ec = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let encryption = json!({"keys": [{"kty": "oct", "k": "AAAA", "use": "enc"}]}).to_string();
        for (content, words) in [
            ("short".to_owned(), "has 32 bytes at least"),
            (String::new(), "has 32 bytes at least"),
            (ec.public_key_pem(), "neither RSA nor ECDSA with P-256"),
            (ec.serialize_pem(), "there is no public key"),
            ("{\"keys\": 7}".to_owned(), "this is no JWKS"),
            ("{\"keys\": []}".to_owned(), "none of the keys can be used"),
            (encryption, "none of the keys can be used"),
        ] {
            let error = loaded(&content, |_| {}).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let shown = format!("{:?}", tokens(SECRET));
        assert!(!shown.contains("48, 49") && !shown.contains(SECRET), "{shown}");
    }

    proptest! {
        #[test]
        fn no_password_is_too_strange_for_a_token(
            text in "(eyJ)?([A-Za-z0-9_.=-]|\\PC){0,60}",
            header in "[{}\":,a-z0-9]{0,20}",
        ) {
            let encoded = URL_SAFE_NO_PAD.encode(header);
            for password in [text.clone(), format!("{encoded}.{encoded}.{text}")] {
                prop_assert_eq!(tokens(SECRET).check("ann", password.as_bytes()), None);
            }
        }
    }
}

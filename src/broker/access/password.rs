//! Hashed passwords as mosquitto's `password_file` writes them.
//!
//! | text                                          | hash                          |
//! |-----------------------------------------------|-------------------------------|
//! | `$6$SALT$HASH`                                | SHA-512 of password and salt  |
//! | `$7$ITERATIONS$SALT$HASH`                     | PBKDF2 with HMAC-SHA-512      |
//! | `$argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$HASH` | Argon2id                  |
//!
//! | `SCRAM-SHA-256$ITERATIONS:SALT$STORED:SERVER` | a verifier of RFC 5802        |
//!
//! Salts, hashes and keys are in base64. What does not begin with `$` is the password
//! itself.

use super::Problem;
use super::scram::{PREFIX, Verifier};
use crate::session::Secret;
use argon2::{Algorithm, Argon2, Params};
use aws_lc_rs::{constant_time, digest, pbkdf2, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use std::fmt;
use std::num::NonZeroU32;

/// What a password is compared with.
#[derive(Debug, Clone)]
pub(super) enum Password {
    Sha512 { salt: Vec<u8>, hash: Vec<u8> },
    Pbkdf2 { iterations: NonZeroU32, salt: Vec<u8>, hash: Vec<u8> },
    Argon2id { params: Params, salt: Vec<u8>, hash: Vec<u8> },
    Scram(Verifier),
    Plain(Secret),
}

/// How a new password is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashKind {
    /// PBKDF2 with HMAC-SHA-512, which every mosquitto since 2.0 reads.
    Sha512Pbkdf2,
    /// Argon2id, which mosquitto reads since 2.1.
    Argon2id,
    /// A verifier of SCRAM-SHA-256, as `PostgreSQL` writes it; mosquitto reads
    /// none.
    ScramSha256,
}

/// Passes of PBKDF2 in new hashes: about 10 ms, as much as a broker can bear
/// that checks passwords in its only thread.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(20_000).unwrap();

/// Bytes of the salt in new hashes of PBKDF2; mosquitto 2.0 reads no others.
const SHORT_SALT: usize = 12;

/// Bytes of the salt and of the hash in new hashes of Argon2id, as mosquitto's.
const LONG_SALT: usize = 64;

/// KiB, passes and lanes of Argon2id in new hashes, as mosquitto's.
const ARGON2ID: (u32, u32, u32) = (47_104, 1, 1);

impl Password {
    /// Hashes `password` under a new salt; `None` if the system has no random
    /// numbers or too little memory.
    pub(super) fn hash(kind: HashKind, password: &[u8]) -> Option<Self> {
        let length = match kind {
            HashKind::Sha512Pbkdf2 | HashKind::ScramSha256 => SHORT_SALT,
            HashKind::Argon2id => LONG_SALT,
        };
        let (mut salt, mut hash) = (vec![0; length], vec![0; digest::SHA512_OUTPUT_LEN]);
        rand::fill(&mut salt).ok()?;
        Some(match kind {
            HashKind::Sha512Pbkdf2 => {
                let algorithm = pbkdf2::PBKDF2_HMAC_SHA512;
                pbkdf2::derive(algorithm, ITERATIONS, &salt, password, &mut hash);
                Self::Pbkdf2 { iterations: ITERATIONS, salt, hash }
            }
            HashKind::Argon2id => {
                let (memory, passes, lanes) = ARGON2ID;
                let params = Params::new(memory, passes, lanes, Some(hash.len())).ok()?;
                argon2(&params).hash_password_into(password, &salt, &mut hash).ok()?;
                Self::Argon2id { params, salt, hash }
            }
            HashKind::ScramSha256 => Self::Scram(Verifier::derive(ITERATIONS, salt, password)),
        })
    }

    /// Reads what stands behind the user name.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        if let Some(verifier) = text.strip_prefix(PREFIX) {
            let broken = || "the SCRAM verifier is not whole".to_owned();
            return Verifier::parse(verifier).map(Self::Scram).ok_or_else(broken);
        }
        let Some(hashed) = text.strip_prefix('$') else {
            return Ok(Self::Plain(Secret::new(text)));
        };
        let parts: Vec<&str> = hashed.split('$').collect();
        let parsed = match *parts {
            ["6", salt, hash] => sha512(salt, hash),
            ["7", iterations, salt, hash] => pbkdf2(iterations, salt, hash),
            ["argon2id", "v=19", params, salt, hash] => argon2id(params, salt, hash),
            _ => None,
        };
        parsed.ok_or_else(|| "the hash is none of $6$, $7$ and $argon2id$v=19$, or cut off".into())
    }

    /// Whether it is `password`. Takes as long for a wrong one as for the right
    /// one, which may be tens of milliseconds.
    pub(super) fn is(&self, password: &[u8]) -> bool {
        match self {
            Self::Sha512 { salt, hash } => {
                let mut context = digest::Context::new(&digest::SHA512);
                context.update(password);
                context.update(salt);
                same(context.finish().as_ref(), hash)
            }
            Self::Pbkdf2 { iterations, salt, hash } => {
                let algorithm = pbkdf2::PBKDF2_HMAC_SHA512;
                pbkdf2::verify(algorithm, *iterations, salt, password, hash).is_ok()
            }
            Self::Argon2id { params, salt, hash } => {
                let mut made = vec![0; hash.len()];
                argon2(params)
                    .hash_password_into(password, salt, &mut made)
                    .is_ok_and(|()| same(&made, hash))
            }
            Self::Scram(verifier) => verifier.is(password),
            Self::Plain(secret) => same(secret.expose(), password),
        }
    }
}

/// As it stands behind the user name.
impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha512 { salt, hash } => {
                write!(f, "$6${}${}", STANDARD.encode(salt), STANDARD.encode(hash))
            }
            Self::Pbkdf2 { iterations, salt, hash } => {
                write!(f, "$7${iterations}${}${}", STANDARD.encode(salt), STANDARD.encode(hash))
            }
            Self::Argon2id { params, salt, hash } => {
                let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
                let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
                write!(f, "$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")
            }
            Self::Scram(verifier) => verifier.fmt(f),
            Self::Plain(_) => f.write_str("(readable)"),
        }
    }
}

fn same(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

fn argon2(params: &Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, argon2::Version::V0x13, params.clone())
}

fn sha512(salt: &str, hash: &str) -> Option<Password> {
    let hash = STANDARD.decode(hash).ok().filter(|hash| hash.len() == digest::SHA512_OUTPUT_LEN)?;
    Some(Password::Sha512 { salt: STANDARD.decode(salt).ok()?, hash })
}

fn pbkdf2(iterations: &str, salt: &str, hash: &str) -> Option<Password> {
    Some(Password::Pbkdf2 {
        iterations: iterations.parse().ok()?,
        salt: STANDARD.decode(salt).ok()?,
        // An empty hash would be that of every password.
        hash: STANDARD.decode(hash).ok().filter(|hash| !hash.is_empty())?,
    })
}

fn argon2id(params: &str, salt: &str, hash: &str) -> Option<Password> {
    let mut numbers = params.split(',').zip(["m=", "t=", "p="]);
    let mut number = || {
        let (text, name) = numbers.next()?;
        text.strip_prefix(name)?.parse::<u32>().ok()
    };
    let (memory, passes, lanes) = (number()?, number()?, number()?);
    let hash = STANDARD_NO_PAD.decode(hash).ok()?;
    let params = Params::new(memory, passes, lanes, Some(hash.len())).ok()?;
    Some(Password::Argon2id { params, salt: STANDARD_NO_PAD.decode(salt).ok()?, hash })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Written by `mosquitto_passwd` 2.0.11, with `-H sha512` and without.
    const WRITTEN: [(&str, &str); 2] = [
        (
            "secret2",
            "$6$JPDhcP9Ik2IjOH7W$HWARM+7XjVuUdmjjOi6Nyy/YxQ+U7z587FZx8Mvc88sEmnkCQOpkKJYmvjJWP8/hyahdXa+bK/YYdt9bwIKn9w==",
        ),
        (
            "secret1",
            "$7$101$Qm7sJCriZUntiESt$kZGyZSiXy6xjgQ5BI85WldWV/03DdnIKSmWobUuKqkbDtlO6NxcmwTyLapwsTw786HWCmixm3mxqvIVLkpnGnQ==",
        ),
    ];

    #[test]
    fn what_mosquitto_passwd_writes_is_read() {
        for (password, text) in WRITTEN {
            let parsed = Password::parse(text).unwrap();
            assert!(parsed.is(password.as_bytes()), "{text}");
            assert!(!parsed.is(b"secret"), "{text}");
            assert!(!parsed.is(b""), "{text}");
            assert_eq!(parsed.to_string(), text);
        }
    }

    #[test]
    fn argon2id_is_read_as_the_reference_implementation_writes_it() {
        // From the test vectors of the reference implementation (test.c).
        let text =
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        let parsed = Password::parse(text).unwrap();
        assert!(parsed.is(b"password"));
        assert!(!parsed.is(b"passwort"));
    }

    #[test]
    fn a_new_hash_reads_as_it_was_written_and_no_two_are_alike() {
        for kind in [HashKind::Sha512Pbkdf2, HashKind::Argon2id, HashKind::ScramSha256] {
            let text = Password::hash(kind, b"pw").unwrap().to_string();
            let parsed = Password::parse(&text).unwrap();
            assert!(parsed.is(b"pw") && !parsed.is(b"wp"));
            assert_ne!(Password::hash(kind, b"pw").unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_plain_password_is_itself() {
        let parsed = Password::parse("hunter:2").unwrap();
        assert!(parsed.is(b"hunter:2") && !parsed.is(b"hunter:22") && !parsed.is(b""));
        assert!(!format!("{parsed:?}").contains("hunter"));
    }

    #[test]
    fn hashes_that_are_cut_off_or_empty_are_refused() {
        for text in [
            "$",
            "$6$",
            "$6$c2FsdA==$",
            "$6$c2FsdA==$aGFzaA==",
            "$7$0$c2FsdA==$aGFzaA==",
            "$7$101$c2FsdA==$",
            "$7$101$c2FsdA==",
            "$5$a$b",
            "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR",
            "$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$nf65EOgLrQMR",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$",
        ] {
            assert!(Password::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_to_be_answered(
            text in "\\$?(6|7|argon2id|v=19|m=8,t=1,p=1|101|\\$|[a-z]{4}|=|\\PC){0,12}",
        ) {
            let _ = Password::parse(&text);
        }
    }
}

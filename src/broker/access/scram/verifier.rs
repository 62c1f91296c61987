//! What a broker keeps of a password for SCRAM-SHA-256 (RFC 5802 §3): enough
//! to tell who knows it, too little to be taken for somebody who does.

use crate::scram::{Key, Keys, MOST_ITERATIONS, decode, hash, masked, same, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::num::NonZeroU32;

/// What a verifier begins with where it stands for a password; `PostgreSQL`
/// writes them alike.
pub(in super::super) const PREFIX: &str = "SCRAM-SHA-256$";

/// The keys of one password under one salt.
#[derive(Clone, PartialEq, Eq)]
pub(in super::super) struct Verifier {
    pub(super) iterations: NonZeroU32,
    pub(super) salt: Vec<u8>,
    stored_key: Key,
    server_key: Key,
}

impl Verifier {
    /// The verifier of `password`.
    pub(in super::super) fn derive(iterations: NonZeroU32, salt: Vec<u8>, password: &[u8]) -> Self {
        let keys = Keys::derive(iterations, &salt, password);
        Self { iterations, salt, stored_key: keys.stored, server_key: keys.server }
    }

    /// Reads `ITERATIONS:SALT$STORED_KEY:SERVER_KEY`, which stands behind
    /// [`PREFIX`].
    pub(in super::super) fn parse(text: &str) -> Option<Self> {
        let (passes, keys) = text.split_once('$')?;
        let (iterations, salt) = passes.split_once(':')?;
        let (stored_key, server_key) = keys.split_once(':')?;
        let iterations: NonZeroU32 = iterations.parse().ok()?;
        let salt = STANDARD.decode(salt).ok().filter(|salt| !salt.is_empty())?;
        let sane = iterations.get() <= MOST_ITERATIONS;
        let (stored_key, server_key) = (decode(stored_key)?, decode(server_key)?);
        sane.then_some(Self { iterations, salt, stored_key, server_key })
    }

    /// A verifier that nobody passes and that looks like this one's: always the
    /// same for the same name, as it would be for a user that there is.
    pub(super) fn decoy(&self, name: &str) -> Self {
        let salt = sign(&self.server_key, name.as_bytes());
        let salt = salt.iter().copied().cycle().take(self.salt.len()).collect();
        Self { salt, ..self.clone() }
    }

    /// Whether it is `password`; takes as long as it takes to derive it.
    pub(in super::super) fn is(&self, password: &[u8]) -> bool {
        let made = Self::derive(self.iterations, self.salt.clone(), password);
        same(&made.stored_key, &self.stored_key)
    }

    /// Whether whoever made `proof` of `message` knows the password.
    pub(super) fn is_proved(&self, message: &[u8], proof: &Key) -> bool {
        let client_key = masked(*proof, &sign(&self.stored_key, message));
        same(&hash(&client_key), &self.stored_key)
    }

    /// What proves to the client that the broker has its verifier.
    pub(super) fn signature(&self, message: &[u8]) -> String {
        STANDARD.encode(sign(&self.server_key, message))
    }
}

/// As it stands for a password.
impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [salt, stored_key, server_key] =
            [&self.salt[..], &self.stored_key, &self.server_key].map(|part| STANDARD.encode(part));
        write!(f, "{PREFIX}{}:{salt}${stored_key}:{server_key}", self.iterations)
    }
}

/// Without its keys.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("iterations", &self.iterations).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Of the password `pencil` and the salt of RFC 7677.
    fn pencil() -> Verifier {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        Verifier::derive(NonZeroU32::new(4096).unwrap(), salt, b"pencil")
    }

    #[test]
    fn a_verifier_reads_as_it_was_written_and_knows_its_password() {
        let text = pencil().to_string();
        let parsed = Verifier::parse(text.strip_prefix(PREFIX).unwrap()).unwrap();
        assert_eq!(parsed, pencil());
        assert!(parsed.is(b"pencil") && !parsed.is(b"pen") && !parsed.is(b""));
        assert!(!format!("{parsed:?}").contains("key"), "{parsed:?}");
    }

    #[test]
    fn what_is_cut_off_or_senseless_is_no_verifier() {
        let whole = pencil().to_string();
        let whole = whole.strip_prefix(PREFIX).unwrap();
        for cut in 0..whole.len() {
            assert_eq!(Verifier::parse(whole.get(..cut).unwrap()), None, "{cut}");
        }
        for (from, to) in [("4096:", "0:"), ("4096:", "4000000000:"), (":W22", "::W22")] {
            assert_eq!(Verifier::parse(&whole.replacen(from, to, 1)), None, "{to}");
        }
    }

    #[test]
    fn a_decoy_is_always_the_same_and_nobodys() {
        let decoy = pencil().decoy("eve");
        assert_eq!(decoy, pencil().decoy("eve"));
        assert_ne!(decoy.salt, pencil().decoy("bob").salt);
        assert_eq!(decoy.salt.len(), pencil().salt.len());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_to_be_answered(text in "([0-9]{1,4}|:|\\$|=|[A-Za-z]{4}|\\PC){0,20}") {
            let _ = Verifier::parse(&text);
        }
    }
}

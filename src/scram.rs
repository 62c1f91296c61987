//! What both sides of SCRAM-SHA-256 compute (RFC 5802 §3, RFC 7677).

use aws_lc_rs::{constant_time, digest, hmac, pbkdf2, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::num::NonZeroU32;

/// The name of the method of enhanced authentication.
pub const METHOD: &str = "SCRAM-SHA-256";

/// Passes of PBKDF2 above which a number of them is taken for a mistake.
pub const MOST_ITERATIONS: u32 = 10_000_000;

/// Random bytes of a nonce.
const NONCE: usize = 18;

/// A key, a signature or a proof.
pub type Key = [u8; 32];

/// What follows from a password, a salt and a number of passes.
pub struct Keys {
    /// What only the client knows.
    pub client: Key,
    /// What the server checks the client by.
    pub stored: Key,
    /// What the server proves itself with.
    pub server: Key,
}

impl Keys {
    /// The keys of `password`; takes as long as the passes do.
    #[must_use]
    pub fn derive(iterations: NonZeroU32, salt: &[u8], password: &[u8]) -> Self {
        let mut salted = Key::default();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, password, &mut salted);
        let client = sign(&salted, b"Client Key");
        Self { client, stored: hash(&client), server: sign(&salted, b"Server Key") }
    }
}

/// The signature of `message` under `key`.
#[must_use]
pub fn sign(key: &[u8], message: &[u8]) -> Key {
    copy(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref())
}

/// The digest of `bytes`.
#[must_use]
pub fn hash(bytes: &[u8]) -> Key {
    copy(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// `key` hidden by `mask`, or shown again by the same.
#[must_use]
pub fn masked(mut key: Key, mask: &Key) -> Key {
    key.iter_mut().zip(mask).for_each(|(byte, with)| *byte ^= with);
    key
}

/// Whether the two are the same, told in a time that says nothing of where
/// they differ.
#[must_use]
pub fn same(one: &Key, other: &Key) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// The 32 bytes that `text` is in base64.
#[must_use]
pub fn decode(text: &str) -> Option<Key> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// What nobody has said before; `None` without random numbers.
#[must_use]
pub fn nonce() -> Option<String> {
    let mut nonce = [0; NONCE];
    rand::fill(&mut nonce).ok()?;
    Some(STANDARD.encode(nonce))
}

/// The 32 bytes of a digest of SHA-256.
fn copy(bytes: &[u8]) -> Key {
    let mut key = Key::default();
    key.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    key
}

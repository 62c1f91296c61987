//! SCRAM-SHA-256 (RFC 5802, RFC 7677) as a client speaks it: the password never
//! travels, and a broker that does not know it is found out.
//!
//! There is no channel binding. Names and passwords are sent as they are typed,
//! without `SASLprep`, which changes nothing about ASCII.

use crate::scram::{self, Key, Keys, MOST_ITERATIONS, masked};
use crate::session::{Exchange, Fault, Method, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::num::NonZeroU32;

/// Passes of PBKDF2 below which a broker makes passwords easy to guess
/// (RFC 7677 §4).
const FEWEST_ITERATIONS: u32 = 4096;

/// What stands before the first message: no channel binding, for oneself.
const HEADER: &str = "n,,";

/// The method, for one user.
#[derive(Debug)]
pub struct Scram {
    /// Who the client is.
    pub user: String,
    /// What it knows.
    pub password: Secret,
}

/// One exchange.
struct Talk {
    password: Secret,
    /// What this client has added to the nonce.
    nonce: String,
    /// The first message without its header.
    first: String,
    /// What the broker must sign in the end, once the client has proved itself.
    signature: Option<Key>,
}

impl Method for Scram {
    fn begin(&self) -> (Vec<u8>, Box<dyn Exchange>) {
        // Without random numbers the nonce is empty, which every broker refuses.
        let (first, talk) = self.begin_with(scram::nonce().unwrap_or_default());
        (first.into_bytes(), Box::new(talk))
    }
}

impl Scram {
    fn begin_with(&self, nonce: String) -> (String, Talk) {
        let user = self.user.replace('=', "=3D").replace(',', "=2C");
        let first = format!("n={user},r={nonce}");
        let password = self.password.clone();
        (format!("{HEADER}{first}"), Talk { password, nonce, first, signature: None })
    }
}

/// What the broker says first.
struct Challenge<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    iterations: NonZeroU32,
}

impl<'a> Challenge<'a> {
    /// Reads `r=nonce,s=salt,i=passes`; extensions that may follow are left.
    fn parse(text: &'a str) -> Option<Self> {
        let mut attributes = text.split(',');
        let nonce = attributes.next()?.strip_prefix("r=")?;
        let salt = attributes.next()?.strip_prefix("s=")?;
        let iterations = attributes.next()?.strip_prefix("i=")?;
        let salt = STANDARD.decode(salt).ok().filter(|salt| !salt.is_empty())?;
        Some(Self { nonce, salt, iterations: iterations.parse().ok()? })
    }
}

impl Exchange for Talk {
    fn answer(&mut self, data: &[u8]) -> Result<Vec<u8>, Fault> {
        if self.signature.is_some() {
            return Err("the broker asks twice for a proof");
        }
        let text = std::str::from_utf8(data).unwrap_or_default();
        let challenge = Challenge::parse(text).ok_or("the broker does not speak SCRAM")?;
        let added = challenge.nonce.strip_prefix(&*self.nonce).unwrap_or_default();
        if added.is_empty() {
            return Err("the broker answers another client");
        }
        if !(FEWEST_ITERATIONS..=MOST_ITERATIONS).contains(&challenge.iterations.get()) {
            return Err("the broker wants the password hashed too little or too much");
        }
        let keys = Keys::derive(challenge.iterations, &challenge.salt, self.password.expose());
        let last = format!("c={},r={}", STANDARD.encode(HEADER), challenge.nonce);
        let said = format!("{},{text},{last}", self.first);
        let proof = masked(keys.client, &scram::sign(&keys.stored, said.as_bytes()));
        self.signature = Some(scram::sign(&keys.server, said.as_bytes()));
        Ok(format!("{last},p={}", STANDARD.encode(proof)).into_bytes())
    }

    fn end(&mut self, data: &[u8]) -> Result<(), Fault> {
        let said = std::str::from_utf8(data).ok().and_then(|text| text.strip_prefix("v="));
        let signature = said.and_then(scram::decode);
        let proved =
            signature.zip(self.signature).is_some_and(|(one, own)| scram::same(&one, &own));
        if proved { Ok(()) } else { Err("the broker does not prove that it knows the password") }
    }
}

/// Without the password and what follows from it.
impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Talk").field("nonce", &self.nonce).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The exchange of RFC 7677 §3.
    const CHALLENGE: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                             s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const LAST: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                        p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    const SIGNATURE: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    fn begun(user: &str) -> (String, Talk) {
        let scram = Scram { user: user.to_owned(), password: Secret::new("pencil") };
        scram.begin_with("rOprNGfwEbeRWgbNEkqO".to_owned())
    }

    #[test]
    fn the_exchange_of_rfc_7677_is_spoken_to_the_byte() {
        let (first, mut talk) = begun("user");
        assert_eq!(first, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        assert_eq!(talk.answer(CHALLENGE.as_bytes()), Ok(LAST.into()));
        assert_eq!(talk.end(SIGNATURE.as_bytes()), Ok(()));
        assert!(talk.answer(CHALLENGE.as_bytes()).is_err(), "once");
        assert_eq!(begun("a,b=c").0, "n,,n=a=2Cb=3Dc,r=rOprNGfwEbeRWgbNEkqO");
        assert!(!format!("{talk:?}").contains("pencil"));
    }

    #[test]
    fn a_broker_that_is_not_in_order_gets_no_proof() {
        for (from, to, words) in [
            ("r=rO", "r=xO", "another client"),
            ("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "", "another client"),
            ("i=4096", "i=4095", "too little"),
            ("i=4096", "i=4000000000", "too much"),
            ("i=4096", "i=0", "does not speak"),
            (",i=4096", "", "does not speak"),
            ("s=W22ZaJ0SNY7soEsUEjb6gQ==", "s=", "does not speak"),
            ("r=rO", "m=x,r=rO", "does not speak"),
        ] {
            let altered = CHALLENGE.replacen(from, to, 1);
            let fault = begun("user").1.answer(altered.as_bytes()).unwrap_err();
            assert!(fault.contains(words), "{altered}: {fault}");
        }
    }

    #[test]
    fn a_broker_that_proves_nothing_is_not_believed() {
        for data in ["", "v=", SIGNATURE.replacen("6rri", "7rri", 1).as_str(), "e=other-error"] {
            let (_, mut talk) = begun("user");
            talk.answer(CHALLENGE.as_bytes()).unwrap();
            assert!(talk.end(data.as_bytes()).is_err(), "{data}");
        }
        assert!(begun("user").1.end(SIGNATURE.as_bytes()).is_err(), "it has not asked");
    }

    proptest! {
        #[test]
        fn no_answer_is_too_strange(
            text in "([rsivem]=|,|r=rOprNGfwEbeRWgbNEkqO|4096|[A-Za-z0-9+/]{4}|\\PC){0,24}",
        ) {
            let (_, mut talk) = begun("user");
            let _ = talk.answer(text.as_bytes());
            prop_assert!(talk.end(text.as_bytes()).is_err());
        }
    }
}

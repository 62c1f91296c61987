//! SCRAM-SHA-256 (RFC 5802, RFC 7677) as a method of enhanced authentication:
//! the password never travels, and the client sees that the broker knows it too.
//!
//! There is no channel binding. Names and passwords are compared as they are
//! sent, without `SASLprep`, which changes nothing about ASCII.

mod message;
mod verifier;

pub(super) use verifier::{PREFIX, Verifier};

use super::{Authenticator, Exchange, Passwords};
use crate::broker::core::Outcome;
use crate::scram;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use message::{First, Last};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The method, for the users whose passwords are kept as verifiers.
#[derive(Debug)]
pub struct Scram {
    verifiers: Arc<BTreeMap<Box<str>, Verifier>>,
}

/// One exchange.
struct Talk {
    verifiers: Arc<BTreeMap<Box<str>, Verifier>>,
    /// What the broker adds to the client's nonce.
    nonce: String,
    state: State,
}

enum State {
    /// The first message must come; whether it has been asked for.
    Begun {
        asked: bool,
    },
    /// The last message must come.
    Challenged(Box<Challenge>),
    Over,
}

/// What the broker has asked a client to prove.
struct Challenge {
    user: String,
    /// Whether there is such a user; whether not, the client is to learn only
    /// that it has failed.
    known: bool,
    verifier: Verifier,
    header: String,
    nonce: String,
    /// The messages so far, as both sides sign them.
    said: String,
}

impl Scram {
    /// The method for those of `passwords` that are SCRAM verifiers; `None` if
    /// none is.
    #[must_use]
    pub fn new(passwords: &Passwords) -> Option<Self> {
        let verifiers: BTreeMap<_, _> = passwords.verifiers().collect();
        (!verifiers.is_empty()).then(|| Self { verifiers: Arc::new(verifiers) })
    }
}

impl Authenticator for Scram {
    fn method(&self) -> &str {
        scram::METHOD
    }

    fn begin(&self) -> Box<dyn Exchange> {
        // Without random numbers every exchange fails.
        let (nonce, state) = match scram::nonce() {
            Some(nonce) => (nonce, State::Begun { asked: false }),
            None => (String::new(), State::Over),
        };
        let verifiers = Arc::clone(&self.verifiers);
        Box::new(Talk { verifiers, nonce, state })
    }
}

impl Exchange for Talk {
    fn step(&mut self, data: &[u8]) -> Outcome {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Begun { asked: false } if data.is_empty() => {
                // A client that sent no data with its CONNECT is asked for it.
                self.state = State::Begun { asked: true };
                Outcome::Continue(Vec::new())
            }
            State::Begun { .. } => self.challenge(data).unwrap_or(Outcome::Refused),
            State::Challenged(challenge) => challenge.judge(data).unwrap_or(Outcome::Refused),
            State::Over => Outcome::Refused,
        }
    }
}

impl Talk {
    fn challenge(&mut self, data: &[u8]) -> Option<Outcome> {
        let first = First::parse(std::str::from_utf8(data).ok()?)?;
        if first.acts_for.is_some_and(|other| other != first.user) {
            return None;
        }
        let known = self.verifiers.get(&*first.user).cloned();
        let model = self.verifiers.values().next()?;
        let (known, verifier) = match known {
            Some(verifier) => (true, verifier),
            None => (false, model.decoy(&first.user)),
        };
        let nonce = format!("{}{}", first.nonce, self.nonce);
        let salt = STANDARD.encode(&verifier.salt);
        let answer = format!("r={nonce},s={salt},i={}", verifier.iterations);
        let said = format!("{},{answer}", first.bare);
        let header = first.header.to_owned();
        let challenge = Challenge { user: first.user, known, verifier, header, nonce, said };
        self.state = State::Challenged(Box::new(challenge));
        Some(Outcome::Continue(answer.into_bytes()))
    }
}

impl Challenge {
    fn judge(self, data: &[u8]) -> Option<Outcome> {
        let last = Last::parse(std::str::from_utf8(data).ok()?)?;
        let said = format!("{},{}", self.said, last.unproved);
        let proved = self.verifier.is_proved(said.as_bytes(), &last.proof);
        let in_order = last.repeats(&self.header) && last.nonce == self.nonce;
        (proved && in_order && self.known).then(|| Outcome::Admitted {
            user: self.user.into(),
            data: format!("v={}", self.verifier.signature(said.as_bytes())).into_bytes(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    /// The exchange of RFC 7677 §3.
    const FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const CHALLENGE: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                             s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const LAST: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                        p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    const SIGNATURE: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    fn scram() -> Scram {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = Verifier::derive(NonZeroU32::new(4096).unwrap(), salt, b"pencil");
        Scram { verifiers: Arc::new(BTreeMap::from([("user".into(), verifier)])) }
    }

    /// An exchange in which the broker's nonce is the one of the RFC.
    fn talk() -> Talk {
        Talk {
            verifiers: scram().verifiers,
            nonce: SERVER_NONCE.to_owned(),
            state: State::Begun { asked: false },
        }
    }

    #[test]
    fn the_exchange_of_rfc_7677_is_spoken_to_the_byte() {
        let mut talk = talk();
        assert_eq!(talk.step(b""), Outcome::Continue(Vec::new()), "what did you want to say?");
        assert_eq!(talk.step(FIRST.as_bytes()), Outcome::Continue(CHALLENGE.into()));
        let admitted = Outcome::Admitted { user: "user".into(), data: SIGNATURE.into() };
        assert_eq!(talk.step(LAST.as_bytes()), admitted);
        assert_eq!(talk.step(LAST.as_bytes()), Outcome::Refused, "once");
    }

    #[test]
    fn a_proof_for_anything_else_is_refused() {
        for (from, to) in [
            ("p=dHzb", "p=eHzb"),
            ("c=biws", "c=eSws"),
            ("r=rOpr", "r=xOpr"),
            (",p=", ",x=1,p="),
            (",p=", ""),
        ] {
            let mut talk = talk();
            talk.step(FIRST.as_bytes());
            let altered = LAST.replacen(from, to, 1);
            assert_eq!(talk.step(altered.as_bytes()), Outcome::Refused, "{altered}");
        }
    }

    #[test]
    fn an_unknown_user_is_asked_like_a_known_one_and_refused_in_the_end() {
        let first = FIRST.replace("n=user", "n=eve");
        let ask = || match talk().step(first.as_bytes()) {
            Outcome::Continue(challenge) => String::from_utf8(challenge).unwrap(),
            other => panic!("{other:?}"),
        };
        let challenge = ask();
        assert_eq!(challenge, ask(), "the same salt every time");
        assert_eq!(challenge.len(), CHALLENGE.len());
        assert!(challenge.ends_with(",i=4096"));
        // Nobody has the password of a decoy, not even of the user it is like.
        let mut talk = talk();
        talk.step(first.as_bytes());
        assert_eq!(talk.step(LAST.as_bytes()), Outcome::Refused);
    }

    #[test]
    fn nobody_acts_for_another_and_nobody_is_asked_twice() {
        for (first, outcome) in [
            ("n,a=root,n=user,r=x", false),
            ("n,a=user,n=user,r=x", true),
            ("p=tls-unique,,n=user,r=x", false),
            ("\u{ff}", false),
        ] {
            let challenged = matches!(talk().step(first.as_bytes()), Outcome::Continue(_));
            assert_eq!(challenged, outcome, "{first}");
        }
        let mut talk = talk();
        talk.step(b"");
        assert_eq!(talk.step(b""), Outcome::Refused);
    }

    #[test]
    fn no_two_exchanges_have_a_nonce_in_common() {
        let ask = || scram().begin().step(FIRST.as_bytes());
        assert_ne!(ask(), ask());
    }
}

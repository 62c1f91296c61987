//! SOCKS version 5 (RFC 1928) with user and password (RFC 1929).

use super::{Dialogue, Fault, LOGIN_HINT, Step, Target};
use crate::error::Result;
use std::net::IpAddr;

const VERSION: u8 = 5;
const LOGIN_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const NO_LOGIN: u8 = 0;
const LOGIN: u8 = 2;
const NONE_FITS: u8 = 0xff;

/// The most bytes that a name, a user or a password can have.
pub(super) const LONGEST: usize = 255;

/// The kinds of addresses with their lengths; a name says its own.
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// What the proxy says about the connection (§6).
const REPLIES: &[(u8, &str)] = &[
    (1, "has a failure of its own"),
    (2, "does not allow this connection"),
    (3, "says that the network cannot be reached"),
    (4, "says that the host cannot be reached"),
    (5, "says that the host refuses the connection"),
    (6, "says that the host is too far away"),
    (7, "cannot open connections"),
    (8, "cannot connect to this kind of address"),
];

/// The dialogue with a SOCKS5 proxy.
pub struct Socks5<'a> {
    target: Target,
    login: Option<(&'a str, &'a [u8])>,
    stage: Stage,
}

/// What is to be heard next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Method,
    Login,
    Answer,
}

impl<'a> Socks5<'a> {
    /// Asks for a connection to `target`; user and password are for a proxy
    /// that wants them, of 255 bytes each at most.
    #[must_use]
    pub const fn new(target: Target, login: Option<(&'a str, &'a [u8])>) -> Self {
        Self { target, login, stage: Stage::Method }
    }

    fn on_method(&mut self, version: u8, method: u8) -> Result<Step, Fault> {
        if version != VERSION {
            return Err(Fault::new("does not speak SOCKS5").hint("is it an HTTP proxy? http://"));
        }
        match (method, self.login) {
            (NO_LOGIN, _) => {
                self.stage = Stage::Answer;
                Ok(Step::Say(2, self.request()))
            }
            (LOGIN, Some((user, password))) => {
                self.stage = Stage::Login;
                let mut bytes = vec![LOGIN_VERSION];
                put_short(&mut bytes, user.as_bytes());
                put_short(&mut bytes, password);
                Ok(Step::Say(2, bytes))
            }
            (NONE_FITS, None) => Err(Fault::new("wants a user and a password").hint(LOGIN_HINT)),
            (NONE_FITS, Some(_)) => Err(Fault::new("takes neither a password nor none")),
            _ => Err(Fault::new("wants a way to log in that nobody offered")),
        }
    }

    fn on_login(&mut self, status: u8) -> Result<Step, Fault> {
        if status != 0 {
            return Err(Fault::new("does not take this user and password").hint(LOGIN_HINT));
        }
        self.stage = Stage::Answer;
        Ok(Step::Say(2, self.request()))
    }

    fn request(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, CONNECT, 0];
        let port = match &self.target {
            Target::Name(name, port) => {
                bytes.push(NAME);
                put_short(&mut bytes, name.as_bytes());
                port
            }
            Target::Address(IpAddr::V4(address), port) => {
                bytes.push(IPV4);
                bytes.extend_from_slice(&address.octets());
                port
            }
            Target::Address(IpAddr::V6(address), port) => {
                bytes.push(IPV6);
                bytes.extend_from_slice(&address.octets());
                port
            }
        };
        bytes.extend_from_slice(&port.to_be_bytes());
        bytes
    }
}

impl Dialogue for Socks5<'_> {
    fn begin(&self) -> Vec<u8> {
        match self.login {
            None => vec![VERSION, 1, NO_LOGIN],
            Some(_) => vec![VERSION, 2, NO_LOGIN, LOGIN],
        }
    }

    fn hear(&mut self, bytes: &[u8]) -> Result<Step, Fault> {
        match (self.stage, bytes) {
            (Stage::Method, [version, method, ..]) => self.on_method(*version, *method),
            (Stage::Login, [_, status, ..]) => self.on_login(*status),
            (Stage::Answer, [version, reply, _, kind, rest @ ..]) => {
                answer(*version, *reply, *kind, rest.first().copied(), bytes.len())
            }
            (Stage::Method, [version]) if *version != VERSION => self.on_method(*version, 0),
            _ => Ok(Step::More),
        }
    }
}

/// Judges the answer to the request, of which `have` bytes are there.
fn answer(
    version: u8,
    reply: u8,
    kind: u8,
    name_length: Option<u8>,
    have: usize,
) -> Result<Step, Fault> {
    if version != VERSION {
        return Err(Fault::new("does not speak SOCKS5"));
    }
    if reply != 0 {
        let row = REPLIES.iter().find(|(code, _)| *code == reply);
        let what = row.map(|(_, what)| (*what).to_owned());
        return Err(Fault::new(what.unwrap_or_else(|| format!("fails with code {reply}"))));
    }
    let address = match (kind, name_length) {
        (IPV4, _) => 4,
        (IPV6, _) => 16,
        (NAME, Some(length)) => 1 + usize::from(length),
        (NAME, None) => return Ok(Step::More),
        _ => return Err(Fault::new("answers with an unknown kind of address")),
    };
    let length = 4 + address + 2;
    Ok(if have < length { Step::More } else { Step::Done(length) })
}

/// Appends at most 255 bytes with their number in front.
fn put_short(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    out.push(length);
    out.extend(bytes.iter().take(length.into()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named() -> Target {
        Target::Name("ab".to_owned(), 0x075b)
    }

    #[test]
    fn without_a_login_the_request_follows_the_method() {
        let mut socks = Socks5::new(named(), None);
        assert_eq!(socks.begin(), [5, 1, 0]);
        assert_eq!(socks.hear(&[5]), Ok(Step::More));
        let request = vec![5, 1, 0, 3, 2, b'a', b'b', 0x07, 0x5b];
        assert_eq!(socks.hear(&[5, 0]), Ok(Step::Say(2, request)));
        let answers: [&[u8]; 3] = [
            &[5, 0, 0, 1, 127, 0, 0, 1, 0, 9],
            &[5, 0, 0, 3, 1, b'x', 0, 9],
            &[5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 9],
        ];
        for answer in answers {
            for cut in 0..answer.len() {
                assert_eq!(socks.hear(&answer[..cut]), Ok(Step::More), "{cut} of {answer:?}");
            }
            assert_eq!(socks.hear(answer), Ok(Step::Done(answer.len())));
        }
    }

    #[test]
    fn a_login_is_given_to_a_proxy_that_wants_one() {
        let address = Target::Address([10, 0, 0, 1].into(), 1883);
        let mut socks = Socks5::new(address, Some(("me", b"pw")));
        assert_eq!(socks.begin(), [5, 2, 0, 2]);
        assert_eq!(socks.hear(&[5, 2]), Ok(Step::Say(2, b"\x01\x02me\x02pw".to_vec())));
        assert_eq!(socks.hear(&[1]), Ok(Step::More));
        let request = vec![5, 1, 0, 1, 10, 0, 0, 1, 0x07, 0x5b];
        assert_eq!(socks.hear(&[1, 0]), Ok(Step::Say(2, request)));
        let mut again = Socks5::new(named(), Some(("me", b"pw")));
        again.hear(&[5, 2]).unwrap();
        assert!(again.hear(&[1, 1]).unwrap_err().what.contains("this user and password"));
    }

    #[test]
    fn what_a_proxy_refuses_is_said() {
        for (bytes, what) in [
            (&[5, 0xff][..], "wants a user"),
            (&[5, 1], "nobody offered"),
            (&[5, 2], "nobody offered"),
            (b"H", "does not speak SOCKS5"),
            (b"HTTP/1.1 400", "does not speak SOCKS5"),
        ] {
            let fault = Socks5::new(named(), None).hear(bytes).unwrap_err();
            assert!(fault.what.contains(what), "{bytes:?}: {fault:?}");
        }
        for (reply, what) in [(2, "not allow"), (5, "refuses"), (99, "code 99")] {
            let mut socks = Socks5::new(named(), None);
            socks.hear(&[5, 0]).unwrap();
            let fault = socks.hear(&[5, reply, 0, 1]).unwrap_err();
            assert!(fault.what.contains(what), "{fault:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_proxy_says_no_more_is_taken_than_was_said(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..6),
            login: bool,
        ) {
            let mut socks = Socks5::new(named(), login.then_some(("me", &b"pw"[..])));
            for piece in pieces {
                match socks.hear(&piece) {
                    Ok(Step::Say(taken, _) | Step::Done(taken)) => {
                        prop_assert!(taken <= piece.len());
                    }
                    Ok(Step::More) | Err(_) => {}
                }
            }
        }
    }
}

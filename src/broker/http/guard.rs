//! Who may ask for what.
//!
//! With a token, whoever shows it. Without one, only this machine: and then a
//! name that resolves to this machine is not enough, or a page in a browser
//! could ask in its user's place (DNS rebinding). A page of another origin may
//! ask for nothing either way, since no answer allows it to. `/healthz` tells
//! everybody that the broker is there, and nothing else.

use super::answer::Fault;
use super::room::Room;
use crate::session::Secret;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use std::net::{IpAddr, SocketAddr};

/// The path that everybody may ask for.
pub(super) const HEALTH: &str = "/healthz";

/// Whom the API answers.
#[derive(Debug, Clone, Default)]
pub(in crate::broker) struct Access {
    /// What has to be shown; without it only this machine is answered.
    pub(in crate::broker) token: Option<Secret>,
    /// For how many.
    pub(in crate::broker) room: Room,
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::broker) enum Caller {
    /// A Unix socket, which no browser reaches.
    Socket,
    /// This machine.
    Loopback,
    /// Elsewhere, or a proxy that may stand for anybody.
    Remote,
}

impl Caller {
    /// The caller at the other end of a connection.
    pub(in crate::broker) fn new(address: Option<SocketAddr>, proxied: bool) -> Self {
        match address {
            None if !proxied => Self::Socket,
            Some(address) if !proxied && address.ip().to_canonical().is_loopback() => {
                Self::Loopback
            }
            _ => Self::Remote,
        }
    }
}

impl Access {
    /// Whether a request may be answered.
    pub(super) fn admit(&self, head: &Parts, caller: Caller) -> Result<(), Fault> {
        if head.uri.path() == HEALTH {
            return Ok(());
        }
        let host = field(head, &HOST);
        if field(head, &ORIGIN).is_some_and(|origin| !is_own(origin, host)) {
            return Err(forbidden("pages of another origin are not answered"));
        }
        match &self.token {
            Some(token) => check(token, field(head, &AUTHORIZATION)),
            None => check_local(caller, host),
        }
    }
}

fn field<'a>(head: &'a Parts, name: &HeaderName) -> Option<&'a str> {
    // What is no text is as good as nothing where a name is expected.
    head.headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

fn forbidden(what: &'static str) -> Fault {
    Fault::new(StatusCode::FORBIDDEN, what)
}

/// Whether a page's origin is this very host.
fn is_own(origin: &str, host: Option<&str>) -> bool {
    let origin = origin.split_once("://").map(|(_, host)| host);
    origin.zip(host).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
}

fn check(token: &Secret, shown: Option<&str>) -> Result<(), Fault> {
    let shown = shown.and_then(|text| text.split_once(' '));
    let shown = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let right = shown.is_some_and(|(_, shown)| {
        verify_slices_are_equal(shown.trim().as_bytes(), token.expose()).is_ok()
    });
    let what = "this needs the broker's token: Authorization: Bearer TOKEN";
    right.then_some(()).ok_or_else(|| Fault::new(StatusCode::UNAUTHORIZED, what))
}

fn check_local(caller: Caller, host: Option<&str>) -> Result<(), Fault> {
    match caller {
        Caller::Socket => Ok(()),
        Caller::Loopback if host.is_some_and(names_this_machine) => Ok(()),
        Caller::Loopback => Err(forbidden(
            "the Host of the request is not this machine: ask localhost, or give the broker a token",
        )),
        Caller::Remote => {
            Err(forbidden("only this machine is answered, as the broker has no --http-token-file"))
        }
    }
}

/// Whether a Host field names this machine and nothing that somebody else can
/// have resolve to it.
fn names_this_machine(host: &str) -> bool {
    // Before an @ would be a user, which a Host field has none of.
    let authority = host.parse::<Authority>().ok().filter(|_| !host.contains('@'));
    let Some(authority) = authority else {
        return false;
    };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    let address = name.parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;
    use proptest::prelude::*;

    fn head(path: &str, fields: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(path);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn status(token: Option<&str>, caller: Caller, fields: &[(&str, &str)]) -> u16 {
        let access = Access { token: token.map(Secret::new), ..Access::default() };
        let verdict = access.admit(&head("/metrics", fields), caller);
        verdict.map_or_else(|fault| fault.status.as_u16(), |()| 200)
    }

    #[test]
    fn without_a_token_only_this_machine_under_its_own_name_is_answered() {
        for host in ["localhost", "LOCALHOST:1883", "127.0.0.1:80", "127.1.2.3", "[::1]:1883"] {
            assert_eq!(status(None, Caller::Loopback, &[("host", host)]), 200, "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "10.0.0.1", "", "a@localhost:x"] {
            assert_eq!(status(None, Caller::Loopback, &[("host", host)]), 403, "{host}");
        }
        assert_eq!(status(None, Caller::Loopback, &[]), 403);
        assert_eq!(status(None, Caller::Remote, &[("host", "localhost")]), 403);
        assert_eq!(status(None, Caller::Socket, &[]), 200);
    }

    #[test]
    fn with_a_token_whoever_shows_it_is_answered_and_nobody_else() {
        let token = Some("s3cret");
        for (shown, expected) in [
            ("Bearer s3cret", 200),
            ("bearer s3cret", 200),
            ("Bearer s3cre", 401),
            ("Bearer ", 401),
            ("Basic s3cret", 401),
            ("s3cret", 401),
        ] {
            let got = status(token, Caller::Remote, &[("authorization", shown)]);
            assert_eq!(got, expected, "{shown}");
        }
        assert_eq!(status(token, Caller::Loopback, &[("host", "localhost")]), 401);
    }

    #[test]
    fn pages_of_other_origins_are_not_answered() {
        let from = |origin| {
            let fields = [("host", "localhost:1883"), ("origin", origin)];
            status(None, Caller::Loopback, &fields)
        };
        assert_eq!(from("http://localhost:1883"), 200);
        assert_eq!(from("http://localhost:8080"), 403);
        assert_eq!(from("http://evil.example"), 403);
        assert_eq!(from("null"), 403);
    }

    #[test]
    fn everybody_may_ask_whether_the_broker_is_there() {
        let access = Access { token: Some(Secret::new("s")), ..Access::default() };
        assert!(access.admit(&head(HEALTH, &[]), Caller::Remote).is_ok());
    }

    #[test]
    fn a_proxy_stands_for_anybody() {
        let local = Some("127.0.0.1:9".parse().unwrap());
        assert_eq!(Caller::new(local, false), Caller::Loopback);
        assert_eq!(Caller::new(local, true), Caller::Remote);
        assert_eq!(
            Caller::new(Some("[::ffff:127.0.0.1]:9".parse().unwrap()), false),
            Caller::Loopback
        );
        assert_eq!(Caller::new(Some("10.0.0.1:9".parse().unwrap()), false), Caller::Remote);
        assert_eq!(Caller::new(None, false), Caller::Socket);
    }

    proptest! {
        #[test]
        fn no_host_but_this_machine_is_taken_for_it(host in "[a-z0-9.:@\\[\\]-]{0,30}") {
            if names_this_machine(&host) {
                let known = host.starts_with("127.")
                    || ["localhost", "[::1]", "::1"].iter().any(|name| host.contains(name));
                prop_assert!(known, "{host}");
            }
        }
    }
}

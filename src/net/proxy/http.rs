//! The method CONNECT of HTTP/1.1 (RFC 9110 §9.3.6).

use super::{Dialogue, Fault, LOGIN_HINT, Step, Target};
use crate::error::Result;
use crate::net::Place;
use crate::output::escape;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httparse::{EMPTY_HEADER, Response, Status};

/// The longest head of a response, in bytes.
const MAX_HEAD: usize = 16 * 1024;

const MAX_HEADERS: usize = 100;

/// The dialogue with an HTTP proxy.
pub struct HttpConnect<'a> {
    target: Target,
    login: Option<(&'a str, &'a [u8])>,
}

impl<'a> HttpConnect<'a> {
    /// Asks for a connection to `target`, as this user if there is one.
    #[must_use]
    pub const fn new(target: Target, login: Option<(&'a str, &'a [u8])>) -> Self {
        Self { target, login }
    }
}

impl Dialogue for HttpConnect<'_> {
    fn begin(&self) -> Vec<u8> {
        let (host, port) = match &self.target {
            Target::Name(name, port) => (name.clone(), *port),
            Target::Address(address, port) => (address.to_string(), *port),
        };
        let place = Place::Tcp { host, port };
        let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
        if let Some((user, password)) = self.login {
            let pair = STANDARD.encode([user.as_bytes(), b":", password].concat());
            request.extend(["Proxy-Authorization: Basic ", pair.as_str(), "\r\n"]);
        }
        request += "\r\n";
        request.into_bytes()
    }

    fn hear(&mut self, bytes: &[u8]) -> Result<Step, Fault> {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut response = Response::new(&mut headers);
        match response.parse(bytes) {
            Ok(Status::Complete(consumed)) => judge(&response, consumed),
            Ok(Status::Partial) if bytes.len() < MAX_HEAD => Ok(Step::More),
            Ok(Status::Partial) => Err(Fault::new("sends a response without an end")),
            Err(_) => Err(Fault::new("answers with something that is not HTTP")
                .hint("is it a SOCKS proxy? socks5h://")),
        }
    }
}

fn judge(response: &Response<'_, '_>, consumed: usize) -> Result<Step, Fault> {
    let phrase = escape(response.reason.unwrap_or_default());
    match response.code.unwrap_or_default() {
        200..300 => Ok(Step::Done(consumed)),
        407 => Err(Fault::new(format!("answers 407 {phrase}")).hint(LOGIN_HINT)),
        status => Err(Fault::new(format!("answers {status} {phrase}").trim_end())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn connect<'a>(login: Option<(&'a str, &'a [u8])>) -> HttpConnect<'a> {
        HttpConnect::new(Target::Name("broker.lan".to_owned(), 1883), login)
    }

    fn asked(dialogue: &HttpConnect<'_>) -> String {
        String::from_utf8(dialogue.begin()).unwrap()
    }

    #[test]
    fn the_request_names_the_broker_and_the_user() {
        let plain = "CONNECT broker.lan:1883 HTTP/1.1\r\nHost: broker.lan:1883\r\n\r\n";
        assert_eq!(asked(&connect(None)), plain);
        let request = asked(&connect(Some(("Aladdin", b"open sesame"))));
        let login = "\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n";
        assert!(request.ends_with(login), "{request}");
        let address = HttpConnect::new(Target::Address("::1".parse().unwrap(), 9), None);
        assert!(asked(&address).starts_with("CONNECT [::1]:9 HTTP/1.1"));
    }

    #[test]
    fn any_success_opens_the_way_once_its_head_is_whole() {
        let response = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
        for cut in 0..response.len() {
            assert_eq!(connect(None).hear(&response[..cut]), Ok(Step::More), "{cut} bytes");
        }
        let behind = [&response[..], b"more"].concat();
        assert_eq!(connect(None).hear(&behind), Ok(Step::Done(response.len())));
        let short = b"HTTP/1.0 204\r\n\r\n";
        assert_eq!(connect(None).hear(short), Ok(Step::Done(short.len())));
    }

    #[test]
    fn a_refusal_names_its_status() {
        for (response, what, hint) in [
            ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "answers 407 Proxy", true),
            ("HTTP/1.1 403 \r\n\r\n", "answers 403", false),
            ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "answers 502 Bad Gateway", false),
            ("\u{5}\u{ff}", "not HTTP", true),
        ] {
            let fault = connect(None).hear(response.as_bytes()).unwrap_err();
            assert!(fault.what.contains(what) && fault.hint.is_some() == hint, "{fault:?}");
        }
    }

    #[test]
    fn a_head_without_an_end_is_not_waited_for() {
        let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(MAX_HEAD));
        assert!(connect(None).hear(endless.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_panic(bytes: Vec<u8>) {
            if let Ok(Step::Done(taken)) = connect(None).hear(&bytes) {
                prop_assert!(taken <= bytes.len());
            }
            let good = b"HTTP/1.1 200 OK\r\n\r\n";
            let with_more = [&good[..], &bytes].concat();
            prop_assert_eq!(connect(None).hear(&with_more), Ok(Step::Done(good.len())));
        }
    }
}

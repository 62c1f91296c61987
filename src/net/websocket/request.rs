//! The HTTP request of a client that asks for WebSocket, and what it makes of
//! the response (RFC 6455 §4.1).

use super::handshake::{Fields, MAX_HEADERS, MAX_REQUEST, PROTOCOL_FIELD, PROTOCOLS, accept};
use crate::output::escape;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httparse::{EMPTY_HEADER, Response, Status};
use std::fmt::Write as _;
use std::str::FromStr;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Path and query; begins with a slash and has no character that would
    /// need percent-encoding, see [`Request::is_path`].
    pub path: String,
    /// Fields beside those the handshake has.
    pub headers: Vec<HeaderField>,
}

/// A field of the request; its value may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderField {
    name: String,
    value: Secret,
}

/// What the handshake itself says, and nobody else may.
const RESERVED: [&str; 5] =
    ["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", PROTOCOL_FIELD];

impl FromStr for HeaderField {
    type Err = &'static str;

    /// Reads `Name: value`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once(':').ok_or("a header is written 'Name: value'")?;
        let (name, value) = (name.trim(), value.trim());
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err("the name of a header is a word of letters, digits and dashes");
        }
        if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
            return Err("this header belongs to the WebSocket handshake");
        }
        if value.chars().any(char::is_control) {
            return Err("a header has a control character in its value");
        }
        Ok(Self { name: name.to_owned(), value: Secret::new(value) })
    }
}

impl Request {
    /// Whether `path` can stand in a request as it is.
    #[must_use]
    pub fn is_path(path: &str) -> bool {
        path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
    }

    /// The bytes of the request to `host`, with `key` made by [`key`].
    #[must_use]
    pub fn bytes(&self, host: &str, key: &str) -> Vec<u8> {
        let protocol = PROTOCOLS.first().copied().unwrap_or_default();
        let mut head = format!("GET {} HTTP/1.1\r\n", self.path);
        if !self.headers.iter().any(|field| field.name.eq_ignore_ascii_case("Host")) {
            let _ = write!(head, "Host: {host}\r\n");
        }
        let _ = write!(
            head,
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n\
             Sec-WebSocket-Version: 13\r\n{PROTOCOL_FIELD}: {protocol}\r\n"
        );
        let mut bytes = head.into_bytes();
        for field in &self.headers {
            bytes.extend_from_slice(field.name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(field.value.expose());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }
}

/// The key for these bytes, which are to be random.
#[must_use]
pub fn key(nonce: [u8; 16]) -> String {
    STANDARD.encode(nonce)
}

/// Why a server does not speak WebSocket, in words that follow its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What it did instead.
    pub what: String,
    /// The HTTP status, if it sent one.
    pub status: Option<u16>,
}

impl Refused {
    fn because(what: &str) -> Self {
        Self { what: what.to_owned(), status: None }
    }
}

/// Judges the response at the start of `bytes`: how many bytes it has, behind
/// which frames follow, or why it is none. `None` while it is not whole.
#[must_use]
pub fn judge_response(bytes: &[u8], key: &str) -> Option<Result<usize, Refused>> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut response = Response::new(&mut headers);
    match response.parse(bytes) {
        Ok(Status::Complete(consumed)) => Some(judge(&response, key).map(|()| consumed)),
        Ok(Status::Partial) if bytes.len() < MAX_REQUEST => None,
        Ok(Status::Partial) => Some(Err(Refused::because("sends a response without an end"))),
        Err(_) => Some(Err(Refused::because("answers with something that is not HTTP"))),
    }
}

fn judge(response: &Response<'_, '_>, key: &str) -> Result<(), Refused> {
    let fields = Fields(response.headers);
    let status = response.code.unwrap_or_default();
    if status != 101 {
        let phrase = escape(response.reason.unwrap_or_default());
        let target = fields.all("Location").next().filter(|_| (300..400).contains(&status));
        let target = target.map(|target| format!(", see {}", escape(target)));
        let what = format!("answers {status} {phrase}{}", target.unwrap_or_default());
        return Err(Refused { what: what.trim_end().to_owned(), status: Some(status) });
    }
    let accepted = accept(key);
    let checks = [
        (fields.names("Upgrade", "websocket"), "changes to another protocol than WebSocket"),
        (fields.names("Connection", "upgrade"), "does not say that the connection is upgraded"),
        (
            fields.all("Sec-WebSocket-Accept").any(|value| value == accepted),
            "answers another request (Sec-WebSocket-Accept is wrong)",
        ),
        (
            fields.lists(PROTOCOL_FIELD, |one| PROTOCOLS.contains(&one)),
            "does not speak MQTT there (no subprotocol mqtt in Sec-WebSocket-Protocol)",
        ),
        (
            fields.all("Sec-WebSocket-Extensions").all(str::is_empty),
            "wants an extension that nobody asked for",
        ),
    ];
    match checks.iter().find(|(holds, _)| !holds) {
        None => Ok(()),
        Some((_, what)) => Err(Refused { what: (*what).to_owned(), status: Some(status) }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::handshake::{Answer, answer};
    use super::super::origin::Origins;
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Protocol: mqtt\r\n\r\n";

    fn request(headers: &[&str]) -> String {
        let headers = headers.iter().map(|header| header.parse().unwrap()).collect();
        let request = Request { path: "/mqtt?a=b".to_owned(), headers };
        String::from_utf8(request.bytes("h:80", KEY)).unwrap()
    }

    #[test]
    fn the_server_of_mqx_accepts_the_request_and_the_client_its_response() {
        let request = request(&["X-Token: a:b"]);
        assert!(request.contains("\r\nHost: h:80\r\n") && request.contains("\r\nX-Token: a:b\r\n"));
        let Some(Answer::Accept { response, .. }) =
            answer(request.as_bytes(), "/mqtt", &Origins::Near)
        else {
            panic!("refused: {request}");
        };
        let behind = response.clone() + "frames";
        assert_eq!(judge_response(behind.as_bytes(), KEY), Some(Ok(response.len())));
    }

    #[test]
    fn a_host_of_ones_own_takes_the_place_of_the_usual_one() {
        let request = request(&["host: other"]);
        assert!(request.contains("host: other") && !request.contains("h:80"));
    }

    #[test]
    fn headers_that_would_break_the_request_are_refused() {
        for (text, what) in [
            ("no colon", "Name: value"),
            (": x", "word"),
            ("a b: x", "word"),
            ("A: x\r\nB: y", "control"),
            ("upgrade: h2", "handshake"),
            ("Sec-WebSocket-Key: x", "handshake"),
        ] {
            assert!(text.parse::<HeaderField>().unwrap_err().contains(what), "{text}");
        }
        let shown = format!("{:?}", "Authorization: Bearer hunter2".parse::<HeaderField>());
        assert!(!shown.contains("hunter2"));
    }

    #[test]
    fn a_path_has_nothing_that_would_end_it() {
        for (path, fits) in [
            ("/", true),
            ("/a?b=%20", true),
            ("", false),
            ("a", false),
            ("/a b", false),
            ("/#", false),
        ] {
            assert_eq!(Request::is_path(path), fits, "{path}");
        }
    }

    #[test]
    fn a_response_is_judged_when_it_is_whole_and_not_before() {
        for cut in 0..GOOD.len() {
            assert_eq!(judge_response(&GOOD.as_bytes()[..cut], KEY), None, "{cut} bytes");
        }
        assert_eq!(judge_response(GOOD.as_bytes(), KEY), Some(Ok(GOOD.len())));
    }

    #[test]
    fn what_a_server_does_instead_is_said() {
        for (from, to, what, status) in [
            ("101 Switching Protocols", "404 Not \u{1}", "not HTTP", None),
            ("101 Switching Protocols", "404 Not Found", "answers 404 Not Found", Some(404)),
            ("101 Switching Protocols", "200", "answers 200", Some(200)),
            ("Upgrade: websocket", "Upgrade: h2c", "another protocol", Some(101)),
            ("Connection: Upgrade", "Connection: close", "upgraded", Some(101)),
            ("s3p", "S3p", "Sec-WebSocket-Accept", Some(101)),
            ("Protocol: mqtt", "Protocol: chat", "subprotocol", Some(101)),
            ("Sec-WebSocket-Protocol: mqtt\r\n", "", "subprotocol", Some(101)),
            ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: x\r\n\r\n", "extension", Some(101)),
            ("HTTP/1.1", "SSH-2.0", "not HTTP", None),
        ] {
            let response = GOOD.replacen(from, to, 1);
            let refused = judge_response(response.as_bytes(), KEY).unwrap().unwrap_err();
            assert!(refused.what.contains(what), "{to}: {refused:?}");
            assert_eq!(refused.status, status);
        }
        let moved = "HTTP/1.1 302 Found\r\nLocation: wss://h\r\n\r\n";
        let refused = judge_response(moved.as_bytes(), KEY).unwrap().unwrap_err();
        assert_eq!(refused.what, "answers 302 Found, see wss://h");
        let endless = format!("HTTP/1.1 101 x\r\nA: {}", "x".repeat(MAX_REQUEST));
        assert!(judge_response(endless.as_bytes(), KEY).unwrap().is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_panic(bytes: Vec<u8>) {
            let _ = judge_response(&bytes, KEY);
            let http = [GOOD.as_bytes(), &bytes].concat();
            prop_assert_eq!(judge_response(&http, KEY), Some(Ok(GOOD.len())));
        }
    }
}

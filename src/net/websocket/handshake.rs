//! What a server answers to the HTTP request that asks for WebSocket (RFC 6455
//! §4.2).

use super::origin::Origins;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httparse::{EMPTY_HEADER, Error, Header, Request, Status};

/// The longest request head that is taken, in bytes.
pub const MAX_REQUEST: usize = 8 * 1024;

/// In place of a path: whatever is asked for.
pub const ANY_PATH: &str = "*";

/// More header fields than this are not taken.
pub(super) const MAX_HEADERS: usize = 100;

/// What a key is joined with to show that it was understood (§1.3).
const UUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The subprotocols there are, the preferred one first; 3.1 is the name MQTT
/// had before it was registered.
pub(super) const PROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];

/// What a request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// From here on it is WebSocket.
    Accept {
        /// What to send.
        response: String,
        /// How many bytes the request took; frames follow.
        consumed: usize,
    },
    /// It stays HTTP, and ends after this.
    Refuse {
        /// What to send.
        response: String,
        /// What is wrong with the request.
        what: &'static str,
    },
}

/// Answers the request at the start of `bytes`, or returns `None` while it is
/// not whole. Only a request for `path`, which begins with a slash, or with [`ANY_PATH`] for whatever, is accepted,
/// and from a web page only if its origin is one of `origins`.
#[must_use]
pub fn answer(bytes: &[u8], path: &str, origins: &Origins) -> Option<Answer> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut request = Request::new(&mut headers);
    let parsed = request.parse(bytes);
    let judged = match parsed {
        Ok(Status::Complete(consumed)) if consumed <= MAX_REQUEST => {
            judge(&request, path, origins).map(|response| Answer::Accept { response, consumed })
        }
        Ok(Status::Partial) if bytes.len() < MAX_REQUEST => return None,
        Ok(_) | Err(Error::TooManyHeaders) => Err(Refusal::TOO_LARGE),
        Err(_) => Err(Refusal::NOT_HTTP),
    };
    Some(judged.unwrap_or_else(Refusal::answer))
}

/// Whether the request at the start of `bytes` is whole and asks for something
/// else than WebSocket: neither its path nor its fields speak of it.
#[must_use]
pub fn is_for_another(bytes: &[u8], path: &str) -> bool {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut request = Request::new(&mut headers);
    let is_whole = matches!(request.parse(bytes), Ok(Status::Complete(_)));
    // Where every path is good, none speaks of it.
    let is_ours = path != ANY_PATH && asked(&request) == path;
    is_whole && !is_ours && !Fields(request.headers).names("Upgrade", "websocket")
}

/// The path of a request without what is behind a question mark.
fn asked<'a>(request: &Request<'_, 'a>) -> &'a str {
    let asked = request.path.unwrap_or_default();
    asked.split_once('?').map_or(asked, |(path, _query)| path)
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refusal {
    status: &'static str,
    what: &'static str,
}

/// What the client would have to ask for instead goes into each refusal.
const WANTED: &str = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";

impl Refusal {
    const NOT_HTTP: Self = Self { status: "400 Bad Request", what: "this is no GET of HTTP/1.1" };
    const TOO_LARGE: Self = Self {
        status: "431 Request Header Fields Too Large",
        what: "the head of a request may have 8 KiB and 100 fields",
    };
    const NO_SUCH_PATH: Self = Self { status: "404 Not Found", what: "nothing is at this path" };
    const ORIGIN: Self = Self {
        status: "403 Forbidden",
        what: "pages of this origin may not connect: --ws-origin ORIGIN lets them",
    };
    const NO_UPGRADE: Self = Self {
        status: "426 Upgrade Required",
        what: "this is MQTT over WebSocket: connect with an MQTT client",
    };
    const OTHER_VERSION: Self =
        Self { status: "426 Upgrade Required", what: "only version 13 of WebSocket is spoken" };
    const BAD_KEY: Self =
        Self { status: "400 Bad Request", what: "Sec-WebSocket-Key is not 16 bytes in Base64" };
    const NO_PROTOCOL: Self = Self {
        status: "400 Bad Request",
        what: "the subprotocol mqtt is not among those asked for (Sec-WebSocket-Protocol)",
    };

    fn answer(self) -> Answer {
        let Self { status, what } = self;
        let length = what.len() + 1;
        let response = format!(
            "HTTP/1.1 {status}\r\n{WANTED}Connection: Upgrade, close\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{what}\n"
        );
        Answer::Refuse { response, what }
    }
}

/// The response that accepts `request`.
fn judge(request: &Request<'_, '_>, path: &str, origins: &Origins) -> Result<String, Refusal> {
    let fields = Fields(request.headers);
    let key = fields.all("Sec-WebSocket-Key").next().unwrap_or_default();
    let protocol =
        PROTOCOLS.into_iter().find(|ours| fields.lists(PROTOCOL_FIELD, |one| one == *ours));
    let host = fields.all("Host").next();
    let near = |origin| origins.admit(origin, host.unwrap_or_default());
    let checks = [
        (request.version == Some(1) && request.method == Some("GET"), Refusal::NOT_HTTP),
        (host.is_some(), Refusal::NOT_HTTP),
        (path == ANY_PATH || asked(request) == path, Refusal::NO_SUCH_PATH),
        (fields.names("Upgrade", "websocket"), Refusal::NO_UPGRADE),
        (fields.names("Connection", "upgrade"), Refusal::NO_UPGRADE),
        (fields.names("Sec-WebSocket-Version", "13"), Refusal::OTHER_VERSION),
        (is_key(key), Refusal::BAD_KEY),
        (protocol.is_some(), Refusal::NO_PROTOCOL),
        (fields.all("Origin").all(near), Refusal::ORIGIN),
    ];
    if let Some((_, refusal)) = checks.into_iter().find(|(holds, _)| !holds) {
        return Err(refusal);
    }
    let (accept, protocol) = (accept(key), protocol.unwrap_or_default());
    Ok(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{PROTOCOL_FIELD}: {protocol}\r\n\r\n"
    ))
}

pub(super) const PROTOCOL_FIELD: &str = "Sec-WebSocket-Protocol";

/// Whether `key` is what 16 bytes are in Base64.
fn is_key(key: &str) -> bool {
    let digits = key.strip_suffix("==").unwrap_or_default();
    digits.len() == 22
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}

/// The answer to `key` (§4.2.2): SHA-1 because the standard says so; it proves
/// that WebSocket is spoken and protects nothing.
pub(super) fn accept(key: &str) -> String {
    let joined = [key, UUID].concat();
    STANDARD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, joined.as_bytes()).as_ref())
}

/// The header fields of a request or a response.
pub(super) struct Fields<'a>(pub(super) &'a [Header<'a>]);

impl<'a> Fields<'a> {
    /// The value of every field of this name that is text.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
        named.filter_map(|field| std::str::from_utf8(field.value).ok()).map(str::trim)
    }

    /// Whether an entry of the comma-separated lists of this name fits.
    pub(super) fn lists(&self, name: &str, fits: impl Fn(&str) -> bool) -> bool {
        self.all(name).flat_map(|list| list.split(',')).any(|entry| fits(entry.trim()))
    }

    /// Whether the lists of this name have `entry`, in small or large letters.
    pub(super) fn names(&self, name: &str, entry: &str) -> bool {
        self.lists(name, |one| one.eq_ignore_ascii_case(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "GET /mqtt HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\
        Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";

    fn answered(request: &str) -> Answer {
        answer(request.as_bytes(), "/mqtt", &Origins::Near).unwrap()
    }

    #[track_caller]
    fn accepted(request: &str) -> String {
        match answered(request) {
            Answer::Accept { response, .. } => response,
            Answer::Refuse { response, .. } => panic!("refused: {response}"),
        }
    }

    #[track_caller]
    fn refused(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from} is in the request");
        match answered(&GOOD.replacen(from, to, 1)) {
            Answer::Refuse { response, .. } => response.split("\r\n").next().unwrap().to_owned(),
            Answer::Accept { .. } => panic!("{to} is accepted"),
        }
    }

    #[test]
    fn the_example_of_the_standard_is_answered_as_there() {
        assert_eq!(
            accepted(GOOD),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
             Sec-WebSocket-Protocol: mqtt\r\n\r\n"
        );
    }

    #[test]
    fn a_request_is_answered_when_it_is_whole_and_not_before() {
        for cut in 0..GOOD.len() {
            let part = &GOOD.as_bytes()[..cut];
            assert_eq!(answer(part, "/mqtt", &Origins::Near), None, "{cut} bytes");
        }
        let with_frames = format!("{GOOD}\u{2}\u{0}");
        let Answer::Accept { consumed, .. } = answered(&with_frames) else { panic!() };
        assert_eq!(consumed, GOOD.len());
    }

    #[test]
    fn the_one_subprotocol_that_is_answered_is_one_that_was_asked_for() {
        for (asked, answer) in [
            ("mqtt", "mqtt"),
            ("mqttv3.1", "mqttv3.1"),
            ("mqttv3.1, mqtt", "mqtt"),
            ("chat,mqttv3.1", "mqttv3.1"),
            ("chat\r\nSec-WebSocket-Protocol: mqtt", "mqtt"),
        ] {
            let response =
                accepted(&GOOD.replacen("Protocol: mqtt", &format!("Protocol: {asked}"), 1));
            assert!(response.contains(&format!("Protocol: {answer}\r\n")), "{asked}: {response}");
        }
        for asked in ["Protocol: MQTT", "Protocol: mqttx", "Protocol: ", "Other: mqtt"] {
            assert_eq!(refused("Protocol: mqtt", asked), "HTTP/1.1 400 Bad Request");
        }
    }

    #[test]
    fn names_and_listed_words_may_be_written_in_any_case_and_the_path_with_a_query() {
        accepted(&GOOD.replace("Upgrade: websocket", "UPGRADE: WebSocket"));
        accepted(&GOOD.replace("/mqtt ", "/mqtt?token=x "));
        accepted(&GOOD.replace("Host: h", "ORIGIN: http://localhost:3000\r\nHost: h"));
    }

    #[test]
    fn where_any_path_is_good_only_the_fields_tell_websocket_from_other_requests() {
        for path in ["/", "/mqtt/", "/x?y"] {
            let request = GOOD.replace("/mqtt ", &format!("{path} "));
            let answer = answer(request.as_bytes(), ANY_PATH, &Origins::Near);
            assert!(matches!(answer, Some(Answer::Accept { .. })), "{path}");
            assert!(!is_for_another(request.as_bytes(), ANY_PATH), "{path}");
            let plain = request.replace("Upgrade: websocket", "Upgrade: h2c");
            assert!(is_for_another(plain.as_bytes(), ANY_PATH), "{path}");
        }
    }

    #[test]
    fn what_is_no_request_for_mqtt_over_websocket_gets_the_fitting_error() {
        for (from, to, status) in [
            ("/mqtt ", "/ ", "404 Not Found"),
            ("/mqtt ", "/mqtt/ ", "404 Not Found"),
            ("GET", "POST", "400 Bad Request"),
            ("Host:", "Hast:", "400 Bad Request"),
            ("HTTP/1.1", "HTTP/1.0", "400 Bad Request"),
            ("HTTP/1.1", "HTTP/2.0", "400 Bad Request"),
            ("GET /mqtt", "G\u{1}T /mqtt", "400 Bad Request"),
            ("Upgrade: websocket", "Upgrade: h2c", "426 Upgrade Required"),
            ("keep-alive, Upgrade", "keep-alive", "426 Upgrade Required"),
            ("Version: 13", "Version: 8", "426 Upgrade Required"),
            ("ZQ==", "ZQ=", "400 Bad Request"),
            ("dGhl", "d\u{e9}l", "400 Bad Request"),
            ("Key:", "Cay:", "400 Bad Request"),
            ("Host: h", "Host: h\r\nOrigin: https://example.org", "403 Forbidden"),
            ("Host: h", "Origin: http://localhost\r\norigin: http://h\r\nHost: h", "403 Forbidden"),
        ] {
            assert_eq!(refused(from, to), format!("HTTP/1.1 {status}"), "{to}");
        }
    }

    #[test]
    fn the_head_of_a_request_has_its_limits() {
        let refused = |request: String| matches!(answered(&request), Answer::Refuse { response, .. } if response.contains(" 431 "));
        assert!(refused(format!("GET /mqtt HTTP/1.1\r\nA: {}", "x".repeat(MAX_REQUEST))));
        assert!(refused(format!("GET /mqtt HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(101))));
        accepted(&GOOD.replace("Host: h", &format!("Host: {}", "h".repeat(6000))));
    }
}

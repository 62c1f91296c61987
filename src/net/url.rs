//! URLs as they are typed for brokers and proxies:
//! `scheme://[user[:password]@][host][:port][/path]`.

use crate::secret::Secret;
use std::fmt;

/// A URL taken apart. What was percent-encoded in user, password and host is
/// decoded; the path is as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// The scheme in small letters.
    pub scheme: String,
    /// The user; absent when there is no `@`.
    pub username: Option<String>,
    /// The password; absent when no colon follows the user.
    pub password: Option<Secret>,
    /// The host, an IPv6 address without its brackets; may be empty.
    pub host: String,
    /// The port, never 0.
    pub port: Option<u16>,
    /// What follows, with its first slash; may be empty. Query and fragment
    /// are not told apart from it: MQTT topics have `?` and `#` too.
    pub path: String,
}

/// Why something is not a URL, as a phrase that follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotUrl(&'static str);

impl fmt::Display for NotUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NotUrl {}

impl Url {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// When it is not of this form; the error does not repeat it, for it may
    /// hold a password.
    pub fn parse(text: &str) -> Result<Self, NotUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(NotUrl("it has no scheme"))?;
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if scheme.is_empty() || !scheme.bytes().all(valid) {
            return Err(NotUrl("its scheme is not a word"));
        }
        let (authority, path) = split_before(rest, '/');
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let (username, password) = user.map_or(Ok((None, None)), credentials)?;
        let (host, port) = host_and_port(place)?;
        let scheme = scheme.to_ascii_lowercase();
        Ok(Self { scheme, username, password, host, port, path: path.to_owned() })
    }
}

/// `text` as it may be shown: what stands before an `@` is left out.
#[must_use]
pub fn without_user(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let between = if scheme.is_empty() { "" } else { "://" };
    match rest.rsplit_once('@') {
        Some((_, rest)) => format!("{scheme}{between}...@{rest}"),
        None => text.to_owned(),
    }
}

/// `text` split before the first `mark`, which begins the second part.
fn split_before(text: &str, mark: char) -> (&str, &str) {
    text.find(mark).and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

fn credentials(text: &str) -> Result<(Option<String>, Option<Secret>), NotUrl> {
    let (username, password) = match text.split_once(':') {
        Some((username, password)) => (username, Some(percent_decoded(password)?)),
        None => (text, None),
    };
    let username = decoded_text(username)?;
    let username = (!username.is_empty()).then_some(username);
    Ok((username, password.map(Secret::new)))
}

fn host_and_port(text: &str) -> Result<(String, Option<u16>), NotUrl> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']').ok_or(NotUrl("a bracket is not closed"))?;
            let port = behind.strip_prefix(':');
            if port.is_none() && !behind.is_empty() {
                return Err(NotUrl("something stands between the address and the port"));
            }
            (host, port)
        }
        None => match text.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err(NotUrl("an IPv6 address needs brackets: [::1]"));
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let host = decoded_text(host)?;
    if host.contains(|one: char| one.is_whitespace() || one.is_control()) {
        return Err(NotUrl("its host has a character that no host has"));
    }
    Ok((host, port.map(port_number).transpose()?))
}

fn port_number(text: &str) -> Result<u16, NotUrl> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port != 0);
    port.ok_or(NotUrl("its port is not a number from 1 to 65535"))
}

/// `text` with each `%` and two hexadecimal digits as the byte they stand for.
///
/// # Errors
/// When a `%` is not followed by two digits.
pub fn percent_decoded(text: &str) -> Result<Vec<u8>, NotUrl> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let digits = piece.get(..2).filter(|two| two.bytes().all(|one| one.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.ok_or(NotUrl("a % is not followed by two hexadecimal digits"))?);
        bytes.extend_from_slice(piece.get(2..).unwrap_or_default().as_bytes());
    }
    Ok(bytes)
}

fn decoded_text(text: &str) -> Result<String, NotUrl> {
    let not_text = NotUrl("what is percent-encoded is not UTF-8");
    percent_decoded(text).and_then(|bytes| String::from_utf8(bytes).map_err(|_| not_text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn every_part_is_found_and_decoded() {
        let url = parsed("MQTTS://a%40b:p:%2f%00@example.org:99/t/%41?x#y");
        assert_eq!(
            (url.scheme.as_str(), url.host.as_str(), url.port),
            ("mqtts", "example.org", Some(99))
        );
        assert_eq!(url.username.as_deref(), Some("a@b"));
        assert_eq!(url.password, Some(Secret::new(*b"p:/\0")));
        assert_eq!(url.path, "/t/%41?x#y");
    }

    #[test]
    fn what_is_not_there_is_absent() {
        let url = parsed("mqtt://host");
        assert_eq!(
            (url.username, url.password, url.port, url.path.as_str()),
            (None, None, None, "")
        );
        assert_eq!(parsed("mqtt://u@h").password, None);
        assert_eq!(parsed("mqtt://u:@h").password, Some(Secret::new("")));
        assert_eq!(parsed("mqtt://:p@h").username, None);
        let unix = parsed("unix:///run/a.sock");
        assert_eq!((unix.host.as_str(), unix.path.as_str()), ("", "/run/a.sock"));
    }

    #[test]
    fn an_ipv6_address_has_brackets() {
        assert_eq!(
            (parsed("mqtt://[::1]:9").host.as_str(), parsed("mqtt://[::1]:9").port),
            ("::1", Some(9))
        );
        assert_eq!(parsed("mqtt://[::1]/t").host, "::1");
        assert_eq!(parsed("mqtt://[fe80::1%25eth0]").host, "fe80::1%eth0");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_text() {
        for (text, what) in [
            ("localhost:1883", "no scheme"),
            ("://h", "scheme is not a word"),
            ("m q://h", "scheme is not a word"),
            ("mqtt://h:", "its port"),
            ("mqtt://h:0", "its port"),
            ("mqtt://h:+1", "its port"),
            ("mqtt://h:65536", "its port"),
            ("mqtt://::1:1883", "brackets"),
            ("mqtt://[::1", "not closed"),
            ("mqtt://[::1]1883", "between"),
            ("mqtt://a b", "no host has"),
            ("mqtt://u:hunter%2@h", "hexadecimal"),
            ("mqtt://%ff@h", "not UTF-8"),
        ] {
            let said = Url::parse(text).unwrap_err().to_string();
            assert!(said.contains(what) && !said.contains("hunter"), "{text}: {said}");
        }
    }

    #[test]
    fn a_url_is_shown_without_its_user() {
        assert_eq!(without_user("mqtt://u:p@h/t"), "mqtt://...@h/t");
        assert_eq!(without_user("mqtt://u:p@q/r@h"), "mqtt://...@h");
        assert_eq!(without_user("u:p@h"), "...@h");
        assert_eq!(without_user("mqtt://h"), "mqtt://h");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_a_password_is_never_shown(text in "\\PC{0,40}") {
            let _ = Url::parse(&text);
            let hidden = format!("mqtt://u:hunter2{text}@h");
            prop_assert!(!without_user(&hidden).contains("hunter2"));
            let shown = format!("{:?}", Url::parse(&hidden));
            prop_assert!(!shown.contains("hunter2"));
        }

        #[test]
        fn any_bytes_can_be_percent_encoded(bytes: Vec<u8>) {
            let codes = bytes.iter().map(|byte| format!("%{byte:02X}"));
            let text = codes.collect::<Vec<_>>().concat();
            prop_assert_eq!(percent_decoded(&text).unwrap(), bytes);
        }
    }
}

//! The entries of subjectAltName: hosts, e-mail addresses and URIs.

use super::name::Host;
use crate::error::{Error, Result};
use crate::output::escape;
use rcgen::SanType;
use rcgen::string::Ia5String;
use std::str::FromStr;

/// An entry of subjectAltName, whose kind is seen from how it is written: a URI
/// has a scheme, an e-mail address an `@`, anything else is a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AltName(SanType);

impl AltName {
    /// The entry for a name that only may be one: an e-mail address or a URI.
    pub(super) fn guess(name: &str) -> Option<Self> {
        let ascii = Ia5String::try_from(name).ok().filter(|_| is_plain(name))?;
        if is_uri(name) {
            return Some(Self(SanType::URI(ascii)));
        }
        is_email(name).then_some(Self(SanType::Rfc822Name(ascii)))
    }

    /// The entry as the certificate has it.
    pub(super) fn san(&self) -> SanType {
        self.0.clone()
    }
}

impl From<&Host> for AltName {
    fn from(host: &Host) -> Self {
        Self(host.san())
    }
}

impl FromStr for AltName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let guessed = Self::guess(text);
        if guessed.is_none() && (text.contains('@') || text.contains(':')) && !is_address(text) {
            let what = format!(
                "'{}' is no URI (urn:dev:1, spiffe://lab/a), e-mail address or host",
                escape(text)
            );
            return Err(Error::usage(what));
        }
        guessed.map_or_else(|| text.parse::<Host>().map(|host| Self::from(&host)), Ok)
    }
}

fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

fn is_plain(text: &str) -> bool {
    !text.contains(|one: char| one.is_whitespace() || one.is_control())
}

/// `scheme:` followed by something, in which an IPv6 address is none.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let letters = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let begins = scheme.starts_with(|one: char| one.is_ascii_alphabetic());
    begins && letters && !rest.is_empty() && !is_address(text)
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && host.parse::<Host>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> &'static str {
        match text.parse::<AltName>().map(|name| name.san()) {
            Ok(SanType::URI(_)) => "URI",
            Ok(SanType::Rfc822Name(_)) => "email",
            Ok(SanType::DnsName(_)) => "DNS",
            Ok(SanType::IpAddress(_)) => "IP",
            _ => "none",
        }
    }

    #[test]
    fn a_name_is_what_it_looks_like() {
        for (text, wanted) in [
            ("ann@example.org", "email"),
            ("urn:dev:mac:0024befffe804ff1", "URI"),
            ("spiffe://lab/sensor/1", "URI"),
            ("sensor.lan", "DNS"),
            ("10.0.0.1", "IP"),
            ("fe80::1", "IP"),
            ("@x", "none"),
            ("a b@c", "none"),
            ("urn:", "none"),
            ("é", "none"),
        ] {
            assert_eq!(kind(text), wanted, "{text}");
        }
    }

    #[test]
    fn an_ordinary_name_of_a_client_is_no_entry() {
        assert_eq!(AltName::guess("Küche/Licht 1"), None);
        assert_eq!(AltName::guess("sensor-1"), None);
        assert!(AltName::guess("ann@example.org").is_some());
    }
}

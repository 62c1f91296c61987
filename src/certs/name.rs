//! The names a certificate can have: hosts of a server, the name of a client.

use crate::error::Error;
use crate::output::escape;
use rcgen::SanType;
use rcgen::string::Ia5String;
use rustls::pki_types::DnsName;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The longest common name in characters (RFC 5280, ub-common-name).
const MAX_COMMON_NAME: usize = 64;

/// What every machine calls itself.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A host as a certificate names it: a DNS name in lower case, whose first
/// label may be `*`, or an IP address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    text: String,
    san: SanType,
}

impl Host {
    /// The host as an entry of subjectAltName.
    pub(super) fn san(&self) -> SanType {
        self.san.clone()
    }
}

impl FromStr for Host {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self { text: address.to_string(), san: SanType::IpAddress(address) });
        }
        let name = text.to_ascii_lowercase();
        let plain = name.strip_prefix("*.").unwrap_or(&name);
        let is_name = DnsName::try_from(plain).is_ok() && !plain.ends_with('.');
        match Ia5String::try_from(name.as_str()) {
            Ok(ascii) if is_name => Ok(Self { text: name, san: SanType::DnsName(ascii) }),
            _ => Err(no_host(text)),
        }
    }
}

fn no_host(text: &str) -> Error {
    let cure = if text.is_ascii() {
        "give it without scheme, port, brackets, spaces or final dot"
    } else {
        "write a name beyond ASCII in its xn-- form"
    };
    Error::usage(format!("'{}' is no host name or IP address; {cure}", escape(text)))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The hosts of a broker on this machine: the loopback names, the machine's own
/// name if it is one a certificate can have, and `more`; each once.
pub(super) fn with_own(more: &[Host]) -> Vec<Host> {
    let uname = rustix::system::uname();
    let machine = uname.nodename().to_str().ok();
    let own = LOOPBACK.into_iter().chain(machine).filter_map(|name| name.parse().ok());
    let mut hosts: Vec<Host> = Vec::new();
    for host in own.chain(more.iter().cloned()) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// The name of a certificate's owner: 1 to 64 characters, none of them control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommonName(String);

impl CommonName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for CommonName {
    fn default() -> Self {
        Self("mqx-client".to_owned())
    }
}

impl FromStr for CommonName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.is_empty() || text.chars().count() > MAX_COMMON_NAME {
            let what = format!("a client name has 1 to {MAX_COMMON_NAME} characters");
            return Err(Error::usage(what));
        }
        if text.chars().any(char::is_control) {
            let what = format!("the client name '{}' has a control character", escape(text));
            return Err(Error::usage(what));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for CommonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The longest name of a file without what stands behind the dot, in bytes.
const LONGEST_STEM: usize = 200;

/// What the files for `name` are called: the name with `_` for all that means
/// something in a path or to a shell, as in `_.example.org` for a wildcard.
#[must_use]
pub fn file_stem(name: &str) -> String {
    let mut stem = String::new();
    for letter in name.chars() {
        let kept = letter.is_alphanumeric() || "-_.@".contains(letter);
        let letter = if kept { letter } else { '_' };
        if stem.len() + letter.len_utf8() > LONGEST_STEM {
            break;
        }
        // No hidden file, no option and none of the two names of folders.
        let first = stem.is_empty() && "-.".contains(letter);
        stem.push(if first { '_' } else { letter });
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_addresses_and_wildcards_are_hosts() {
        for (typed, meant) in [
            ("Broker.Example.ORG", "broker.example.org"),
            ("my_broker", "my_broker"),
            ("*.example.org", "*.example.org"),
            ("10.0.0.1", "10.0.0.1"),
            ("FE80:0::1", "fe80::1"),
        ] {
            assert_eq!(typed.parse::<Host>().unwrap().to_string(), meant);
        }
    }

    #[test]
    fn what_is_no_host_is_refused_with_the_cure() {
        let long = format!("{}.org", "a".repeat(64));
        for wrong in [
            "",
            " ",
            "a b",
            "mqtt://a",
            "a:8883",
            "[::1]",
            "-a",
            "a-",
            "a..b",
            "a.",
            "*",
            "a.*.b",
            "1.2.3",
            "300.0.0.1",
            "a/b",
            "\u{1b}[2J",
            &long,
        ] {
            let error = wrong.parse::<Host>().unwrap_err().to_string();
            assert!(error.contains("is no host name or IP address; give it without"), "{error}");
        }
        let error = "bücher.example".parse::<Host>().unwrap_err().to_string();
        assert!(error.contains("xn--"), "{error}");
    }

    #[test]
    fn a_host_that_is_given_twice_is_named_once() {
        let hosts = with_own(&["LOCALHOST".parse().unwrap(), "b.example".parse().unwrap()]);
        let named = |name: &str| hosts.iter().filter(|host| host.text == name).count();
        assert_eq!((named("localhost"), named("127.0.0.1"), named("::1")), (1, 1, 1));
        assert_eq!(named("b.example"), 1);
    }

    #[test]
    fn client_names_may_be_anything_a_person_can_type_in_64_characters() {
        for name in ["a", "Küche/Licht 1", &"é".repeat(64)] {
            assert_eq!(name.parse::<CommonName>().unwrap().as_str(), name);
        }
        for wrong in ["", "a\nb", &"é".repeat(65)] {
            assert!(wrong.parse::<CommonName>().is_err());
        }
    }

    #[test]
    fn files_are_called_what_a_path_can_hold() {
        for (name, stem) in [
            ("broker.lan", "broker.lan"),
            ("*.example.org", "_.example.org"),
            ("fe80::1", "fe80__1"),
            ("Küche/Licht 1", "Küche_Licht_1"),
            ("../../etc/passwd", "_._.._etc_passwd"),
            ("-rf", "_rf"),
            ("a\\b'c", "a_b_c"),
            ("ann@example.org", "ann@example.org"),
        ] {
            assert_eq!(file_stem(name), stem);
        }
        assert!(file_stem(&"\u{20000}".repeat(64)).len() <= LONGEST_STEM);
    }

    proptest! {
        #[test]
        fn a_host_is_read_again_as_it_is_shown(text in "[a-zA-Z0-9.:*_-]{0,20}") {
            if let Ok(host) = text.parse::<Host>() {
                prop_assert_eq!(host.to_string().parse::<Host>().unwrap(), host);
            }
        }
    }
}

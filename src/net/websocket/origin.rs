//! Which web pages may connect (RFC 6455 §10.2).
//!
//! A browser lets every page open such connections to any host, also to this machine,
//! and says where the page is from in the field Origin. Other clients leave the
//! field out, and anything could write it, so it keeps off pages and nobody
//! else.

use std::net::{IpAddr, Ipv6Addr};

/// The origins of pages that may connect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origins {
    /// Pages from this machine, and from the address that they connect to. Not
    /// from a name that is the same: whoever owns a name can have it mean any
    /// address, this machine's too.
    #[default]
    Near,
    /// Pages from anywhere.
    Any,
    /// Pages of these origins: `https://example.org`, `http://10.0.0.1:3000`,
    /// `null` for a file.
    Listed(Vec<String>),
}

impl Origins {
    /// Whether a page of this `origin` may connect to what it calls `host`.
    pub(super) fn admit(&self, origin: &str, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(listed) => listed.iter().any(|one| one.eq_ignore_ascii_case(origin)),
            Self::Near => {
                let from = origin.split_once("://").map(|(_, authority)| name(authority));
                from.is_some_and(|from| is_this_machine(from) || is_same_address(from, name(host)))
            }
        }
    }
}

/// The name or address in `HOST:PORT`, without the brackets of IPv6.
fn name(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn is_this_machine(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let local = |address: IpAddr| address.to_canonical().is_loopback();
    name == "localhost" || name.ends_with(".localhost") || name.parse().is_ok_and(local)
}

fn is_same_address(one: &str, other: &str) -> bool {
    let address = |text: &str| text.parse::<IpAddr>().ok();
    let other = address(other).filter(|other| *other != IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    other.is_some() && address(one) == other
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pages_from_here_and_from_the_address_they_connect_to_are_near() {
        for (origin, host, near) in [
            ("http://localhost:3000", "localhost:1883", true),
            ("https://LOCALHOST", "127.0.0.1", true),
            ("http://app.localhost:8080", "127.0.0.1:1883", true),
            ("http://127.0.0.2", "x", true),
            ("http://[::1]:5173", "x", true),
            ("http://192.168.1.5:3000", "192.168.1.5:1883", true),
            ("http://[fe80::1]:80", "[fe80::1]:1883", true),
            ("http://192.168.1.5", "192.168.1.6:1883", false),
            ("https://example.org", "localhost:1883", false),
            // A name that was made to mean this machine.
            ("http://evil.example:1883", "evil.example:1883", false),
            ("http://localhost.evil.example", "localhost:1883", false),
            ("http://evil.example/localhost", "localhost", false),
            ("http://notlocalhost", "localhost", false),
            ("null", "localhost", false),
            ("", "localhost", false),
            ("://", "", false),
            ("http://", "", false),
            ("localhost", "localhost", false),
        ] {
            assert_eq!(Origins::Near.admit(origin, host), near, "{origin} to {host}");
        }
    }

    #[test]
    fn listed_origins_and_no_others_are_taken_whole() {
        let listed = ["https://example.org", "http://10.0.0.1:3000", "null"];
        let origins = Origins::Listed(listed.map(str::to_owned).to_vec());
        for (origin, admitted) in [
            ("https://example.org", true),
            ("https://Example.ORG", true),
            ("null", true),
            ("http://example.org", false),
            ("https://example.org:8443", false),
            ("https://example.org.evil.example", false),
            ("http://localhost", false),
        ] {
            assert_eq!(origins.admit(origin, "example.org"), admitted, "{origin}");
            assert!(Origins::Any.admit(origin, ""));
        }
    }

    proptest! {
        #[test]
        fn no_origin_is_too_strange_to_be_judged(origin in "\\PC{0,40}", host in "[\\[\\]:.a-z0-9]{0,20}") {
            let _ = Origins::Near.admit(&origin, &host);
            let _ = Origins::Near.admit(&format!("http://{host}"), &host);
        }
    }
}

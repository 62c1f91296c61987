//! Where the other broker of a bridge listens.

use std::net::Ipv6Addr;
use std::num::NonZeroU16;
use std::str::FromStr;

/// A host, and a port if one is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostPort {
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

impl FromStr for HostPort {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (host, port) = match (bracketed, text.rsplit_once(':')) {
            (Some((host, "")), _) => (host, None),
            (Some((host, port)), _) => (host, Some(port.strip_prefix(':').ok_or(WRONG)?)),
            (None, Some((host, port))) if text.parse::<Ipv6Addr>().is_err() => (host, Some(port)),
            (None, _) => (text, None),
        };
        if host.is_empty() || host.contains(['/', '[', ']']) {
            return Err(WRONG);
        }
        let port = port.map(|port| port.parse::<NonZeroU16>().map_err(|_| WRONG)).transpose()?;
        Ok(Self { host: host.to_owned(), port: port.map(NonZeroU16::get) })
    }
}

const WRONG: &str = "an address is HOST or HOST:PORT, as in broker.example.org:1883 or [::1]:1883";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_have_a_port_behind_it() {
        for (text, host, port) in [
            ("h", "h", None),
            ("h:1", "h", Some(1)),
            ("::1", "::1", None),
            ("[::1]", "::1", None),
            ("[::1]:1883", "::1", Some(1883)),
            ("192.0.2.1:8883", "192.0.2.1", Some(8883)),
        ] {
            let wanted = HostPort { host: host.to_owned(), port };
            assert_eq!(text.parse(), Ok(wanted), "{text}");
        }
        for text in ["", ":1", "h:", "h:x", "h:0", "h:70000", "[::1]1", "mqtt://h", "[h"] {
            assert_eq!(text.parse::<HostPort>(), Err(WRONG), "{text}");
        }
    }
}

//! Where to connect to, and whether to speak TLS there.

use super::TlsClient;
use std::fmt;

/// A host and port to connect to.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// A host name or an IP address; an IPv6 address without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// How to speak TLS; plain TCP without it.
    pub tls: Option<TlsClient>,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(host: &str) -> String {
        let host = host.to_owned();
        Endpoint { host, port: 1883, tls: None }.to_string()
    }

    #[test]
    fn only_ipv6_addresses_are_bracketed() {
        assert_eq!(shown("localhost"), "localhost:1883");
        assert_eq!(shown("127.0.0.1"), "127.0.0.1:1883");
        assert_eq!(shown("::1"), "[::1]:1883");
    }
}

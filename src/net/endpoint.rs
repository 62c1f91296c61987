//! Where to connect to, and what to speak there before MQTT.

use super::TlsClient;
use std::fmt;
use std::path::PathBuf;

/// A place to connect to, and how to get through to it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Where the broker listens.
    pub place: Place,
    /// How to speak TLS; nothing is encrypted without it.
    pub tls: Option<TlsClient>,
}

/// Where somebody listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At a port of a host.
    Tcp {
        /// A host name or an IP address; an IPv6 address without brackets.
        host: String,
        /// The TCP port.
        port: u16,
    },
    /// At a socket in the file system of this machine.
    Unix(PathBuf),
}

impl Endpoint {
    /// Plain TCP to a port of a host.
    #[must_use]
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self { place: Place::Tcp { host: host.into(), port }, tls: None }
    }

    /// The name that a server there has to prove with its certificate.
    #[must_use]
    pub fn server_name(&self) -> &str {
        match &self.place {
            Place::Tcp { host, .. } => host,
            Place::Unix(_) => "localhost",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(host: &str) -> String {
        Endpoint::tcp(host, 1883).to_string()
    }

    #[test]
    fn only_ipv6_addresses_are_bracketed() {
        assert_eq!(shown("localhost"), "localhost:1883");
        assert_eq!(shown("127.0.0.1"), "127.0.0.1:1883");
        assert_eq!(shown("::1"), "[::1]:1883");
    }
}

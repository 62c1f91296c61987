//! Where to connect to, and what to speak there before MQTT.

use super::TlsClient;
use super::proxy::Proxy;
use super::websocket::Request;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// A place to connect to, and how to get through to it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Where the broker listens.
    pub place: Place,
    /// How to speak TLS; nothing is encrypted without it.
    pub tls: Option<TlsClient>,
    /// What to ask for to speak WebSocket; without it MQTT comes next.
    pub websocket: Option<Request>,
    /// The proxy to go through; one to a socket of this machine is not used.
    pub proxy: Option<Proxy>,
    /// The address of this machine to connect from.
    pub bind: Option<IpAddr>,
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
        let place = Place::Tcp { host: host.into(), port };
        Self { place, tls: None, websocket: None, proxy: None, bind: None }
    }

    /// Host and port as HTTP names them, which leaves out its usual ports.
    pub(super) fn authority(&self) -> String {
        let usual = if self.tls.is_some() { 443 } else { 80 };
        let shown = self.place.to_string();
        match &self.place {
            Place::Tcp { port, .. } if *port == usual => {
                shown.rsplit_once(':').map_or(shown.clone(), |(host, _)| host.to_owned())
            }
            Place::Tcp { .. } => shown,
            Place::Unix(_) => "localhost".to_owned(),
        }
    }

    /// The host and port that a socket is opened to: the broker's, or those of a
    /// proxy; none for a socket of this machine.
    #[must_use]
    pub fn first_hop(&self) -> Option<(&str, u16)> {
        match (&self.place, &self.proxy) {
            (Place::Unix(_), _) => None,
            (Place::Tcp { .. }, Some(proxy)) => Some(proxy.place()),
            (Place::Tcp { host, port }, None) => Some((host, *port)),
        }
    }

    /// The name that a server there has to prove with its certificate.
    #[must_use]
    pub fn server_name(&self) -> &str {
        let other = self.tls.as_ref().and_then(|tls| tls.options().server_name.as_deref());
        match (other, &self.place) {
            (Some(name), _) => name,
            (None, Place::Tcp { host, .. }) => host,
            (None, Place::Unix(_)) => "localhost",
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

    #[test]
    fn http_leaves_out_its_usual_port() {
        assert_eq!(Endpoint::tcp("h", 80).authority(), "h");
        assert_eq!(Endpoint::tcp("::1", 80).authority(), "[::1]");
        assert_eq!(Endpoint::tcp("h", 443).authority(), "h:443");
    }
}

//! How clients name what the broker listens on.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

/// An address that is listened on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// MQTT over TCP.
    Mqtt {
        /// Whether under TLS.
        tls: bool,
        /// Where it is.
        socket: SocketAddr,
    },
    /// MQTT over WebSocket.
    WebSocket {
        /// Whether under TLS.
        tls: bool,
        /// Where it is.
        socket: SocketAddr,
        /// What its clients have to ask for.
        path: Arc<str>,
    },
    /// HTTP, for health, metrics and administration.
    Http {
        /// Whether under TLS.
        tls: bool,
        /// Where it is.
        socket: SocketAddr,
    },
    /// MQTT over the Unix socket at this path.
    Unix(Arc<Path>),
}

impl Address {
    /// Where it is in the network, if it is there.
    #[must_use]
    pub const fn socket(&self) -> Option<SocketAddr> {
        match self {
            Self::Mqtt { socket, .. }
            | Self::WebSocket { socket, .. }
            | Self::Http { socket, .. } => Some(*socket),
            Self::Unix(_) => None,
        }
    }

    /// The same address as programs on this machine name it: one that stands
    /// for all of the machine's cannot be connected to everywhere.
    pub(super) fn into_reachable(mut self) -> Self {
        if let Self::Mqtt { socket, .. }
        | Self::WebSocket { socket, .. }
        | Self::Http { socket, .. } = &mut self
        {
            match socket.ip() {
                IpAddr::V4(Ipv4Addr::UNSPECIFIED) => socket.set_ip(Ipv4Addr::LOCALHOST.into()),
                IpAddr::V6(Ipv6Addr::UNSPECIFIED) => socket.set_ip(Ipv6Addr::LOCALHOST.into()),
                _ => {}
            }
        }
        self
    }
}

/// `mqtt://127.0.0.1:1883`, `mqtts://...`, `ws://127.0.0.1:1883/mqtt`, `wss://...`,
/// `http://...`, `unix:///run/mqtt.sock`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secure = |tls: bool| if tls { "s" } else { "" };
        match self {
            Self::Mqtt { tls, socket } => write!(f, "mqtt{}://{socket}", secure(*tls)),
            Self::WebSocket { tls, socket, path } => {
                write!(f, "ws{}://{socket}{path}", secure(*tls))
            }
            Self::Http { tls, socket } => write!(f, "http{}://{socket}", secure(*tls)),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

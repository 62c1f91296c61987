//! How clients name what the broker listens on.

use std::fmt;
use std::net::SocketAddr;
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
            Self::Mqtt { socket, .. } | Self::WebSocket { socket, .. } | Self::Http { socket } => {
                Some(*socket)
            }
            Self::Unix(_) => None,
        }
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
            Self::Http { socket } => write!(f, "http://{socket}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

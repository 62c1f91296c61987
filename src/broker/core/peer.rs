//! Who is at the other end of a connection, before it has said so itself.
//! (`core::net` of the library has addresses and no sockets.)

use super::entry::Entrance;
use ::core::net::SocketAddr;
use std::fmt;
use std::sync::Arc;

/// What the shell knows of a connection when it hands it to the core.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    /// Where it comes from; a Unix socket has no address.
    pub address: Option<SocketAddr>,
    /// Whether it is in this process, where it is never held up.
    pub inside: bool,
    /// Who its certificate says it is.
    pub identity: Option<Box<str>>,
    /// Who is let in at the listener it came to.
    pub entrance: Arc<Entrance>,
}

impl Peer {
    /// Where it comes from.
    pub(super) fn origin(&self) -> Origin {
        if self.inside { Origin::Inside } else { Origin::outside(self.address) }
    }
}

/// Where a connection comes from; shown as its address, `unix` or `inside`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From this address.
    Network(SocketAddr),
    /// From a Unix socket, which has none.
    Unix,
    /// From this process: a client of the program that the broker is a part of,
    /// or a bridge.
    Inside,
}

impl Origin {
    /// That of somebody outside of this process.
    pub(super) fn outside(address: Option<SocketAddr>) -> Self {
        address.map_or(Self::Unix, Self::Network)
    }

    /// The address, if there is one.
    #[must_use]
    pub const fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Network(address) => Some(address),
            Self::Unix | Self::Inside => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
            Self::Inside => f.write_str("inside"),
        }
    }
}

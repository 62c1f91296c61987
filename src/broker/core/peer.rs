//! Who is at the other end of a connection, before it has said so itself.
//! (`core::net` of the library has addresses and no sockets.)

use super::entry::Entrance;
use ::core::net::SocketAddr;
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

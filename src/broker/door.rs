//! What may be spoken at a listener, and telling it apart by the first bytes.

use super::access::Gate;
use super::core::Peer;
use super::proxy;
use super::reception::{Reception, Terms};
use super::socket::Socket;
use super::transport::Transport;
use super::websocket;
use rustls::ServerConfig;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::AsyncBufReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// The first byte of a TLS handshake (RFC 8446 §5.1).
const TLS: u8 = 0x16;

/// The first byte of the HTTP request that asks for WebSocket, which is a GET.
const HTTP: u8 = b'G';

/// What may be spoken at a listener. WebSocket always may.
#[derive(Debug, Clone)]
pub(super) struct Door {
    /// Whether TLS may be left out.
    pub(super) bare: bool,
    /// What it is in.
    pub(super) place: Place,
    /// Whether a proxy says first who has connected to it.
    pub(super) proxied: bool,
    /// The path of WebSocket requests.
    pub(super) path: Arc<str>,
    /// Who is let in.
    pub(super) reception: Arc<Reception>,
}

/// What clients connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A port.
    Port,
    /// A port where MQTT is spoken over WebSocket only.
    WebSocketPort,
    /// A Unix socket, where there is no TLS.
    UnixSocket,
}

/// Somebody who has come in.
#[derive(Debug)]
pub(super) struct Newcomer {
    pub(super) transport: Transport,
    /// Who it is, before it has said so itself.
    pub(super) peer: Peer,
    /// Who knows the passwords.
    pub(super) gate: Arc<Gate>,
}

impl Door {
    /// Does what has to be done before MQTT is spoken; `None` is a peer that
    /// has been turned away or has gone.
    pub(super) async fn open(
        &self,
        socket: Socket,
        address: Option<SocketAddr>,
    ) -> io::Result<Option<Newcomer>> {
        let terms = self.reception.terms();
        let transport = self.transport(socket, &terms).await?;
        Ok(transport.map(|transport| {
            let peer = self.peer(&terms, address, &transport);
            Newcomer { transport, peer, gate: Arc::clone(&terms.gate) }
        }))
    }

    async fn transport(&self, socket: Socket, terms: &Terms) -> io::Result<Option<Transport>> {
        if self.proxied {
            proxy::skip_header(&socket).await?;
        }
        let bare = if self.bare { first_byte(&socket).await? } else { Some(TLS) };
        let (transport, first) = match (socket, &terms.tls) {
            (Socket::Tcp(socket), Some(tls)) if bare == Some(TLS) => {
                // Boxed, because what waits for it is large and others need not be.
                Box::pin(accept_tls(socket, tls)).await?
            }
            (socket, _) => (Transport::bare(socket), bare),
        };
        match first {
            Some(HTTP) => Box::pin(websocket::upgrade(transport, &self.path, &terms.origins)).await,
            // The core judges what is no CONNECT.
            Some(_) if self.place != Place::WebSocketPort => Ok(Some(transport)),
            _ => Ok(None),
        }
    }

    fn peer(&self, terms: &Terms, address: Option<SocketAddr>, transport: &Transport) -> Peer {
        let name = terms.identity.zip(transport.certificate());
        let name = name.and_then(|(kind, certificate)| kind.of(certificate));
        let entrance = match self.place {
            Place::UnixSocket => &terms.local_entrance,
            Place::Port | Place::WebSocketPort => &terms.entrance,
        };
        let identity = name.map(Into::into);
        Peer { address, inside: false, identity, entrance: Arc::clone(entrance) }
    }
}

async fn first_byte(socket: &Socket) -> io::Result<Option<u8>> {
    let mut byte = [0];
    let count = socket.peek(&mut byte).await?;
    Ok(byte.first().copied().filter(|_| count > 0))
}

/// TLS on `socket`, and the first byte inside, which stays to be read.
async fn accept_tls(
    socket: TcpStream,
    config: &Arc<ServerConfig>,
) -> io::Result<(Transport, Option<u8>)> {
    let mut stream = TlsAcceptor::from(Arc::clone(config)).accept(socket).await?;
    let first = stream.fill_buf().await?.first().copied();
    Ok((Transport::Tls(Box::new(stream)), first))
}

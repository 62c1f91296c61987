//! What may be spoken at a listener, and telling it apart by the first bytes.

use super::core::{Entrance, Peer};
use super::proxy;
use super::socket::Socket;
use super::transport::Transport;
use super::websocket;
use crate::net::CertificateName;
use crate::net::websocket::Origins;
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
    /// Whether MQTT may be spoken without WebSocket.
    pub(super) mqtt: bool,
    /// Who is let in.
    pub(super) entrance: Arc<Entrance>,
    /// The name in a client's certificate that is its user name.
    pub(super) identity: Option<CertificateName>,
    /// How to speak TLS, if it may be spoken.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// Whether a proxy says first who has connected to it.
    pub(super) proxied: bool,
    /// The path of WebSocket requests.
    pub(super) path: Arc<str>,
    /// The web pages that may send one.
    pub(super) origins: Arc<Origins>,
}

impl Door {
    /// Does what has to be done before MQTT is spoken; `None` is a peer that
    /// has been turned away or has gone.
    pub(super) async fn open(&self, socket: Socket) -> io::Result<Option<Transport>> {
        if self.proxied {
            proxy::skip_header(&socket).await?;
        }
        let bare = if self.bare { first_byte(&socket).await? } else { Some(TLS) };
        let (transport, first) = match (socket, &self.tls) {
            (Socket::Tcp(socket), Some(tls)) if bare == Some(TLS) => {
                // Boxed, because what waits for it is large and others need not be.
                Box::pin(accept_tls(socket, tls)).await?
            }
            (socket, _) => (Transport::bare(socket), bare),
        };
        match first {
            Some(HTTP) => Box::pin(websocket::upgrade(transport, &self.path, &self.origins)).await,
            // The core judges what is no CONNECT.
            Some(_) if self.mqtt => Ok(Some(transport)),
            _ => Ok(None),
        }
    }
}

impl Door {
    /// Who has come in, before it has said so itself.
    pub(super) fn peer(&self, address: Option<SocketAddr>, transport: &Transport) -> Peer {
        let name = self.identity.zip(transport.certificate());
        let name = name.and_then(|(kind, certificate)| kind.of(certificate));
        let entrance = Arc::clone(&self.entrance);
        Peer { address, inside: false, identity: name.map(Into::into), entrance }
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

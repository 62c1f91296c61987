//! What may be spoken at a listener, and telling it apart by the first bytes.

use super::transport::Transport;
use super::websocket;
use rustls::ServerConfig;
use std::io;
use std::sync::Arc;
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
    /// How to speak TLS, if it may be spoken.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// The path of WebSocket requests.
    pub(super) path: Arc<str>,
}

impl Door {
    /// Does what has to be done before MQTT is spoken; `None` is a peer that
    /// has been turned away or has gone.
    pub(super) async fn open(&self, socket: TcpStream) -> io::Result<Option<Transport>> {
        let mut transport = match &self.tls {
            Some(tls) if !self.bare || first_byte(&socket).await? == Some(TLS) => {
                // Boxed, because what is waiting for it need not be as large.
                let accept = Box::pin(TlsAcceptor::from(Arc::clone(tls)).accept(socket));
                Transport::Tls(Box::new(accept.await?))
            }
            _ => Transport::tcp(socket),
        };
        match transport.peek().await? {
            Some(HTTP) => Box::pin(websocket::upgrade(transport, &self.path)).await,
            // The core judges what is no CONNECT.
            Some(_) if self.mqtt => Ok(Some(transport)),
            _ => Ok(None),
        }
    }
}

async fn first_byte(socket: &TcpStream) -> io::Result<Option<u8>> {
    let mut byte = [0];
    let count = socket.peek(&mut byte).await?;
    Ok(byte.first().copied().filter(|_| count > 0))
}

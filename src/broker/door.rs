//! What may be spoken at a listener, and telling it apart by the first bytes.

use super::access::Gate;
use super::core::Peer;
use super::hindrance::Hindrance;
use super::http::{Caller, HttpStream};
use super::proxy;
use super::reception::{Reception, Terms};
use super::socket::Socket;
use super::transport::Transport;
use super::websocket;
use crate::net::{Change, TlsServer, is_tls};
use crate::{error, output};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::AsyncBufReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// The first byte of a TLS handshake (RFC 8446 §5.1).
const TLS: u8 = 0x16;

/// How a connection begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beginning {
    /// With its end.
    Nothing,
    /// With a TLS handshake.
    Tls,
    /// With a GET, which WebSocket is asked for with.
    Get,
    /// With another HTTP request: DELETE, HEAD, OPTIONS, POST, PUT, PATCH.
    Request,
    /// With MQTT or nonsense.
    Other,
}

impl Beginning {
    /// Bytes looked at: PUBREC has the first byte of POST, and no letter behind.
    const LENGTH: usize = 2;

    fn of(bytes: &[u8]) -> Self {
        let (Some(first), second) = (bytes.first(), bytes.get(1)) else {
            return Self::Nothing;
        };
        let word = second.is_none_or(u8::is_ascii_uppercase);
        match first {
            &TLS => Self::Tls,
            b'G' if word => Self::Get,
            b'D' | b'H' | b'O' | b'P' if word => Self::Request,
            _ => Self::Other,
        }
    }
}

/// What a connection speaks.
#[derive(Debug)]
pub(super) enum Spoken {
    /// MQTT, bare or in WebSocket frames.
    Mqtt(Transport),
    /// HTTP.
    Http(HttpStream),
}

/// Who has come in, and for what.
#[derive(Debug)]
pub(super) enum Opened {
    /// A client.
    Mqtt(Newcomer),
    /// Somebody with requests.
    Http(HttpStream, Caller),
}

/// How a listener is come in by.
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
    /// A port where HTTP is spoken only.
    HttpPort,
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
    /// Does what has to be done before MQTT or HTTP is spoken. Whoever cannot
    /// come in has been turned away or has gone.
    pub(super) async fn open(
        &self,
        socket: Socket,
        address: Option<SocketAddr>,
    ) -> Result<Opened, Hindrance> {
        let terms = self.reception.terms();
        let spoken = self.tell_apart(socket, &terms).await?;
        Ok(match spoken {
            Spoken::Http(stream) => Opened::Http(stream, Caller::new(address, self.proxied)),
            Spoken::Mqtt(transport) => {
                let peer = self.peer(&terms, address, &transport);
                Opened::Mqtt(Newcomer { transport, peer, gate: Arc::clone(&terms.gate) })
            }
        })
    }

    async fn tell_apart(&self, socket: Socket, terms: &Terms) -> Result<Spoken, Hindrance> {
        if self.proxied {
            proxy::skip_header(&socket).await?;
        }
        let bare = peek(&socket).await?;
        let secure = bare == Beginning::Tls || (!self.bare && bare != Beginning::Nothing);
        let (transport, begins) = match (socket, &terms.tls) {
            (Socket::Tcp(socket), Some(tls)) if secure => {
                // Boxed, because what waits for it is large and others need not be.
                Box::pin(accept_tls(socket, tls)).await?
            }
            (socket, _) => (Transport::bare(socket), bare),
        };
        let everything = matches!(self.place, Place::Port | Place::UnixSocket);
        match begins {
            Beginning::Nothing => Err(Hindrance::LEFT),
            Beginning::Get if self.place != Place::HttpPort => {
                let (path, origins) = (&self.path, &terms.origins);
                Box::pin(websocket::upgrade(transport, path, origins, !everything)).await
            }
            Beginning::Get | Beginning::Request if self.place != Place::WebSocketPort => {
                Ok(Spoken::Http(HttpStream::new(Vec::new(), transport)))
            }
            // The core judges what is no CONNECT.
            Beginning::Other if everything => Ok(Spoken::Mqtt(transport)),
            _ => {
                transport.dismiss(&[]).await;
                Err(self.hindrance(begins))
            }
        }
    }

    /// Why nobody comes in here who begins like this.
    const fn hindrance(&self, begins: Beginning) -> Hindrance {
        match (self.place, begins) {
            (Place::WebSocketPort, _) => Hindrance::ONLY_WEB_SOCKET,
            (Place::HttpPort, _) => Hindrance::ONLY_HTTP,
            _ => Hindrance::NO_TLS,
        }
    }

    fn peer(&self, terms: &Terms, address: Option<SocketAddr>, transport: &Transport) -> Peer {
        let name = terms.identity.zip(transport.certificate());
        let name = name.and_then(|(kind, certificate)| kind.of(certificate));
        let entrance = match self.place {
            Place::UnixSocket => &terms.local_entrance,
            Place::Port | Place::WebSocketPort | Place::HttpPort => &terms.entrance,
        };
        let identity = name.map(Into::into);
        Peer { address, inside: false, identity, entrance: Arc::clone(entrance) }
    }
}

/// How the bytes of a socket begin, which stay to be read.
async fn peek(socket: &Socket) -> io::Result<Beginning> {
    let mut bytes = [0; Beginning::LENGTH];
    let count = socket.peek(&mut bytes).await?;
    Ok(Beginning::of(bytes.get(..count).unwrap_or_default()))
}

/// Says what came of certificates that were replaced.
fn tell(change: Change) {
    match change {
        Ok(warnings) => {
            output::note("the files of TLS have changed and are in force");
            warnings.iter().for_each(output::warn);
        }
        Err(error) => output::warn(format!(
            "the files of TLS have changed and cannot be used, so the ones from before stay in \
             force: {}",
            error::line(&error.into())
        )),
    }
}

/// TLS on `socket`, and how the bytes inside begin, which stay to be read.
async fn accept_tls(
    socket: TcpStream,
    server: &TlsServer,
) -> Result<(Transport, Beginning), Hindrance> {
    let (config, change) = server.config();
    change.into_iter().for_each(tell);
    let accepted = TlsAcceptor::from(config).accept(socket).await;
    let mut stream = accepted.map_err(|error| Hindrance::tls(&error))?;
    // A client may find fault with the handshake when the server has done with it.
    let begins = match stream.fill_buf().await {
        Ok(bytes) => Beginning::of(bytes),
        Err(error) if is_tls(&error) => return Err(Hindrance::tls(&error)),
        Err(_) => return Err(Hindrance::LEFT),
    };
    Ok((Transport::Tls(Box::new(stream)), begins))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_what_is_spoken() {
        for (bytes, begins) in [
            (&b""[..], Beginning::Nothing),
            (b"\x16\x03", Beginning::Tls),
            (b"GET /", Beginning::Get),
            (b"G", Beginning::Get),
            (b"POST", Beginning::Request),
            (b"DELETE", Beginning::Request),
            (b"HEAD", Beginning::Request),
            (b"P", Beginning::Request),
            (b"\x50\x02\x00\x01", Beginning::Other),
            (b"\x10\x0e", Beginning::Other),
        ] {
            assert_eq!(Beginning::of(bytes), begins, "{bytes:?}");
        }
    }
}

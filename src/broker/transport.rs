//! The bytes of a connection: a socket, bare or under TLS, with or without
//! WebSocket.

use super::connection::FAREWELL;
use super::socket::{Reader, Socket, Writer};
use super::websocket::WebSocket;
use rustls::pki_types::CertificateDer;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A transport, owned by the connection's task.
#[derive(Debug)]
pub(super) enum Transport {
    /// The writing side is shared with the workers that deliver to it.
    Bare(Reader, Writer),
    Tls(Box<TlsStream<TcpStream>>),
    /// Around one of the others.
    WebSocket(Box<WebSocket>),
}

impl Transport {
    /// A bare socket.
    pub(super) fn bare(socket: Socket) -> Self {
        let (read, write) = socket.split();
        Self::Bare(read, write)
    }

    /// The writing side, if others may write to it.
    pub(super) fn shared(&self) -> Option<Writer> {
        match self {
            Self::Bare(_, write) => Some(write.clone()),
            Self::Tls(_) | Self::WebSocket(_) => None,
        }
    }

    /// The certificate that the client has shown under TLS.
    pub(super) fn certificate(&self) -> Option<&CertificateDer<'static>> {
        match self {
            Self::Bare(..) => None,
            Self::Tls(stream) => stream.get_ref().1.peer_certificates()?.first(),
            Self::WebSocket(socket) => socket.certificate(),
        }
    }

    /// Whether the transport itself has come to an end that its client is to be
    /// told of.
    pub(super) fn is_ended(&self) -> bool {
        matches!(self, Self::WebSocket(socket) if socket.is_ended())
    }

    /// Reads into `buffer`; zero bytes are the end of the stream.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        match self {
            Self::Bare(read, _) => ready!(read.poll_read(cx, &mut buffer))?,
            Self::Tls(stream) => ready!(Pin::new(stream).poll_read(cx, &mut buffer))?,
            Self::WebSocket(socket) => return socket.poll_read(cx, buffer.initialize_unfilled()),
        }
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Writes some of `bytes`; whoever got a part of them written goes on with
    /// the rest.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Bare(_, write) => write.poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::WebSocket(socket) => socket.poll_write(cx, bytes),
        }
    }

    /// Pushes out what a layer below still holds.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Bare(..) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::WebSocket(socket) => socket.poll_flush(cx),
        }
    }

    /// Closes the writing side, so that the peer reads to the end.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Bare(_, write) => Poll::Ready(write.shut_down()),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::WebSocket(socket) => socket.poll_shutdown(cx),
        }
    }

    /// Writes all of `bytes`.
    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            written += poll_fn(|cx| self.poll_write(cx, rest)).await?;
        }
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Writes the `last` bytes and closes; a peer that does not read to the end
    /// is left.
    pub(super) async fn dismiss(mut self, last: &[u8]) {
        let farewell = async {
            self.write_all(last).await?;
            self.close().await
        };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }

    /// Closes the writing side and reads until the peer has closed too: closing
    /// with unread input would reset the connection and the peer would never
    /// see the last bytes.
    pub(super) async fn close(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_shutdown(cx)).await?;
        let mut ignored = [0; 1024];
        while poll_fn(|cx| self.poll_read(cx, &mut ignored)).await? > 0 {}
        Ok(())
    }
}

//! The bytes of a connection: a TCP socket, bare or under TLS, with or without
//! WebSocket.

use super::websocket::WebSocket;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncBufRead as _, AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_rustls::server::TlsStream;

/// A transport, owned by the connection's task.
#[derive(Debug)]
pub(super) enum Transport {
    /// The writing side is shared with the workers that deliver to it.
    Tcp(OwnedReadHalf, Arc<OwnedWriteHalf>),
    Tls(Box<TlsStream<TcpStream>>),
    /// Around one of the others.
    WebSocket(Box<WebSocket>),
}

impl Transport {
    /// A bare socket.
    pub(super) fn tcp(socket: TcpStream) -> Self {
        let (read, write) = socket.into_split();
        Self::Tcp(read, Arc::new(write))
    }

    /// The writing side, if others may write to it.
    pub(super) fn shared(&self) -> Option<Arc<OwnedWriteHalf>> {
        match self {
            Self::Tcp(_, write) => Some(Arc::clone(write)),
            Self::Tls(_) | Self::WebSocket(_) => None,
        }
    }

    /// Whether the transport itself has come to an end that its client is to be
    /// told of.
    pub(super) fn is_ended(&self) -> bool {
        matches!(self, Self::WebSocket(socket) if socket.is_ended())
    }

    /// The next byte, which stays to be read; `None` at the end of the stream.
    pub(super) async fn peek(&mut self) -> io::Result<Option<u8>> {
        poll_fn(|cx| match self {
            Self::Tcp(read, _) => {
                let mut byte = [0];
                let mut buffer = ReadBuf::new(&mut byte);
                ready!(read.poll_peek(cx, &mut buffer))?;
                Poll::Ready(Ok(buffer.filled().first().copied()))
            }
            Self::Tls(stream) => {
                let bytes = ready!(Pin::new(stream).poll_fill_buf(cx))?;
                Poll::Ready(Ok(bytes.first().copied()))
            }
            Self::WebSocket(_) => Poll::Ready(Ok(None)),
        })
        .await
    }

    /// Reads into `buffer`; zero bytes are the end of the stream.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        match self {
            Self::Tcp(read, _) => ready!(Pin::new(read).poll_read(cx, &mut buffer))?,
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
            Self::Tcp(_, write) => loop {
                ready!(write.as_ref().as_ref().poll_write_ready(cx))?;
                match write.try_write(bytes) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    done => return Poll::Ready(done),
                }
            },
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::WebSocket(socket) => socket.poll_write(cx, bytes),
        }
    }

    /// Pushes out what a layer below still holds.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(..) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::WebSocket(socket) => socket.poll_flush(cx),
        }
    }

    /// Closes the writing side, so that the peer reads to the end.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(read, _) => {
                let socket = socket2::SockRef::from(read.as_ref());
                Poll::Ready(socket.shutdown(std::net::Shutdown::Write))
            }
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

//! The bytes of a connection: a TCP socket, bare or under TLS.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_rustls::server::TlsStream;

/// A transport, owned by the connection's task.
#[derive(Debug)]
pub(super) enum Transport {
    /// The writing side is shared with the workers that deliver to it.
    Tcp(OwnedReadHalf, Arc<OwnedWriteHalf>),
    Tls(Box<TlsStream<TcpStream>>),
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
            Self::Tls(_) => None,
        }
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
        }
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Writes some of `bytes`.
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
        }
    }

    /// Pushes out what a layer below still holds.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(..) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
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
        }
    }
}

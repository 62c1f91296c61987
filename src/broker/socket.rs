//! The sockets connections come in by, TCP or Unix, as one kind.

use rustix::net::{RecvFlags, recv};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead as _, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream, tcp, unix};

/// A socket on its way to the worker that will serve it.
#[derive(Debug)]
pub(super) enum Accepted {
    Tcp(std::net::TcpStream),
    Unix(std::os::unix::net::UnixStream),
}

/// A socket, as one worker has it.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// The reading side of a socket.
#[derive(Debug)]
pub(super) enum Reader {
    Tcp(tcp::OwnedReadHalf),
    Unix(unix::OwnedReadHalf),
}

/// The writing side of a socket, which any worker may write to.
#[derive(Debug, Clone)]
pub(super) enum Writer {
    Tcp(Arc<tcp::OwnedWriteHalf>),
    Unix(Arc<unix::OwnedWriteHalf>),
}

impl Accepted {
    /// Where the connection comes from; a Unix socket has no address.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.peer_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// Lets the runtime of this thread wait for the socket.
    pub(super) fn register(self) -> io::Result<Socket> {
        match self {
            Self::Tcp(socket) => TcpStream::from_std(socket).map(Socket::Tcp),
            Self::Unix(socket) => UnixStream::from_std(socket).map(Socket::Unix),
        }
    }
}

impl Socket {
    /// Waits for bytes and copies what is there and fits, which stays to be
    /// read; none are the end of the stream.
    pub(super) async fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let socket = match self {
            Self::Tcp(socket) => return socket.peek(bytes).await,
            Self::Unix(socket) => socket,
        };
        loop {
            socket.readable().await?;
            let peeked = socket.try_io(Interest::READABLE, || {
                let (count, _) = recv(socket, &mut *bytes, RecvFlags::PEEK)?;
                Ok(count)
            });
            match peeked {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }

    /// Reads so many bytes for nobody.
    pub(super) async fn discard(&self, count: usize) -> io::Result<()> {
        let mut left = count;
        let mut ignored = [0; 512];
        while left > 0 {
            let space = ignored.get_mut(..left.min(512)).unwrap_or_default();
            match self.read(space).await {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => left -= count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads once; what looked readable may turn out not to be.
    async fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => {
                socket.readable().await?;
                socket.try_read(bytes)
            }
            Self::Unix(socket) => {
                socket.readable().await?;
                socket.try_read(bytes)
            }
        }
    }

    pub(super) fn split(self) -> (Reader, Writer) {
        match self {
            Self::Tcp(socket) => {
                let (read, write) = socket.into_split();
                (Reader::Tcp(read), Writer::Tcp(Arc::new(write)))
            }
            Self::Unix(socket) => {
                let (read, write) = socket.into_split();
                (Reader::Unix(read), Writer::Unix(Arc::new(write)))
            }
        }
    }
}

impl Reader {
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(read) => Pin::new(read).poll_read(cx, buffer),
            Self::Unix(read) => Pin::new(read).poll_read(cx, buffer),
        }
    }
}

impl Writer {
    /// Writes what fits without waiting.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(write) => write.try_write(bytes),
            Self::Unix(write) => write.try_write(bytes),
        }
    }

    /// The same, of several pieces in order.
    pub(super) fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(write) => write.try_write_vectored(pieces),
            Self::Unix(write) => write.try_write_vectored(pieces),
        }
    }

    /// Writes some of `bytes`; only the owner of the connection waits for room.
    pub(super) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self {
                Self::Tcp(write) => ready!(write.as_ref().as_ref().poll_write_ready(cx))?,
                Self::Unix(write) => ready!(write.as_ref().as_ref().poll_write_ready(cx))?,
            }
            match self.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    /// Closes the writing side, so that the peer reads to the end.
    pub(super) fn shut_down(&self) -> io::Result<()> {
        let socket = match self {
            Self::Tcp(write) => socket2::SockRef::from(write.as_ref().as_ref()),
            Self::Unix(write) => socket2::SockRef::from(write.as_ref().as_ref()),
        };
        socket.shutdown(std::net::Shutdown::Write)
    }
}

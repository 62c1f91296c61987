//! One type for every connection, so that nothing above has to know what
//! carries its bytes.

use super::WebSocketStream;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncBufRead as _, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

/// A connection to a broker, with `TCP_NODELAY` set when [`super::connect()`] made it.
///
/// A layer is a stream around another. Errors are those of the socket;
/// [`super::explain()`] puts them into words.
#[derive(Debug)]
pub enum Stream {
    /// Plain TCP.
    Tcp(TcpStream),
    /// A socket in the file system.
    Unix(UnixStream),
    /// TLS over another stream; boxed, for its state is a kilobyte.
    Tls(Box<TlsStream<Stream>>),
    /// WebSocket over another stream.
    WebSocket(Box<WebSocketStream>),
}

/// Calls a method of whatever carries the bytes.
macro_rules! carrier {
    ($stream:expr, $inner:ident => $call:expr) => {
        match $stream {
            Stream::Tcp($inner) => $call,
            Stream::Unix($inner) => $call,
            Stream::Tls($inner) => $call,
            Stream::WebSocket($inner) => $call,
        }
    };
}

impl Stream {
    /// Whether the end of the output can be told without a message that the
    /// peer may no longer want to read.
    #[must_use]
    pub const fn ends_silently(&self) -> bool {
        matches!(self, Self::Tcp(_) | Self::Unix(_))
    }

    /// The alert of a TLS server that waits unread, instead of the failed write.
    fn failed(&mut self, cx: &mut Context<'_>, write_error: io::Error) -> io::Error {
        match self {
            Self::Tls(stream) => parting_alert(stream, cx, write_error),
            Self::Tcp(_) | Self::Unix(_) | Self::WebSocket(_) => write_error,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        carrier!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = carrier!(&mut *self, stream => Pin::new(stream).poll_write(cx, buf));
        written.map_err(|error| self.failed(cx, error))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written =
            carrier!(&mut *self, stream => Pin::new(stream).poll_write_vectored(cx, bufs));
        written.map_err(|error| self.failed(cx, error))
    }

    fn is_write_vectored(&self) -> bool {
        carrier!(self, stream => stream.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = carrier!(&mut *self, stream => Pin::new(stream).poll_flush(cx));
        flushed.map_err(|error| self.failed(cx, error))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        carrier!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}

/// The alert a server sent before it closed, instead of the failed write.
///
/// In TLS 1.3 the client may write before the server has looked at its
/// certificate. A refusal then shows first as a broken pipe, while its reason
/// waits unread; it is looked at without taking any data from the reader.
fn parting_alert(
    stream: &mut TlsStream<Stream>,
    cx: &mut Context<'_>,
    write_error: io::Error,
) -> io::Error {
    match Pin::new(stream).poll_fill_buf(cx) {
        Poll::Ready(Err(alert)) if super::explain::is_tls(&alert) => alert,
        _ => write_error,
    }
}

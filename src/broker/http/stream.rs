//! A transport as hyper reads and writes it. Who does not read an answer is
//! not waited for for ever.

use crate::broker::transport::Transport;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How long a client may take nothing of what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// A transport on which HTTP is spoken, and what was read of it before that
/// was known.
#[derive(Debug)]
pub(in crate::broker) struct HttpStream {
    early: Vec<u8>,
    transport: Transport,
    /// The end of patience, while the client takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl HttpStream {
    pub(in crate::broker) const fn new(early: Vec<u8>, transport: Transport) -> Self {
        Self { early, transport, stalled: None }
    }

    /// What became of an attempt to send something, which fails where nothing
    /// was taken for too long.
    fn in_time<T>(
        &mut self,
        cx: &mut Context<'_>,
        attempt: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if attempt.is_ready() {
            self.stalled = None;
            return attempt;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(PATIENCE)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for HttpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.early.is_empty() {
            let count = self.early.len().min(buffer.remaining());
            self.early.drain(..count).for_each(|byte| buffer.put_slice(&[byte]));
            return Poll::Ready(Ok(()));
        }
        let count = ready!(self.transport.poll_read(cx, buffer.initialize_unfilled()))?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HttpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let attempt = self.transport.poll_write(cx, bytes);
        self.in_time(cx, attempt)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = self.transport.poll_flush(cx);
        self.in_time(cx, attempt)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = self.transport.poll_shutdown(cx);
        self.in_time(cx, attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::socket::Socket;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::UnixStream;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn who_never_reads_an_answer_is_left() {
        let (client, socket) = UnixStream::pair().unwrap();
        let mut stream = HttpStream::new(Vec::new(), Transport::bare(Socket::Unix(socket)));
        let started = Instant::now();
        let failed = stream.write_all(&vec![0; 16 * 1024 * 1024]).await.unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() >= PATIENCE);
        drop(client);
    }
}

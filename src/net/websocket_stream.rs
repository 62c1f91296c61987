//! WebSocket over another stream, as a client speaks it.

use super::Stream;
use super::websocket::{Decoder, End, Maker, Opcode, code, put_masked_frame};
use aws_lc_rs::rand;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of buffer that are kept when all is written.
const KEPT: usize = 64 * 1024;

/// A stream whose bytes are wrapped in frames.
#[derive(Debug)]
pub struct WebSocketStream {
    inner: Stream,
    /// Bytes that came behind the response of the handshake.
    early: Vec<u8>,
    decoder: Decoder,
    /// Frames on their way out, and how much of them is written.
    out: Vec<u8>,
    written: usize,
    /// Whether the close frame was sent: the last one.
    closing: bool,
}

impl WebSocketStream {
    /// WebSocket over `inner`, from which `early` was read already.
    pub(super) fn new(inner: Stream, early: Vec<u8>) -> Self {
        let (decoder, out) = (Decoder::of(Maker::Server), Vec::new());
        Self { inner, early, decoder, out, written: 0, closing: false }
    }

    fn put(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        let mut mask = [0; 4];
        rand::fill(&mut mask).map_err(|_| io::Error::other("no random numbers to be had"))?;
        put_masked_frame(&mut self.out, opcode, mask, payload);
        Ok(())
    }

    /// Puts a pong behind what is on its way, unless the server does not read:
    /// then the last ping waits for its answer.
    fn answer_ping(&mut self) -> io::Result<()> {
        if self.out.is_empty()
            && !self.closing
            && let Some(ping) = self.decoder.take_ping()
        {
            self.put(Opcode::Pong, ping.as_bytes())?;
        }
        Ok(())
    }

    /// Puts the close frame, once.
    fn say_goodbye(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.closing, true) {
            return Ok(());
        }
        let code = match self.decoder.end() {
            Some(End::Violation(fault)) => fault.code,
            Some(End::Closed(Some(code))) => code,
            Some(End::Closed(None)) | None => code::NORMAL,
        };
        self.put(Opcode::Close, &code.to_be_bytes())
    }

    /// What the server has sent last, as the end of the stream.
    fn end(&self) -> Option<io::Result<()>> {
        match self.decoder.end()? {
            End::Closed(None | Some(code::NORMAL | code::GOING_AWAY)) => Some(Ok(())),
            End::Closed(Some(code)) => {
                let what = format!("the WebSocket was closed with code {code}");
                Some(Err(io::Error::new(io::ErrorKind::ConnectionAborted, what)))
            }
            End::Violation(fault) => {
                Some(Err(io::Error::new(io::ErrorKind::InvalidData, fault.what)))
            }
        }
    }

    /// Reads frames, be it from those that came early.
    fn poll_frames(
        &mut self,
        cx: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, space);
        }
        let count = self.early.len().min(space.remaining());
        let (now, later) = self.early.split_at(count);
        space.put_slice(now);
        self.early = later.to_vec();
        Poll::Ready(Ok(()))
    }

    fn poll_write_frames(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.out.get(self.written..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        self.out.clear();
        self.out.shrink_to(KEPT);
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for WebSocketStream {
    /// Reads payload, answering pings on the way. A frame without payload is
    /// not the end of the stream, but a close frame is.
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if let Some(end) = this.end() {
                // Whether the goodbye arrives does not matter any more.
                this.say_goodbye()?;
                let _ = Pin::new(&mut *this).poll_flush(cx);
                return Poll::Ready(end);
            }
            let mut space = ReadBuf::new(buf.initialize_unfilled());
            ready!(this.poll_frames(cx, &mut space))?;
            if space.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            let payload = this.decoder.decode(space.filled_mut());
            this.answer_ping()?;
            // If it cannot be written now, the caller's next flush does.
            if let Poll::Ready(Err(error)) = Pin::new(&mut *this).poll_flush(cx) {
                return Poll::Ready(Err(error));
            }
            if payload > 0 {
                buf.advance(payload);
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for WebSocketStream {
    /// Takes all of `bytes` as one message, as soon as the one before is written.
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_write_frames(cx))?;
        if this.closing {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        this.put(Opcode::Binary, bytes)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            ready!(this.poll_write_frames(cx))?;
            this.answer_ping()?;
            if this.out.is_empty() {
                return Pin::new(&mut this.inner).poll_flush(cx);
            }
        }
    }

    /// Sends the close frame and closes what is below.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.say_goodbye()?;
        ready!(Pin::new(&mut *this).poll_flush(cx))?;
        Pin::new(&mut this.inner).poll_shutdown(cx)
    }
}

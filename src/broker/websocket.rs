//! MQTT inside WebSocket frames: wraps a transport in another.

use super::door::Spoken;
use super::hindrance::Hindrance;
use super::http::HttpStream;
use super::transport::Transport;
use crate::net::websocket::{
    Answer, Decoder, End, MAX_REQUEST, Opcode, Origins, answer, code, is_for_another, put_close,
    put_frame,
};
use rustls::pki_types::CertificateDer;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

/// Bytes of buffer that a connection keeps when all is written.
const KEPT: usize = 1024;

/// A connection that speaks WebSocket.
#[derive(Debug)]
pub(super) struct WebSocket {
    inner: Transport,
    /// Bytes that came behind the request.
    early: Vec<u8>,
    decoder: Decoder,
    /// Frames on their way out, and how much of them is written.
    out: Vec<u8>,
    written: usize,
    /// Whether the close frame was sent: the last one.
    closing: bool,
}

/// Answers the HTTP request at the start of `inner` and returns the WebSocket
/// it asked for at `path`, if it does not come from a page that may not ask. A
/// request for something else is left unanswered and returned, unless `only`
/// WebSocket is spoken here.
pub(super) async fn upgrade(
    mut inner: Transport,
    path: &str,
    origins: &Origins,
    only: bool,
) -> Result<Spoken, Hindrance> {
    let mut request = Vec::new();
    let answer = loop {
        let mut bytes = [0; 1024];
        let space = MAX_REQUEST.saturating_sub(request.len()).min(bytes.len());
        let count =
            poll_fn(|cx| inner.poll_read(cx, bytes.get_mut(..space).unwrap_or_default())).await?;
        request.extend_from_slice(bytes.get(..count).unwrap_or_default());
        if !only && is_for_another(&request, path) {
            return Ok(Spoken::Http(HttpStream::new(request, inner)));
        }
        match answer(&request, path, origins) {
            Some(answer) => break answer,
            None if count == 0 => return Err(Hindrance::LEFT),
            None => {}
        }
    };
    match answer {
        Answer::Accept { response, consumed } => {
            inner.write_all(response.as_bytes()).await?;
            request.drain(..consumed);
            let socket = Box::new(WebSocket::new(inner, request));
            Ok(Spoken::Mqtt(Transport::WebSocket(socket)))
        }
        Answer::Refuse { response, what } => {
            inner.dismiss(response.as_bytes()).await;
            Err(Hindrance::web_socket(what))
        }
    }
}

impl WebSocket {
    fn new(inner: Transport, early: Vec<u8>) -> Self {
        let (decoder, out) = (Decoder::new(), Vec::new());
        Self { inner, early, decoder, out, written: 0, closing: false }
    }

    /// The certificate that the client has shown under TLS.
    pub(super) fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.inner.certificate()
    }

    /// Whether the client has ended it by the rules of WebSocket or against
    /// them, so that it is owed a close frame.
    pub(super) fn is_ended(&self) -> bool {
        self.decoder.end().is_some()
    }

    /// Reads payload into `buffer`, answering pings on the way; zero bytes are
    /// the end of the stream. A frame without payload is not.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            if self.is_ended() && !self.closing {
                return Poll::Ready(Ok(0));
            }
            if matches!(self.decoder.end(), Some(End::Closed(_))) {
                // Both have said goodbye, so there is nothing to wait for.
                ready!(self.inner.poll_shutdown(cx))?;
                return Poll::Ready(Ok(0));
            }
            let count = ready!(self.poll_read_frames(cx, buffer))?;
            if count == 0 {
                return Poll::Ready(Ok(0));
            }
            let payload = self.decoder.decode(buffer.get_mut(..count).unwrap_or_default());
            self.answer_ping();
            // If it cannot be written now, the caller's next flush does.
            if let Poll::Ready(Err(error)) = self.poll_flush(cx) {
                return Poll::Ready(Err(error));
            }
            if payload > 0 {
                return Poll::Ready(Ok(payload));
            }
        }
    }

    fn poll_read_frames(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.early.is_empty() {
            return self.inner.poll_read(cx, buffer);
        }
        let count = self.early.len().min(buffer.len());
        let early = std::mem::take(&mut self.early);
        let (now, later) = early.split_at(count);
        buffer.iter_mut().zip(now).for_each(|(place, byte)| *place = *byte);
        self.early = later.to_vec();
        Poll::Ready(Ok(count))
    }

    /// Puts a pong behind what is on its way, unless the client does not read:
    /// then the last ping waits for its answer.
    fn answer_ping(&mut self) {
        if self.out.is_empty()
            && !self.closing
            && let Some(ping) = self.decoder.take_ping()
        {
            put_frame(&mut self.out, Opcode::Pong, ping.as_bytes());
        }
    }

    /// Takes all of `bytes` as one message, as soon as the one before is written.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_flush(cx))?;
        put_frame(&mut self.out, Opcode::Binary, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    /// Writes the frames that are on their way.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            while let Some(rest) = self.out.get(self.written..).filter(|rest| !rest.is_empty()) {
                self.written += ready!(self.inner.poll_write(cx, rest))?;
            }
            self.written = 0;
            self.out.clear();
            if self.out.capacity() > KEPT {
                self.out = Vec::new();
            }
            self.answer_ping();
            if self.out.is_empty() {
                return self.inner.poll_flush(cx);
            }
        }
    }

    /// Sends the close frame. The socket is closed only if the client will not
    /// send one of its own that can be understood: whoever closes later than
    /// the other reads to the end (§7.1.1).
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_flush(cx))?;
        if !self.closing {
            self.closing = true;
            match self.decoder.end() {
                None => put_close(&mut self.out, Some(code::NORMAL), ""),
                Some(End::Closed(code)) => put_close(&mut self.out, code, ""),
                Some(End::Violation(fault)) => {
                    put_close(&mut self.out, Some(fault.code), fault.what);
                }
            }
            ready!(self.poll_flush(cx))?;
        }
        if self.is_ended() {
            return self.inner.poll_shutdown(cx);
        }
        Poll::Ready(Ok(()))
    }
}

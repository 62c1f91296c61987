//! A stream with what waits to be written to it and what was read from it.

use super::talk;
use crate::mqtt::{self, PacketType, Version};
use crate::net::Stream;
use bytes::BytesMut;
use std::future::Future as _;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _};
use tokio::time::{Instant, Sleep, sleep_until};

/// Bytes read at once, and bytes of output that are worth a write of their own.
pub(super) const BATCH: usize = 64 * 1024;

/// What ended a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// [`Link::incoming`] has grown.
    Received,
    /// The time of [`Link::set_alarm`] has come.
    Alarm,
    /// A batch or more was waiting and all of it is written.
    Drained,
}

/// Messages with QoS 0, encoded.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    pub(super) bytes: Vec<u8>,
    pub(super) count: u64,
}

impl Unsent {
    /// Adds those among the packets that `bytes` begins with whose end is
    /// behind `written`.
    fn add(&mut self, bytes: &[u8], written: usize) {
        let mut rest = bytes;
        while let Ok(Some(frame)) = mqtt::next_frame(rest, usize::MAX) {
            rest = rest.get(frame.bytes.len()..).unwrap_or_default();
            let is_unsent = bytes.len() - rest.len() > written;
            if is_unsent && is_publish_0(frame.header) {
                self.bytes.extend_from_slice(frame.bytes);
                self.count += 1;
            }
        }
    }
}

/// Whether a packet that begins with this byte is a message with QoS 0.
fn is_publish_0(header: u8) -> bool {
    PacketType::of(header) == Some(PacketType::Publish) && header & 0b110 == 0
}

pub(super) struct Link {
    stream: Stream,
    /// Read and not yet taken.
    pub(super) incoming: BytesMut,
    outgoing: Vec<u8>,
    /// How much of `outgoing` is written.
    written: usize,
    /// Set once and moved only when it comes too late: keep alive moves with
    /// every packet, a timer need not.
    alarm: Option<Pin<Box<Sleep>>>,
    /// To talk about what is sent, in packets of this version.
    talk: Option<Version>,
}

impl Link {
    pub(super) fn new(stream: Stream, talk: Option<Version>) -> Self {
        Self {
            stream,
            incoming: BytesMut::new(),
            outgoing: Vec::new(),
            written: 0,
            alarm: None,
            talk,
        }
    }

    /// Bytes that wait to be written, beside those still in the engine.
    pub(super) const fn unwritten(&self) -> usize {
        self.outgoing.len() - self.written
    }

    /// Takes away the messages with QoS 0 that the peer cannot have received
    /// whole: those not written to the end, and those in `output`.
    pub(super) fn take_unsent(&mut self, output: &mut Vec<u8>) -> Unsent {
        let mut unsent = Unsent::default();
        unsent.add(&self.outgoing, self.written);
        unsent.add(output, 0);
        self.outgoing.clear();
        self.written = 0;
        output.clear();
        unsent
    }

    /// Ends a turn at `due` at the latest; an alarm that is set earlier stays.
    pub(super) fn set_alarm(&mut self, due: Option<Instant>) {
        match (&mut self.alarm, due) {
            (Some(alarm), Some(due)) if alarm.deadline() <= due => {}
            (Some(alarm), Some(due)) => alarm.as_mut().reset(due),
            (None, Some(due)) => self.alarm = Some(Box::pin(sleep_until(due))),
            (_, None) => self.alarm = None,
        }
    }

    /// Writes `output` and reads, until there is something to do. Whatever was
    /// read or written before this is dropped is kept, so it may be.
    pub(super) async fn turn(&mut self, output: &mut Vec<u8>) -> io::Result<Turn> {
        let draining = self.unwritten() + output.len() >= BATCH;
        std::future::poll_fn(|cx| self.poll_turn(cx, output, draining)).await
    }

    /// The same without reading, until the alarm.
    pub(super) async fn hold(&mut self, output: &mut Vec<u8>) -> io::Result<Turn> {
        std::future::poll_fn(|cx| match self.poll_write_all(cx, output) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => self.poll_alarm(cx).map(Ok),
        })
        .await
    }

    fn poll_turn(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut Vec<u8>,
        draining: bool,
    ) -> Poll<io::Result<Turn>> {
        let written = self.poll_write_all(cx, output);
        // A broker may say why before it closes; that counts more than the write.
        match self.poll_read(cx) {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(Turn::Received)),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => {}
        }
        match written {
            Poll::Ready(Ok(())) if draining => return Poll::Ready(Ok(Turn::Drained)),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        self.poll_alarm(cx).map(Ok)
    }

    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        let Some(alarm) = &mut self.alarm else { return Poll::Pending };
        ready!(alarm.as_mut().poll(cx));
        self.alarm = None;
        Poll::Ready(Turn::Alarm)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.incoming.reserve(BATCH);
        let read = pin!(self.stream.read_buf(&mut self.incoming));
        match ready!(read.poll(cx)) {
            Ok(0) => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_write_all(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut Vec<u8>,
    ) -> Poll<io::Result<()>> {
        let mut stream = Pin::new(&mut self.stream);
        loop {
            let rest = self.outgoing.get(self.written..).unwrap_or_default();
            if !rest.is_empty() {
                match ready!(stream.as_mut().poll_write(cx, rest)) {
                    Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Ok(count) => self.written += count,
                    Err(error) => return Poll::Ready(Err(error)),
                }
            } else if !output.is_empty() {
                self.outgoing.clear();
                self.written = 0;
                std::mem::swap(&mut self.outgoing, output);
                if let Some(version) = self.talk {
                    talk::packets("sent", &self.outgoing, version);
                }
            } else {
                return stream.as_mut().poll_flush(cx);
            }
        }
    }

    /// Writes everything; what arrives meanwhile is kept in `incoming`.
    pub(super) async fn write_out(&mut self, output: &mut Vec<u8>) -> io::Result<()> {
        while self.unwritten() + output.len() > 0 {
            std::future::poll_fn(|cx| match self.poll_write_all(cx, output) {
                Poll::Ready(written) => Poll::Ready(written),
                Poll::Pending => self.poll_read(cx),
            })
            .await?;
        }
        Ok(())
    }

    /// Tells the peer that nothing follows, where the stream can say so
    /// without a message the peer may no longer want to read.
    pub(super) async fn end_of_output(&mut self) -> io::Result<()> {
        if self.stream.ends_silently() { self.stream.shutdown().await } else { Ok(()) }
    }
}

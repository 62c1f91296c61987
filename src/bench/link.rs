//! A connection of the load generator: moves bytes between a client session
//! and its stream, as many as possible per system call.

use super::board::Board;
use crate::client::{self, ConnectOptions, engine::Engine, talk};
use crate::error::{Error, Result};
use crate::mqtt::{QoS, SubscribeOptions, SubscribeProperties, SubscribeRequest};
use crate::net::{self, Stream};
use crate::session::{ClientConfig, Event, Time};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::time::timeout;

/// Output beyond which nothing more is read: the broker does not take what is
/// owed to it.
const MAX_OUTPUT: usize = 256 * 1024;

/// How long the broker may take to read what was sent last.
const PARTING_TIME: Duration = Duration::from_secs(1);

/// A connection that the broker has accepted.
pub(super) struct Link {
    stream: Stream,
    engine: Box<dyn Engine>,
    options: Arc<ConnectOptions>,
    /// The start of a packet whose end has not arrived.
    partial: Vec<u8>,
    /// Bytes of the session's output that are written.
    written: usize,
    /// Bytes of it that were talked about.
    told: usize,
    /// Whether written bytes may still wait inside the stream.
    unflushed: bool,
    /// The number of the broker it is connected to.
    broker: usize,
    /// Times the socket took no more.
    pub(super) blocked: u64,
}

impl Link {
    /// A connection whose output begins with CONNECT; [`Event::Connected`]
    /// follows.
    pub(super) async fn open(
        options: &Arc<ConnectOptions>,
        broker: usize,
        client_id: String,
        now: Time,
    ) -> Result<Self> {
        let session = ClientConfig { client_id, ..options.session.clone() };
        let mut engine = client::engine::new(options.engine, session)?;
        let stream = net::connect(options.broker(broker), options.connect_timeout).await?;
        if let Some(password) = options.new_password()? {
            engine.set_password(password);
        }
        engine.connect(now).map_err(client::explain)?;
        Ok(Self {
            stream,
            engine,
            options: options.clone(),
            partial: Vec::new(),
            written: 0,
            told: 0,
            unflushed: false,
            broker,
            blocked: 0,
        })
    }

    /// The engine, to be told what to send.
    pub(super) fn engine(&mut self) -> &mut dyn Engine {
        &mut *self.engine
    }

    /// Asks for the messages that match; [`Event::Subscribed`] follows.
    pub(super) fn subscribe(&mut self, filter: &str, qos: QoS, now: Time) -> Result<()> {
        let options = SubscribeOptions { qos, ..SubscribeOptions::default() };
        let request = SubscribeRequest { filter, options };
        self.engine
            .subscribe(&[request], SubscribeProperties::default(), 0, now)
            .map_err(client::explain)
    }

    /// Does what keep alive asks for.
    pub(super) fn tick(&mut self, now: Time) -> Result<()> {
        self.engine.tick(now).map_err(client::explain)
    }

    /// Ends the connection in order, as far as the broker lets it: one that no
    /// longer reads is left.
    pub(super) async fn close(mut self, now: Time) -> Result<()> {
        let options = self.options.clone();
        self.engine.disconnect(&options.farewell.packet(), now).map_err(client::explain)?;
        let written = std::future::poll_fn(|cx| self.poll_write(cx));
        let written = timeout(PARTING_TIME, written).await.unwrap_or(Ok(()));
        written.map_err(|error| self.explain(error))
    }

    /// Whether everything said so far is written.
    pub(super) fn is_flushed(&mut self) -> bool {
        self.engine.output().is_empty() && !self.unflushed
    }

    /// Writes and reads what is possible; ready when something was.
    ///
    /// The clock is read once for all events of a read.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        board: &Board,
        scratch: &mut [u8],
        on_event: &mut dyn FnMut(Event<'_>, Time),
    ) -> Poll<Result<()>> {
        let mut moved = false;
        if !self.is_flushed() {
            match self.poll_write(cx) {
                Poll::Ready(written) => {
                    written.map_err(|error| self.explain(error))?;
                    moved = true;
                }
                Poll::Pending => self.blocked += 1,
            }
        }
        if self.engine.output().len() < MAX_OUTPUT {
            let mut buffer = ReadBuf::new(scratch);
            let read = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
            if let Poll::Ready(read) = read {
                read.map_err(|error| self.explain(error))?;
                self.receive(buffer.filled(), board.now(), on_event)?;
                moved = true;
            }
        }
        if moved { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Ready when all output is written and flushed.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let output = self.engine.output();
        if self.options.debug {
            let news = output.get(self.told..).unwrap_or_default();
            talk::packets("sent", news, self.options.session.version);
            self.told = output.len();
        }
        let mut stream = Pin::new(&mut self.stream);
        while let Some(rest) = output.get(self.written..).filter(|rest| !rest.is_empty()) {
            match std::task::ready!(stream.as_mut().poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        output.clear();
        (self.written, self.told, self.unflushed) = (0, 0, true);
        std::task::ready!(stream.poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    fn receive(
        &mut self,
        bytes: &[u8],
        now: Time,
        on_event: &mut dyn FnMut(Event<'_>, Time),
    ) -> Result<()> {
        if bytes.is_empty() {
            return Err(self.explain(io::ErrorKind::UnexpectedEof.into()));
        }
        let talk = self.options.debug.then_some(self.options.session.version);
        let mut take = |bytes: &[u8]| {
            if let Some(version) = talk {
                talk::packets("received", bytes, version);
            }
            let mut on_event = |event: Event<'_>| on_event(event, now);
            self.engine.receive(bytes, now, &mut on_event).map_err(client::explain)
        };
        if self.partial.is_empty() {
            let used = take(bytes)?;
            let rest = bytes.get(used..).unwrap_or_default();
            self.partial.extend_from_slice(rest);
        } else {
            self.partial.extend_from_slice(bytes);
            let used = take(&self.partial)?;
            self.partial.drain(..used);
        }
        Ok(())
    }

    fn explain(&self, error: io::Error) -> Error {
        net::explain(error, self.options.broker(self.broker))
    }
}

//! A connection of the load generator: moves bytes between a client session
//! and its stream, as many as possible per system call.

use crate::bench::board::Board;
use crate::client::{self, ConnectOptions, engine::Engine, talk};
use crate::error::{Error, Result};
use crate::mqtt::{QoS, SubscribeOptions, SubscribeProperties, SubscribeRequest};
use crate::net::{self, Endpoint, Stream};
use crate::session::{ClientConfig, Event, Time};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
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

/// A client session and the connection it has now, if it has one.
pub(super) struct Link {
    stream: Option<Stream>,
    engine: Box<dyn Engine>,
    options: Arc<ConnectOptions>,
    endpoint: Rc<Endpoint>,
    /// The start of a packet whose end has not arrived.
    partial: Vec<u8>,
    /// Bytes of the session's output that are written.
    written: usize,
    /// Bytes of it that were talked about.
    told: usize,
    /// Whether written bytes may still wait inside the stream.
    unflushed: bool,
    /// Times the socket took no more.
    pub(in crate::bench) blocked: u64,
}

impl Link {
    /// Of a client that has not connected yet.
    ///
    /// # Errors
    /// When the engine cannot be what `session` says.
    pub(in crate::bench) fn new(
        options: &Arc<ConnectOptions>,
        session: ClientConfig,
        endpoint: Rc<Endpoint>,
    ) -> Result<Self> {
        Ok(Self {
            stream: None,
            engine: client::engine::new(options.engine, session)?,
            options: options.clone(),
            endpoint,
            partial: Vec::new(),
            written: 0,
            told: 0,
            unflushed: false,
            blocked: 0,
        })
    }

    /// Connects; the output begins with CONNECT and [`Event::Connected`]
    /// follows. Tells of each step when it is done.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub(in crate::bench) async fn open(
        &mut self,
        board: &Board,
        done: impl FnMut(net::Step),
    ) -> Result<()> {
        let limit = self.options.connect_timeout;
        let stream = net::connect_in_steps(&self.endpoint, limit, done).await?;
        if let Some(password) = self.options.new_password()? {
            self.engine.set_password(password);
        }
        self.engine.connect(board.now()).map_err(client::explain)?;
        self.partial.clear();
        (self.written, self.told, self.unflushed) = (0, 0, false);
        self.stream = Some(stream);
        Ok(())
    }

    /// Leaves the connection as it is, without a word.
    pub(in crate::bench) fn cut(&mut self) {
        self.stream = None;
    }

    /// Where it connects to.
    pub(in crate::bench) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The engine, to be told what to send.
    pub(in crate::bench) fn engine(&mut self) -> &mut dyn Engine {
        &mut *self.engine
    }

    /// Asks for the messages that match; [`Event::Subscribed`] follows.
    ///
    /// # Errors
    /// When the request cannot be sent.
    pub(in crate::bench) fn subscribe(
        &mut self,
        filters: &[(String, QoS)],
        now: Time,
    ) -> Result<()> {
        let requests = filters.iter().map(|(filter, qos)| SubscribeRequest {
            filter,
            options: SubscribeOptions { qos: *qos, ..SubscribeOptions::default() },
        });
        let requests: Vec<_> = requests.collect();
        self.engine
            .subscribe(&requests, SubscribeProperties::default(), 0, now)
            .map_err(client::explain)
    }

    /// Does what keep alive asks for.
    pub(in crate::bench) fn tick(&mut self, now: Time) -> Result<()> {
        self.engine.tick(now).map_err(client::explain)
    }

    /// Ends the connection in order, as far as the broker lets it: one that no
    /// longer reads is left.
    pub(in crate::bench) async fn close(&mut self, now: Time) -> Result<()> {
        let options = self.options.clone();
        self.engine.disconnect(&options.farewell.packet(), now).map_err(client::explain)?;
        let written = std::future::poll_fn(|cx| self.poll_write(cx));
        let written = timeout(PARTING_TIME, written).await.unwrap_or(Ok(()));
        self.stream = None;
        written.map_err(|error| self.explain(error))
    }

    /// Whether everything said so far is written.
    pub(super) fn is_flushed(&mut self) -> bool {
        self.engine.output().is_empty() && !self.unflushed
    }

    /// Writes and reads what is possible; ready when something was.
    ///
    /// The clock is read once for all events of a read.
    pub(in crate::bench) fn poll(
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
            let read = match open(&mut self.stream) {
                Ok(stream) => stream.poll_read(cx, &mut buffer),
                Err(closed) => Poll::Ready(Err(closed)),
            };
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
        let mut stream = open(&mut self.stream)?;
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
        net::explain(error, &self.endpoint)
    }
}

/// The stream of a client that is connected.
fn open(stream: &mut Option<Stream>) -> io::Result<Pin<&mut Stream>> {
    stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
}

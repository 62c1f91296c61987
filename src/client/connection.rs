//! An engine over a stream: the one place where bytes meet the network.

use super::engine::{self, Engine};
use super::link::{BATCH, Link, Turn};
use super::reconnect::History;
use super::{ConnectOptions, explain, no_answer, not_accepted, talk};
use crate::error::{Error, Result};
use crate::mqtt::{
    Publish, ReasonCode, SubscribeProperties, SubscribeRequest, UnsubscribeProperties, Version,
};
use crate::net::{self, Endpoint, Stream};
use crate::output;
use crate::session::{Event, Failure, Receipt, ServerLimits, Time, Token};
use bytes::Buf as _;
use std::io;
use tokio::time::{Instant, timeout_at};

/// A client that is connected, or was and can be again.
pub struct Connection {
    pub(super) options: ConnectOptions,
    pub(super) engine: Box<dyn Engine>,
    pub(super) link: Link,
    pub(super) clock: Clock,
    /// Messages with QoS 0 that the next connection begins with.
    unsent: Vec<u8>,
    /// Whether this one was of use, and how many before it were not.
    pub(super) history: History,
}

/// The time since the client began, read once per turn.
pub(super) struct Clock {
    start: Instant,
    pub(super) now: Time,
}

impl Clock {
    fn start() -> Self {
        Self { start: Instant::now(), now: Time::ZERO }
    }

    fn update(&mut self) {
        self.now = Time::ZERO + self.start.elapsed();
    }

    fn instant(&self, time: Time) -> Instant {
        self.start + (time - Time::ZERO)
    }
}

/// Why a turn failed: below or in MQTT.
pub(super) enum Trouble {
    Stream(io::Error),
    Session(Failure),
}

impl Trouble {
    pub(super) fn explain(self, endpoint: &Endpoint) -> Error {
        match self {
            Self::Stream(error) => net::explain(error, endpoint),
            Self::Session(failure) => explain(failure),
        }
    }
}

impl Connection {
    /// Connects and waits for the broker to accept; if that fails, tries the
    /// others. If a broker refuses MQTT 5 and the options allow it, connects
    /// again with 3.1.1 and says so. The messages of a session that goes on may
    /// follow its answer at once.
    ///
    /// # Errors
    /// When no broker can be reached or one refuses.
    pub async fn open(
        mut options: ConnectOptions,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Self> {
        options.find_brokers().await?;
        let mut left = options.others.len();
        loop {
            match Self::open_here(options.clone(), on_event).await {
                Err(error) => options.go_on_after(error, &mut left)?,
                opened => return opened,
            }
        }
    }

    async fn open_here(
        options: ConnectOptions,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Self> {
        let deadline = Instant::now() + options.connect_timeout;
        let mut connection = Self::dial(options).await?;
        connection.sign_in()?;
        match connection.handshake(deadline, on_event).await {
            Ok(()) => Ok(connection),
            Err(trouble) => {
                let error = connection.not_accepted(trouble);
                match connection.options.fall_back_after(&error) {
                    Some(options) => Box::pin(Self::open_here(options, on_event)).await,
                    None => Err(error),
                }
            }
        }
    }

    /// Waits for the broker at the other end of `stream` to accept, which is as
    /// `options` say otherwise; nobody else is tried, nor another version.
    ///
    /// # Errors
    /// When the broker refuses, or does not answer in time.
    pub async fn over(
        stream: Stream,
        options: ConnectOptions,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Self> {
        let deadline = Instant::now() + options.connect_timeout;
        let engine = engine::new(options.engine, options.session.clone())?;
        let mut connection = Self::on(engine, link(stream, &options), options);
        connection.sign_in()?;
        let accepted = connection.handshake(deadline, on_event).await;
        accepted.map_err(|trouble| connection.not_accepted(trouble))?;
        Ok(connection)
    }

    async fn dial(options: ConnectOptions) -> Result<Self> {
        let engine = engine::new(options.engine, options.session.clone())?;
        let link = dial(&options).await?;
        Ok(Self::on(engine, link, options))
    }

    fn on(engine: Box<dyn Engine>, link: Link, options: ConnectOptions) -> Self {
        Self {
            link,
            engine,
            options,
            clock: Clock::start(),
            unsent: Vec::new(),
            history: History::default(),
        }
    }

    /// Keeps the messages with QoS 0 that a lost connection has not written
    /// whole, for the next one to begin with, and returns how many they are.
    pub fn keep_unsent(&mut self) -> u64 {
        let unsent = self.link.take_unsent(self.engine.output());
        if self.options.session.topic_aliases_sent > 0 {
            // What stands for topics there dies with the connection.
            return 0;
        }
        self.unsent.extend_from_slice(&unsent.bytes);
        unsent.count
    }

    /// Connects elsewhere or as somebody else from the next
    /// [`Connection::reopen`] on; what is in flight stays so.
    pub fn configure(&mut self, options: ConnectOptions) {
        self.engine.configure(options.session.clone());
        self.options = options;
    }

    /// Connects again after the connection was lost; what was in flight is
    /// sent again.
    ///
    /// # Errors
    /// As [`Connection::open`].
    pub async fn reopen(&mut self, on_event: &mut dyn FnMut(Event<'_>)) -> Result<()> {
        self.options.find_brokers().await?;
        let mut left = self.options.others.len();
        loop {
            match self.reopen_here(on_event).await {
                Err(error) => self.options.go_on_after(error, &mut left)?,
                reopened => return reopened,
            }
        }
    }

    async fn reopen_here(&mut self, on_event: &mut dyn FnMut(Event<'_>)) -> Result<()> {
        let deadline = Instant::now() + self.options.connect_timeout;
        self.link = dial(&self.options).await?;
        self.history.begin();
        self.sign_in()?;
        let accepted = self.handshake(deadline, on_event).await;
        accepted.map_err(|trouble| self.not_accepted(trouble))?;
        self.engine.output().append(&mut self.unsent);
        Ok(())
    }

    /// Takes a new password where each connection has its own.
    fn sign_in(&mut self) -> Result<()> {
        if let Some(password) = self.options.new_password()? {
            self.engine.set_password(password);
        }
        Ok(())
    }

    async fn handshake(
        &mut self,
        deadline: Instant,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Trouble> {
        self.clock.update();
        self.engine.connect(self.clock.now).map_err(Trouble::Session)?;
        while !self.engine.is_connected() {
            let turn = timeout_at(deadline, self.turn(on_event)).await;
            turn.unwrap_or(Err(Trouble::Stream(io::ErrorKind::TimedOut.into())))?;
        }
        Ok(())
    }

    /// The failure of a connection that never was one.
    fn not_accepted(&self, trouble: Trouble) -> Error {
        let endpoint = &self.options.endpoint;
        match trouble {
            Trouble::Stream(error) if error.kind() == io::ErrorKind::TimedOut => {
                no_answer(endpoint)
            }
            trouble => not_accepted(trouble.explain(endpoint), endpoint),
        }
    }

    /// Sends what waits and returns when something was received, when time
    /// asked for something, or when a whole batch that waited is written.
    /// May be dropped at any time without losing anything.
    ///
    /// # Errors
    /// When the connection is lost; [`Connection::reopen`] may help.
    pub async fn exchange(&mut self, on_event: &mut dyn FnMut(Event<'_>)) -> Result<()> {
        let turn = self.turn(on_event).await;
        turn.map_err(|trouble| trouble.explain(&self.options.endpoint))
    }

    /// Sends what waits and keeps the connection alive, but reads nothing: what
    /// the broker sends stays with it until the next [`Connection::exchange`].
    /// Returns when time asked for something. May be dropped as that may.
    ///
    /// # Errors
    /// As [`Connection::exchange`]; a broker that went away is not noticed.
    pub async fn hold(&mut self) -> Result<()> {
        let turn = self.turn_deaf().await;
        turn.map_err(|trouble| trouble.explain(&self.options.endpoint))
    }

    async fn turn_deaf(&mut self) -> Result<(), Trouble> {
        self.set_alarm();
        self.link.hold(self.engine.output()).await.map_err(Trouble::Stream)?;
        self.clock.update();
        self.engine.excuse();
        self.engine.tick(self.clock.now).map_err(Trouble::Session)
    }

    fn set_alarm(&mut self) {
        let due = self.engine.deadline();
        self.link.set_alarm(due.map(|due| self.clock.instant(due)));
    }

    async fn turn(&mut self, on_event: &mut dyn FnMut(Event<'_>)) -> Result<(), Trouble> {
        self.set_alarm();
        let turn = self.link.turn(self.engine.output()).await;
        self.clock.update();
        match turn.map_err(Trouble::Stream)? {
            Turn::Received => self.receive(on_event),
            Turn::Alarm => self.engine.tick(self.clock.now),
            Turn::Drained => Ok(()),
        }
        .map_err(Trouble::Session)
    }

    fn receive(&mut self, on_event: &mut dyn FnMut(Event<'_>)) -> Result<(), Failure> {
        if self.options.debug {
            talk::packets("received", &self.link.incoming, self.version());
        }
        let history = &mut self.history;
        let mut noting = |event: Event<'_>| {
            history.note(&event);
            on_event(event);
        };
        let taken = self.engine.receive(&self.link.incoming, self.clock.now, &mut noting)?;
        self.link.incoming.advance(taken);
        Ok(())
    }

    /// Sends a message, see [`Engine::publish`].
    ///
    /// # Errors
    /// As [`Engine::publish`]; [`Failure::WindowFull`] passes with time.
    pub fn publish(&mut self, message: &Publish<'_>, token: Token) -> Result<(), Failure> {
        self.engine.publish(message, token, self.clock.now)
    }

    /// Asks for messages, see [`Engine::subscribe`].
    ///
    /// # Errors
    /// When the request cannot be sent.
    pub fn subscribe(
        &mut self,
        requests: &[SubscribeRequest<'_>],
        properties: SubscribeProperties<'_>,
        token: Token,
    ) -> Result<()> {
        let now = self.clock.now;
        let sent = self.engine.subscribe(requests, properties, token, now);
        sent.map_err(explain)
    }

    /// Ends subscriptions, see [`Engine::unsubscribe`].
    ///
    /// # Errors
    /// When the request cannot be sent.
    pub fn unsubscribe(
        &mut self,
        filters: &[&str],
        properties: UnsubscribeProperties<'_>,
        token: Token,
    ) -> Result<()> {
        let now = self.clock.now;
        self.engine.unsubscribe(filters, properties, token, now).map_err(explain)
    }

    /// Asks the broker for a sign of life, see [`Engine::ping`].
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn ping(&mut self) -> Result<()> {
        self.engine.ping(self.clock.now).map_err(explain)
    }

    /// Acknowledges a message, see [`Engine::acknowledge`].
    ///
    /// # Errors
    /// When the acknowledgement cannot be sent.
    pub fn acknowledge(&mut self, receipt: Receipt, reason: ReasonCode) -> Result<()> {
        self.engine.acknowledge(receipt, reason, self.clock.now).map_err(explain)
    }

    /// The version of MQTT that is spoken.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.options.session.version
    }

    /// What the server announced.
    #[must_use]
    pub fn limits(&self) -> ServerLimits {
        self.engine.limits()
    }

    /// QoS 1 and 2 messages and requests that were not answered yet.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.engine.in_flight()
    }

    /// Bytes that wait to be written.
    #[must_use]
    pub fn unwritten(&mut self) -> usize {
        self.link.unwritten() + self.engine.output().len()
    }

    /// Whether so much waits to be written that nothing should be added.
    #[must_use]
    pub fn is_congested(&mut self) -> bool {
        self.unwritten() >= BATCH
    }
}

async fn dial(options: &ConnectOptions) -> Result<Link> {
    let stream = net::connect(&options.endpoint, options.connect_timeout).await?;
    if options.debug {
        output::note(format!("connected to {}", options.endpoint));
    }
    Ok(link(stream, options))
}

fn link(stream: Stream, options: &ConnectOptions) -> Link {
    Link::new(stream, options.debug.then_some(options.session.version))
}

//! The client's side of a session: bytes in, events and bytes out.
//!
//! The owner moves bytes between [`ClientSession`] and a connection, tells it
//! the time, and calls [`ClientSession::connect`] again when the connection is
//! lost: what was in flight is then sent again, also when the server has
//! forgotten the session.

mod config;
mod event;
mod exchange;
mod limits;
mod owed;
mod receive;
mod resume;
mod send;

pub use config::{Authentication, ClientConfig};
pub use event::{Event, Failure, Receipt, Token};
pub use exchange::{Exchange, Fault, Method};
pub use limits::ServerLimits;

use super::keepalive::{Due, KeepAlive};
use super::{AliasReceiver, AliasSender, Inbound, Outbound, Time};
use crate::mqtt::{Message, Packet};
use crate::secret::Secret;
use owed::Owed;
use send::Pending;
use std::collections::VecDeque;

/// A client session over any number of connections, one at a time.
#[derive(Debug)]
pub struct ClientSession {
    config: ClientConfig,
    connected: bool,
    limits: ServerLimits,
    keep_alive: KeepAlive,
    outbound: Outbound<Pending>,
    /// What a server that forgot the session has to be sent anew, and the
    /// window has no room for yet.
    unsent: VecDeque<(Token, Message)>,
    inbound: Inbound,
    /// What the owner has not acknowledged yet.
    owed: Owed,
    aliases: AliasReceiver,
    /// Those used towards the server.
    own_aliases: AliasSender,
    /// Enhanced authentication that has begun.
    exchange: Option<Box<dyn Exchange>>,
    output: Vec<u8>,
}

/// The window before the server has said its own (§3.2.2.3.3).
const DEFAULT_RECEIVE_MAXIMUM: u16 = u16::MAX;

impl ClientSession {
    /// A session that has not connected yet.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        Self {
            keep_alive: KeepAlive::new(0, Time::ZERO),
            connected: false,
            limits: ServerLimits::default(),
            outbound: Outbound::new(DEFAULT_RECEIVE_MAXIMUM),
            unsent: VecDeque::new(),
            inbound: Inbound::default(),
            owed: Owed::default(),
            aliases: AliasReceiver::default(),
            own_aliases: AliasSender::default(),
            exchange: None,
            output: Vec::new(),
            config,
        }
    }

    /// Sets the password that the next CONNECT says.
    pub fn set_password(&mut self, password: Secret) {
        self.config.password = Some(password);
    }

    /// Says something else of the client from its next connection on; what is
    /// in flight stays so.
    pub fn configure(&mut self, config: ClientConfig) {
        self.config = config;
    }

    /// Begins a new connection: the output starts with CONNECT.
    ///
    /// # Errors
    /// When the configuration cannot be said in MQTT.
    pub fn connect(&mut self, now: Time) -> Result<(), Failure> {
        self.connected = false;
        self.limits = ServerLimits::default();
        self.aliases = AliasReceiver::new(self.config.topic_alias_maximum);
        self.own_aliases = AliasSender::default();
        self.keep_alive = KeepAlive::new(self.config.keep_alive, now);
        self.outbound.abandon_requests();
        self.output.clear();
        let mut connect = self.config.packet();
        let method = self.config.authentication.as_ref().and_then(|begun| begun.steps.as_ref());
        let (first, exchange) = method.map(|method| method.begin()).unzip();
        self.exchange = exchange;
        let data = &mut connect.properties.authentication_data;
        *data = first.as_deref().or(*data);
        Packet::Connect(connect)
            .encode(self.config.version, &mut self.output)
            .map_err(Failure::Invalid)
    }

    /// Whether the server has accepted the connection.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.connected
    }

    /// What the server announced.
    #[must_use]
    pub const fn limits(&self) -> ServerLimits {
        self.limits
    }

    /// Operations that have not ended.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.outbound.len() + self.unsent.len()
    }

    /// Bytes to send; the owner takes them away.
    pub const fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Asks the server for a sign of life; an [`Event::Pong`] follows.
    ///
    /// # Errors
    /// When there is no connection.
    pub fn ping(&mut self, now: Time) -> Result<(), Failure> {
        if !self.connected {
            return Err(Failure::NotConnected);
        }
        self.send(&Packet::PingReq, now)
    }

    /// When [`ClientSession::tick`] is to be called at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        self.connected.then(|| self.keep_alive.deadline()).flatten()
    }

    /// Takes no silence until now for the server's: the owner has not listened.
    pub const fn excuse(&mut self) {
        self.keep_alive.received();
    }

    /// Does what time asks for; calling it early is harmless.
    ///
    /// # Errors
    /// [`Failure::Silent`] when the server counts as gone.
    pub fn tick(&mut self, now: Time) -> Result<(), Failure> {
        if !self.connected {
            return Ok(());
        }
        match self.keep_alive.check(now) {
            Due::Nothing => Ok(()),
            Due::Ping => self.send(&Packet::PingReq, now),
            Due::Dead => Err(Failure::Silent),
        }
    }
}

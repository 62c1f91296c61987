//! The implementations of an MQTT client that can speak for mqx.
//!
//! Both do no IO: bytes and the time go in, bytes and events come out. So they
//! share the transports, the reconnects and the tests.

mod native;
mod rumqttc;

use crate::error::{Error, Result};
use crate::mqtt::{
    Disconnect, Publish, ReasonCode, SubscribeProperties, SubscribeRequest, UnsubscribeProperties,
};
use crate::session::{
    ClientConfig, ClientSession, Event, Failure, Receipt, Secret, ServerLimits, Time, Token,
};

/// A client session over any number of connections, one at a time. The
/// methods are those of [`ClientSession`], which documents them.
#[allow(clippy::missing_errors_doc, reason = "the session documents its errors")]
pub trait Engine: Send {
    /// Sets the password that the next CONNECT says.
    fn set_password(&mut self, password: Secret);
    /// Says something else of the client from its next connection on.
    fn configure(&mut self, config: ClientConfig);
    /// Begins a new connection: the output starts with CONNECT.
    fn connect(&mut self, now: Time) -> Result<(), Failure>;
    /// Whether the server has accepted the connection.
    fn is_connected(&self) -> bool;
    /// What the server announced.
    fn limits(&self) -> ServerLimits;
    /// Sends a message.
    fn publish(&mut self, message: &Publish<'_>, token: Token, now: Time) -> Result<(), Failure>;
    /// Asks for messages.
    fn subscribe(
        &mut self,
        requests: &[SubscribeRequest<'_>],
        properties: SubscribeProperties<'_>,
        token: Token,
        now: Time,
    ) -> Result<(), Failure>;
    /// Ends subscriptions.
    fn unsubscribe(
        &mut self,
        filters: &[&str],
        properties: UnsubscribeProperties<'_>,
        token: Token,
        now: Time,
    ) -> Result<(), Failure>;
    /// Acknowledges a message that was entrusted to the owner.
    fn acknowledge(
        &mut self,
        receipt: Receipt,
        reason: ReasonCode,
        now: Time,
    ) -> Result<(), Failure>;
    /// Asks the server for a sign of life.
    fn ping(&mut self, now: Time) -> Result<(), Failure>;
    /// Ends the connection in order.
    fn disconnect(&mut self, packet: &Disconnect<'_>, now: Time) -> Result<(), Failure>;
    /// Takes the whole packets at the start of `bytes` and returns their length.
    fn receive(
        &mut self,
        bytes: &[u8],
        now: Time,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<usize, Failure>;
    /// Bytes to send; the owner takes them away.
    fn output(&mut self) -> &mut Vec<u8>;
    /// When [`Engine::tick`] is to be called at the latest.
    fn deadline(&self) -> Option<Time>;
    /// Takes no silence until now for the server's.
    fn excuse(&mut self);
    /// Does what time asks for.
    fn tick(&mut self, now: Time) -> Result<(), Failure>;
    /// Operations that have not ended.
    fn in_flight(&self) -> usize;
}

/// Which implementation speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineKind {
    /// mqx's own session.
    #[default]
    Native,
    /// The state machine and codec of the rumqttc crate.
    Rumqttc,
}

impl EngineKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Native, Self::Rumqttc];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Rumqttc => "rumqttc",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The names of all of them, with what cannot be done.
    #[must_use]
    pub fn choices() -> String {
        let limits: Vec<_> = rumqttc::limits().collect();
        format!("native (that of mqx) or rumqttc, which {}", limits.join(", "))
    }

    /// Checks that this engine can be what `config` says, and end with words in
    /// DISCONNECT if it is to.
    ///
    /// # Errors
    /// A usage error that names the option it cannot serve.
    pub fn check(self, config: &ClientConfig, last_words: bool) -> Result<()> {
        match self {
            Self::Native => Ok(()),
            Self::Rumqttc => rumqttc::check(config, last_words).map_err(|what| {
                Error::usage(format!("--engine rumqttc {what}"))
                    .hint("--engine native, the default, can do it")
            }),
        }
    }
}

/// An engine that has not connected yet.
///
/// # Errors
/// As [`EngineKind::check`].
pub fn new(kind: EngineKind, config: ClientConfig) -> Result<Box<dyn Engine>> {
    kind.check(&config, false)?;
    Ok(match kind {
        EngineKind::Native => Box::new(ClientSession::new(config)),
        EngineKind::Rumqttc => rumqttc::new(config),
    })
}

#[cfg(test)]
mod tests;

//! A broker under examination: how far the connection to it has come.

use super::Config;
use crate::client::{ConnectOptions, Conversation};
use crate::error::{Class, Error, Result};
use crate::net::{Endpoint, Stream};
use std::net::SocketAddr;
use tokio::time::Instant;

/// What the steps so far have reached.
pub(super) struct Patient {
    pub(super) options: ConnectOptions,
    /// What the topics begin with that are published to.
    pub(super) topic: String,
    /// When the connection has to be there.
    pub(super) deadline: Instant,
    /// The addresses of what is connected to: the broker, or a proxy.
    pub(super) addresses: Vec<SocketAddr>,
    /// The connection, as far as it has come.
    pub(super) stream: Option<Stream>,
    /// MQTT over it.
    conversation: Option<Conversation>,
}

impl Patient {
    pub(super) fn new(config: &Config) -> Self {
        let options = ConnectOptions { others: Vec::new(), ..config.connect.clone() };
        Self {
            deadline: Instant::now() + options.connect_timeout,
            topic: config.topic.clone(),
            options,
            addresses: Vec::new(),
            stream: None,
            conversation: None,
        }
    }

    pub(super) const fn endpoint(&self) -> &Endpoint {
        &self.options.endpoint
    }

    /// Takes the connection away, to bring it a layer further.
    pub(super) fn take_stream(&mut self) -> Result<Stream> {
        self.stream.take().ok_or_else(out_of_order)
    }

    pub(super) fn set_conversation(&mut self, conversation: Conversation) {
        self.conversation = Some(conversation);
    }

    /// MQTT with the broker, once it has accepted.
    pub(super) fn conversation(&mut self) -> Result<&mut Conversation> {
        self.conversation.as_mut().ok_or_else(out_of_order)
    }

    /// Ends what is left of the connection; how that goes no longer matters.
    pub(super) async fn leave(&mut self) {
        if let Some(conversation) = self.conversation.take() {
            let _ = conversation.close().await;
        }
    }
}

/// A step was taken without the one before it: a fault of the table of steps.
fn out_of_order() -> Error {
    Error::new(Class::Other, "the step before this one has left no connection")
}

//! A client inside the broker's own process: no socket, no thread, no bytes on
//! a network, and otherwise like every client.
//!
//! It lives on a worker of the broker as a task ([`guest`]); what is here is
//! the handle that any thread and any runtime may hold.

mod guest;
mod insider;
mod ledger;

pub(super) use guest::Visit;
pub(super) use insider::Insider;

use crate::error::{Class, Error, Result};
use crate::mqtt::{Message, Publish, QoS, ReasonCode, SubscribeOptions, topic};
use crate::session::ClientConfig;
use guest::Command;
use ledger::OnMessage;
use tokio::sync::{mpsc, oneshot};

/// A client inside the broker's process; made by [`super::Broker::client`].
///
/// Clones are the same client; it says goodbye when the last is dropped.
#[derive(Debug, Clone)]
pub struct InlineClient {
    commands: mpsc::UnboundedSender<Command>,
}

/// The messages of one subscription.
///
/// They wait in memory until they are read, so that a program which publishes
/// and reads in one task cannot wait for itself.
#[derive(Debug)]
pub struct Messages {
    arrived: mpsc::UnboundedReceiver<Message>,
}

impl Messages {
    /// The next message; `None` when the subscription was ended or replaced,
    /// or the broker has stopped.
    pub async fn recv(&mut self) -> Option<Message> {
        self.arrived.recv().await
    }

    /// The next message if it is there already.
    pub fn try_recv(&mut self) -> Option<Message> {
        self.arrived.try_recv().ok()
    }
}

impl InlineClient {
    /// A client that has connected, and what it brings to a worker.
    pub(super) fn new(config: ClientConfig) -> (Self, Visit, oneshot::Receiver<Result<()>>) {
        let (commands, received) = mpsc::unbounded_channel();
        let (answer, connected) = oneshot::channel();
        (Self { commands }, Visit::new(config, received, answer), connected)
    }

    /// Publishes a message. With QoS 1 and 2, returns when the broker has
    /// taken it, with [`ReasonCode::SUCCESS`] or
    /// [`ReasonCode::NO_MATCHING_SUBSCRIBERS`]; with QoS 0 at once.
    ///
    /// # Errors
    /// [`Class::PublishRejected`] when the topic is none or the broker refuses
    /// the message; [`Class::ConnectionLost`] when the client is cut off or
    /// the broker has stopped.
    pub async fn publish(&self, message: &Publish<'_>) -> Result<ReasonCode> {
        let message = Message::new(message).map_err(|cause| {
            Error::new(Class::PublishRejected, "this cannot be published").because(cause)
        })?;
        self.ask(|answer| Command::Publish(message, answer)).await
    }

    /// Subscribes to `filter` and returns what arrives. A second subscription
    /// to the same filter replaces the first.
    ///
    /// # Errors
    /// [`Class::SubscribeDenied`] when the filter is none or the broker denies
    /// it; [`Class::ConnectionLost`] as in [`Self::publish`].
    pub async fn subscribe(&self, filter: &str, qos: QoS) -> Result<Messages> {
        let (sender, arrived) = mpsc::unbounded_channel();
        // Whoever has dropped its Messages wants no more of them.
        let on_message = move |message| drop(sender.send(message));
        self.on(filter, SubscribeOptions { qos, ..SubscribeOptions::default() }, on_message)
            .await?;
        Ok(Messages { arrived })
    }

    /// Subscribes to `filter` and calls `on_message` with what arrives, on a
    /// thread of the broker, which waits for it: it should be quick.
    ///
    /// # Errors
    /// As [`Self::subscribe`].
    pub async fn on(
        &self,
        filter: &str,
        options: SubscribeOptions,
        on_message: impl FnMut(Message) + Send + 'static,
    ) -> Result<()> {
        topic::Filter::parse(filter).map_err(|cause| {
            Error::new(Class::SubscribeDenied, "this cannot be subscribed to").because(cause)
        })?;
        let on_message = OnMessage::new(on_message);
        let filter = filter.into();
        self.ask(|answer| Command::Subscribe { filter, options, on_message, answer }).await
    }

    /// Ends the subscription to `filter`, if there is one.
    ///
    /// # Errors
    /// [`Class::ConnectionLost`] as in [`Self::publish`].
    pub async fn unsubscribe(&self, filter: &str) -> Result<()> {
        self.ask(|answer| Command::Unsubscribe(filter.into(), answer)).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T>>) -> Command,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

/// What every question to a client that is no more is answered with.
fn gone() -> Error {
    Error::new(Class::ConnectionLost, "the broker has stopped or ended this connection")
}

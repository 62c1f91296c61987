//! The messages that have been taken in and not yet been sent.

use super::Delivery;
use super::feed::Feed;
use super::outcome::Outcome;
use super::stored::Stored;
use crate::error::Result;
use crate::mqtt::{Message, QoS};
use crate::session::{Event, Token};
use std::collections::VecDeque;
use tokio::io::AsyncRead;

/// Messages that wait.
pub(super) enum Outbox {
    /// Those with QoS 0 that came while there was no connection.
    Buffer(Buffer),
    /// All, in a store.
    Stored(Stored),
}

/// Messages that wait in memory, up to a number.
pub(super) struct Buffer {
    waiting: VecDeque<(Message, Token)>,
    limit: usize,
    reads_on: bool,
}

impl Outbox {
    /// An empty one in memory.
    pub(super) const fn buffer(delivery: &Delivery) -> Self {
        let reads_on = delivery.on_disconnect.reads_on();
        Self::Buffer(Buffer { waiting: VecDeque::new(), limit: delivery.buffer, reads_on })
    }

    /// Takes what `feed` shows, as far as it may wait here.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub(super) async fn take_in(
        &mut self,
        feed: &mut Feed<impl AsyncRead + Unpin>,
        outcome: &mut Outcome,
        is_connected: bool,
    ) -> Result<()> {
        match self {
            Self::Buffer(buffer) => {
                if !is_connected {
                    buffer.take_in(feed, outcome);
                }
                Ok(())
            }
            Self::Stored(stored) => stored.take_in(feed, is_connected).await,
        }
    }

    /// Whether messages go through it when there is a connection, too.
    pub(super) const fn keeps_all(&self) -> bool {
        matches!(self, Self::Stored(_))
    }

    /// Whether more may come in without a connection.
    pub(super) const fn reads_on(&self) -> bool {
        match self {
            Self::Buffer(buffer) => buffer.reads_on,
            Self::Stored(_) => true,
        }
    }

    /// The message that waits longest.
    pub(super) fn front(&self) -> Option<(&Message, Token)> {
        match self {
            Self::Buffer(buffer) => {
                buffer.waiting.front().map(|(message, token)| (message, *token))
            }
            Self::Stored(stored) => stored.front(),
        }
    }

    /// Goes on behind the message that waits longest; `is_done` when nothing
    /// more will be heard of it.
    ///
    /// # Errors
    /// When the next cannot be read.
    pub(super) async fn advance(&mut self, is_done: bool) -> Result<()> {
        match self {
            Self::Buffer(buffer) => {
                buffer.waiting.pop_front();
                if buffer.waiting.is_empty() {
                    buffer.waiting.shrink_to(0);
                }
                Ok(())
            }
            Self::Stored(stored) => {
                let token = stored.front().map(|(_, token)| token);
                token.filter(|_| is_done).into_iter().for_each(|token| stored.end(token));
                stored.advance().await
            }
        }
    }

    /// Takes down what the broker says of a message.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        if let Self::Stored(stored) = self {
            stored.note(event);
        }
    }

    /// Forgets messages that have ended, `all` of them or when they are many.
    ///
    /// # Errors
    /// When it cannot.
    pub(super) async fn settle(&mut self, all: bool) -> Result<()> {
        match self {
            Self::Buffer(_) => Ok(()),
            Self::Stored(stored) => stored.settle(all).await,
        }
    }

    /// How many wait.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Buffer(buffer) => buffer.waiting.len() as u64,
            Self::Stored(stored) => stored.len(),
        }
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.front().is_none()
    }
}

impl Buffer {
    /// Takes what `feed` shows, as long as it is of QoS 0; of too many the
    /// oldest are lost.
    fn take_in(&mut self, feed: &mut Feed<impl AsyncRead + Unpin>, outcome: &mut Outcome) {
        while self.reads_on
            && feed.is_live()
            && let Some((publish, token)) = feed.peek()
            && publish.qos == QoS::AtMostOnce
            && let Ok(message) = Message::new(&publish)
        {
            self.waiting.push_back((message, token));
            feed.advance();
            if self.waiting.len() > self.limit {
                self.waiting.pop_front();
                outcome.lost.dropped += 1;
            }
        }
    }
}

//! The messages with QoS 0 that came while there was no connection.

use super::Delivery;
use super::feed::Feed;
use super::outcome::Outcome;
use crate::mqtt::{Message, QoS};
use crate::session::Token;
use std::collections::VecDeque;
use tokio::io::AsyncRead;

/// Messages that wait, up to a number.
pub(super) struct Outbox {
    waiting: VecDeque<(Message, Token)>,
    limit: usize,
    reads_on: bool,
}

impl Outbox {
    /// An empty one.
    pub(super) const fn new(delivery: &Delivery) -> Self {
        let reads_on = delivery.on_disconnect.reads_on();
        Self { waiting: VecDeque::new(), limit: delivery.buffer, reads_on }
    }

    /// Takes what `feed` shows, as far as it may wait here; of too many the
    /// oldest are lost.
    pub(super) fn take_in(
        &mut self,
        feed: &mut Feed<impl AsyncRead + Unpin>,
        outcome: &mut Outcome,
    ) {
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
                outcome.dropped += 1;
            }
        }
    }

    /// Whether more may come in when the input has more.
    pub(super) const fn reads_on(&self) -> bool {
        self.reads_on
    }

    /// The message that waits longest.
    pub(super) fn front(&self) -> Option<(&Message, Token)> {
        self.waiting.front().map(|(message, token)| (message, *token))
    }

    /// Forgets the message that waits longest.
    pub(super) fn advance(&mut self) {
        self.waiting.pop_front();
        if self.waiting.is_empty() {
            self.waiting.shrink_to(0);
        }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

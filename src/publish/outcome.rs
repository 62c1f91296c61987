//! What became of the messages, as far as the broker has said or it can be known.

use super::{Config, OnDisconnect};
use crate::error::{Class, Error, Result};
use crate::mqtt::ReasonCode;
use crate::session::{Event, Token};
use std::cell::Cell;
use std::rc::Rc;

/// What would be lost if a run ended now, for whoever ends it.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing(Rc<Cell<Losses>>);

impl Standing {
    /// What is to be said of it, if anything is.
    pub(super) fn words(&self) -> Option<String> {
        self.0.get().words()
    }
}

/// How many messages are lost, and how.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Losses {
    /// Messages with QoS 0 that the buffer had no room for.
    pub(super) dropped: u64,
    /// Messages with QoS 0 that were under way when a connection was lost.
    pub(super) uncertain: u64,
    /// Messages with QoS 0 that still waited at the end.
    pub(super) unsent: u64,
    /// Messages with QoS 1 and 2 that were not answered at the end.
    pub(super) unanswered: u64,
}

impl Losses {
    /// Whether messages with QoS 0 are among them.
    pub(super) const fn is_unsure(&self) -> bool {
        self.dropped + self.uncertain + self.unsent > 0
    }

    /// What is to be said of them, if there are any.
    pub(super) fn words(&self) -> Option<String> {
        let rows = [
            (self.dropped, "were dropped, for the buffer was full"),
            (self.uncertain, "were under way when the connection was lost, and may be lost too"),
            (self.unsent, "could not be sent"),
            (self.unanswered, "are not acknowledged"),
        ];
        let counted = rows.iter().filter(|row| row.0 > 0);
        let said: Vec<_> = counted.map(|(count, what)| format!("{count} {what}")).collect();
        (!said.is_empty()).then(|| format!("of the messages {}", said.join("; ")))
    }
}

/// Counts what went wrong and keeps the words of the first of each kind.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Whether a message that nobody receives has gone wrong.
    wants_subscriber: bool,
    /// Whether it is no failure that messages were lost.
    may_lose: bool,
    /// What a message is called: its number counts these.
    unit: &'static str,
    rejected: u64,
    /// The message that was rejected first.
    first: Option<Rejected>,
    unheard: u64,
    pub(super) lost: Losses,
    standing: Standing,
}

/// A message that was not taken.
#[derive(Debug)]
struct Rejected {
    token: Token,
    why: String,
    /// What the broker said, if it was asked.
    reason: Option<ReasonCode>,
}

impl Outcome {
    /// Nothing has happened yet to the messages of `config`.
    pub(super) fn new(config: &Config, standing: Standing) -> Self {
        Self {
            wants_subscriber: config.delivery.wants_subscriber,
            may_lose: config.delivery.on_disconnect == OnDisconnect::Drop,
            // A store numbers messages, those of earlier runs among them.
            unit: config.store.as_ref().map_or_else(|| config.source.unit(), |_| "message"),
            standing,
            ..Self::default()
        }
    }

    /// Takes down how it stands: so many messages wait in memory, and so many are not answered.
    pub(super) fn stand(&self, waiting: u64, unanswered: u64) {
        let mut lost = self.lost;
        lost.unsent += waiting;
        lost.unanswered += unanswered;
        self.standing.0.set(lost);
    }

    /// Takes down what the broker says of a message.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        let Event::Published { token, reason } = event else { return };
        if reason.is_error() {
            self.rejected(*token, reason.to_string(), Some(*reason));
        } else if *reason == ReasonCode::NO_MATCHING_SUBSCRIBERS {
            self.unheard += 1;
        }
    }

    /// The message is none that the broker would take, and was not sent.
    pub(super) fn reject(&mut self, token: Token, why: String) {
        self.rejected(token, why, None);
    }

    fn rejected(&mut self, token: Token, why: String, reason: Option<ReasonCode>) {
        self.rejected += 1;
        self.first.get_or_insert(Rejected { token, why, reason });
    }

    /// Whether everything arrived, as far as can be known.
    ///
    /// # Errors
    /// When it has not; the worst of what went wrong.
    pub(super) fn result(self) -> Result<()> {
        if let Some(Rejected { token, why, reason }) = self.first {
            let what = rejection(self.unit, self.rejected, token, &why);
            return Err(
                Error::new(Class::PublishRejected, what).reason_code(reason.map(ReasonCode::value))
            );
        }
        if let Some(what) = self.lost.words().filter(|_| !self.may_lose) {
            return Err(Error::new(Class::ConnectionLost, what).hint(SURE));
        }
        if self.wants_subscriber && self.unheard > 0 {
            let what = format!("nobody was subscribed to receive {} of the messages", self.unheard);
            return Err(Error::new(Class::Expectation, what));
        }
        Ok(())
    }
}

/// How not to lose anything.
pub(super) const SURE: &str = "-q 1 makes sure that every message arrives, also after a reconnect";

/// Token 0 is a message alone; others are numbers.
fn rejection(unit: &str, count: u64, first: Token, why: &str) -> String {
    match first {
        0 => format!("the broker rejected the message: {why}"),
        first => format!("{count} messages were rejected, the first from {unit} {first}: {why}"),
    }
}

//! Decides which messages are printed, prints them and knows when to end.

use super::{Config, Look, Retained};
use crate::error::{Class, Error, Result};
use crate::mqtt::topic::TopicFilter;
use crate::mqtt::{Publish, ReasonCode};
use crate::output::{self, Sink};
use crate::session::Event;

/// Whether there is more to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Done,
}

pub(super) struct Printer {
    sink: Sink,
    look: Look,
    filters: Vec<TopicFilter>,
    filter_out: Vec<TopicFilter>,
    retained: Retained,
    /// Messages still to be printed; endless without a count.
    left: u64,
    exit_after_sub: bool,
    state: State,
    /// The text of the messages since the last write.
    text: Vec<u8>,
    /// The subscriptions that were denied, with the reason.
    denied: Vec<String>,
}

impl Printer {
    pub(super) fn new(config: &Config, sink: Sink) -> Self {
        Self {
            sink,
            look: config.look.clone(),
            filters: config.topics.clone(),
            filter_out: config.filter_out.clone(),
            retained: config.retained,
            left: config.count.map_or(u64::MAX, Into::into),
            exit_after_sub: config.exit_after_sub,
            state: State::Open,
            text: Vec::new(),
            denied: Vec::new(),
        }
    }

    pub(super) const fn state(&self) -> State {
        self.state
    }

    pub(super) fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Message(publish) if self.state == State::Open => self.on_message(publish),
            Event::Subscribed { reasons, .. } => self.on_answer(reasons),
            _ => {}
        }
    }

    fn on_message(&mut self, publish: &Publish<'_>) {
        let wanted = match self.retained {
            Retained::Too => true,
            Retained::Never => !publish.retain,
            Retained::Only => {
                if !publish.retain {
                    self.state = State::Done;
                }
                publish.retain
            }
        };
        let mut unwanted = self.filter_out.iter();
        if !wanted || unwanted.any(|filter| filter.matches(publish.topic)) {
            return;
        }
        self.look.print(publish, &mut self.text);
        self.left -= 1;
        if self.left == 0 {
            self.state = State::Done;
        }
    }

    fn on_answer(&mut self, reasons: &[ReasonCode]) {
        let answers = self.filters.iter().zip(reasons);
        self.denied = answers
            .filter(|(_, reason)| reason.is_error())
            .map(|(filter, reason)| format!("{}: {reason}", output::escape(filter.as_str())))
            .collect();
        if self.exit_after_sub || self.denied.len() == self.filters.len() {
            self.state = State::Done;
            return;
        }
        for denied in &self.denied {
            output::warn(format!("subscription denied: {denied}"));
        }
    }

    /// Writes what was printed since the last time.
    ///
    /// # Errors
    /// When nobody reads it any more or it cannot be written.
    pub(super) fn write_out(&mut self) -> Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let written = self.sink.write_all(&self.text);
        self.text.clear();
        output::check(written.and_then(|()| self.sink.flush()))
    }

    /// Success, unless a subscription was denied.
    ///
    /// # Errors
    /// When a subscription was denied.
    pub(super) fn verdict(&self) -> Result<()> {
        if self.denied.is_empty() {
            return Ok(());
        }
        let what = format!("the broker denied {}", self.denied.join(", "));
        Err(Error::new(Class::SubscribeDenied, what)
            .hint("check the user name and password (-u, -P) and what the broker allows them"))
    }
}

//! Prints the messages that are meant and knows when there were enough.

use super::answers::Answers;
use super::gate::{Entry, Gate};
use super::requests;
use super::sweep::Sweep;
use super::{Config, Look, Retained};
use crate::error::Result;
use crate::mqtt::Publish;
use crate::output::{self, Sink};
use crate::session::Event;

/// Whether there is more to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Done,
}

pub(super) struct Printer {
    sink: Sink,
    look: Look,
    gate: Gate,
    pub(super) answers: Answers,
    /// What a run that ends with the last retained message knows of them.
    pub(super) sweep: Option<Sweep>,
    clears: bool,
    /// Messages still to be printed; endless without a count.
    left: u64,
    seen: u64,
    exit_after_sub: bool,
    state: State,
    /// The text of the messages since the last write.
    text: Vec<u8>,
}

impl Printer {
    pub(super) fn new(config: &Config, sink: Sink) -> Self {
        Self {
            sink,
            look: config.look.clone(),
            gate: Gate::new(config),
            answers: Answers::new(config),
            sweep: config.retained.ends().then(Sweep::default),
            clears: config.retained == Retained::Clear,
            left: config.count.map_or(u64::MAX, Into::into),
            seen: 0,
            exit_after_sub: config.exit_after_sub,
            state: State::Open,
            text: Vec::new(),
        }
    }

    /// Whether there is more to wait for: messages, or answers to removals.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open || self.sweep.as_ref().is_some_and(Sweep::owes)
    }

    /// Messages that were meant so far.
    pub(super) const fn seen(&self) -> u64 {
        self.seen
    }

    pub(super) fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Message(publish) if self.state == State::Open => self.on_message(publish),
            Event::Subscribed { reasons, .. } => {
                self.answers.subscribed(reasons);
                self.on_answer();
            }
            Event::Unsubscribed { token: requests::FENCE, .. } => {
                self.sweep.iter_mut().for_each(Sweep::pass_fence);
            }
            Event::Unsubscribed { reasons, .. } => {
                self.answers.unsubscribed(reasons);
                self.on_answer();
            }
            Event::Published { reason, .. } => {
                self.sweep.iter_mut().for_each(|sweep| sweep.removed(*reason));
            }
            _ => {}
        }
    }

    fn on_message(&mut self, publish: &Publish<'_>) {
        match self.gate.judge(publish) {
            Entry::Unwanted => return,
            Entry::Last => {
                self.state = State::Done;
                return;
            }
            Entry::Wanted => {}
        }
        if let Some(sweep) = self.sweep.as_mut().filter(|_| self.clears) {
            sweep.remove(publish.topic);
        }
        self.look.print(publish, &mut self.text);
        self.seen += 1;
        self.left -= 1;
        if self.left == 0 {
            self.state = State::Done;
        }
    }

    fn on_answer(&mut self) {
        let enough = self.exit_after_sub && self.answers.are_complete();
        if enough || self.answers.nothing_granted() {
            self.state = State::Done;
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

    /// Success, unless the broker denied something.
    ///
    /// # Errors
    /// When it denied a subscription or a removal.
    pub(super) fn verdict(&self) -> Result<()> {
        self.answers.verdict()?;
        self.sweep.iter().try_for_each(Sweep::verdict)
    }
}

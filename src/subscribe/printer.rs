//! Passes on the messages that are meant and knows when there were enough.

use super::gate::{Entry, Gate};
use super::outlets::Outlets;
use super::reading::{Content, Reading};
use super::requests;
use super::sweep::Sweep;
use super::{Config, Retained};
use crate::client::Answers;
use crate::error::Result;
use crate::mqtt::Publish;
use crate::output::Sink;
use crate::session::{Event, Receipt};

/// Whether there is more to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Done,
}

pub(super) struct Printer {
    gate: Gate,
    reading: Reading,
    pub(super) outlets: Outlets,
    pub(super) answers: Answers,
    /// What a run that ends with the last retained message knows of them.
    pub(super) sweep: Option<Sweep>,
    clears: bool,
    /// Messages still to be printed; endless without a count.
    left: u64,
    exit_after_sub: bool,
    state: State,
}

impl Printer {
    /// # Errors
    /// When what is to be written to cannot be.
    pub(super) fn new(config: &Config, sink: Sink) -> Result<Self> {
        Ok(Self {
            gate: Gate::new(config),
            reading: Reading::new(config),
            outlets: Outlets::new(config, sink)?,
            answers: Answers::new(
                config.subscriptions.iter().map(|wanted| &wanted.filter),
                config.unsubscribe.iter(),
            ),
            sweep: config.retained.ends().then(Sweep::default),
            clears: config.retained == Retained::Clear,
            left: config.count.map_or(u64::MAX, Into::into),
            exit_after_sub: config.exit_after_sub,
            state: State::Open,
        })
    }

    /// Whether there is more to wait for: messages, or answers to removals.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open || self.sweep.as_ref().is_some_and(Sweep::owes)
    }

    /// Messages that were meant so far.
    pub(super) const fn seen(&self) -> u64 {
        self.outlets.count()
    }

    /// Takes note of what happened. A message that comes when there were enough
    /// is not taken, and if that is up to us not acknowledged.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Message(publish) if self.state == State::Open => self.on_message(publish, None),
            Event::Entrusted { publish, receipt } if self.state == State::Open => {
                self.on_message(publish, Some(*receipt));
            }
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

    fn on_message(&mut self, publish: &Publish<'_>, receipt: Option<Receipt>) {
        match self.gate.judge(publish) {
            Entry::Unwanted => return self.outlets.pass_over(receipt),
            Entry::Undrawn => {
                self.clear(publish);
                self.outlets.pass_over(receipt);
                return self.count_one();
            }
            Entry::Last => {
                self.state = State::Done;
                return;
            }
            Entry::Wanted => {}
        }
        let content =
            if self.reading.is_idle() { Content::Payload } else { self.reading.read(publish) };
        if matches!(content, Content::Unwanted) {
            return self.outlets.pass_over(receipt);
        }
        self.clear(publish);
        self.outlets.put(publish, &content, receipt);
        self.count_one();
    }

    /// Has a retained message removed, if that is to be done.
    fn clear(&mut self, publish: &Publish<'_>) {
        if let Some(sweep) = self.sweep.as_mut().filter(|_| self.clears) {
            sweep.remove(publish.topic);
        }
    }

    fn count_one(&mut self) {
        self.left -= 1;
        if self.left == 0 || self.reading.is_met() || !self.outlets.are_sound() {
            self.state = State::Done;
        }
    }

    fn on_answer(&mut self) {
        let enough = self.exit_after_sub && self.answers.are_complete();
        if enough || self.answers.nothing_granted() {
            self.state = State::Done;
        }
    }

    /// Says how the run has ended.
    ///
    /// # Errors
    /// When something cannot be written, the broker denied something, or the
    /// messages were not what they should be.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.outlets.end()?;
        self.answers.verdict()?;
        self.sweep.iter().try_for_each(Sweep::verdict)?;
        self.reading.verdict()
    }
}

//! Prints the messages that are meant and knows when there were enough.

use super::gate::{Entry, Gate};
use super::reading::{Content, Reading};
use super::recorder::Recorder;
use super::requests;
use super::sweep::Sweep;
use super::{Config, Retained};
use crate::client::Answers;
use crate::error::{Error, Result};
use crate::look::{Arrival, Look, Run};
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
    reading: Reading,
    recorder: Option<Recorder>,
    run: Run,
    pub(super) answers: Answers,
    /// What a run that ends with the last retained message knows of them.
    pub(super) sweep: Option<Sweep>,
    clears: bool,
    /// Messages still to be printed; endless without a count.
    left: u64,
    exit_after_sub: bool,
    state: State,
    /// What went wrong while nobody could be told.
    failed: Option<Error>,
    /// The text of the messages since the last write.
    text: Vec<u8>,
}

impl Printer {
    /// # Errors
    /// When the recording cannot be begun.
    pub(super) fn new(config: &Config, sink: Sink) -> Result<Self> {
        Ok(Self {
            sink,
            look: config.look.clone(),
            gate: Gate::new(config),
            reading: Reading::new(config),
            recorder: config.record.as_deref().map(Recorder::create).transpose()?,
            run: Run::default(),
            answers: Answers::new(
                config.subscriptions.iter().map(|wanted| &wanted.filter),
                config.unsubscribe.iter(),
            ),
            sweep: config.retained.ends().then(Sweep::default),
            clears: config.retained == Retained::Clear,
            left: config.count.map_or(u64::MAX, Into::into),
            exit_after_sub: config.exit_after_sub,
            state: State::Open,
            failed: None,
            text: Vec::new(),
        })
    }

    /// Whether there is more to wait for: messages, or answers to removals.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open || self.sweep.as_ref().is_some_and(Sweep::owes)
    }

    /// Messages that were meant so far.
    pub(super) const fn seen(&self) -> u64 {
        self.run.number()
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
        let content =
            if self.reading.is_idle() { Content::Payload } else { self.reading.read(publish) };
        if matches!(content, Content::Unwanted) {
            return;
        }
        if let Some(sweep) = self.sweep.as_mut().filter(|_| self.clears) {
            sweep.remove(publish.topic);
        }
        self.run.count();
        if let Err(error) = self.put(publish, &content) {
            self.failed = Some(error);
            self.state = State::Done;
        }
        self.left -= 1;
        if self.left == 0 || self.reading.is_met() {
            self.state = State::Done;
        }
    }

    /// Prints a message and records it.
    fn put(&mut self, publish: &Publish<'_>, content: &Content) -> Result<()> {
        let arrival = Arrival::new(publish, self.look.terminal, &self.run);
        if let Some(recorder) = &mut self.recorder {
            recorder.write(publish, arrival.time())?;
        }
        match content {
            Content::Unwanted => {}
            Content::Payload => self.look.print(&arrival, &mut self.text),
            Content::Decoded(contents) => {
                let mut arrival = arrival;
                for content in contents {
                    arrival = arrival.showing(content);
                    self.look.print(&arrival, &mut self.text);
                }
            }
        }
        Ok(())
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
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.flush()?;
        }
        if self.text.is_empty() {
            return Ok(());
        }
        let written = self.sink.write_all(&self.text);
        self.text.clear();
        output::check(written.and_then(|()| self.sink.flush()))
    }

    /// Writes what is left, and says how the run has ended.
    ///
    /// # Errors
    /// When something cannot be written, the broker denied something, or the
    /// messages were not what they should be.
    pub(super) fn finish(mut self) -> Result<()> {
        self.write_out()?;
        self.recorder.take().map_or(Ok(()), Recorder::end)?;
        self.answers.verdict()?;
        self.sweep.iter().try_for_each(Sweep::verdict)?;
        self.reading.verdict()
    }
}

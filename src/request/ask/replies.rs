//! Which messages are replies, and how they are printed.

use super::{Accept, Config};
use crate::error::Result;
use crate::look::{Look, Run};
use crate::mqtt::Publish;
use crate::output::{self, Sink};
use std::time::Instant;

/// The replies so far.
pub(super) struct Replies {
    sink: Sink,
    look: Look,
    run: Run,
    accept: Accept,
    /// What a reply repeats, where that is asked for.
    correlation: Option<Vec<u8>>,
    /// How many are still to come.
    left: u64,
    /// Messages that were none.
    strangers: u64,
    tells_latency: bool,
    /// The text of the replies since the last write.
    text: Vec<u8>,
}

impl Replies {
    pub(super) fn new(config: &Config, sink: Sink) -> Self {
        Self {
            sink,
            look: config.look.clone(),
            run: Run::default(),
            accept: config.accept,
            correlation: None,
            left: config.count.get(),
            strangers: 0,
            tells_latency: config.tells_latency,
            text: Vec::new(),
        }
    }

    /// Replies are known by this from now on.
    pub(super) fn correlate(&mut self, data: Vec<u8>) {
        self.correlation = Some(data);
    }

    pub(super) const fn are_awaited(&self) -> bool {
        self.left > 0
    }

    /// Messages that came and were no replies.
    pub(super) const fn strangers(&self) -> u64 {
        self.strangers
    }

    /// Takes down a message on the topic of the replies; `sent` is when the request was.
    pub(super) fn note(&mut self, publish: &Publish<'_>, sent: Option<Instant>) {
        if !self.are_awaited() {
            return;
        }
        if !self.is_reply(publish, sent.is_some()) {
            self.strangers += 1;
            return;
        }
        self.left -= 1;
        self.run.count();
        if let Some(sent) = sent.filter(|_| self.tells_latency && self.run.number() == 1) {
            let milliseconds = sent.elapsed().as_secs_f64() * 1000.0;
            output::note(format!("the reply took {milliseconds:.3} ms"));
        }
        let arrival = self.look.arrival(publish, &self.run);
        self.look.print(&arrival, &mut self.text);
    }

    fn is_reply(&self, publish: &Publish<'_>, is_asked: bool) -> bool {
        match self.accept {
            Accept::Any { retained } => retained || !publish.retain,
            Accept::Correlated => {
                let data = publish.properties.correlation_data;
                let repeats = self.correlation.is_none() || data == self.correlation.as_deref();
                is_asked && repeats && !publish.retain
            }
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
}

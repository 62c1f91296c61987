//! Which messages are replies, and how they are printed.

use super::{Accept, Config};
use crate::decode::Decoder;
use crate::error::{Class, Error, Result};
use crate::look::{Look, Run};
use crate::mqtt::Publish;
use crate::output::{self, Sink};
use std::time::Instant;

/// The replies so far.
pub(super) struct Replies {
    sink: Sink,
    decoder: Decoder,
    look: Look,
    run: Run,
    accept: Accept,
    /// What a reply repeats, where that is asked for.
    correlation: Option<Vec<u8>>,
    /// How many there are to be to each request.
    count: u64,
    /// How many of them are still to come.
    left: u64,
    /// Whether there was a request.
    is_asked: bool,
    /// Messages that were none.
    strangers: u64,
    /// Replies that could not be decoded.
    faults: u64,
    /// Requests so far, and those of them that have not had all their replies in time.
    requests: u64,
    unanswered: u64,
    tells_latency: bool,
    /// The text of the replies since the last write.
    text: Vec<u8>,
}

impl Replies {
    pub(super) fn new(config: &Config, sink: Sink) -> Self {
        Self {
            sink,
            decoder: config.decoder.clone(),
            look: config.look.clone(),
            run: Run::default(),
            accept: config.accept,
            correlation: None,
            count: config.count.get(),
            left: config.count.get(),
            is_asked: false,
            strangers: 0,
            faults: 0,
            requests: 0,
            unanswered: 0,
            tells_latency: config.tells_latency,
            text: Vec::new(),
        }
    }

    /// A request is sent, the replies to which are known by this; where they need not be,
    /// what has come before the first request counts.
    pub(super) fn await_those(&mut self, correlation: Option<Vec<u8>>) {
        if self.is_asked {
            self.left = self.count;
        }
        self.is_asked = true;
        self.requests += 1;
        self.correlation = correlation;
    }

    /// No more replies to the last request are waited for; what there is of them.
    pub(super) fn pass_over(&mut self) -> String {
        self.unanswered += 1;
        match (self.count, std::mem::take(&mut self.left)) {
            (count, left) if left == count => "no reply".to_owned(),
            (count, left) => format!("{} of {count} replies", count - left),
        }
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
        if !self.is_reply(publish) {
            self.strangers += 1;
            return;
        }
        self.left -= 1;
        self.run.count();
        if let Some(sent) = sent.filter(|_| self.tells_latency) {
            let milliseconds = sent.elapsed().as_secs_f64() * 1000.0;
            output::note(format!("the reply took {milliseconds:.3} ms"));
        }
        self.print(publish);
    }

    /// Prints a reply; one that cannot be decoded is told about and counted.
    fn print(&mut self, publish: &Publish<'_>) {
        let arrival = self.look.arrival(publish, &self.run);
        match self.decoder.decode(publish) {
            Ok(None) => self.look.print(&arrival, &mut self.text),
            Ok(Some(decoded)) => self.look.print(&arrival.showing(&decoded), &mut self.text),
            Err(what) => {
                self.faults += 1;
                let topic = output::escape(publish.topic);
                output::warn(format!("{topic}: {}", output::escape(&what)));
            }
        }
    }

    fn is_reply(&self, publish: &Publish<'_>) -> bool {
        match self.accept {
            Accept::Any { retained } => retained || !publish.retain,
            Accept::Correlated => {
                let data = publish.properties.correlation_data;
                let repeats = self.correlation.is_none() || data == self.correlation.as_deref();
                self.is_asked && repeats && !publish.retain
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

    /// Success, unless replies have not come or could not be decoded.
    ///
    /// # Errors
    /// When there are such.
    pub(super) fn verdict(&self) -> Result<()> {
        if self.unanswered > 0 {
            let (count, requests) = (self.unanswered, self.requests);
            let what = format!("{count} of {requests} requests have not had their replies in time");
            return Err(Error::new(Class::Timeout, what));
        }
        match self.faults {
            0 => Ok(()),
            count => Err(Error::new(Class::Decode, format!("{count} replies could not be read"))),
        }
    }
}

//! Where messages go: to stdout, to a recording, to files, to commands.

use super::Config;
use super::files::Files;
use super::jobs::Order;
use super::meter::Meter;
use super::reading::Content;
use super::recorder::Recorder;
use super::watch::Watch;
use crate::command::Job;
use crate::error::{Error, Result};
use crate::look::{Arrival, Look, Run};
use crate::mqtt::Publish;
use crate::output::{self, Sink};
use crate::session::Receipt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The places of a run that messages go to.
pub(super) struct Outlets {
    sink: Sink,
    look: Look,
    run: Run,
    /// The lines of the topics, where those are shown.
    watch: Option<Watch>,
    meter: Option<Meter>,
    recorder: Option<Recorder>,
    files: Option<Files>,
    /// What is to run for each message.
    command: Option<Arc<str>>,
    orders: Vec<Order>,
    /// The messages that are dealt with as soon as all is written.
    receipts: Vec<Receipt>,
    /// What went wrong while nobody could be told.
    failed: Option<Error>,
    /// The text of the messages since the last write.
    text: Vec<u8>,
}

impl Outlets {
    /// # Errors
    /// When the recording or the folder cannot be written to.
    pub(super) fn new(config: &Config, sink: Sink) -> Result<Self> {
        let files = config.out_dir.as_ref();
        Ok(Self {
            sink,
            look: config.look.clone(),
            run: Run::default(),
            watch: (config.watch && config.look.terminal).then(Watch::default),
            meter: config.message_rate.then(Meter::default),
            recorder: config.record.as_deref().map(Recorder::create).transpose()?,
            files: files.map(|out| Files::open(out, config.look.newline)).transpose()?,
            command: config.exec.as_ref().map(|exec| Arc::clone(&exec.command)),
            orders: Vec::new(),
            receipts: Vec::new(),
            failed: None,
            text: Vec::new(),
        })
    }

    /// Messages so far.
    pub(super) const fn count(&self) -> u64 {
        self.run.number()
    }

    /// Whether nothing went wrong.
    pub(super) const fn are_sound(&self) -> bool {
        self.failed.is_none()
    }

    /// Passes a message on to each of them.
    pub(super) fn put(
        &mut self,
        publish: &Publish<'_>,
        content: &Content,
        receipt: Option<Receipt>,
    ) {
        self.run.count();
        if let Err(error) = self.deliver(publish, content) {
            self.failed = Some(error);
            return;
        }
        match &self.command {
            Some(command) => {
                let job = Job::new(command, publish, content.bytes(publish).into_owned());
                self.orders.push(Order { job, receipt });
            }
            None => self.receipts.extend(receipt),
        }
    }

    /// Brings a message to where it is kept and where it is shown.
    fn deliver(&mut self, publish: &Publish<'_>, content: &Content) -> Result<()> {
        let arrival = self.look.arrival(publish, &self.run);
        if let Some(recorder) = &mut self.recorder {
            recorder.write(publish, arrival.time())?;
        }
        if let Some(files) = &mut self.files {
            files.store(publish.topic, &content.bytes(publish))?;
        }
        print(&self.look, arrival, content, &mut self.text);
        if let Some(watch) = &mut self.watch {
            watch.note(publish.topic, &self.text);
            self.text.clear();
        }
        Ok(())
    }

    /// How often [`Outlets::beat`] is to be called, if at all.
    pub(super) fn period(&self) -> Option<Duration> {
        let rate = self.meter.as_ref().map(|_| Meter::PERIOD);
        self.watch.as_ref().map(|_| Watch::PERIOD).or(rate)
    }

    /// Shows what is shown from time to time.
    pub(super) fn beat(&mut self) {
        let now = Instant::now();
        if let Some(meter) = &mut self.meter {
            meter.tell(self.run.number(), now);
        }
        let watch = self.watch.as_mut();
        if let Some(picture) = watch.and_then(|watch| watch.picture(output::stdout_size(), now)) {
            self.text.extend_from_slice(picture.as_bytes());
        }
    }

    /// A message that goes nowhere is dealt with.
    pub(super) fn pass_over(&mut self, receipt: Option<Receipt>) {
        self.receipts.extend(receipt);
    }

    /// The commands that are to run, since this was last asked.
    pub(super) fn take_orders(&mut self) -> std::vec::Drain<'_, Order> {
        self.orders.drain(..)
    }

    /// The messages that were dealt with, since this was last asked; all of them
    /// have to be written before.
    pub(super) fn take_receipts(&mut self) -> std::vec::Drain<'_, Receipt> {
        self.receipts.drain(..)
    }

    /// Writes what was printed and recorded since the last time.
    ///
    /// # Errors
    /// When a message could not be kept, nobody reads the output any more, or
    /// it cannot be written.
    pub(super) fn write_out(&mut self) -> Result<()> {
        let failed = self.failed.take().map_or(Ok(()), Err);
        let written = failed.and_then(|()| self.flush());
        if written.is_err() {
            self.receipts.clear();
        }
        written
    }

    fn flush(&mut self) -> Result<()> {
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

    /// Shows the last picture and ends what has an end.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn end(&mut self) -> Result<()> {
        if self.watch.is_some() {
            self.beat();
            self.flush()?;
        }
        self.recorder.take().map_or(Ok(()), Recorder::end)
    }
}

/// Appends what is printed of a message: each of its values.
fn print(look: &Look, arrival: Arrival<'_>, content: &Content, text: &mut Vec<u8>) {
    match content {
        Content::Unwanted => {}
        Content::Payload => look.print(&arrival, text),
        Content::Decoded(values) => {
            let mut arrival = arrival;
            for value in values {
                arrival = arrival.showing(value);
                look.print(&arrival, text);
            }
        }
    }
}

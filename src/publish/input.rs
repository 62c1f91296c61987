//! Where payloads come from, one at a time.

use super::batch::Batch;
use super::{Config, Source};
use crate::error::{Class, Error, Result};
use crate::mqtt::MAX_REMAINING_LENGTH;
use crate::payload::{STDIN, read_all};
use crate::records::Records;
use std::path::Path;
use tokio::io::AsyncRead;
use tokio::time::{Instant, sleep_until};

/// The payloads that are still to come.
pub(super) struct Input<R> {
    kind: Kind<R>,
    /// The number of the payload in front, from 1.
    position: u64,
    /// The first of those that are gathered.
    first: u64,
}

enum Kind<R> {
    /// This one, so many times more.
    Payload(Vec<u8>, u64),
    Records(Records<R>),
    Batches(Records<R>, Batch),
}

impl<R: AsyncRead + Unpin> Input<R> {
    /// The payloads of `config`.
    ///
    /// # Errors
    /// When one that must be known at the start cannot be had.
    pub(super) async fn open(config: &Config, input: R) -> Result<Self> {
        let repeat = config.repeat.get();
        let kind = match &config.source {
            Source::Message(payload) => Kind::Payload(payload.clone(), repeat),
            Source::Stdin => Kind::Payload(read_all(input).await?, repeat),
            Source::Recording(recording) => {
                Kind::Records(Records::new(input, &recording.path, b'\n'))
            }
            Source::Records(end_mark) => {
                let records = Records::new(input, Path::new(STDIN), *end_mark);
                match config.batch {
                    Some(limits) => {
                        Kind::Batches(records, Batch::new(limits, config.store.is_some()))
                    }
                    None => Kind::Records(records),
                }
            }
        };
        match &kind {
            Kind::Payload(payload, _) if payload.len() > MAX_REMAINING_LENGTH => {
                let limit = "the payload is larger than the 268,435,455 bytes MQTT allows";
                Err(Error::new(Class::PublishRejected, limit).hint("publish it in pieces"))
            }
            _ => Ok(Self { kind, position: 1, first: 1 }),
        }
    }

    /// Whether there is one payload in all.
    pub(super) const fn is_single(&self) -> bool {
        matches!(self.kind, Kind::Payload(_, 1))
    }

    /// Whether payloads come when they will, and not when they are asked for.
    pub(super) const fn is_live(&self) -> bool {
        !matches!(self.kind, Kind::Payload(..))
    }

    /// The number of the payload in front, of its first record if it was gathered, or of
    /// the record that is to be gathered next.
    pub(super) fn position(&self) -> u64 {
        match &self.kind {
            Kind::Batches(_, batch) if batch.whole().is_some() => self.first,
            _ => self.position,
        }
    }

    /// Bytes of the input that were shown.
    pub(super) const fn read(&self) -> u64 {
        match &self.kind {
            Kind::Payload(..) => 0,
            Kind::Records(records) | Kind::Batches(records, _) => records.taken(),
        }
    }

    /// The broker takes payloads of so many bytes.
    pub(super) const fn fit(&mut self, room: usize) {
        if let Kind::Batches(_, batch) = &mut self.kind {
            batch.fit(room);
        }
    }

    /// Gathers what has been read, where that is to be done.
    ///
    /// # Errors
    /// In words, when a record cannot be gathered; it is passed over.
    pub(super) fn gather(&mut self) -> Result<(), String> {
        let Kind::Batches(records, batch) = &mut self.kind else { return Ok(()) };
        batch.look_at_the_clock();
        while batch.whole().is_none()
            && let Some(record) = records.peek()
        {
            if batch.is_empty() {
                self.first = self.position;
            }
            let added = batch.add(record);
            if added != Ok(false) {
                records.advance();
                self.position += 1;
            }
            added?;
        }
        if records.is_at_end() {
            batch.close();
        }
        Ok(())
    }

    /// What was gathered since this was asked last and is in no payload yet, each record
    /// as a payload of its own.
    pub(super) fn take_gathered(&mut self) -> Vec<Vec<u8>> {
        match &mut self.kind {
            Kind::Batches(_, batch) => batch.take_fresh(),
            Kind::Payload(..) | Kind::Records(_) => Vec::new(),
        }
    }

    /// The payload in front, if it is there.
    pub(super) fn peek(&mut self) -> Option<&[u8]> {
        match &mut self.kind {
            Kind::Payload(_, 0) => None,
            Kind::Payload(payload, _) => Some(payload),
            Kind::Records(records) => records.peek(),
            Kind::Batches(_, batch) => batch.whole(),
        }
    }

    /// Goes on to the payload behind the one [`Input::peek`] showed.
    pub(super) fn advance(&mut self) {
        match &mut self.kind {
            Kind::Payload(_, left) => *left = left.saturating_sub(1),
            Kind::Records(records) => records.advance(),
            Kind::Batches(_, batch) => return batch.clear(),
        }
        self.position += 1;
    }

    /// Whether there is no payload until [`Input::wait`] has ended.
    pub(super) fn is_waiting(&mut self) -> bool {
        match &mut self.kind {
            Kind::Payload(..) => false,
            Kind::Records(records) => records.wants_input(),
            Kind::Batches(records, batch) => batch.whole().is_none() && records.wants_input(),
        }
    }

    /// Whether no payload follows.
    pub(super) fn is_at_end(&mut self) -> bool {
        match &mut self.kind {
            Kind::Payload(_, left) => *left == 0,
            Kind::Records(records) => records.is_at_end(),
            Kind::Batches(records, batch) => batch.is_empty() && records.is_at_end(),
        }
    }

    /// Reads no more; what was gathered is still to come.
    pub(super) fn end(&mut self) {
        match &mut self.kind {
            Kind::Payload(_, left) => *left = 0,
            Kind::Records(records) | Kind::Batches(records, _) => records.end(),
        }
    }

    /// Waits for more; may be dropped without losing anything.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub(super) async fn wait(&mut self) -> Result<()> {
        match &mut self.kind {
            Kind::Payload(..) => Ok(()),
            Kind::Records(records) => records.read().await,
            Kind::Batches(records, batch) => {
                let due = batch.due();
                tokio::select! {
                    read = records.read() => read,
                    () = until(due) => Ok(()),
                }
            }
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

//! What became of the requests.

use super::Answer;
use crate::error::{Class, Error, Result};
use crate::output;

/// Counts them, and tells of each kind of trouble when it begins.
#[derive(Debug)]
pub(super) struct Tally {
    /// What it is when no reply can be made, and how that is counted.
    failure: (Class, &'static str),
    answered: u64,
    /// Requests that named no topic for their reply.
    without_topic: u64,
    /// Those for which there was no room.
    dropped: u64,
    /// Those for which no reply could be made.
    failed: u64,
    /// Replies that the broker did not take.
    rejected: u64,
    /// Requests that were not answered when it ended.
    left: u64,
}

impl Tally {
    pub(super) const fn new(answer: &Answer) -> Self {
        let failure = match answer {
            Answer::Reply(_) => (Class::Decode, "replies could not be made"),
            Answer::Exec(_) => (Class::CommandFailed, "commands failed"),
        };
        Self { failure, answered: 0, without_topic: 0, dropped: 0, failed: 0, rejected: 0, left: 0 }
    }

    pub(super) const fn answered(&mut self) {
        self.answered += 1;
    }

    /// A request on `topic` did not say where the reply goes.
    pub(super) fn without_topic(&mut self, topic: &str) {
        self.without_topic += 1;
        if self.without_topic == 1 {
            let topic = output::escape(topic);
            output::warn(format!(
                "a request on {topic} names no topic for its reply; --response-topic is for such"
            ));
        }
    }

    /// There was no room for a request.
    pub(super) fn dropped(&mut self, limit: usize) {
        self.dropped += 1;
        if self.dropped == 1 {
            output::warn(format!("{limit} requests wait; more are not answered"));
        }
    }

    /// No reply could be made to a request on `topic`.
    pub(super) fn failed(&mut self, topic: &str, why: &str) {
        self.failed += 1;
        output::warn(format!("{}: {}", output::escape(topic), output::escape(why)));
    }

    /// The broker did not take a reply.
    pub(super) fn rejected(&mut self, why: &str) {
        self.rejected += 1;
        if self.rejected == 1 {
            output::warn(format!("a reply was rejected: {}", output::escape(why)));
        }
    }

    /// It ends, and so many requests are not answered.
    pub(super) const fn left(&mut self, count: usize) {
        self.left += count as u64;
    }

    /// Says how many there were of each.
    pub(super) fn tell(&self) {
        let rows = [
            (self.without_topic, "named no topic for the reply"),
            (self.dropped, "came when too many waited"),
            (self.failed, self.failure.1),
            (self.rejected, "were rejected in their reply"),
            (self.left, "are left without a reply"),
        ];
        let troubles = rows.iter().filter(|row| row.0 > 0);
        let troubles = troubles.map(|(count, what)| format!("{count} {what}"));
        let answered = format!("{} requests were answered", self.answered);
        output::note(std::iter::once(answered).chain(troubles).collect::<Vec<_>>().join(", "));
    }

    /// Success, unless requests that could have been answered were not.
    ///
    /// # Errors
    /// What kept them from it.
    pub(super) fn verdict(&self) -> Result<()> {
        let rows = [
            (self.rejected, Class::PublishRejected, "replies were rejected"),
            (self.failed, self.failure.0, self.failure.1),
            (self.dropped, Class::Other, "requests came when too many waited"),
        ];
        let worst = rows.iter().find(|row| row.0 > 0);
        worst.map_or(Ok(()), |(count, class, what)| {
            Err(Error::new(*class, format!("{count} {what}")))
        })
    }
}

//! How fast a client may publish. One that is faster is not read for a while,
//! so that its own transport holds it up and nothing is lost.

use super::connection::{Connection, Open};
use crate::session::Time;
use std::num::NonZeroU64;

/// Nanoseconds of a second: what a full bucket lasts for.
const SECOND: u64 = 1_000_000_000;

/// What one connection may publish in a second; `None` is any amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Messages.
    pub messages: Option<NonZeroU64>,
    /// Bytes of PUBLISH packets.
    pub bytes: Option<NonZeroU64>,
}

/// What one connection may still publish: a bucket of tokens for each limit,
/// filled at its rate up to one second's worth.
#[derive(Debug)]
pub(super) struct Allowance {
    messages: Option<Bucket>,
    bytes: Option<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    /// Tokens a second.
    rate: NonZeroU64,
    /// When it will be full, if nothing more is taken.
    full: Time,
}

impl Rates {
    /// The allowance of a new connection, if there is a limit to it.
    pub(super) fn allowance(self) -> Option<Box<Allowance>> {
        let bucket = |rate| Bucket { rate, full: Time::ZERO };
        let (messages, bytes) = (self.messages.map(bucket), self.bytes.map(bucket));
        (messages.is_some() || bytes.is_some()).then(|| Box::new(Allowance { messages, bytes }))
    }
}

impl Allowance {
    /// Takes a message of so many bytes, whatever is left, and returns when the
    /// next may come.
    pub(super) fn take(&mut self, size: usize, now: Time) -> Time {
        let messages = self.messages.as_mut().map(|bucket| bucket.take(1, now));
        let bytes = self.bytes.as_mut().map(|bucket| bucket.take(size as u64, now));
        messages.max(bytes).unwrap_or(now)
    }
}

impl Bucket {
    /// Takes tokens, more than there are if need be, and returns when there is
    /// one again.
    fn take(&mut self, tokens: u64, now: Time) -> Time {
        let last = |tokens: u64| tokens.saturating_mul(SECOND) / self.rate;
        let full = self.full.max(now).nanos().saturating_add(last(tokens));
        let spare = SECOND.saturating_sub(last(1));
        self.full = Time::from_nanos(full);
        Time::from_nanos(full.saturating_sub(spare))
    }
}

impl Connection {
    /// When the connection is to be read again, after the client has published
    /// faster than it may or has not read what it was answered. What was read and not
    /// consumed is to be brought again then. The link is woken at that time.
    #[must_use]
    pub fn pause(&self) -> Option<Time> {
        let open = self.open.as_ref()?;
        Some(open.resumes()).filter(|resumes| *resumes > Time::ZERO)
    }

    /// Whether the next packet has to wait.
    pub(super) fn is_held(&self, now: Time) -> bool {
        self.entry.is_waiting() || self.open.as_ref().is_some_and(|open| open.resumes() > now)
    }
}

impl Open {
    fn resumes(&self) -> Time {
        self.resumes.max(self.unread.look)
    }

    /// Counts a message of so many bytes, where there is a limit.
    pub(super) fn charge(&mut self, size: usize, now: Time) {
        if let Some(allowance) = &mut self.allowance {
            let next = allowance.take(size, now);
            self.resumes = if next > now { next } else { Time::ZERO };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_nanos(millis * 1_000_000)
    }

    fn allowance(messages: Option<u64>, bytes: Option<u64>) -> Allowance {
        let rate = |rate: Option<u64>| rate.and_then(NonZeroU64::new);
        Rates { messages: rate(messages), bytes: rate(bytes) }
            .allowance()
            .map(|boxed| *boxed)
            .unwrap()
    }

    #[test]
    fn a_second_is_worth_the_rate_and_what_was_not_used_is_not_saved_up() {
        let mut allowance = allowance(Some(4), None);
        for start in [10_000, 60_000] {
            for _ in 0..3 {
                assert!(allowance.take(1, at(start)) <= at(start));
            }
            assert_eq!(allowance.take(1, at(start)), at(start + 250));
            assert_eq!(allowance.take(1, at(start + 250)), at(start + 500));
        }
    }

    #[test]
    fn one_message_a_second_is_one_message_a_second() {
        let mut allowance = allowance(Some(1), None);
        assert_eq!(allowance.take(9, at(5_000)), at(6_000));
        assert_eq!(allowance.take(9, at(6_000)), at(7_000));
    }

    #[test]
    fn a_large_message_is_paid_for_afterwards_and_the_tighter_limit_counts() {
        let mut allowance = allowance(Some(1_000), Some(1_000));
        assert_eq!(allowance.take(10_000, at(0)), at(9_001));
        assert_eq!(
            allowance.take(usize::MAX, at(0)).nanos() / SECOND,
            u64::MAX / SECOND / 1_000 + 9
        );
    }

    #[test]
    fn without_a_limit_there_is_nothing_to_count() {
        assert!(Rates::default().allowance().is_none());
    }
}

//! When to try a connection again, and how long to wait before.

use crate::error::{Class, Error};
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// The waiting time doubles from [`Backoff::FIRST`] to [`Backoff::LONGEST`]
/// and is shortened at random, so that many clients do not come back at once.
#[derive(Debug, Clone)]
pub struct Backoff {
    ceiling: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            ceiling: Self::FIRST,
        }
    }
}

impl Backoff {
    /// The longest wait before the first attempt.
    pub const FIRST: Duration = Duration::from_secs(1);
    /// The longest wait before any attempt.
    pub const LONGEST: Duration = Duration::from_secs(30);

    /// How long to wait before the next attempt: at least half the ceiling.
    pub fn next_wait(&mut self) -> Duration {
        let wait = self.wait(RandomState::new().hash_one(()));
        self.ceiling = (self.ceiling * 2).min(Self::LONGEST);
        wait
    }

    /// A connection was made: the next wait is a first one again.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    fn wait(&self, random: u64) -> Duration {
        let half = self.ceiling / 2;
        let share = u32::try_from(random % 1000).unwrap_or_default();
        half + half * share / 1000
    }
}

/// Whether connecting again may help: the network or the broker had a bad
/// moment. A wrong password or certificate stays wrong.
#[must_use]
pub fn is_temporary(error: &Error) -> bool {
    matches!(error.class(), Class::Connect | Class::ConnectionLost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest_and_start_small_after_a_success() {
        let mut backoff = Backoff::default();
        let mut ceiling = Backoff::FIRST;
        for _ in 0..10 {
            let wait = backoff.next_wait();
            assert!(wait >= ceiling / 2 && wait <= ceiling, "{wait:?}");
            ceiling = (ceiling * 2).min(Backoff::LONGEST);
        }
        backoff.reset();
        assert!(backoff.next_wait() <= Backoff::FIRST);
    }
}

//! How many messages come in a second: `--message-rate`.

use crate::output;
use std::time::{Duration, Instant};

/// The messages since the rate was told.
#[derive(Debug)]
pub(super) struct Meter {
    since: Instant,
    told: u64,
}

impl Default for Meter {
    fn default() -> Self {
        Self { since: Instant::now(), told: 0 }
    }
}

impl Meter {
    /// How often the rate is told.
    pub(super) const PERIOD: Duration = Duration::from_secs(1);

    /// Tells the rate on stderr when a second is over, in which the number of
    /// messages has grown to `count`.
    pub(super) fn tell(&mut self, count: u64, now: Instant) {
        let elapsed = now.duration_since(self.since);
        if elapsed < Self::PERIOD {
            return;
        }
        let rate = u128::from(count - self.told) * 1_000 / elapsed.as_millis();
        output::note(format!("{rate} msgs/s"));
        (self.since, self.told) = (now, count);
    }
}

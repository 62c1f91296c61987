//! The machine's clock as the core reads it.

use crate::session::Time;
use std::time::{Duration, Instant};

/// Time since the broker started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    start: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { start: Instant::now() }
    }

    pub(super) fn now(self) -> Time {
        Time::ZERO + self.start.elapsed()
    }

    /// The machine's own instant at `time`.
    pub(super) fn instant(self, time: Time) -> tokio::time::Instant {
        let since = Duration::from_nanos(time.nanos());
        // A deadline beyond what the clock can count is as good as never.
        let far = Duration::from_hours(24 * 365);
        let instant = self.start.checked_add(since);
        instant.unwrap_or_else(|| self.start + far).into()
    }
}

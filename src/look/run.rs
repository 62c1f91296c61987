//! What a format may want to know of the run as a whole.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// The run so far: when it began, how many messages were printed, and when the
/// last was.
#[derive(Debug)]
pub struct Run {
    start: Instant,
    number: Cell<u64>,
    last: Cell<Instant>,
}

impl Default for Run {
    fn default() -> Self {
        let start = Instant::now();
        Self { start, number: Cell::new(0), last: Cell::new(start) }
    }
}

impl Run {
    /// Another message is printed.
    pub fn count(&self) {
        self.number.set(self.number.get() + 1);
    }

    /// How many that makes.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number.get()
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The time since this was asked last, at first since the start.
    pub(super) fn delta(&self) -> Duration {
        let now = Instant::now();
        now.duration_since(self.last.replace(now))
    }
}

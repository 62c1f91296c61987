//! How long a silence is waited through, and what it means.

use crate::error::{Class, Error, Result};
use std::time::Duration;
use tokio::time::Instant;

/// After this silence there are no more retained messages, although a broker
/// may send them later than its answers.
const AFTER_RETAINED: Duration = Duration::from_millis(500);

/// The time since the last message.
#[derive(Debug)]
pub(super) struct Lull {
    idle: Option<Duration>,
    /// The number of messages when it was last looked at.
    seen: u64,
    since: Instant,
}

/// A point in time when a silence has lasted long enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limit {
    /// The retained messages are over.
    Over(Instant),
    /// The patience of the user is.
    Idle(Instant, Duration),
}

impl Lull {
    pub(super) fn new(idle: Option<Duration>) -> Self {
        Self { idle, seen: 0, since: Instant::now() }
    }

    /// Nobody listens: this is not a silence.
    pub(super) fn pause(&mut self) {
        self.since = Instant::now();
    }

    /// When the silence ends the run, if it does; `seen` messages have come so
    /// far, and `over` says that silence is all that the end needs.
    pub(super) fn limit(&mut self, seen: u64, over: bool) -> Option<Limit> {
        if self.idle.is_none() && !over {
            return None;
        }
        if self.seen != seen {
            self.seen = seen;
            self.since = Instant::now();
        }
        match self.idle {
            _ if over => Some(Limit::Over(self.since + AFTER_RETAINED)),
            idle => idle.map(|idle| Limit::Idle(self.since + idle, idle)),
        }
    }
}

impl Limit {
    pub(super) const fn time(self) -> Instant {
        match self {
            Self::Over(time) | Self::Idle(time, _) => time,
        }
    }

    /// How a run ends that has reached it.
    ///
    /// # Errors
    /// When that is a failure.
    pub(super) fn end(self) -> Result<()> {
        match self {
            Self::Over(_) => Ok(()),
            Self::Idle(_, idle) => {
                let what = format!("no message for the {} s of --idle-timeout", idle.as_secs_f64());
                Err(Error::new(Class::Timeout, what))
            }
        }
    }
}

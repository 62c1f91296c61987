//! How fast messages follow each other.

use std::time::Duration;
use tokio::time::Instant;

/// How fast messages follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Pace {
    /// As fast as the broker takes them.
    #[default]
    Free,
    /// One in every such span, however long each takes.
    Every(Duration),
    /// Each so long after the one before was delivered.
    After(Duration),
    /// As they came when they were recorded, so many times faster.
    Recorded(f64),
}

/// What a stream that was held up may catch up with.
const SLACK: Duration = Duration::from_secs(1);

/// Says when the next message is due.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Pace,
    /// When the next is; at once if it is not known.
    due: Option<Instant>,
    /// Whether that depends on the one before being delivered.
    holds: bool,
    /// When a recording began to be replayed, and the time that it had then.
    began: Option<(Instant, Duration)>,
    /// The time of the recording.
    last: Duration,
}

impl Pacer {
    pub(super) const fn new(pace: Pace) -> Self {
        Self { pace, due: None, holds: false, began: None, last: Duration::ZERO }
    }

    /// When the next is due, if that is not yet.
    pub(super) fn wait_until(&self) -> Option<Instant> {
        self.due.filter(|due| *due > Instant::now())
    }

    /// Whether the next is due at a certain time, which may have come by now.
    pub(super) const fn waits(&self) -> bool {
        self.due.is_some()
    }

    /// Whether nothing may follow before what was sent is delivered.
    pub(super) const fn holds(&self) -> bool {
        self.holds
    }

    /// A message was sent.
    pub(super) fn sent(&mut self) {
        match self.pace {
            Pace::Free | Pace::Recorded(_) => {}
            Pace::Every(span) => {
                let now = Instant::now();
                let due = self.due.unwrap_or(now);
                let earliest = now.checked_sub(SLACK).unwrap_or(now);
                self.due = Some(due.max(earliest) + span);
            }
            Pace::After(_) => self.holds = true,
        }
    }

    /// The next message came at this time when it was recorded. A time before
    /// that of the last one begins anew: a clock was set, or a recording is
    /// repeated.
    pub(super) fn recorded(&mut self, time: Option<Duration>) {
        let (Pace::Recorded(speed), Some(time)) = (self.pace, time) else { return };
        if time < self.last {
            self.began = None;
        }
        self.last = time;
        let (began, first) = *self.began.get_or_insert_with(|| (Instant::now(), time));
        let span = Duration::try_from_secs_f64(time.saturating_sub(first).as_secs_f64() / speed);
        self.due = span.ok().and_then(|span| began.checked_add(span));
    }

    /// All that was sent is delivered.
    pub(super) fn delivered(&mut self) {
        self.holds = false;
        if let Pace::After(span) = self.pace {
            self.due = Some(Instant::now() + span);
        }
    }
}

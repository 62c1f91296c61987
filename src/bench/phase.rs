//! The phases of a run, which all its connections go through together.

use super::plan::{Plan, Seat};
use crate::session::Time;
use std::time::Duration;

/// What the connections of a run are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Connect, subscribe and wait for the others.
    Gathering,
    /// Publish by the plan, which begins at `start`.
    Running {
        /// When the plan begins.
        start: Time,
    },
    /// Publish what was due before `until`, and receive what is under way.
    Draining {
        /// When the plan began.
        start: Time,
        /// When it ended.
        until: Time,
    },
    /// Close the connections.
    Over,
}

impl Phase {
    /// When the plan begins, if it does in this phase.
    #[must_use]
    pub(super) const fn start(self) -> Option<Time> {
        match self {
            Self::Running { start } | Self::Draining { start, .. } => Some(start),
            Self::Gathering | Self::Over => None,
        }
    }

    /// When the plan has ended, if it has.
    #[must_use]
    pub(super) const fn until(self) -> Option<Time> {
        match self {
            Self::Draining { until, .. } => Some(until),
            _ => None,
        }
    }

    /// How many messages of a seat's stream, `quota` at most, ought to be sent
    /// at `now`.
    #[must_use]
    pub(super) fn wanted(
        self,
        plan: &Plan,
        (seat, stream): (Seat, usize),
        now: Time,
        quota: u64,
    ) -> u64 {
        let Some(start) = self.start() else { return 0 };
        let now = self.until().map_or(now, |until| now.min(until));
        match (plan.pace(seat, stream), self) {
            (Some(pace), _) => {
                let elapsed = now - start;
                let due = pace.due_by(seat.number, Time::ZERO + elapsed);
                if now < start { 0 } else { due.min(quota) }
            }
            (None, Self::Running { .. }) => quota,
            (None, _) => 0,
        }
    }
}

/// How long a run that has ended waits for messages under way after the last
/// one that arrived.
pub(super) const DRAIN: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::load::{Load, Stream, Tempo};
    use crate::client::ConnectOptions;
    use std::sync::Arc;

    fn at(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    fn plan(load: Load) -> Plan {
        Plan::new(load.into(), Arc::new(ConnectOptions::default()), 1).unwrap()
    }

    const FIRST: (Seat, usize) = (Seat { group: 0, number: 0 }, 0);

    #[test]
    fn a_paced_publisher_owes_what_was_due_before_the_end_and_no_more() {
        let stream = Stream { tempo: Tempo::Rate(1_000.0), ..Stream::default() };
        let plan = plan(Load { stream, ..Load::default() });
        let wanted = |phase: Phase, now| phase.wanted(&plan, FIRST, at(now), 50);
        let start = at(100);
        assert_eq!(wanted(Phase::Gathering, 105), 0);
        assert_eq!(wanted(Phase::Running { start }, 99), 0);
        assert_eq!(wanted(Phase::Running { start }, 105), 6);
        assert_eq!(wanted(Phase::Running { start }, 900), 50);
        assert_eq!(wanted(Phase::Draining { start, until: at(105) }, 900), 6);
    }

    #[test]
    fn without_a_rate_nothing_is_owed_after_the_end() {
        let plan = plan(Load::default());
        let start = at(0);
        assert_eq!(Phase::Running { start }.wanted(&plan, FIRST, at(1), 9), 9);
        let ended = Phase::Draining { start, until: at(1) };
        assert_eq!(ended.wanted(&plan, FIRST, at(1), 9), 0);
    }
}

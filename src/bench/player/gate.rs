//! Holds a publisher back while too much of what it sent is on its way to the
//! subscribers. Used only by runs without a rate, see [`crate::bench::plan::Plan::undelivered`].

use crate::session::Time;
use std::time::Duration;

/// Messages that have not arrived after so long without any that did are
/// lost; the publisher goes on without them.
const PATIENCE: Duration = Duration::from_secs(1);

/// What one publisher may have on its way.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    window: u64,
    subscribers: u64,
    /// Deliveries when they were last looked at, and when they last changed.
    delivered: u64,
    changed: Time,
    /// Messages given up for lost.
    lost: u64,
}

impl Gate {
    /// At most `window` messages on their way to so many subscribers.
    #[must_use]
    pub(in crate::bench) const fn new(window: u64, subscribers: u32) -> Self {
        Self {
            window,
            subscribers: if subscribers == 0 { 1 } else { subscribers as u64 },
            delivered: 0,
            changed: Time::ZERO,
            lost: 0,
        }
    }

    /// How many messages may be sent at `now`, after `sent` of which
    /// `delivered` arrivals are known, all subscribers counted.
    pub(in crate::bench) fn room(&mut self, sent: u64, delivered: u64, now: Time) -> u64 {
        let arrived = delivered / self.subscribers;
        if delivered != self.delivered {
            (self.delivered, self.changed) = (delivered, now);
        }
        let mut under_way = sent.saturating_sub(arrived + self.lost);
        if under_way == 0 {
            self.changed = now;
        } else if now - self.changed >= PATIENCE {
            self.lost += under_way;
            self.changed = now;
            under_way = 0;
        }
        self.window.saturating_sub(under_way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn the_gate_opens_as_all_subscribers_receive() {
        let mut gate = Gate::new(10, 2);
        assert_eq!(gate.room(0, 0, at(0)), 10);
        assert_eq!(gate.room(10, 0, at(1)), 0);
        assert_eq!(gate.room(10, 7, at(2)), 3);
        assert_eq!(gate.room(10, 20, at(3)), 10);
    }

    #[test]
    fn lost_messages_do_not_close_it_for_good() {
        let mut gate = Gate::new(10, 1);
        assert_eq!(gate.room(10, 4, at(0)), 4);
        assert_eq!(gate.room(14, 4, at(999)), 0);
        assert_eq!(gate.room(14, 4, at(1_000)), 10);
        assert_eq!(gate.room(24, 4, at(1_001)), 0);
        assert_eq!(gate.room(24, 14, at(1_002)), 10);
    }
}

//! When each message of a run with a rate is due.
//!
//! The publishers take turns: message `k` of publisher `i` is number
//! `k * publishers + i` of the run, and messages are evenly spaced. Being due
//! depends on nothing that happens during the run, so a broker that stalls
//! cannot move the schedule (an open loop).

use crate::session::Time;

/// The schedule of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Nanoseconds from one message of the run to the next.
    period: f64,
    publishers: u32,
}

impl Pace {
    /// `rate` messages per second, positive and finite, by so many publishers.
    #[must_use]
    pub(super) const fn new(rate: f64, publishers: u32) -> Self {
        Self { period: 1e9 / rate, publishers }
    }

    /// When message `sequence` of this publisher is due after the start; the
    /// first message of the run is due at once.
    #[must_use]
    pub(super) fn due(&self, publisher: u32, sequence: u64) -> Time {
        let number =
            sequence.saturating_mul(self.publishers.into()).saturating_add(publisher.into());
        Time::from_nanos(self.after(number))
    }

    /// How many messages of this publisher are due at `now`.
    #[must_use]
    pub(super) fn due_by(&self, publisher: u32, now: Time) -> u64 {
        let round = self.period * f64::from(self.publishers);
        let mut count = whole(float(now.nanos()) / round);
        // The estimate is next to the truth; `due` is the truth.
        while count > 0 && self.due(publisher, count - 1) > now {
            count -= 1;
        }
        while self.due(publisher, count) <= now {
            count += 1;
        }
        count
    }

    /// Nanoseconds that `messages` of the whole run take.
    #[must_use]
    pub(super) fn after(&self, messages: u64) -> u64 {
        whole(float(messages) * self.period)
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact to 104 days in ns and 9e15 messages")]
const fn float(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "never negative; the cast saturates"
)]
const fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn publishers_take_turns_evenly() {
        let pace = Pace::new(1_000.0, 4);
        let at = |publisher, sequence| pace.due(publisher, sequence).nanos();
        assert_eq!([at(0, 0), at(1, 0), at(3, 0)], [0, 1_000_000, 3_000_000]);
        assert_eq!([at(0, 1), at(3, 1)], [4_000_000, 7_000_000]);
    }

    #[test]
    fn a_day_at_an_odd_rate_is_exact_to_the_message() {
        let pace = Pace::new(3.0, 1);
        let day = Time::from_nanos(86_400 * 1_000_000_000 - 1);
        assert_eq!(pace.due_by(0, day), 3 * 86_400);
    }

    proptest! {
        #[test]
        fn what_is_counted_as_due_is_due_and_the_next_is_not(
            rate in 0.01..5_000_000.0_f64,
            publishers in 1..1_000_u32,
            seed in any::<u32>(),
            now in 0..100_000_000_000_u64,
        ) {
            let pace = Pace::new(rate, publishers);
            let (publisher, now) = (seed % publishers, Time::from_nanos(now));
            let count = pace.due_by(publisher, now);
            prop_assert!(pace.due(publisher, count) > now);
            prop_assert!(count == 0 || pace.due(publisher, count - 1) <= now);
        }
    }
}

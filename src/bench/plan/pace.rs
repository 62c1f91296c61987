//! When each message of a stream with a rate is due.
//!
//! The clients take turns: message `k` of client `i` is number
//! `k * clients + i` of the stream, and messages are evenly spaced, be it in a
//! time that is bent by the stages of the run. Being due depends on nothing that
//! happens during the run, so a broker that stalls cannot move the schedule (an
//! open loop).

use super::warp::{NEVER, Warp};
use crate::bench::load::size::scatter;
use crate::bench::units::{float, floor};
use crate::session::Time;
use std::sync::Arc;
use std::time::Duration;

/// The schedule of a stream.
#[derive(Debug, Clone)]
pub(in crate::bench) struct Pace {
    /// Nanoseconds from one message of the stream to the next, at full load.
    period: f64,
    clients: u32,
    warp: Option<Arc<Warp>>,
    /// Nanoseconds that chance may add to when a message is due.
    jitter: u64,
}

impl Pace {
    /// `rate` messages per second, positive and finite, by so many clients.
    #[must_use]
    pub(in crate::bench) const fn new(rate: f64, clients: u32) -> Self {
        Self { period: 1e9 / rate, clients, warp: None, jitter: 0 }
    }

    /// The same while the load changes.
    #[must_use]
    pub(super) fn bent(self, warp: Option<Arc<Warp>>) -> Self {
        Self { warp, ..self }
    }

    /// The same with each message up to so much later, which must not be more
    /// than [`Pace::interval`].
    #[must_use]
    pub(super) fn scattered(self, jitter: Duration) -> Self {
        let jitter = u64::try_from(jitter.as_nanos()).unwrap_or(u64::MAX);
        Self { jitter, ..self }
    }

    /// The time from one message of a client to its next, at full load.
    #[must_use]
    pub(in crate::bench) fn interval(&self) -> Duration {
        Duration::from_nanos(floor(self.period * f64::from(self.clients)))
    }

    /// When message `sequence` of this client is due after the start; the
    /// first message of the stream is due at once.
    #[must_use]
    pub(in crate::bench) fn due(&self, client: u32, sequence: u64) -> Time {
        let even = self.even(client, sequence);
        let chance = scatter(u64::from(client) << 40 ^ sequence).checked_rem(self.jitter);
        even + Duration::from_nanos(chance.unwrap_or_default())
    }

    /// The same without jitter.
    fn even(&self, client: u32, sequence: u64) -> Time {
        let number = sequence.saturating_mul(self.clients.into()).saturating_add(client.into());
        let load = float(number) * self.period;
        match &self.warp {
            None => Time::from_nanos(floor(load)),
            Some(warp) => warp.time_of(load),
        }
    }

    /// How many messages of this client are due at `now`.
    #[must_use]
    pub(in crate::bench) fn due_by(&self, client: u32, now: Time) -> u64 {
        let load = self.warp.as_ref().map_or(float(now.nanos()), |warp| warp.load_at(now));
        let mut count = floor(load / (self.period * f64::from(self.clients)));
        // The estimate is next to the truth; `even` is the truth.
        while count > 0 && self.even(client, count - 1) > now {
            count -= 1;
        }
        while self.even(client, count) <= now && now < NEVER {
            count += 1;
        }
        // Jitter is no longer than from one message to the next.
        let last_is_late = count > 0 && self.jitter > 0 && self.due(client, count - 1) > now;
        count - u64::from(last_is_late)
    }

    /// When this client's next message is due after `now`; never is
    /// [`NEVER`].
    #[must_use]
    pub(in crate::bench) fn next_after(&self, client: u32, now: Time) -> Time {
        self.due(client, self.due_by(client, now))
    }

    /// Nanoseconds that so many messages of the stream take at full load.
    #[must_use]
    pub(in crate::bench) fn after(&self, messages: u64) -> u64 {
        floor(float(messages) * self.period)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::load::Stage;
    use proptest::prelude::*;

    #[test]
    fn clients_take_turns_evenly() {
        let pace = Pace::new(1_000.0, 4);
        let at = |client, sequence| pace.due(client, sequence).nanos();
        assert_eq!([at(0, 0), at(1, 0), at(3, 0)], [0, 1_000_000, 3_000_000]);
        assert_eq!([at(0, 1), at(3, 1)], [4_000_000, 7_000_000]);
    }

    #[test]
    fn a_day_at_an_odd_rate_is_exact_to_the_message() {
        let pace = Pace::new(3.0, 1);
        let day = Time::from_nanos(86_400 * 1_000_000_000 - 1);
        assert_eq!(pace.due_by(0, day), 3 * 86_400);
    }

    #[test]
    fn a_ramp_sends_half_of_what_its_end_would() {
        let duration = Duration::from_secs(10);
        let ramp = Stage { from: 0.0, ..Stage::lasting(duration) };
        let pace = Pace::new(100.0, 1).bent(Some(Arc::new(Warp::new(&[ramp]))));
        assert_eq!(pace.due_by(0, Time::ZERO + duration), 500);
        assert_eq!(pace.next_after(0, Time::ZERO + duration), NEVER);
    }

    proptest! {
        #[test]
        fn what_is_counted_as_due_is_due_and_the_next_is_not(
            rate in 0.01..5_000_000.0_f64,
            clients in 1..1_000_u32,
            seed in any::<u32>(),
            now in 0..100_000_000_000_u64,
            share in 0..=100_u32,
        ) {
            let pace = Pace::new(rate, clients);
            let jitter = pace.interval() / 100 * share;
            let pace = pace.scattered(jitter);
            let (client, now) = (seed % clients, Time::from_nanos(now));
            let count = pace.due_by(client, now);
            prop_assert!(pace.due(client, count) > now);
            prop_assert!(count == 0 || pace.due(client, count - 1) <= now);
        }
    }
}

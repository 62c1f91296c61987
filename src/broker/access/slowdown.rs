//! Failed attempts make the next ones from the same address wait.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// What the first failure costs; each further one costs twice as much.
const FIRST: Duration = Duration::from_millis(100);

/// The most that one costs.
const MOST: Duration = Duration::from_secs(4);

/// After this time without a failure an address starts anew.
const FORGOTTEN: Duration = Duration::from_mins(1);

/// Addresses remembered before those that are forgotten are thrown out.
const CAPACITY: usize = 4096;

/// Addresses that attempts have failed from.
#[derive(Debug, Default)]
pub(super) struct Slowdown {
    addresses: HashMap<IpAddr, Failures>,
}

#[derive(Debug)]
struct Failures {
    count: u32,
    last: Instant,
    /// When the next attempt may be made.
    next: Instant,
}

impl Failures {
    fn cost(&self) -> Duration {
        FIRST.saturating_mul(1 << self.count.saturating_sub(1).min(16)).min(MOST)
    }
}

impl Slowdown {
    /// When an attempt from `address` that comes now may be made. The one after
    /// it comes later still, so that many at once gain nothing.
    pub(super) fn turn(&mut self, address: IpAddr, now: Instant) -> Instant {
        let Some(failures) = self.addresses.get_mut(&address) else {
            return now;
        };
        if now.duration_since(failures.last) > FORGOTTEN {
            self.addresses.remove(&address);
            return now;
        }
        let turn = failures.next.max(now);
        failures.next = turn + failures.cost();
        turn
    }

    /// Notes an attempt that failed.
    pub(super) fn failed(&mut self, address: IpAddr, now: Instant) {
        if self.addresses.len() >= CAPACITY {
            self.addresses.retain(|_, failures| now.duration_since(failures.last) <= FORGOTTEN);
        }
        let first = Failures { count: 0, last: now, next: now };
        let failures = self.addresses.entry(address).or_insert(first);
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        failures.next = failures.next.max(now + failures.cost());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::BROADCAST);

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_bound_and_a_minute_forgives() {
        let mut slowdown = Slowdown::default();
        let start = Instant::now();
        assert_eq!(slowdown.turn(HERE, start), start);
        let mut now = start;
        for wait in [100, 200, 400, 800, 1600, 3200, 4000, 4000] {
            slowdown.failed(HERE, now);
            let turn = slowdown.turn(HERE, now);
            assert_eq!(turn - now, Duration::from_millis(wait));
            now = turn;
        }
        assert_eq!(slowdown.turn(THERE, now), now, "others do not wait");
        let later = now + FORGOTTEN + MOST;
        assert_eq!(slowdown.turn(HERE, later), later);
    }

    #[test]
    fn attempts_that_come_at_once_wait_in_line() {
        let mut slowdown = Slowdown::default();
        let now = Instant::now();
        slowdown.failed(HERE, now);
        let turns: Vec<_> = (0..3).map(|_| slowdown.turn(HERE, now) - now).collect();
        assert_eq!(turns, [100, 200, 300].map(Duration::from_millis));
    }
}

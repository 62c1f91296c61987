//! Keep alive (MQTT 5.0 §3.1.2.10), from the client's side.

use super::Time;
use std::time::Duration;

/// When a client owes a PINGREQ and when the server counts as gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeepAlive {
    interval: Duration,
    last_sent: Time,
    /// When the unanswered PINGREQ was sent.
    pinged: Option<Time>,
}

/// What keep alive asks for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Ping,
    Dead,
}

impl KeepAlive {
    /// Begins at `now` with `seconds` between signs of life; 0 is never.
    #[must_use]
    pub(super) fn new(seconds: u16, now: Time) -> Self {
        Self { interval: Duration::from_secs(seconds.into()), last_sent: now, pinged: None }
    }

    /// A packet was sent.
    pub(super) const fn sent(&mut self, now: Time) {
        self.last_sent = now;
    }

    /// A packet arrived: the server lives.
    pub(super) const fn received(&mut self) {
        self.pinged = None;
    }

    /// When to look again; `None` is never.
    #[must_use]
    pub(super) fn deadline(&self) -> Option<Time> {
        if self.interval.is_zero() {
            return None;
        }
        Some(self.pinged.unwrap_or(self.last_sent) + self.interval)
    }

    /// What is due at `now`; a ping counts as sent.
    pub(super) fn check(&mut self, now: Time) -> Due {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Due::Nothing;
        }
        if self.pinged.is_some() {
            return Due::Dead;
        }
        self.pinged = Some(now);
        self.last_sent = now;
        Due::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_silent_client_pings_and_a_silent_server_is_dead_one_interval_later() {
        let mut keep_alive = KeepAlive::new(10, at(0));
        assert_eq!(keep_alive.check(at(9)), Due::Nothing);
        keep_alive.sent(at(5));
        assert_eq!(keep_alive.check(at(14)), Due::Nothing);
        assert_eq!(keep_alive.check(at(15)), Due::Ping);
        assert_eq!(keep_alive.check(at(24)), Due::Nothing);
        assert_eq!(keep_alive.check(at(25)), Due::Dead);
    }

    #[test]
    fn an_answer_starts_the_interval_anew() {
        let mut keep_alive = KeepAlive::new(10, at(0));
        assert_eq!(keep_alive.check(at(10)), Due::Ping);
        keep_alive.received();
        assert_eq!(keep_alive.check(at(19)), Due::Nothing);
        assert_eq!(keep_alive.check(at(20)), Due::Ping);
    }

    #[test]
    fn zero_seconds_is_no_keep_alive() {
        assert_eq!(KeepAlive::new(0, at(0)).deadline(), None);
    }
}

//! What a run counts of its connections, and how long each step of connecting
//! took.

use super::stats::Timing;
use crate::net::Step;
use crate::session::Time;
use std::time::Duration;

/// Connections of a worker, or of all of them together.
#[derive(Debug, Clone, Default)]
pub(in crate::bench) struct Connecting {
    /// Connections that brokers have accepted.
    pub(in crate::bench) accepted: u64,
    /// Attempts that have failed.
    pub(in crate::bench) failed: u64,
    /// Connections that were lost.
    pub(in crate::bench) lost: u64,
    /// Connections of subscribers that ended while messages were published.
    pub(in crate::bench) away: u64,
    /// When the last one was accepted.
    pub(in crate::bench) last: Time,
    /// Until a socket was connected.
    pub(super) tcp: Timing,
    /// From there until TLS was spoken.
    pub(super) tls: Timing,
    /// From there until WebSocket was spoken.
    pub(super) websocket: Timing,
    /// From there until the broker had accepted the client.
    pub(super) connack: Timing,
    /// All of it.
    pub(in crate::bench) connect: Timing,
    /// From a SUBSCRIBE to its answer.
    pub(in crate::bench) subscribe: Timing,
}

impl Connecting {
    /// Notes that a step took so long.
    pub(in crate::bench) fn step(&mut self, step: Step, took: Duration) {
        let timing = match step {
            Step::Socket => &mut self.tcp,
            Step::Tls => &mut self.tls,
            Step::WebSocket => &mut self.websocket,
        };
        timing.record(took);
    }

    /// Notes that the broker has accepted a client: when, and how long after the
    /// last step and from the first on.
    pub(in crate::bench) fn accepted(&mut self, now: Time, last: Duration, whole: Duration) {
        self.accepted += 1;
        self.last = now;
        self.connack.record(last);
        self.connect.record(whole);
    }
}

//! What a run counts of its connections, and how long each step of connecting
//! took.

use super::stats::Timing;
use crate::net::Step;
use crate::session::Time;
use std::time::Duration;

/// Connections of a worker, or of all of them together.
#[derive(Debug, Clone, Default)]
pub(super) struct Connecting {
    /// Connections that brokers have accepted.
    pub(super) accepted: u64,
    /// Attempts that have failed.
    pub(super) failed: u64,
    /// Connections that were lost.
    pub(super) lost: u64,
    /// When the last one was accepted.
    pub(super) last: Time,
    /// Until a socket was connected.
    pub(super) tcp: Timing,
    /// From there until TLS was spoken.
    pub(super) tls: Timing,
    /// From there until WebSocket was spoken.
    pub(super) websocket: Timing,
    /// From there until the broker had accepted the client.
    pub(super) connack: Timing,
    /// All of it.
    pub(super) connect: Timing,
    /// From a SUBSCRIBE to its answer.
    pub(super) subscribe: Timing,
}

impl Connecting {
    /// Notes that a step took so long.
    pub(super) fn step(&mut self, step: Step, took: Duration) {
        let timing = match step {
            Step::Socket => &mut self.tcp,
            Step::Tls => &mut self.tls,
            Step::WebSocket => &mut self.websocket,
        };
        timing.record(took);
    }

    /// Notes that the broker has accepted a client: when, and how long after the
    /// last step and from the first on.
    pub(super) fn accepted(&mut self, now: Time, last: Duration, whole: Duration) {
        self.accepted += 1;
        self.last = now;
        self.connack.record(last);
        self.connect.record(whole);
    }
}

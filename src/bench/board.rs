//! What the threads of a run tell each other, without locks: how far each
//! publisher and its deliveries are. Written once per batch, never per message.

use super::plan::Seat;
use crate::session::Time;
use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::time::{Duration, Instant};

/// The state of one publisher; a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(super) struct Lane {
    /// Messages sent.
    pub(super) sent: AtomicU64,
    /// First arrivals of its messages, those at all subscribers together.
    pub(super) delivered: AtomicU64,
    /// Messages the broker has answered for, QoS 1 and 2 only.
    pub(super) answered: AtomicU64,
}

/// What all threads of a run see.
#[derive(Debug)]
pub(super) struct Board {
    lanes: Vec<Lane>,
    publishers: AtomicU32,
    subscribers: AtomicU32,
    /// Workers that know that the plan has ended.
    ended: AtomicU32,
    origin: Instant,
}

/// The sums over all publishers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Progress {
    /// Messages sent.
    pub(super) sent: u64,
    /// First arrivals.
    pub(super) delivered: u64,
    /// Messages answered for.
    pub(super) answered: u64,
}

impl Board {
    /// For so many publishers and subscribers; time starts now.
    #[must_use]
    pub(super) fn new(publishers: u32, subscribers: u32) -> Self {
        Self {
            lanes: (0..publishers).map(|_| Lane::default()).collect(),
            publishers: AtomicU32::new(publishers),
            subscribers: AtomicU32::new(subscribers),
            ended: AtomicU32::new(0),
            origin: Instant::now(),
        }
    }

    /// The time of the run; the same for all threads.
    #[must_use]
    pub(super) fn now(&self) -> Time {
        Time::ZERO + self.origin.elapsed()
    }

    /// From now until `time`; zero when it has passed.
    #[must_use]
    pub(super) fn until(&self, time: Time) -> Duration {
        time - self.now()
    }

    /// The lane of this publisher, or none if there is no such publisher.
    #[must_use]
    pub(super) fn lane(&self, publisher: u32) -> Option<&Lane> {
        self.lanes.get(publisher as usize)
    }

    /// Notes that the connection with this seat is gone.
    pub(super) fn lost(&self, seat: Seat) {
        if seat.publisher.is_some() {
            self.publishers.fetch_sub(1, Relaxed);
        }
        if seat.subscriber.is_some() {
            self.subscribers.fetch_sub(1, Relaxed);
        }
    }

    /// Whether anyone is left to publish.
    #[must_use]
    pub(super) fn is_publishing(&self) -> bool {
        self.publishers.load(Relaxed) > 0
    }

    /// Whether anyone is left to receive.
    #[must_use]
    pub(super) fn is_receiving(&self) -> bool {
        self.subscribers.load(Relaxed) > 0
    }

    /// Notes that a worker knows that the plan has ended: what it sends from
    /// now on was due before.
    pub(super) fn worker_knows_of_end(&self) {
        self.ended.fetch_add(1, Release);
    }

    /// Workers that know that the plan has ended.
    #[must_use]
    pub(super) fn workers_at_end(&self) -> u32 {
        self.ended.load(Acquire)
    }

    /// How far all publishers together are.
    #[must_use]
    pub(super) fn progress(&self) -> Progress {
        let sum = |count: fn(&Lane) -> &AtomicU64| {
            self.lanes.iter().map(|lane| count(lane).load(Relaxed)).sum()
        };
        Progress {
            sent: sum(|lane| &lane.sent),
            delivered: sum(|lane| &lane.delivered),
            answered: sum(|lane| &lane.answered),
        }
    }
}

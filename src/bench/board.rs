//! What the threads of a run tell each other, without locks: how far each
//! stream of a client and its deliveries are. Written once per batch, never per message.

use super::load::Group;
use super::plan::Plan;
use crate::session::Time;
use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The state of one stream of one client; a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(super) struct Lane {
    /// Messages sent.
    pub(super) sent: AtomicU64,
    /// Messages that were due and never will be sent.
    pub(super) skipped: AtomicU64,
    /// First arrivals of its messages, those at all subscribers together.
    pub(super) delivered: AtomicU64,
    /// Messages the broker has answered for, QoS 1 and 2 only.
    pub(super) answered: AtomicU64,
}

impl Lane {
    /// Messages sent so far.
    #[must_use]
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }
}

/// What all threads of a run see.
#[derive(Debug)]
pub(super) struct Board {
    lanes: Vec<Lane>,
    /// Clients that have not been given up, those that publish and those that
    /// subscribe.
    publishers: AtomicU32,
    subscribers: AtomicU32,
    /// Connections that are open now.
    connected: AtomicU32,
    /// Workers that know that the plan has ended.
    ended: AtomicU32,
    origin: Instant,
    /// The same moment by the clock of the machine, in nanoseconds since 1970.
    epoch: u64,
}

/// The sums over all lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Progress {
    /// Messages sent.
    pub(super) sent: u64,
    /// Messages that never will be.
    pub(super) skipped: u64,
    /// First arrivals.
    pub(super) delivered: u64,
    /// Messages answered for.
    pub(super) answered: u64,
}

impl Progress {
    /// Messages that need not be thought of any more.
    #[must_use]
    pub(super) const fn handled(self) -> u64 {
        self.sent + self.skipped
    }
}

impl Board {
    /// For the clients of this plan; time starts now. `offset` is what is to be
    /// added to the clock of the machine, in nanoseconds.
    #[must_use]
    pub(super) fn new(plan: &Plan, offset: i64) -> Self {
        let clients = |does: fn(&Group) -> bool| {
            let own = plan.own_seats().filter(|seat| does(plan.group(*seat)));
            AtomicU32::new(u32::try_from(own.count()).unwrap_or(u32::MAX))
        };
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            lanes: (0..plan.lanes()).map(|_| Lane::default()).collect(),
            publishers: clients(Group::publishes),
            subscribers: clients(Group::subscribes),
            connected: AtomicU32::new(0),
            ended: AtomicU32::new(0),
            origin: Instant::now(),
            epoch: u64::try_from(epoch.as_nanos())
                .unwrap_or_default()
                .saturating_add_signed(offset),
        }
    }

    /// A time of the run by the clock of the machine, or that of the first shard, in
    /// nanoseconds since 1970; runs of other processes can be compared with that.
    #[must_use]
    pub(super) const fn wall(&self, time: Time) -> u64 {
        self.epoch + time.nanos()
    }

    /// The same time by the clock of the run; its start if it is before.
    #[must_use]
    pub(super) const fn time_of(&self, wall: u64) -> Time {
        Time::from_nanos(wall.saturating_sub(self.epoch))
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

    /// The lane with this number, or none if there is no such lane.
    #[must_use]
    pub(super) fn lane(&self, number: u32) -> Option<&Lane> {
        self.lanes.get(number as usize)
    }

    /// The lanes in the order of their numbers.
    pub(super) fn lanes(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter()
    }

    /// Notes that a client of this group is given up.
    pub(super) fn lost(&self, group: &Group) {
        if group.publishes() {
            self.publishers.fetch_sub(1, Relaxed);
        }
        if group.subscribes() {
            self.subscribers.fetch_sub(1, Relaxed);
        }
    }

    /// Notes that a connection is open, or no longer.
    pub(super) fn note_connection(&self, open: bool) {
        if open {
            self.connected.fetch_add(1, Relaxed);
        } else {
            self.connected.fetch_sub(1, Relaxed);
        }
    }

    /// Connections that are open now.
    #[must_use]
    pub(super) fn connected(&self) -> u32 {
        self.connected.load(Relaxed)
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

    /// How far all lanes together are.
    #[must_use]
    pub(super) fn progress(&self) -> Progress {
        let sum = |count: fn(&Lane) -> &AtomicU64| {
            self.lanes.iter().map(|lane| count(lane).load(Relaxed)).sum()
        };
        Progress {
            sent: sum(|lane| &lane.sent),
            skipped: sum(|lane| &lane.skipped),
            delivered: sum(|lane| &lane.delivered),
            answered: sum(|lane| &lane.answered),
        }
    }
}

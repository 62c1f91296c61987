//! What came of a run, before it is a report.

use super::meeting::Clock;
use super::plan::Plan;
use super::report::{Part, Series, Shares};
use super::shard::Shard;
use super::tally::Stats;
use super::units::float;
use super::watch::{BrokerUsage, Watch};
use crate::error::Error;
use crate::session::Time;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// What came of a run.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What was to be done.
    pub(super) plan: Arc<Plan>,
    /// The counts of all workers.
    pub(super) stats: Stats,
    /// Messages that did not arrive, for each who ought to have received them.
    pub(super) lost: u64,
    /// Arrivals, at all who ought to receive them, of what was sent here.
    pub(super) expected: u64,
    /// How the clock was changed to be that of the first shard.
    pub(super) clock: Clock,
    /// Messages that were due before the end and could not be sent.
    pub(super) unsent: u64,
    /// When measuring began and ended.
    pub(super) span: (Time, Time),
    /// When it began, by the clock of the machine.
    pub(super) started: Timestamp,
    /// How it went, second by second.
    pub(super) series: Series,
    /// The processor time of each worker while the plan ran.
    pub(super) busy: Vec<Duration>,
    /// What has watched the broker.
    pub(super) usage: Option<Watch>,
    /// What cost the run connections, if it lost any.
    pub(super) failure: Option<Error>,
}

impl Outcome {
    /// Until the last connection was accepted.
    pub(super) fn connecting_time(&self) -> Duration {
        self.stats.connecting.last - Time::ZERO
    }

    /// How the shared subscription was spread, if there was one.
    pub(super) fn shares(&self) -> Option<Shares> {
        let shares = &self.stats.shares;
        self.plan.is_shared().then(|| Shares::new(shares.clone()))
    }

    /// The part of the run that this was, if it was one.
    pub(super) fn part(&self) -> Option<Part> {
        let shard = self.plan.shard();
        let Self { expected, clock, .. } = *self;
        (shard != Shard::WHOLE).then_some(Part { shard, clock, expected })
    }

    /// What the broker took, for each message too.
    pub(super) fn broker_usage(&self) -> Option<BrokerUsage> {
        let watch = self.usage.as_ref()?;
        let (time, memory) = watch.taken();
        let seconds = (self.span.1 - self.span.0).as_secs_f64().max(1e-9);
        let messages = self.stats.published + self.stats.received;
        Some(BrokerUsage {
            cores: time.as_secs_f64() / seconds,
            cpu_ns_per_message: time.as_secs_f64() * 1e9 / float(messages.max(1)),
            memory,
            embedded: watch.is_embedded(),
        })
    }
}

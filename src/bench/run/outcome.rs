//! What came of a run, before it is a report.

use crate::bench::meeting::Clock;
use crate::bench::plan::Plan;
use crate::bench::report::{Part, Series, Shares};
use crate::bench::shard::Shard;
use crate::bench::tally::Stats;
use crate::bench::units::float;
use crate::bench::watch::{BrokerUsage, Watch};
use crate::error::Error;
use crate::session::Time;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// What came of a run.
#[derive(Debug)]
pub(in crate::bench) struct Outcome {
    /// What was to be done.
    pub(in crate::bench) plan: Arc<Plan>,
    /// The counts of all workers.
    pub(in crate::bench) stats: Stats,
    /// Messages that did not arrive, for each who ought to have received them.
    pub(in crate::bench) lost: u64,
    /// Arrivals, at all who ought to receive them, of what was sent here.
    pub(in crate::bench) expected: u64,
    /// How the clock was changed to be that of the first shard.
    pub(in crate::bench) clock: Clock,
    /// Messages that were due before the end and could not be sent.
    pub(in crate::bench) unsent: u64,
    /// When measuring began and ended.
    pub(in crate::bench) span: (Time, Time),
    /// When it began, by the clock of the machine.
    pub(in crate::bench) started: Timestamp,
    /// How it went, second by second.
    pub(in crate::bench) series: Series,
    /// The processor time of each worker while the plan ran.
    pub(in crate::bench) busy: Vec<Duration>,
    /// What has watched the broker.
    pub(in crate::bench) usage: Option<Watch>,
    /// What cost the run connections, if it lost any.
    pub(in crate::bench) failure: Option<Error>,
}

impl Outcome {
    /// Until the last connection was accepted.
    pub(in crate::bench) fn connecting_time(&self) -> Duration {
        self.stats.connecting.last - Time::ZERO
    }

    /// How the shared subscription was spread, if there was one.
    pub(in crate::bench) fn shares(&self) -> Option<Shares> {
        let shares = &self.stats.shares;
        self.plan.is_shared().then(|| Shares::new(shares.clone()))
    }

    /// The part of the run that this was, if it was one.
    pub(in crate::bench) fn part(&self) -> Option<Part> {
        let shard = self.plan.shard();
        let Self { expected, clock, .. } = *self;
        (shard != Shard::WHOLE).then_some(Part { shard, clock, expected })
    }

    /// What the broker took, for each message too.
    pub(in crate::bench) fn broker_usage(&self) -> Option<BrokerUsage> {
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

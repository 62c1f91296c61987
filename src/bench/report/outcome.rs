//! From what came of a run to its report.

use super::super::measure::Measure;
use super::super::run::Outcome;
use super::super::units::{span, thousands};
use super::{AskedFor, FORMAT, Flow, Generator, Report};
use crate::session::Time;
use std::time::Duration;

/// Share of a core from which a worker counts as the limit of the run.
const SATURATED: f64 = 0.9;

/// Lateness of sending from which a run counts as late, in nanoseconds.
const LATE: u64 = 1_000_000;

impl Report {
    /// Sums up what came of the run against this broker.
    #[must_use]
    pub(in super::super) fn new(outcome: &mut Outcome, broker: String) -> Self {
        let measured = Measure::ALL.iter();
        let times_ns =
            measured.filter_map(|kind| Some((*kind, outcome.stats.distribution(*kind)?))).collect();
        let stats = &outcome.stats;
        let load = outcome.plan.load();
        let seconds = publishing_time(outcome).as_secs_f64();
        let expected = stats.published * u64::from(load.subscribers);
        let lost = expected.saturating_sub(stats.arrivals.distinct);
        let mut report = Self {
            mqx_bench: FORMAT,
            mqx: env!("CARGO_PKG_VERSION").to_owned(),
            run: format!("{:08x}", outcome.run),
            mode: "pubsub".to_owned(),
            broker,
            started: outcome.started,
            load: AskedFor {
                publishers: load.publishers,
                subscribers: load.subscribers,
                qos: load.qos as u8,
                size: load.size,
                rate: load.rate,
                inflight: load.inflight,
            },
            seconds,
            published: Flow::new(stats.published, stats.published_bytes, seconds),
            received: Flow::new(
                stats.received,
                stats.received_bytes,
                since(outcome, stats.last_received).as_secs_f64().max(seconds),
            ),
            arrived: stats.arrivals.distinct,
            acknowledged: stats.acknowledged,
            unsent: outcome.unsent,
            lost: (load.subscribers > 0).then_some(lost),
            duplicated: stats.arrivals.duplicates,
            reordered: stats.arrivals.reordered,
            foreign: stats.foreign,
            times_ns,
            errors: stats.errors.clone(),
            generator: Generator::new(outcome),
            series: outcome.series.clone(),
            assertions: Vec::new(),
            warnings: Vec::new(),
        };
        report.warnings = report.warn();
        report
    }

    /// Why the figures may not be those of the broker.
    pub(super) fn warn(&self) -> Vec<String> {
        let generator = &self.generator;
        let late = self.times(Measure::Lag).filter(|lag| lag.p99 >= LATE);
        let rules = [
            (generator.busiest >= SATURATED).then(|| {
                "the load generator was the limit: one of its threads was busy all the time"
                    .to_owned()
            }),
            late.map(|lag| {
                let cause = if generator.blocked > 0 {
                    "the broker did not take them in time"
                } else {
                    "this machine was too slow"
                };
                format!("1% of the messages went out {} late or more: {cause}", span(lag.p99))
            }),
            (self.unsent > 0).then(|| {
                format!("{} messages were due and could not be sent", thousands(self.unsent))
            }),
        ];
        rules.into_iter().flatten().collect()
    }
}

impl Generator {
    fn new(outcome: &Outcome) -> Self {
        let elapsed = (outcome.span.1 - outcome.span.0).as_secs_f64().max(1e-9);
        let shares = outcome.busy.iter().map(|busy| busy.as_secs_f64() / elapsed);
        Self {
            workers: u32::try_from(outcome.busy.len()).unwrap_or(u32::MAX),
            cores: shares.clone().sum(),
            busiest: shares.fold(0.0, f64::max),
            blocked: outcome.stats.blocked,
        }
    }
}

/// How long publishing took: with a rate at least as long as the messages
/// take at that rate, for the last one fills its interval too.
fn publishing_time(outcome: &Outcome) -> Duration {
    let sent = since(outcome, outcome.stats.last_published);
    let paced = outcome.plan.pace().map(|pace| pace.after(outcome.stats.published));
    sent.max(Duration::from_nanos(paced.unwrap_or_default()))
}

fn since(outcome: &Outcome, time: Time) -> Duration {
    time - outcome.span.0
}

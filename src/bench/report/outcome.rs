//! From what came of a run to its report.

use super::{AskedFor, Connections, FORMAT, Flow, Generator, Report};
use crate::bench::load::{Group, Scenario};
use crate::bench::run::Outcome;
use crate::bench::tally::Measure;
use crate::bench::units::{span, thousands};
use crate::session::Time;
use std::time::Duration;

/// Share of a core from which a worker counts as the limit of the run.
const SATURATED: f64 = 0.9;

/// Lateness of sending from which a run counts as late, in nanoseconds.
const LATE: u64 = 1_000_000;

impl Report {
    /// Sums up what came of the run against this broker.
    #[must_use]
    pub(in crate::bench) fn new(outcome: &mut Outcome, broker: String) -> Self {
        let measured = Measure::ALL.iter();
        let times_ns =
            measured.filter_map(|kind| Some((*kind, outcome.stats.distribution(*kind)?))).collect();
        let stats = &outcome.stats;
        let plan = &outcome.plan;
        let seconds = publishing_time(outcome).as_secs_f64();
        let mut report = Self {
            mqx_bench: FORMAT,
            mqx: env!("CARGO_PKG_VERSION").to_owned(),
            run: format!("{:08x}", plan.run()),
            mode: plan.scenario().name.clone(),
            broker,
            started: outcome.started,
            parts: outcome.part().into_iter().collect(),
            load: AskedFor::of(plan.scenario()),
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
            lost: (plan.subscribes() && outcome.part().is_none()).then_some(outcome.lost),
            duplicated: stats.arrivals.duplicates,
            reordered: stats.arrivals.reordered,
            foreign: stats.foreign,
            overrun: stats.overrun,
            connections: Some(Connections::new(&stats.connecting, outcome.connecting_time())),
            shares: outcome.shares(),
            broker_usage: outcome.broker_usage(),
            find_max: None,
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
            (self.overrun > 0).then(|| {
                format!("{} messages were given up, for --buffer was full", thousands(self.overrun))
            }),
            late.map(|lag| {
                let cause = if generator.blocked > 0 {
                    "the broker did not take them in time"
                } else {
                    "this machine was too slow"
                };
                format!("1% of the messages went out {} late or more: {cause}", span(lag.p99))
            }),
            self.away().map(|times| {
                format!(
                    "subscribers were away {} times, and what a broker does not keep for them is lost",
                    thousands(times)
                )
            }),
            (self.unsent > 0).then(|| {
                format!("{} messages were due and could not be sent", thousands(self.unsent))
            }),
        ];
        rules.into_iter().flatten().collect()
    }
}

impl Report {
    /// How often subscribers were away, if that is why messages are lost.
    fn away(&self) -> Option<u64> {
        let away = self.connections.map_or(0, |connections| connections.away);
        (away > 0 && self.lost.is_some_and(|lost| lost > 0)).then_some(away)
    }

    /// Whether the figures are those of the load generator instead of the
    /// broker's.
    #[must_use]
    pub fn is_of_the_generator(&self) -> bool {
        let late = self.times(Measure::Lag).is_some_and(|lag| lag.p99 >= LATE);
        self.generator.busiest >= SATURATED || late && self.generator.blocked == 0
    }
}

impl AskedFor {
    /// The load of a whole run in a few figures; where its streams differ, those
    /// of the first.
    fn of(scenario: &Scenario) -> Self {
        let clients = |counts: fn(&&Group) -> bool| {
            scenario.groups.iter().filter(counts).map(|group| group.clients).sum()
        };
        let streams = || {
            let groups = scenario.groups.iter();
            groups.flat_map(|group| group.streams.iter().map(|stream| (group.clients, stream)))
        };
        let first = streams().next().map(|(_, stream)| stream);
        let asked = scenario.groups.iter().flat_map(|group| &group.subscriptions).next();
        let qos = first.map(|stream| stream.qos).or(asked.map(|asked| asked.qos));
        Self {
            connections: clients(|_| true),
            publishers: clients(|group| group.publishes()),
            subscribers: clients(|group| group.subscribes() && !group.publishes()),
            qos: qos.unwrap_or_default() as u8,
            size: first.map_or(0, |stream| stream.content.largest()),
            rate: streams().map(|(clients, stream)| stream.tempo.rate(clients)).sum(),
            inflight: first.map_or(0, |stream| stream.inflight),
        }
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
    let stats = &outcome.stats;
    let done = if outcome.plan.lanes() > 0 { stats.last_published } else { outcome.span.1 };
    let paced = outcome.plan.time_of(stats.published);
    since(outcome, done).max(paced.unwrap_or_default())
}

fn since(outcome: &Outcome, time: Time) -> Duration {
    time - outcome.span.0
}

//! What a run found, as data and as JSON; [`super::text`] writes it for people.

use super::run::Outcome;
use super::stats::Summary;
use super::units::{float, span, thousands};
use crate::session::Time;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

/// The version of the JSON object; raised when a field changes its meaning or
/// goes away.
const FORMAT: u32 = 1;

/// Share of a core from which a worker counts as the limit of the run.
const SATURATED: f64 = 0.9;

/// Lateness of sending from which a run counts as late, in nanoseconds.
const LATE: u64 = 1_000_000;

/// What a run found. All times are in nanoseconds, rates per second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The version of this format, now 1.
    pub mqx_bench: u32,
    /// The name of the run, in hexadecimal.
    pub run: String,
    /// The broker's host and port.
    pub broker: String,
    /// What was asked for.
    pub load: AskedFor,
    /// Seconds from the start to the end of publishing.
    pub seconds: f64,
    /// What was published.
    pub published: Flow,
    /// What arrived, all subscribers together, repetitions included.
    pub received: Flow,
    /// QoS 1 and 2 messages the broker accepted.
    pub acknowledged: u64,
    /// Messages that were due before the end and could not be sent.
    pub unsent: u64,
    /// Messages that were published and did not arrive, for each subscriber.
    pub lost: u64,
    /// Arrivals of a message that had arrived before.
    pub duplicated: u64,
    /// First arrivals behind a message that its publisher sent later.
    pub reordered: u64,
    /// Messages that arrived and were not of this run.
    pub foreign: u64,
    /// From when a message was due until it arrived.
    pub latency_ns: Option<Summary>,
    /// From when a message was sent until it arrived.
    pub service_ns: Option<Summary>,
    /// From when a message was due until it was acknowledged.
    pub acknowledgement_ns: Option<Summary>,
    /// Failures by their kind.
    pub errors: BTreeMap<String, u64>,
    /// How the load generator fared.
    pub generator: Generator,
    /// Why the figures may not be those of the broker.
    pub warnings: Vec<String>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AskedFor {
    /// Connections that publish.
    pub publishers: u32,
    /// Connections that receive everything.
    pub subscribers: u32,
    /// Quality of service.
    pub qos: u8,
    /// Bytes of each payload.
    pub size: usize,
    /// Messages per second in all; without it as many as possible.
    pub rate: Option<f64>,
    /// Unacknowledged messages of each publisher at once.
    pub inflight: u16,
}

/// Messages in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Flow {
    /// How many.
    pub messages: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Messages per second, from the start to the last one.
    pub rate: f64,
}

/// How the load generator fared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Generator {
    /// Worker threads.
    pub workers: u32,
    /// Processor time of all of them, as a share of one core.
    pub cores: f64,
    /// Processor time of the busiest, as a share of its time.
    pub busiest: f64,
    /// How much later than due messages were sent, in runs with a rate.
    pub lag_ns: Option<Summary>,
    /// Times a socket took no more bytes.
    pub blocked: u64,
}

impl Report {
    /// Sums up what came of the run against this broker.
    #[must_use]
    pub(super) fn new(outcome: &mut Outcome, broker: String) -> Self {
        let timings = [
            &mut outcome.stats.latency,
            &mut outcome.stats.service,
            &mut outcome.stats.acknowledgement,
            &mut outcome.stats.lag,
        ];
        let [latency_ns, service_ns, acknowledgement_ns, lag_ns] =
            timings.map(|timing| Some(timing.summary()).filter(|times| times.count > 0));
        let stats = &outcome.stats;
        let load = outcome.plan.load();
        let seconds = publishing_time(outcome).as_secs_f64();
        let expected = stats.published * u64::from(load.subscribers);
        let mut report = Self {
            mqx_bench: FORMAT,
            run: format!("{:08x}", outcome.run),
            broker,
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
            acknowledged: stats.acknowledged,
            unsent: outcome.unsent,
            lost: expected.saturating_sub(stats.arrivals.distinct),
            duplicated: stats.arrivals.duplicates,
            reordered: stats.arrivals.reordered,
            foreign: stats.foreign,
            latency_ns,
            service_ns,
            acknowledgement_ns,
            errors: stats.errors.clone(),
            generator: Generator::new(outcome, lag_ns),
            warnings: Vec::new(),
        };
        report.warnings = report.warn();
        report
    }

    /// Why the figures may not be those of the broker.
    fn warn(&self) -> Vec<String> {
        let generator = &self.generator;
        let late = generator.lag_ns.filter(|lag| lag.p99 >= LATE);
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

    /// Writes the report as one JSON object on one line.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        writeln!(out)
    }
}

impl Flow {
    fn new(messages: u64, bytes: u64, seconds: f64) -> Self {
        let rate = if seconds > 0.0 { float(messages) / seconds } else { 0.0 };
        Self { messages, bytes, rate }
    }
}

impl Generator {
    fn new(outcome: &Outcome, lag_ns: Option<Summary>) -> Self {
        let elapsed = (outcome.span.1 - outcome.span.0).as_secs_f64().max(1e-9);
        let shares = outcome.busy.iter().map(|busy| busy.as_secs_f64() / elapsed);
        Self {
            workers: u32::try_from(outcome.busy.len()).unwrap_or(u32::MAX),
            cores: shares.clone().sum(),
            busiest: shares.fold(0.0, f64::max),
            lag_ns,
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

//! What a run found, as data and as JSON. The other forms of it are files of
//! their own beside this one.

mod chart;
mod clients;
mod compare;
mod conclusion;
mod csv;
mod distribution;
mod file;
mod html;
mod judge;
mod junit;
mod knee;
mod markdown;
mod merge;
mod outcome;
mod part;
mod read;
mod series;
mod tables;
#[cfg(test)]
mod tests;
mod text;

pub use clients::{Connections, Shares};
pub use compare::Comparison;
pub use conclusion::{Baseline, Conclusion};
pub use distribution::Distribution;
pub use file::{Form, Forms, Target};
pub use judge::{Assertion, Verdict};
pub use knee::{Figures, Knee, Limit, Step};
pub use part::Part;
pub use series::{Point, Series};

use crate::bench::tally::{Failures, Measure, Summary};
use crate::bench::units::float;
use crate::bench::watch::BrokerUsage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The version of the JSON object; raised when a field changes its meaning or
/// goes away.
const FORMAT: u32 = 3;

/// The JSON schema of a report.
pub const SCHEMA: &str = include_str!("schema.json");

/// What a run found. All times are in nanoseconds, rates per second. What a
/// mode does not measure is absent from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of this format, now 3.
    pub mqx_bench: u32,
    /// The version of mqx that has written it.
    pub mqx: String,
    /// The name of the run, in hexadecimal.
    pub run: String,
    /// What kind of load it was.
    pub mode: String,
    /// The broker's host and port.
    pub broker: String,
    /// When publishing began, by the clock of the machine.
    pub started: Timestamp,
    /// Which parts of a run on several machines this is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// What was asked for, of all parts of the run.
    pub load: AskedFor,
    /// Seconds from the start to the end of publishing.
    pub seconds: f64,
    /// What was published.
    pub published: Flow,
    /// What arrived, all subscribers together, repetitions included.
    pub received: Flow,
    /// Different messages that arrived, for each subscriber.
    pub arrived: u64,
    /// QoS 1 and 2 messages the broker accepted.
    pub acknowledged: u64,
    /// Messages that were due before the end and could not be sent.
    pub unsent: u64,
    /// Messages that were published and did not arrive, for each subscriber.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<u64>,
    /// Arrivals of a message that had arrived before.
    pub duplicated: u64,
    /// First arrivals behind a message that its publisher sent later.
    pub reordered: u64,
    /// Messages that arrived and were not of this run.
    pub foreign: u64,
    /// Messages that were given up because there was no room to keep them.
    #[serde(default)]
    pub overrun: u64,
    /// What became of connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
    /// How a shared subscription was spread over its members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<Shares>,
    /// What the broker's process took of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker_usage: Option<BrokerUsage>,
    /// What a search for the greatest load has found, of which this is the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub find_max: Option<Knee>,
    /// The times that were measured.
    pub times_ns: BTreeMap<Measure, Distribution>,
    /// Failures by their class.
    pub errors: Failures,
    /// How the load generator fared.
    pub generator: Generator,
    /// How the run went over time.
    pub series: Series,
    /// What was asserted, and whether it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assertions: Vec<Verdict>,
    /// Why the figures may not be those of the broker.
    pub warnings: Vec<String>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskedFor {
    /// Connections of all kinds.
    #[serde(default)]
    pub connections: u32,
    /// Connections that publish.
    pub publishers: u32,
    /// Connections that only receive.
    pub subscribers: u32,
    /// Quality of service.
    pub qos: u8,
    /// Bytes of each payload.
    pub size: usize,
    /// Messages per second in all; without it as many as possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Unacknowledged messages of each publisher at once.
    pub inflight: u16,
}

/// Messages in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// How many.
    pub messages: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Messages per second, from the start to the last one.
    pub rate: f64,
}

/// How the load generator fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// Worker threads.
    pub workers: u32,
    /// Processor time of all of them, as a share of one core.
    pub cores: f64,
    /// Processor time of the busiest, as a share of its time.
    pub busiest: f64,
    /// Times a socket took no more bytes.
    pub blocked: u64,
}

impl Forms for Report {
    const FORMS: &'static [(&'static str, Form<Self>)] = &[
        ("json", Self::write_json),
        ("csv", Self::write_csv),
        ("md", Self::write_markdown),
        ("html", Self::write_html),
        ("xml", Self::write_junit),
    ];
}

impl Report {
    /// Writes the report as one JSON object on one line.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        writeln!(out)
    }

    /// The figures of the times of this kind, if they were measured.
    #[must_use]
    pub fn times(&self, measure: Measure) -> Option<&Summary> {
        self.times_ns.get(&measure).map(Distribution::summary)
    }

    /// Failures of all kinds.
    #[must_use]
    pub fn error_count(&self) -> u64 {
        self.errors.count()
    }
}

impl Flow {
    /// So many in so many seconds.
    fn new(messages: u64, bytes: u64, seconds: f64) -> Self {
        Self { messages, bytes, rate: per_second(messages, seconds) }
    }

    /// The time that its rate was taken over; some other if there was nothing.
    fn seconds(self) -> f64 {
        if self.rate > 0.0 { float(self.messages) / self.rate } else { 1.0 }
    }
}

/// So many in so many seconds, per second; none in no time.
fn per_second(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { float(count) / seconds } else { 0.0 }
}

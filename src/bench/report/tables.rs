//! What a report says in tables of words, for every form that people read.

use super::{Distribution, Flow, Report};
use crate::bench::tally::{Measure, Summary};
use crate::bench::units::{count, span, thousands};

/// A figure of a time with its name.
pub(super) type Figure = (&'static str, fn(&Summary) -> u64);

/// The figures of each time that are shown.
pub(super) const FIGURES: [Figure; 6] = [
    ("p50", |times| times.p50),
    ("p90", |times| times.p90),
    ("p99", |times| times.p99),
    ("p99.9", |times| times.p99_9),
    ("p99.99", |times| times.p99_99),
    ("max", |times| times.max),
];

/// Messages in one direction, in words.
pub(super) struct FlowRow {
    /// What became of them.
    pub(super) name: &'static str,
    /// Messages per second, with three digits.
    pub(super) rate: String,
    /// How many.
    pub(super) messages: String,
    /// Bytes per second, with three digits.
    pub(super) bytes: String,
}

impl FlowRow {
    fn new(name: &'static str, flow: Flow, seconds: f64) -> Self {
        Self {
            name,
            rate: count(flow.messages, seconds),
            messages: thousands(flow.messages),
            bytes: count(flow.bytes, seconds),
        }
    }
}

impl Report {
    /// What the run was, in one line.
    pub(super) fn headline(&self) -> String {
        let load = &self.load;
        let clients = [(load.publishers, "publisher"), (load.subscribers, "subscriber")];
        let counted = clients.iter().filter(|(count, _)| *count > 0);
        let mut parts: Vec<_> = counted.map(|(count, noun)| plural(*count, noun)).collect();
        if parts.is_empty() {
            parts.push(plural(load.connections, "connection"));
        } else {
            parts.push(format!("QoS {}", load.qos));
        }
        if load.publishers > 0 && load.size > 0 {
            parts.push(format!("{} bytes", load.size));
        }
        format!("{}: {}, {:.1} s", self.broker, parts.join(", "), self.seconds)
    }

    /// The messages in each direction that there was.
    pub(super) fn flows(&self) -> Vec<FlowRow> {
        let rows = [
            (self.load.publishers > 0, "published", self.published),
            (self.receives(), "received", self.received),
        ];
        let shown = rows.into_iter().filter(|(shown, ..)| *shown);
        shown.map(|(_, name, flow)| FlowRow::new(name, flow, flow.seconds())).collect()
    }

    /// What was counted beside, with its name.
    pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
        let arrives = self.receives();
        let counts = [
            (self.load.qos > 0, "acknowledged", self.acknowledged),
            (self.lost.is_some(), "lost", self.lost.unwrap_or_default()),
            (arrives, "duplicated", self.duplicated),
            (arrives, "reordered", self.reordered),
            (self.foreign > 0, "foreign", self.foreign),
            (true, "errors", self.error_count()),
        ];
        let shown = counts.into_iter().filter(|(shown, ..)| *shown);
        shown.map(|(_, name, number)| (name, number)).collect()
    }

    /// Each time that was measured: its name and its [`FIGURES`]. The steps of
    /// connecting are of interest where nothing else was done.
    pub(super) fn timings(&self) -> Vec<(&'static str, [String; FIGURES.len()])> {
        let rows = self.shown_times().map(|(measure, times)| {
            (measure.title(), FIGURES.map(|(_, figure)| span(figure(times.summary()))))
        });
        rows.collect()
    }

    /// The times that people are shown.
    pub(super) fn shown_times(&self) -> impl Iterator<Item = (&Measure, &Distribution)> {
        let only_connects = self.load.publishers + self.load.subscribers == 0;
        self.times_ns.iter().filter(move |row| only_connects || !row.0.is_step())
    }

    /// What there is to say of who took part, a line each.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let lines = [self.connections_line(), self.shares_line(), self.broker_line()];
        let lines = lines.into_iter().flatten().chain([self.generator_line()]);
        lines.chain(self.part_lines())
    }

    /// Whether anything was to arrive.
    fn receives(&self) -> bool {
        self.load.subscribers > 0 || self.received.messages > 0
    }

    /// How the load generator fared, in one line.
    pub(super) fn generator_line(&self) -> String {
        let generator = &self.generator;
        format!(
            "generator: {}, {:.0}% of a core, the busiest {:.0}%",
            plural(generator.workers, "thread"),
            generator.cores * 100.0,
            generator.busiest * 100.0
        )
    }
}

/// So many of this.
pub(super) fn plural(number: u32, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

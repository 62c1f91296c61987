//! Several reports as one: what a single run of all of them side by side would
//! have found.

use super::{AskedFor, Distribution, Flow, Generator, Report};
use crate::error::{Error, Result};

impl Report {
    /// The sum of these reports. Counts are added and histograms are added whole,
    /// so nothing is less exact than in one run.
    ///
    /// # Errors
    /// When there is none, or they are of runs that measured different things.
    pub fn merge(reports: impl IntoIterator<Item = Self>) -> Result<Self> {
        let mut reports = reports.into_iter();
        let none = || Error::usage("there is no report to merge");
        let mut sum = reports.next().ok_or_else(none)?;
        for report in reports {
            if let Some(what) = sum.difference(&report) {
                return Err(Error::usage(format!(
                    "reports of different loads cannot be added: {what}"
                )));
            }
            sum.add(report);
        }
        sum.lost = sum.lost.or_else(|| sum.lost_by_all_parts());
        sum.parts.sort_by_key(|part| part.shard.index());
        sum.warnings = sum.warn();
        // Steps of several searches are no search.
        sum.find_max = None;
        Ok(sum)
    }

    /// How the load of `other` is of another kind than this one's, if it is.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let [one, other] = [self, other].map(|report| {
            let load = &report.load;
            [
                report.mode.clone(),
                format!("QoS {}", load.qos),
                format!("payload size {}", load.size),
            ]
        });
        let mut pairs = one.into_iter().zip(other);
        pairs.find(|(one, other)| one != other).map(|(one, other)| format!("{one} and {other}"))
    }

    fn add(&mut self, other: Self) {
        join(&mut self.run, &other.run, ",");
        join(&mut self.broker, &other.broker, ", ");
        self.started = self.started.min(other.started);
        self.seconds = self.seconds.max(other.seconds);
        if !self.is_of_same_run(&other) {
            self.load.add(&other.load);
        }
        self.published = self.published.beside(other.published, self.seconds);
        self.received = self.received.beside(other.received, self.seconds);
        self.arrived += other.arrived;
        self.acknowledged += other.acknowledged;
        self.unsent += other.unsent;
        self.lost = self.lost.zip(other.lost).map(|(one, other)| one + other);
        self.parts.extend(other.parts);
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.foreign += other.foreign;
        self.overrun += other.overrun;
        if let (Some(connections), Some(more)) = (&mut self.connections, other.connections) {
            connections.add(more);
        }
        if let (Some(shares), Some(more)) = (&mut self.shares, other.shares) {
            shares.add(more);
        }
        for (measure, times) in other.times_ns {
            self.times_ns
                .entry(measure)
                .and_modify(|sum: &mut Distribution| sum.add(&times))
                .or_insert(times);
        }
        self.errors.add(other.errors);
        self.generator.add(&other.generator);
        self.series.add(other.series);
    }
}

/// Adds a name to a list of them, unless it is in there.
fn join(list: &mut String, names: &str, between: &str) {
    for name in names.split(between) {
        if !list.split(between).any(|known| known == name) {
            *list += between;
            *list += name;
        }
    }
}

impl AskedFor {
    fn add(&mut self, other: &Self) {
        self.connections = self.connections.saturating_add(other.connections);
        self.publishers = self.publishers.saturating_add(other.publishers);
        self.subscribers = self.subscribers.saturating_add(other.subscribers);
        self.rate = self.rate.zip(other.rate).map(|(one, other)| one + other);
        self.inflight = self.inflight.max(other.inflight);
    }
}

impl Flow {
    /// Both in the same time.
    fn beside(self, other: Self, seconds: f64) -> Self {
        Self::new(self.messages + other.messages, self.bytes + other.bytes, seconds)
    }
}

impl Generator {
    fn add(&mut self, other: &Self) {
        self.workers += other.workers;
        self.cores += other.cores;
        self.busiest = self.busiest.max(other.busiest);
        self.blocked += other.blocked;
    }
}

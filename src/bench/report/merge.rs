//! Several reports as one: what a single run of all of them side by side would
//! have found.

use super::{AskedFor, Distribution, Flow, Generator, Report};
use crate::bench::units::float;
use crate::bench::watch::BrokerUsage;
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
        let usage = self.usage_beside(&other);
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
        self.broker_usage = usage;
    }

    /// What the broker took for the messages of both: each part that has watched it has
    /// seen all of that, so one counts. Of different brokers there is no such figure.
    fn usage_beside(&self, other: &Self) -> Option<BrokerUsage> {
        let messages = |report: &Self| report.published.messages + report.received.messages;
        let watched = [self, other].into_iter().find(|report| report.broker_usage.is_some())?;
        let usage = watched.broker_usage.filter(|_| self.broker == other.broker)?;
        let all = messages(self) + messages(other);
        let share = float(messages(watched)) / float(all.max(1));
        Some(BrokerUsage { cpu_ns_per_message: usage.cpu_ns_per_message * share, ..usage })
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

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    fn watched(cpu_ns_per_message: f64) -> Report {
        let usage = BrokerUsage { cores: 0.5, cpu_ns_per_message, memory: 1_000, embedded: false };
        Report { broker_usage: Some(usage), ..sample() }
    }

    #[test]
    fn what_the_broker_took_is_spread_over_the_messages_of_all_parts() {
        for (parts, wanted) in [
            ([watched(600.0), sample(), sample()], Some(200.0)),
            ([sample(), watched(600.0), sample()], Some(200.0)),
            ([watched(600.0), watched(700.0), sample()], Some(200.0)),
            ([watched(600.0), Report { broker: "b".to_owned(), ..sample() }, sample()], None),
            ([sample(), sample(), sample()], None),
        ] {
            let merged = Report::merge(parts).unwrap();
            assert_eq!(merged.broker_usage.map(|usage| usage.cpu_ns_per_message), wanted);
        }
    }
}

//! The numbers of a report that can be asserted and compared, by name.

use super::super::Report;
use crate::bench::tally::Measure;
use crate::bench::units::{count, float, span, thousands, whole};

/// A number of a report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Metric {
    /// A figure of the times of a kind, or of those that tell most about the run.
    Time(Option<Measure>, Figure),
    /// One that has a name of its own.
    Named(&'static Named),
}

/// A figure of a distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Figure {
    Min,
    Mean,
    Max,
    /// From 0 to 1.
    Quantile(f64),
}

/// What a number counts, which decides how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// Nanoseconds.
    Time,
    /// Things, or their share of others.
    Count,
    /// Things per second.
    Rate,
    /// A share of one whole.
    Share,
}

/// A number with a name of its own.
#[derive(Debug)]
pub(in super::super) struct Named {
    /// Its names; the first is printed.
    pub(in super::super) names: &'static [&'static str],
    kind: Kind,
    /// Whether more of it is better.
    more_is_better: bool,
    value: fn(&Report) -> Option<f64>,
    /// What it is a share of.
    whole: fn(&Report) -> f64,
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
    }
}

/// A row for a number of messages.
const fn number(
    names: &'static [&'static str],
    value: fn(&Report) -> Option<f64>,
    whole: fn(&Report) -> f64,
) -> Named {
    Named { names, kind: Kind::Count, more_is_better: false, value, whole }
}

/// A row for messages per second.
const fn rate(names: &'static [&'static str], value: fn(&Report) -> Option<f64>) -> Named {
    Named { names, kind: Kind::Rate, more_is_better: true, value, whole: |_| 1.0 }
}

/// Every number with a name of its own.
pub(in super::super) static NAMED: [Named; 16] = [
    rate(&["rate"], |report| Some(report.published.rate)),
    rate(&["throughput"], |report| received(report, report.received.rate)),
    number(&["published"], |report| Some(float(report.published.messages)), published),
    number(&["received"], |report| received(report, float(report.received.messages)), published),
    number(&["acknowledged"], |report| Some(float(report.acknowledged)), published),
    number(
        &["loss", "lost"],
        |report| report.lost.map(float),
        |report| float(report.arrived + report.lost.unwrap_or_default()),
    ),
    number(
        &["duplicates", "duplicated"],
        |report| received(report, float(report.duplicated)),
        |report| float(report.arrived),
    ),
    number(
        &["reordered"],
        |report| received(report, float(report.reordered)),
        |report| float(report.arrived),
    ),
    number(
        &["foreign"],
        |report| received(report, float(report.foreign)),
        |report| float(report.received.messages),
    ),
    number(
        &["unsent"],
        |report| Some(float(report.unsent)),
        |report| float(report.published.messages + report.unsent),
    ),
    number(&["errors"], |report| Some(float(report.error_count())), published),
    number(&["connections"], accepted, attempts),
    number(
        &["conn_fail"],
        |report| report.connections.map(|connections| float(connections.failed)),
        attempts,
    ),
    number(
        &["conn_lost"],
        |report| report.connections.map(|connections| float(connections.lost)),
        |report| accepted(report).unwrap_or_default(),
    ),
    rate(&["conn_rate"], |report| report.connections.map(|connections| connections.rate)),
    Named {
        names: &["cpu"],
        kind: Kind::Share,
        more_is_better: false,
        value: |report| Some(report.generator.cores),
        whole: |_| 1.0,
    },
];

/// A number that there is only if anyone receives.
fn received(report: &Report, number: f64) -> Option<f64> {
    (report.load.subscribers > 0).then_some(number)
}

/// Connections that were accepted.
fn accepted(report: &Report) -> Option<f64> {
    report.connections.map(|connections| float(connections.accepted))
}

/// Attempts to connect.
fn attempts(report: &Report) -> f64 {
    report.connections.map_or(0.0, |all| float(all.accepted + all.failed))
}

fn published(report: &Report) -> f64 {
    float(report.published.messages)
}

/// The figures with names.
const FIGURES: [(&str, Figure); 3] =
    [("min", Figure::Min), ("mean", Figure::Mean), ("max", Figure::Max)];

impl Figure {
    /// `max`, `p99`, `p99.9` or `p99_9`.
    fn parse(name: &str) -> Option<Self> {
        if let Some((_, figure)) = FIGURES.iter().find(|(known, _)| *known == name) {
            return Some(*figure);
        }
        let percent: f64 = name.strip_prefix('p')?.replace('_', ".").parse().ok()?;
        (0.0..=100.0).contains(&percent).then_some(Self::Quantile(percent / 100.0))
    }
}

impl Metric {
    /// The number with this name: one of [`NAMED`], or a figure of times, with or
    /// without their kind in front as in `service_p99`.
    pub(in super::super) fn parse(name: &str) -> Option<Self> {
        if let Some(named) = NAMED.iter().find(|named| named.names.contains(&name)) {
            return Some(Self::Named(named));
        }
        if let Some(figure) = Figure::parse(name) {
            return Some(Self::Time(None, figure));
        }
        Measure::ALL.iter().find_map(|measure| {
            let figure = name.strip_prefix(measure.name())?.strip_prefix('_')?;
            Some(Self::Time(Some(*measure), Figure::parse(figure)?))
        })
    }

    /// What the names of all are, in a sentence.
    pub(in super::super) fn known() -> String {
        let figures = FIGURES.map(|(name, _)| name).into_iter();
        let named = NAMED.iter().filter_map(|named| named.names.first().copied());
        let kinds: Vec<_> = Measure::ALL.iter().map(|measure| measure.name()).collect();
        format!(
            "p50, p99.9 and so on, {}, with or without {} and _ in front",
            figures.chain(named).collect::<Vec<_>>().join(", "),
            kinds.join(", ")
        )
    }

    /// What it counts.
    pub(in super::super) const fn kind(self) -> Kind {
        match self {
            Self::Time(..) => Kind::Time,
            Self::Named(named) => named.kind,
        }
    }

    /// Whether more of it is better.
    pub(in super::super) const fn more_is_better(self) -> bool {
        match self {
            Self::Time(..) => false,
            Self::Named(named) => named.more_is_better,
        }
    }

    /// The number in this report; `None` if it was not measured.
    pub(in super::super) fn value(self, report: &Report) -> Option<f64> {
        let (measure, figure) = match self {
            Self::Named(named) => return (named.value)(report),
            Self::Time(measure, figure) => (measure.unwrap_or(report.series.measure), figure),
        };
        let times = report.times_ns.get(&measure)?;
        let summary = times.summary();
        Some(match figure {
            Figure::Min => float(summary.min),
            Figure::Mean => summary.mean,
            Figure::Max => float(summary.max),
            Figure::Quantile(share) => float(times.histogram().value_at_quantile(share)),
        })
    }

    /// The number in this report as a share, from 0 to 1, of what it is a part of.
    pub(in super::super) fn share(self, report: &Report) -> Option<f64> {
        let value = self.value(report)?;
        let whole = match self {
            Self::Time(..) => 1.0,
            Self::Named(named) => (named.whole)(report),
        };
        // Of nothing, nothing is missing.
        Some(if value > 0.0 { value / whole } else { 0.0 })
    }

    /// `value` as people read it.
    pub(in super::super) fn show(self, value: f64) -> String {
        match self.kind() {
            Kind::Time => span(whole(value)),
            Kind::Count => thousands(whole(value)),
            Kind::Rate => count(whole(value), 1.0) + "/s",
            Kind::Share => format!("{:.1}%", value * 100.0),
        }
    }
}

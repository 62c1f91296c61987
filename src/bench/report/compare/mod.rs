//! Two reports side by side: which numbers became better and which worse.

mod forms;

use super::Report;
use super::judge::Metric;
use crate::error::Result;
use std::path::{Path, PathBuf};

/// Two reports and what is different.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The two, by the names of their files.
    sides: [(String, Report); 2],
    rows: Vec<Row>,
    /// How the loads differ, if the two are not of one kind.
    warning: Option<String>,
}

/// A number in both reports.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    name: String,
    /// As people read it; a dash where it was not measured.
    cells: [String; 2],
    /// The second as a share of the first, less one; unknown if the first is zero.
    change: Option<f64>,
    effect: Effect,
}

/// What a change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Better,
    Worse,
    None,
}

/// The numbers that have no time.
const NUMBERS: [&str; 7] =
    ["rate", "throughput", "loss", "duplicates", "reordered", "errors", "cpu"];

/// The figures of every time.
const FIGURES: [&str; 6] = ["p50", "p90", "p99", "p99.9", "p99.99", "max"];

/// What stands for a number that was not measured.
const ABSENT: &str = "-";

/// A smaller change means nothing.
const NOTABLE: f64 = 0.02;

impl Comparison {
    /// Reads the two reports.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn read(paths: &[PathBuf; 2]) -> Result<Self> {
        let [one, other] = paths;
        Ok(Self::new([(name(one), Report::read(one)?), (name(other), Report::read(other)?)]))
    }

    fn new(sides: [(String, Report); 2]) -> Self {
        let [(_, one), (_, other)] = &sides;
        let measures: Vec<_> = one.times_ns.keys().chain(other.times_ns.keys()).collect();
        let mut names: Vec<_> = NUMBERS.map(str::to_owned).to_vec();
        for measure in super::Measure::ALL.iter().filter(|measure| measures.contains(measure)) {
            names.extend(FIGURES.map(|figure| format!("{}_{figure}", measure.name())));
        }
        let rows = names.into_iter().filter_map(|name| Row::new(name, [one, other])).collect();
        let warning = one.difference(other);
        Self { rows, warning: warning.map(|what| format!("different loads: {what}")), sides }
    }
}

/// What the file is called, without its folder.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

impl Row {
    /// The number of this name in both; `None` if neither has it.
    fn new(name: String, reports: [&Report; 2]) -> Option<Self> {
        let metric = Metric::parse(&name)?;
        let values = reports.map(|report| metric.value(report));
        if values == [None, None] {
            return None;
        }
        let cells =
            values.map(|value| value.map_or_else(|| ABSENT.to_owned(), |value| metric.show(value)));
        let [one, other] = values;
        let difference = one.zip(other).map_or(0.0, |(one, other)| other - one);
        let change = one.filter(|one| *one > 0.0).map(|one| difference / one);
        let change = change.filter(|_| other.is_some());
        let notable = change.map_or(difference != 0.0, |change| change.abs() >= NOTABLE);
        let effect = match (difference > 0.0) == metric.more_is_better() {
            _ if !notable => Effect::None,
            true => Effect::Better,
            false => Effect::Worse,
        };
        Some(Self { name, cells, change, effect })
    }

    /// The change in words.
    fn change(&self) -> String {
        let [one, other] = &self.cells;
        match self.change {
            Some(change) => format!("{:+.1}%", change * 100.0),
            None if one == other => "0.0%".to_owned(),
            None if other == ABSENT => "gone".to_owned(),
            None => "new".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn each_number_is_better_worse_or_the_same() {
        let (one, mut other) = (sample(), sample());
        other.published.rate = 1_500.0;
        other.received.rate = 991.0;
        other.duplicated = 3;
        other.lost = None;
        let found = Comparison::new([("a".to_owned(), one), ("b".to_owned(), other)]);
        let row = |name: &str| found.rows.iter().find(|row| row.name == name).unwrap();
        assert_eq!((row("rate").change(), row("rate").effect), ("+50.0%".into(), Effect::Better));
        assert_eq!(row("throughput").effect, Effect::None);
        assert_eq!(
            (row("duplicates").change(), row("duplicates").effect),
            ("new".into(), Effect::Worse)
        );
        assert_eq!(row("loss").cells, ["10", "-"]);
        assert_eq!((row("loss").change(), row("loss").effect), ("gone".into(), Effect::None));
        assert_eq!(row("latency_p99").change(), "+0.0%");
        assert!(found.rows.iter().all(|row| !row.name.starts_with("ack")), "not measured");
    }
}

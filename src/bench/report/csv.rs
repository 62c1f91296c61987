//! How a run went as comma-separated values: a line for each second.

use super::Report;
use super::series::Counted;
use super::tables::Figure;
use std::io::{self, Write};

/// The columns of counts.
const COUNTS: [Counted; 4] = [
    ("published", |point| point.published),
    ("received", |point| point.received),
    ("acknowledged", |point| point.acknowledged),
    ("errors", |point| point.errors),
];

/// The column of the broker's processor time, in cores.
const BROKER: &str = "broker_cores";

/// The columns of times; the unit is part of their names.
const TIMES: [Figure; 8] = [
    ("times", |times| times.count),
    ("min_ns", |times| times.min),
    ("p50_ns", |times| times.p50),
    ("p90_ns", |times| times.p90),
    ("p99_ns", |times| times.p99),
    ("p99_9_ns", |times| times.p99_9),
    ("p99_99_ns", |times| times.p99_99),
    ("max_ns", |times| times.max),
];

impl Report {
    /// Writes the series of the report, with names in the first line; where
    /// nothing was measured there is nothing between the commas. Of a search for the
    /// greatest load the lines are its steps.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(knee) = &self.find_max {
            return knee.write_csv(out);
        }
        let names = ["seconds"].into_iter().chain(COUNTS.map(|(name, _)| name));
        let names = names.chain([BROKER]).chain(TIMES.map(|(name, _)| name));
        writeln!(out, "{}", names.collect::<Vec<_>>().join(","))?;
        for point in &self.series.points {
            write!(out, "{:.3}", point.at)?;
            for (_, count) in COUNTS {
                write!(out, ",{}", count(point))?;
            }
            let cores = point.broker_cores.map_or_else(String::new, |cores| format!("{cores:.3}"));
            write!(out, ",{cores}")?;
            let times = point.times_ns.as_ref().map(super::Distribution::summary);
            for (_, time) in TIMES {
                let cell = times.map_or_else(String::new, |times| time(times).to_string());
                write!(out, ",{cell}")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

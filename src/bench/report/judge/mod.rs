//! Whether a report is as it was asserted to be, or as good as an earlier one.

mod assertion;
mod metric;

pub use assertion::{Assertion, Verdict};
pub(super) use metric::Metric;

use super::Report;
use crate::error::{Class, Error, Result};
use std::cmp::Ordering;

/// The numbers that must not be worse than in a baseline.
const GUARDED: [&str; 6] = ["rate", "throughput", "p50", "p99", "loss", "errors"];

impl Report {
    /// Judges the report by these assertions, and notes the verdicts in it.
    pub(in crate::bench) fn judge(&mut self, assertions: &[Assertion]) {
        self.assertions = assertions.iter().map(|assertion| assertion.judge(self)).collect();
    }

    /// That nothing of a later report is worse than in this one by more than
    /// `share`, from 0 on.
    pub(super) fn as_bound(&self, share: f64) -> Vec<Assertion> {
        let guarded = GUARDED.iter().filter_map(|name| Some((*name, Metric::parse(name)?)));
        let bounds = guarded.filter_map(|(name, metric)| {
            let value = metric.value(self)?;
            let (sign, operator, factor): (_, fn(Ordering) -> bool, _) = if metric.more_is_better()
            {
                (">=", Ordering::is_ge, 1.0 - share)
            } else {
                ("<=", Ordering::is_le, 1.0 + share)
            };
            let bound = value * factor;
            let (shown, old) = (metric.show(bound), metric.show(value));
            let text = format!("{name}{sign}{shown} (baseline {old})");
            Some(Assertion::new(text, metric, operator, bound))
        });
        bounds.collect()
    }

    /// The failure that the verdicts are, if one does not hold.
    pub(super) fn verdict(&self) -> Result<()> {
        let failed = self.assertions.iter().filter(|verdict| !verdict.holds);
        let failed: Vec<_> =
            failed.map(|verdict| format!("{} ({})", verdict.assertion, verdict.measured)).collect();
        if failed.is_empty() {
            return Ok(());
        }
        let (count, all) = (failed.len(), self.assertions.len());
        let what = format!("{count} of {all} assertions did not hold: {}", failed.join(", "));
        Err(Error::new(Class::Expectation, what))
    }
}

//! What is asserted of a report, as in `p99<5ms` or `loss==0`, and whether it holds.

use super::super::Report;
use super::metric::{Kind, Metric};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A number of a report and what it is to be.
#[derive(Debug, Clone)]
pub struct Assertion {
    text: String,
    metric: Metric,
    operator: Operator,
    bound: f64,
    /// Whether the bound is a share, from 0 to 1, of what the number is a part of.
    is_share: bool,
}

/// Whether an assertion holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The assertion as it was given.
    pub assertion: String,
    /// What was measured, as people read it.
    pub measured: String,
    /// Whether it holds.
    pub holds: bool,
}

/// How a number is to compare with its bound.
pub(super) type Operator = fn(Ordering) -> bool;

/// The operators; one that begins with another stands in front of it.
const OPERATORS: [(&str, Operator); 7] = [
    ("<=", Ordering::is_le),
    (">=", Ordering::is_ge),
    ("==", Ordering::is_eq),
    ("!=", Ordering::is_ne),
    ("<", Ordering::is_lt),
    (">", Ordering::is_gt),
    ("=", Ordering::is_eq),
];

/// The units of each kind of number; the first is the one that may be left out
/// with zero, and with counts and rates always.
const UNITS: [(Kind, &[(&str, f64)]); 4] = [
    (
        Kind::Time,
        &[("ns", 1.0), ("us", 1e3), ("\u{b5}s", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10)],
    ),
    (Kind::Count, &[("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9), (PERCENT, 0.01)]),
    (Kind::Rate, &[("", 1.0), ("k", 1e3), ("M", 1e6), ("/s", 1.0), ("k/s", 1e3), ("M/s", 1e6)]),
    (Kind::Share, &[(PERCENT, 0.01)]),
];

const PERCENT: &str = "%";

/// What is wrong, behind so many characters.
type Wrong = (usize, String);

impl Assertion {
    /// Those in `text`, with commas between them.
    ///
    /// # Errors
    /// What is wrong, with the column.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        let mut behind = 0;
        let mut found = Vec::new();
        for part in text.split(',') {
            let one = Self::parse(part);
            found.push(one.map_err(|(at, what)| format!("column {}: {what}", behind + at + 1))?);
            behind += length(part) + 1;
        }
        Ok(found)
    }

    /// That a number is to compare so with `bound`; `text` says so.
    pub(super) const fn new(text: String, metric: Metric, operator: Operator, bound: f64) -> Self {
        Self { text, metric, operator, bound, is_share: false }
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        let signs = OPERATORS.map(|(sign, _)| sign);
        let missing = || format!("an operator is missing: one of {}", signs.join(" "));
        let end = text.find(['<', '>', '=', '!']).ok_or_else(|| (length(text), missing()))?;
        let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        let indent = length(name) - length(name.trim_start());
        let metric = Metric::parse(name.trim()).ok_or_else(|| {
            (indent, format!("there is no {:?}; known are {}", name.trim(), Metric::known()))
        })?;
        let operator = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign));
        let (sign, operator) = operator.ok_or_else(|| (length(name), missing()))?;
        let value = rest.strip_prefix(sign).unwrap_or_default();
        let indent = length(value) - length(value.trim_start());
        let (bound, is_share) = bound(value.trim(), metric.kind())
            .map_err(|(at, what)| (length(name) + length(sign) + indent + at, what))?;
        Ok(Self { text: text.trim().to_owned(), metric, operator: *operator, bound, is_share })
    }

    /// Whether it holds for this report. What was not measured does not.
    pub(super) fn judge(&self, report: &Report) -> Verdict {
        let metric = self.metric;
        let value = if self.is_share { metric.share(report) } else { metric.value(report) };
        let show = |value: f64| match metric.kind() {
            Kind::Count if self.is_share => format!("{:.3}%", value * 100.0),
            _ => metric.show(value),
        };
        Verdict {
            assertion: self.text.clone(),
            measured: value.map_or_else(|| "not measured".to_owned(), show),
            holds: value.is_some_and(|value| (self.operator)(value.total_cmp(&self.bound))),
        }
    }
}

/// The number in `text` and whether it is a share of others.
fn bound(text: &str, kind: Kind) -> Result<(f64, bool), Wrong> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let (number, unit) = text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""));
    let value: f64 = number.parse().map_err(|_| (0, "a number is missing".to_owned()))?;
    let unit = unit.trim();
    let units = UNITS.iter().find(|(of, _)| *of == kind).map_or(&[][..], |(_, units)| units);
    if unit.is_empty() && value == 0.0 {
        return Ok((0.0, false));
    }
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        let names: Vec<_> =
            units.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect();
        let what = if unit.is_empty() {
            "a unit is missing".into()
        } else {
            format!("unknown unit {unit:?}")
        };
        return Err((length(number), format!("{what}: one of {}", names.join(" "))));
    };
    Ok((value * factor, unit == PERCENT && kind == Kind::Count))
}

/// The characters of `text`.
fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::sample;
    use proptest::prelude::*;

    fn wrong(text: &str) -> String {
        Assertion::parse_all(text).unwrap_err()
    }

    #[test]
    fn what_is_wrong_is_said_with_its_column() {
        for (text, wanted) in [
            ("", "column 1: an operator is missing"),
            ("p99", "column 4: an operator is missing"),
            ("p99<", "column 5: a number is missing"),
            ("p99<5", "column 6: a unit is missing: one of ns us \u{b5}s ms s m"),
            ("p99 < 5ms, p98x<1ms", "column 12: there is no \"p98x\"; known are p50"),
            ("p99<5q", "column 6: unknown unit \"q\""),
            ("p101<5ms", "column 1: there is no"),
            ("loss!0", "column 5: an operator is missing"),
            ("loss==0,", "column 9: an operator is missing"),
            ("rate>5ms", "column 7: unknown unit \"ms\""),
            ("cpu<90", "column 7: a unit is missing: one of %"),
        ] {
            let told = wrong(text);
            assert!(told.starts_with(wanted), "{text}: {told}");
        }
    }

    #[test]
    fn assertions_hold_or_fail_by_what_was_measured() {
        // 1,000 published, 990 arrived in 1 to 990 us, 10 lost, one second.
        let report = sample();
        for (text, holds, measured) in [
            ("p50<496us", true, "495us"),
            ("p50 <= 0.4ms", false, "495us"),
            ("latency_p99>900us", true, "982us"),
            ("p99.9<2s", true, "990us"),
            ("max<1ms", true, "990us"),
            ("ack_p99<1s", false, "not measured"),
            ("loss==0", false, "10"),
            ("loss<=1%", true, "1.000%"),
            ("lost<1%", false, "1.000%"),
            ("duplicates==0", true, "0"),
            ("errors=0%", true, "0.000%"),
            ("rate>=1k/s", true, "1.00k/s"),
            ("throughput>1000", false, "990/s"),
            ("cpu<90%", true, "50.0%"),
            ("published!=0", true, "1,000"),
        ] {
            let [assertion] = &Assertion::parse_all(text).unwrap()[..] else { panic!("{text}") };
            let verdict = assertion.judge(&report);
            assert_eq!((verdict.holds, &*verdict.measured), (holds, measured), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_assertions_or_an_error_with_a_column(text in "\\PC{0,30}") {
            if let Err(told) = Assertion::parse_all(&text) {
                let column = told.strip_prefix("column ").unwrap().split(':').next().unwrap();
                let column: usize = column.parse().unwrap();
                prop_assert!((1..=text.chars().count() + 1).contains(&column), "{}", told);
            }
        }
    }
}

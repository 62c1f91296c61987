//! What was found, as programs read it.

use super::answer::Verdict;
use super::{Pair, Report, Row, pairs};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes one object.
pub(super) fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", document(report))
}

/// Writes one object with those of both brokers, and which answers differ.
pub(super) fn difference(reports: &[Report; 2], out: &mut dyn Write) -> io::Result<()> {
    let different: Vec<Value> = pairs(reports)
        .filter(Pair::differs)
        .map(|Pair(one, other)| {
            json!({
                "area": one.probe.area, "probe": one.probe.name,
                "answers": [one.answer.said, other.answer.said],
            })
        })
        .collect();
    let brokers: Vec<_> = reports.iter().map(document).collect();
    writeln!(out, "{}", json!({ "different": different, "brokers": brokers }))
}

fn document(report: &Report) -> Value {
    json!({
        "broker": report.broker, "version": report.version, "wrong": report.wrong(),
        "probes": report.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &Row) -> Value {
    let statement = match row.answer.verdict {
        Verdict::Wrong(statement) => Some(statement),
        _ => None,
    };
    json!({
        "area": row.probe.area, "probe": row.probe.name, "answer": row.answer.said,
        "verdict": row.answer.verdict.word(), "statement": statement, "note": row.answer.note,
        "ms": row.took.as_secs_f64() * 1e3,
    })
}

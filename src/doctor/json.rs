//! An examination as programs read it.

use super::finding::State;
use super::text::millis;
use super::{Report, Row};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes one object.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let failure = report.failure();
    let document = json!({
        "broker": report.broker,
        "ok": failure.is_none(),
        "ms": millis(report.took),
        "failed_step": failure.map(|(step, _)| step.name),
        "found_instead": report.advice.found,
        "command": report.advice.command,
        "note": report.advice.note,
        "steps": report.rows.iter().map(row).collect::<Vec<_>>(),
    });
    writeln!(out, "{document}")
}

fn row(row: &Row) -> Value {
    let mut told = json!({ "step": row.step.name, "state": row.state.word() });
    let Some(told_map) = told.as_object_mut() else {
        return told;
    };
    match &row.state {
        State::Done(finding) => {
            told_map.insert("said".to_owned(), finding.said.as_str().into());
            told_map.extend(finding.details.clone());
            if !finding.concerns.is_empty() {
                told_map.insert("warnings".to_owned(), finding.concerns.clone().into());
            }
        }
        State::Failed(error) => {
            told_map.insert("error".to_owned(), error.line().into());
            told_map.insert("hint".to_owned(), error.cure().into());
        }
        State::NotReached => return told,
    }
    told_map.insert("ms".to_owned(), millis(row.took).into());
    told
}

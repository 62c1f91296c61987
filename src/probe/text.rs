//! What was found, as people read it.

use super::answer::{Answer, Verdict};
use super::{Pair, Report, pairs};
use crate::output::escape;
use std::io::{self, Write};

/// The width of the names of probes.
const NAME: usize = 22;

/// Writes a line for each probe, under the name of its area.
pub(super) fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}, MQTT {}", report.broker, report.version)?;
    let mut area = "";
    for row in &report.rows {
        if std::mem::replace(&mut area, row.probe.area) != area {
            writeln!(out, "\n{area}")?;
        }
        let note = match row.answer.verdict {
            Verdict::Wrong(statement) => format!("  WRONG by {statement}"),
            _ => row.answer.note.as_deref().map(|note| format!(": {note}")).unwrap_or_default(),
        };
        writeln!(out, "  {:NAME$} {}{}", row.probe.name, said(&row.answer), escape(&note))?;
    }
    let wrong = report.wrong();
    writeln!(out, "\n{} probes, {wrong} wrong", report.rows.len())
}

/// Writes a line for each probe with the answers of both, those that differ marked.
pub(super) fn difference(reports: &[Report; 2], out: &mut dyn Write) -> io::Result<()> {
    let [one, other] = reports;
    let place = |report: &Report| format!("{}, MQTT {}", report.broker, report.version);
    let answers = one.rows.iter().map(|row| said(&row.answer)).chain([place(one)]);
    let width = answers.map(|answer| answer.chars().count()).max().unwrap_or(0);
    writeln!(out, "  {:NAME$}   {:width$}  {}", "", place(one), place(other))?;
    let mut area = "";
    for pair in pairs(reports) {
        let Pair(left, right) = pair;
        if std::mem::replace(&mut area, left.probe.area) != area {
            writeln!(out, "\n{area}")?;
        }
        let (left_said, right_said) = (said(&left.answer), said(&right.answer));
        let mark = if pair.differs() { "*" } else { " " };
        writeln!(out, "{mark} {:NAME$}   {left_said:width$}  {right_said}", left.probe.name)?;
    }
    let different = pairs(reports).filter(Pair::differs).count();
    writeln!(out, "\n{} probes, {different} answers differ (*)", one.rows.len())
}

fn said(answer: &Answer) -> String {
    escape(&answer.said)
}

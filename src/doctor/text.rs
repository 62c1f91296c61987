//! An examination as people read it.

use super::advice::Advice;
use super::finding::{Finding, State};
use super::{Report, Row};
use crate::error::Error;
use std::io::{self, Write};
use std::time::Duration;

/// The column in which what was found stands.
const INDENT: usize = 32;

/// Writes a line for each step, with what belongs to it below.
pub(super) fn table(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", report.broker)?;
    for row in &report.rows {
        match &row.state {
            State::Done(finding) => done(row, finding, out)?,
            State::Failed(error) => {
                head("FAILED", row, &error.line(), out)?;
                failed(error, &report.advice, out)?;
            }
            State::NotReached => head("-", row, "not reached", out)?,
        }
    }
    Ok(())
}

/// Writes what helps against a failure: what was found, the command, and where nothing
/// leads to the broker what is known of such failures.
fn failed(error: &Error, advice: &Advice, out: &mut dyn Write) -> io::Result<()> {
    advice.found.iter().try_for_each(|found| below("found:", found, out))?;
    if let (Some(hint), Some(_)) = (error.cure(), &advice.note) {
        below("try:", hint, out)?;
    }
    if let Some(command) = &advice.command {
        below("run:", command, out)?;
    }
    advice.note.iter().try_for_each(|note| below("    ", &format!("({note})"), out))
}

fn done(row: &Row, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    head(if finding.skipped { "-" } else { "ok" }, row, &finding.said, out)?;
    finding.lines.iter().try_for_each(|line| below("", line, out))?;
    finding.concerns.iter().try_for_each(|concern| below("warning:", concern, out))
}

fn head(word: &str, row: &Row, said: &str, out: &mut dyn Write) -> io::Result<()> {
    let took = match row.state {
        State::Done(Finding { skipped: true, .. }) | State::NotReached => String::new(),
        _ => format!("{:.1} ms", millis(row.took)),
    };
    writeln!(out, "  {word:<7} {:<10} {took:>9}  {said}", row.step.name)
}

fn below(label: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let blank = if label.is_empty() { "" } else { " " };
    writeln!(out, "{:INDENT$}{label}{blank}{text}", "")
}

/// Writes one line if all is well; a failure is told as the error of the command.
pub(super) fn line(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.failure().is_some() {
        return Ok(());
    }
    let taken = report.findings().filter(|(_, finding)| !finding.skipped);
    let steps = taken.map(|(row, _)| format!("{} {:.1} ms", row.step.name, millis(row.took)));
    let steps = steps.collect::<Vec<_>>().join(", ");
    writeln!(out, "{}: ok in {:.1} ms ({steps})", report.broker, millis(report.took))
}

pub(super) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

//! An examination as people read it.

use super::finding::{Finding, State};
use super::{Report, Row};
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
                for advice in &report.advice {
                    below("found:", advice, out)?;
                }
                if let Some(hint) = error.cure() {
                    below("try:", hint, out)?;
                }
            }
            State::NotReached => head("-", row, "not reached", out)?,
        }
    }
    Ok(())
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

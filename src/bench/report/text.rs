//! The report of a run as text for people, of 80 columns at most but for the
//! sentences of errors and warnings.

use super::Report;
use super::tables::FIGURES;
use crate::bench::units::thousands;
use std::io::{self, Write};

impl Report {
    /// Writes the report as text.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(knee) = &self.find_max {
            knee.write_text(out)?;
        }
        writeln!(out, "{}", self.headline())?;
        for flow in self.flows() {
            writeln!(
                out,
                "{:<12}{:>10} messages/s  {:>15} messages  {:>8}B/s",
                flow.name, flow.rate, flow.messages, flow.bytes
            )?;
        }
        self.write_counts(out)?;
        self.write_times(out)?;
        for line in self.lines() {
            writeln!(out, "{line}")?;
        }
        for warning in &self.warnings {
            writeln!(out, "warning: {warning}")?;
        }
        for verdict in &self.assertions {
            let word = if verdict.holds { "holds" } else { "FAILS" };
            writeln!(out, "{word:<12}{}   measured {}", verdict.assertion, verdict.measured)?;
        }
        Ok(())
    }

    fn write_counts(&self, out: &mut dyn Write) -> io::Result<()> {
        let counts = self.counts();
        let parts = counts.iter().map(|(name, number)| format!("{name} {}", thousands(*number)));
        writeln!(out, "{}", parts.collect::<Vec<_>>().join("   "))?;
        for (class, faults) in self.errors.iter() {
            writeln!(out, "  {} x {class}", thousands(faults.count))?;
            faults.examples.iter().try_for_each(|text| writeln!(out, "      as in: {text}"))?;
        }
        Ok(())
    }

    fn write_times(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.timings();
        if !rows.is_empty() {
            write_row("", FIGURES.map(|(name, _)| name.to_owned()), out)?;
        }
        rows.into_iter().try_for_each(|(name, cells)| write_row(name, cells, out))
    }
}

fn write_row(name: &str, cells: [String; FIGURES.len()], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{name:<12}")?;
    for cell in cells {
        write!(out, "{cell:>10}")?;
    }
    writeln!(out)
}

//! The report as Markdown, for the summary of a pipeline or a comment.

use super::Report;
use super::tables::FIGURES;
use crate::bench::units::thousands;
use std::io::{self, Write};

impl Report {
    /// Writes the report as Markdown.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "## mqx bench {}\n\n{}\n", self.mode, cell(&self.headline()))?;
        if let Some(knee) = &self.find_max {
            knee.write_markdown(out)?;
        }
        self.write_verdicts(out)?;
        let flows = self.flows().into_iter();
        let flows =
            flows.map(|flow| vec![flow.name.to_owned(), flow.messages, flow.rate, flow.bytes]);
        write_table(&["", "messages", "messages/s", "B/s"], flows, out)?;
        let counts = self.counts().into_iter();
        let counts = counts.map(|(name, number)| (name.to_owned(), number));
        let errors = self.errors.iter().map(|(class, faults)| (cell(class), faults.count));
        let counts = counts.chain(errors).map(|(name, number)| vec![name, thousands(number)]);
        write_table(&["", "number"], counts, out)?;
        let heads: Vec<_> = [""].into_iter().chain(FIGURES.map(|(name, _)| name)).collect();
        let times = self
            .timings()
            .into_iter()
            .map(|(title, cells)| [title.to_owned()].into_iter().chain(cells).collect());
        write_table(&heads, times, out)?;
        self.lines().try_for_each(|line| writeln!(out, "- {line}"))?;
        self.warnings.iter().try_for_each(|text| writeln!(out, "\n> **Warning:** {}", cell(text)))
    }

    fn write_verdicts(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.assertions.iter().map(|verdict| {
            let word = if verdict.holds { "holds" } else { "**fails**" };
            vec![format!("`{}`", verdict.assertion), verdict.measured.clone(), word.to_owned()]
        });
        write_table(&["assertion", "measured", ""], rows, out)
    }
}

/// Writes a table, unless it has no rows.
pub(super) fn write_table(
    heads: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "| {} |", heads.join(" | "))?;
    writeln!(out, "|---{}|", "|--:".repeat(heads.len().saturating_sub(1)))?;
    for row in rows {
        writeln!(out, "| {} |", row.join(" | "))?;
    }
    writeln!(out)
}

/// `text` as it stands in a table: on one line, and with nothing that ends a cell.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(char::is_control, " ")
}

//! A comparison as text, as Markdown and as a page with charts.

use super::super::chart::{Axis, Chart, Line, Scale, escape};
use super::super::file::{Form, Forms};
use super::super::html::{heading, percentiles, rate, seconds, table, write_page};
use super::super::markdown::{cell, write_table};
use super::super::{Distribution, Measure};
use super::{Comparison, Effect, Row};
use crate::bench::units::{float, span, whole};
use std::io::{self, Write};

/// Columns of the longest bar of the chart in a text.
const BAR: f64 = 44.0;

impl Forms for Comparison {
    const FORMS: &'static [(&'static str, Form<Self>)] =
        &[("md", Self::write_markdown), ("html", Self::write_html)];
}

impl Effect {
    /// The class of the page's style.
    const fn class(self) -> &'static str {
        match self {
            Self::Better => "good",
            Self::Worse => "bad",
            Self::None => "",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::None => "",
        }
    }
}

impl Comparison {
    /// Writes the comparison as text, with a chart of bars.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for (letter, (name, report)) in ["A", "B"].into_iter().zip(&self.sides) {
            writeln!(out, "{letter}  {name}: {}", report.headline())?;
        }
        if let Some(warning) = &self.warning {
            writeln!(out, "warning: {warning}")?;
        }
        writeln!(out, "{:<16}{:>12}{:>12}{:>10}", "", "A", "B", "change")?;
        for row in &self.rows {
            let [one, other] = &row.cells;
            let line = format!("{:<16}{one:>12}{other:>12}{:>10}  ", row.name, row.change());
            writeln!(out, "{}", (line + row.effect.word()).trim_end())?;
        }
        self.write_bars(out)
    }

    /// The figures of the time both measured as bars; twice as long is ten times more.
    fn write_bars(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some((measure, [one, other])) = self.shared() else { return Ok(()) };
        let [one, other] = [one, other].map(|times| {
            super::super::tables::FIGURES.map(|(name, figure)| (name, figure(times.summary())))
        });
        let all = one.iter().chain(&other).map(|(_, time)| float(*time));
        let scale = Scale::logarithmic(all);
        writeln!(out, "\n{}, on a logarithmic scale", measure.title())?;
        for ((name, one), (_, other)) in one.into_iter().zip(other) {
            for (head, letter, time) in [(name, 'A', one), ("", 'B', other)] {
                let bar = "#".repeat(whole_columns(scale.place(float(time)) * BAR));
                writeln!(out, "{head:<8}{letter}{:>10}  {bar}", span(time))?;
            }
        }
        Ok(())
    }

    /// The time that tells most about the first and that the other has, too.
    fn shared(&self) -> Option<(Measure, [&Distribution; 2])> {
        let [(_, one), (_, other)] = &self.sides;
        let measure = one.series.measure;
        Some((measure, [one.times_ns.get(&measure)?, other.times_ns.get(&measure)?]))
    }

    /// Writes the comparison as Markdown.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "## mqx bench compare\n")?;
        for (name, report) in &self.sides {
            writeln!(out, "- `{name}`: {}", cell(&report.headline()))?;
        }
        if let Some(warning) = &self.warning {
            writeln!(out, "\n> **Warning:** {}", cell(warning))?;
        }
        writeln!(out)?;
        let [(one, _), (other, _)] = &self.sides;
        let row = |row: &Row| {
            let [one, other] = row.cells.clone();
            vec![row.name.clone(), one, other, row.change(), row.effect.word().to_owned()]
        };
        let heads = ["", &cell(one), &cell(other), "change", ""];
        write_table(&heads, self.rows.iter().map(row), out)
    }

    /// Writes the comparison as a page with charts.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_html(&self, out: &mut dyn Write) -> io::Result<()> {
        let about = self.sides.iter().map(|(name, report)| {
            format!("<b>{}</b>: {}<br>", escape(name), escape(&report.headline()))
        });
        let warning = self.warning.iter();
        let warning = warning.map(|what| format!("<p class=\"warning\">{}</p>\n", escape(what)));
        let rows = self.rows.iter().map(|row| {
            let ([one, other], change, class) = (&row.cells, row.change(), row.effect.class());
            let name = &row.name;
            format!("<tr><td>{name}</td><td>{one}</td><td>{other}</td><td class=\"{class}\">{change}</td></tr>\n")
        });
        let names = self.sides.each_ref().map(|(name, _)| escape(name));
        let [one, other] = &names;
        let body = [
            "<h1>mqx bench compare</h1>\n".to_owned(),
            format!("<p class=\"about\">{}</p>\n", about.collect::<String>()),
            warning.collect(),
            format!("<div class=\"charts\">\n{}</div>\n", self.charts()),
            heading("Numbers"),
            table(&["", one, other, "change"], &rows.collect::<String>()),
        ];
        write_page(&format!("mqx bench: {one} and {other}"), &body.concat(), out)
    }

    fn charts(&self) -> String {
        let shared = self.shared().map(|(measure, times)| {
            let names = self.sides.iter().map(|(name, _)| name.clone());
            let title = format!("Percentiles: {}", measure.title());
            percentiles(&title, names.zip(times)).html()
        });
        self.rate_chart().html() + &shared.unwrap_or_default()
    }

    fn rate_chart(&self) -> Chart {
        let received = self.sides.iter().any(|(_, report)| report.received.messages > 0);
        let lines: Vec<_> = self
            .sides
            .iter()
            .map(|(name, report)| Line {
                name: name.clone(),
                points: report
                    .series
                    .rates(if received { |point| point.received } else { |point| point.published })
                    .collect(),
            })
            .collect();
        let rates = lines.iter().flat_map(|line| &line.points).map(|(_, rate)| *rate);
        let ends = lines.iter().filter_map(|line| line.points.last()).map(|(end, _)| *end);
        Chart {
            title: if received { "Received per second" } else { "Published per second" }.to_owned(),
            across: seconds(ends.fold(1.0, f64::max)),
            up: Axis { name: "", scale: Scale::linear(rates), label: rate },
            lines,
        }
    }
}

/// So many columns, at least one.
fn whole_columns(columns: f64) -> usize {
    usize::try_from(whole(columns)).unwrap_or_default().max(1)
}

//! The report as one HTML file, with charts and without anything from elsewhere.

mod charts;

pub(super) use charts::{percentiles, rate, seconds, time_scale};

use super::chart::escape;
use super::tables::FIGURES;
use super::{Knee, Report};
use crate::bench::units::thousands;
use std::io::{self, Write};

/// The look of the page, light and dark.
const STYLE: &str = include_str!("style.css");

impl Report {
    /// Writes the report as an HTML page.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_html(&self, out: &mut dyn Write) -> io::Result<()> {
        let body = [
            format!("<h1>mqx bench {}</h1>\n", escape(&self.mode)),
            format!("<p class=\"about\">{}<br>{}</p>\n", escape(&self.headline()), self.origin()),
            self.tiles(),
            self.notices(),
            self.find_max.as_ref().map_or_else(String::new, Knee::html),
            self.chart_part(),
            self.time_table(),
            self.count_table(),
            self.footer(),
        ];
        write_page(&format!("mqx bench: {}", self.headline()), &body.concat(), out)
    }

    fn origin(&self) -> String {
        format!("{:.0}, run {}, mqx {}", self.started, escape(&self.run), escape(&self.mqx))
    }

    fn footer(&self) -> String {
        let lines = self.lines().map(|line| format!("<p class=\"about\">{}</p>\n", escape(&line)));
        lines.collect::<Vec<_>>().concat()
    }

    /// The figures that most look for, in large letters.
    fn tiles(&self) -> String {
        let flows = self.flows().into_iter();
        let mut tiles: Vec<_> =
            flows.map(|flow| (format!("{}/s", flow.rate), flow.name.to_owned(), "")).collect();
        let timings = self.timings();
        let timing = timings.iter().find(|(title, _)| *title == self.series.measure.title());
        if let Some((title, cells)) = timing {
            let figures = FIGURES.iter().zip(cells);
            let shown = figures.filter(|((name, _), _)| ["p50", "p99", "max"].contains(name));
            tiles.extend(
                shown.map(|((name, _), cell)| (cell.clone(), format!("{title} {name}"), "")),
            );
        }
        let faults = self.counts().into_iter();
        let faults = faults.filter(|(name, _)| ["lost", "errors"].contains(name));
        tiles.extend(faults.map(|(name, number)| {
            (thousands(number), name.to_owned(), if number == 0 { "good" } else { "bad" })
        }));
        let tile = |(value, name, class): (String, String, &str)| {
            format!(
                "<div class=\"tile\"><b class=\"{class}\">{value}</b><span>{name}</span></div>\n"
            )
        };
        format!(
            "<div class=\"tiles\">\n{}</div>\n",
            tiles.into_iter().map(tile).collect::<String>()
        )
    }

    /// What was asserted and whether it holds, and what to be warned of.
    fn notices(&self) -> String {
        let warning = |text: &String| format!("<p class=\"warning\">{}</p>\n", escape(text));
        let warnings = self.warnings.iter().map(warning);
        let rows = self.assertions.iter().map(|verdict| {
            let (class, word) = if verdict.holds { ("good", "holds") } else { ("bad", "fails") };
            format!(
                "<tr><td class=\"text\">{}</td><td>{}</td><td class=\"{class}\">{word}</td></tr>\n",
                escape(&verdict.assertion),
                escape(&verdict.measured)
            )
        });
        let rows = table(&["assertion", "measured", ""], &rows.collect::<String>());
        let part =
            if self.assertions.is_empty() { String::new() } else { heading("Assertions") + &rows };
        warnings.collect::<String>() + &part
    }

    fn chart_part(&self) -> String {
        let charts = self.charts();
        let drawn = charts.iter().map(super::chart::Chart::html);
        format!("<div class=\"charts\">\n{}</div>\n", drawn.collect::<String>())
    }

    fn time_table(&self) -> String {
        let rows = self.timings().into_iter().map(|(title, cells)| {
            let cells = cells.map(|cell| format!("<td>{cell}</td>")).concat();
            format!("<tr><td>{title}</td>{cells}</tr>\n")
        });
        let heads: Vec<_> = [""].into_iter().chain(FIGURES.map(|(name, _)| name)).collect();
        heading("Times") + &table(&heads, &rows.collect::<String>())
    }

    fn count_table(&self) -> String {
        let flows = self.flows().into_iter().map(|flow| (flow.name.to_owned(), flow.messages));
        let counts = self.counts().into_iter();
        let counts = counts.map(|(name, number)| (name.to_owned(), thousands(number)));
        let errors = self.errors.iter().map(|(class, faults)| {
            let examples =
                faults.examples.iter().map(|text| format!("<br><i>{}</i>", escape(text)));
            (escape(class) + &examples.collect::<String>(), thousands(faults.count))
        });
        let rows = flows.chain(counts).chain(errors);
        let rows = rows.map(|(name, number)| {
            format!("<tr><td class=\"text\">{name}</td><td>{number}</td></tr>\n")
        });
        heading("Messages") + &table(&["", "number"], &rows.collect::<String>())
    }
}

/// Writes a whole page.
pub(super) fn write_page(title: &str, body: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>",
        escape(title)
    )
}

/// A heading of a part.
pub(super) fn heading(text: &str) -> String {
    format!("<h2>{text}</h2>\n")
}

/// A table with these heads above `rows`.
pub(super) fn table(heads: &[&str], rows: &str) -> String {
    let heads = heads.join("</th><th>");
    format!(
        "<div class=\"wide\"><table><thead><tr><th>{heads}</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
    )
}

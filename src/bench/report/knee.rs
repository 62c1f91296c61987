//! What a search for the greatest load has found, in every form of a report.

use super::chart::{Axis, Chart, Line, Scale, escape};
use super::html::{heading, rate, table, time_scale};
use super::markdown::{cell, write_table};
use super::{Report, Summary};
use crate::bench::load::Amount;
use crate::bench::units::{count, float, span, thousands, whole};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// What a search for the greatest load has found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Knee {
    /// What there was more of from step to step.
    pub amount: Amount,
    /// The greatest load that held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<f64>,
    /// The least load that did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<f64>,
    /// What ended the search.
    pub limit: Limit,
    /// Every step, in the order they were measured.
    pub steps: Vec<Step>,
}

/// What ended a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// What the broker did not hold.
    Broker,
    /// What this machine could not make.
    Generator,
    /// Who waited for it.
    Stopped,
}

/// A load that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// How much of it.
    pub amount: f64,
    /// Whether everything held that was to.
    pub holds: bool,
    /// Messages published per second.
    pub published: f64,
    /// Messages received per second.
    pub received: f64,
    /// Messages that did not arrive.
    pub lost: u64,
    /// Failures of any kind.
    pub errors: u64,
    /// Figures of the times that say most about the run, in nanoseconds; absent if
    /// nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times_ns: Option<Figures>,
    /// What did not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broke: Vec<String>,
    /// Whether the load generator was the limit.
    pub of_generator: bool,
}

/// The figures of a step's times, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Half are at most this.
    pub p50: u64,
    /// All but one in a hundred are at most this.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

impl From<&Summary> for Figures {
    fn from(times: &Summary) -> Self {
        Self { p50: times.p50, p99: times.p99, max: times.max }
    }
}

/// A figure of a step with its name and its unit.
type Column = (&'static str, fn(&Step) -> String);

/// What is said of each step behind its load.
const COLUMNS: [Column; 7] = [
    ("published/s", |step| count(whole(step.published), 1.0)),
    ("received/s", |step| count(whole(step.received), 1.0)),
    ("p50", |step| step.time(|times| times.p50)),
    ("p99", |step| step.time(|times| times.p99)),
    ("max", |step| step.time(|times| times.max)),
    ("lost", |step| thousands(step.lost)),
    ("errors", |step| thousands(step.errors)),
];

impl Step {
    /// What was measured with so much load, its objectives judged; `failure` is what
    /// cost the run connections.
    pub(in crate::bench) fn new(amount: f64, report: &Report, failure: Option<String>) -> Self {
        let failed = report.assertions.iter().filter(|verdict| !verdict.holds);
        let failed = failed.map(|verdict| format!("{} ({})", verdict.assertion, verdict.measured));
        let unsent = (report.unsent > 0)
            .then(|| format!("{} messages could not be sent", thousands(report.unsent)));
        let broke: Vec<_> = failed.chain(unsent).chain(failure).collect();
        Self {
            amount,
            holds: broke.is_empty(),
            published: report.published.rate,
            received: report.received.rate,
            lost: report.lost.unwrap_or_default(),
            errors: report.error_count(),
            times_ns: report.times(report.series.measure).map(Figures::from),
            broke,
            of_generator: report.is_of_the_generator(),
        }
    }

    /// One that failed before anything was measured.
    pub(in crate::bench) fn failed(amount: f64, why: String) -> Self {
        Self {
            amount,
            holds: false,
            published: 0.0,
            received: 0.0,
            lost: 0,
            errors: 1,
            times_ns: None,
            broke: vec![why],
            of_generator: false,
        }
    }

    fn time(&self, figure: fn(&Figures) -> u64) -> String {
        self.times_ns.as_ref().map_or_else(|| "-".to_owned(), |times| span(figure(times)))
    }

    const fn word(&self) -> &'static str {
        if self.holds { "holds" } else { "BREAKS" }
    }

    /// What became of it, in one line.
    pub(in crate::bench) fn line(&self, kind: Amount) -> String {
        let load = load(self.amount, kind);
        if self.holds {
            format!("{load} hold, p99 {}", self.time(|times| times.p99))
        } else {
            format!("{load} break {}", self.broke.join(", "))
        }
    }
}

/// So much load, in words.
fn load(amount: f64, kind: Amount) -> String {
    format!("{} {}", thousands(whole(amount)), kind.noun())
}

impl Knee {
    /// What steps of this kind came to, with the most that held and the least that did
    /// not. Where the generator was the limit of the latter, the broker was not found out.
    pub(in crate::bench) fn new(
        amount: Amount,
        (held, broken): (Option<f64>, Option<f64>),
        limit: Limit,
        steps: Vec<Step>,
    ) -> Self {
        let of_generator =
            steps.iter().any(|step| Some(step.amount) == broken && step.of_generator);
        let limit = match limit {
            Limit::Broker if of_generator => Limit::Generator,
            limit => limit,
        };
        Self { amount, held, broken, limit, steps }
    }

    /// The step that was measured with the least load that did not hold.
    fn first_broken(&self) -> Option<&Step> {
        self.steps.iter().find(|step| Some(step.amount) == self.broken)
    }

    /// What was found, in one line.
    pub(in crate::bench) fn line(&self) -> String {
        let held = match self.held {
            Some(held) => format!("the greatest load that held: {}", load(held, self.amount)),
            None => "no load that was tried held".to_owned(),
        };
        let broken = self.first_broken().map_or_else(String::new, |step| {
            format!("; {} broke {}", load(step.amount, self.amount), step.broke.join(", "))
        });
        let limit = match self.limit {
            Limit::Broker => "",
            Limit::Generator => "; the load generator was the limit, the broker may hold more",
            Limit::Stopped => "; the search was stopped before its end",
        };
        held + &broken + limit
    }

    /// The names above the columns of the steps.
    fn heads(&self) -> Vec<&'static str> {
        let columns = COLUMNS.map(|(name, _)| name);
        [self.amount.noun()].into_iter().chain(columns).chain([""]).collect()
    }

    /// The steps in the order of their loads.
    fn by_load(&self) -> Vec<&Step> {
        let mut steps: Vec<_> = self.steps.iter().collect();
        steps.sort_by(|one, other| one.amount.total_cmp(&other.amount));
        steps
    }

    /// The steps in the order of their loads, as cells.
    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.by_load().into_iter().map(|step| {
            let cells = COLUMNS.iter().map(|(_, cell)| cell(step));
            let ends = [thousands(whole(step.amount)), step.word().to_owned()];
            let [load, word] = ends;
            [load].into_iter().chain(cells).chain([word]).collect()
        })
    }

    /// Writes the steps as text of at most 80 columns and what was found.
    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let heads = self.heads().into_iter().map(str::to_owned).collect();
        for row in std::iter::once(heads).chain(self.rows()) {
            let cells = row.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:>width$}"));
            writeln!(out, "{}", cells.collect::<String>().trim_end())?;
        }
        writeln!(out, "{}", self.line())
    }

    /// Writes the steps as Markdown.
    pub(super) fn write_markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}\n", cell(&self.line()))?;
        write_table(&self.heads(), self.rows(), out)
    }

    /// Writes the steps as comma-separated values, numbers only.
    pub(super) fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "load,holds,published,received,p50_ns,p99_ns,max_ns,lost,errors")?;
        for step in &self.steps {
            let time = |figure: fn(&Figures) -> u64| {
                step.times_ns.as_ref().map_or_else(String::new, |times| figure(times).to_string())
            };
            let times = [time(|it| it.p50), time(|it| it.p99), time(|it| it.max)].join(",");
            let Step { amount, holds, published, received, lost, errors, .. } = step;
            writeln!(out, "{amount},{holds},{published:.3},{received:.3},{times},{lost},{errors}")?;
        }
        Ok(())
    }

    /// The steps as a part of a page.
    pub(super) fn html(&self) -> String {
        let rows = self.rows().map(|row| {
            let cells = row.iter().map(|cell| format!("<td>{}</td>", escape(cell)));
            format!("<tr>{}</tr>\n", cells.collect::<String>())
        });
        let rows = rows.collect::<String>();
        [
            heading("Greatest load"),
            format!("<p>{}</p>\n", escape(&self.line())),
            table(&self.heads(), &rows),
        ]
        .concat()
    }

    /// The times by the load.
    pub(super) fn chart(&self) -> Chart {
        let steps = self.by_load();
        let line = |name: &str, figure: fn(&Figures) -> u64| {
            let timed = steps
                .iter()
                .filter_map(|step| Some((step.amount, float(figure(step.times_ns.as_ref()?)))));
            Line { name: name.to_owned(), points: timed.collect() }
        };
        let lines =
            vec![line("p50", |it| it.p50), line("p99", |it| it.p99), line("max", |it| it.max)];
        let amounts = self.steps.iter().map(|step| step.amount);
        Chart {
            title: "Times by load".to_owned(),
            across: Axis { name: self.amount.noun(), scale: Scale::linear(amounts), label: rate },
            up: time_scale(&lines),
            lines,
        }
    }
}

/// Characters of the columns in a text.
const WIDTHS: [usize; 9] = [11, 12, 11, 8, 8, 8, 7, 7, 8];

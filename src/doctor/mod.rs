//! `mqx doctor` and `mqx ping`: whether a broker can be reached and used, step by step
//! from its name to its messages, and what is wrong where it cannot.
//!
//! `steps::STEPS` is the table of the steps. Each is a function in a file of its own
//! that takes a `Patient` a layer further and returns what it has found. The first
//! that fails ends it: `advice` tries what would have worked instead, and the exit
//! code is that of the failure, as with every other command.

mod advice;
mod finding;
mod json;
mod line;
mod patient;
mod steps;
mod text;

use crate::client::ConnectOptions;
use crate::error::{Class, Error, Result};
use crate::output;
use crate::signals::Signal;
use advice::Advice;
use finding::{Finding, State};
use patient::Patient;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use steps::{STEPS, Step};

/// What is examined, and how that is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// The broker; others that are named are not tried.
    pub connect: ConnectOptions,
    /// What the topics begin with that are published to, without a slash at the end.
    pub topic: String,
    /// How far to go.
    pub extent: Extent,
    /// How to tell it.
    pub form: Form,
    /// What was typed beside the way to the broker and the login, for a command that is
    /// told to keep it.
    pub kept: Vec<String>,
    /// The options that say who to be, none of which is a password.
    pub login: Vec<String>,
    /// Folders on this machine that may have the CA of the broker.
    pub folders: Vec<PathBuf>,
}

/// How far an examination goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// To the answer to a PINGREQ: nothing is published.
    Ping,
    /// To messages there and back.
    Messages,
}

/// How an examination is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A line for each step, and more below.
    Table,
    /// One line.
    Line,
    /// A JSON object.
    Json,
}

/// A step and what came of it.
struct Row {
    step: &'static Step,
    state: State,
    took: Duration,
}

/// All that came of it.
struct Report {
    broker: String,
    rows: Vec<Row>,
    took: Duration,
    /// What would help.
    advice: Advice,
}

/// Examines a broker and writes to `out` what was found; ends early when `stop` does.
///
/// # Errors
/// With the class of the first step that has failed; [`Class::Timeout`] is one, for an
/// answer that does not come.
pub async fn run(
    config: &Config,
    out: &mut dyn Write,
    stop: impl Future<Output = Signal>,
) -> Result<()> {
    let report = tokio::select! {
        report = examine(config) => report,
        signal = stop => return Err(signal.error()),
    };
    let written = match config.form {
        Form::Table => text::table(&report, out),
        Form::Line => text::line(&report, out),
        Form::Json => json::write(&report, out),
    };
    output::check(written.and_then(|()| out.flush()))?;
    report.verdict(config.form)
}

async fn examine(config: &Config) -> Report {
    let begin = Instant::now();
    let mut patient = Patient::new(config);
    let mut rows = Vec::new();
    for step in STEPS.iter().filter(|step| step.extent <= config.extent) {
        let failed = rows.iter().any(|row: &Row| row.state.is_failed());
        rows.push(if failed { not_reached(step) } else { take(step, &mut patient).await });
        blame_tls(&mut rows);
    }
    let took = begin.elapsed();
    let advice = match rows.iter().find(|row| row.state.is_failed()) {
        Some(Row { step, state: State::Failed(error), .. }) => {
            advice::on(step.name, error, config).await
        }
        _ => Advice::default(),
    };
    patient.leave().await;
    Report { broker: config.connect.endpoint.to_string(), rows, took, advice }
}

async fn take(step: &'static Step, patient: &mut Patient) -> Row {
    let begin = Instant::now();
    let state = match (step.take)(patient).await {
        Ok(finding) => State::Done(finding),
        Err(error) => State::Failed(error),
    };
    Row { step, state, took: begin.elapsed() }
}

fn not_reached(step: &'static Step) -> Row {
    Row { step, state: State::NotReached, took: Duration::ZERO }
}

/// In TLS 1.3 a server says only after the handshake what it thinks of the client: a
/// later step that fails for TLS is a failure of the step TLS.
fn blame_tls(rows: &mut [Row]) {
    let Some((last, earlier)) = rows.split_last_mut() else {
        return;
    };
    let is_late = matches!(&last.state, State::Failed(error) if error.class() == Class::Tls);
    let tls = earlier.iter_mut().position(|row| row.step.name == steps::TLS);
    let Some(tls) = tls.filter(|_| is_late) else {
        return;
    };
    let error = std::mem::replace(&mut last.state, State::NotReached);
    for row in earlier.iter_mut().skip(tls) {
        row.state = State::NotReached;
    }
    if let Some(row) = earlier.get_mut(tls) {
        row.state = error;
    }
}

impl Report {
    fn failure(&self) -> Option<(&'static Step, &Error)> {
        self.rows.iter().find_map(|row| match &row.state {
            State::Failed(error) => Some((row.step, error)),
            _ => None,
        })
    }

    /// What was found by steps that were taken.
    fn findings(&self) -> impl Iterator<Item = (&Row, &Finding)> {
        self.rows.iter().filter_map(|row| match &row.state {
            State::Done(finding) => Some((row, finding)),
            _ => None,
        })
    }

    /// The failure as the process ends with it. In a line it is told in full, for
    /// there is no table that has told it.
    fn verdict(self, form: Form) -> Result<()> {
        let Self { broker, rows, advice, .. } = self;
        let failed = rows.into_iter().find_map(|row| match row.state {
            State::Failed(error) => Some((row.step.name, error)),
            _ => None,
        });
        match failed {
            None => Ok(()),
            Some((_, error)) if form == Form::Line => Err(match advice.in_a_line() {
                Some(line) => error.hint(line),
                None => error,
            }),
            Some((step, error)) => {
                Err(Error::new(error.class(), format!("{broker} has failed at the step {step}")))
            }
        }
    }
}

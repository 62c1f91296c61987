//! `mqx bench`: puts a load on a broker and measures what becomes of it.
//!
//! A plan says as pure data how many messages are due when. Worker threads carry it out,
//! each driving its share of the connections; every mode is a plan, the loop is the same.
//! The schedule does not wait for the broker (an open loop) and latency is counted from
//! the time a message was due, so a broker that stalls cannot hide it. Each payload says
//! who sent it, which one it is and when, so loss, duplication and order are known
//! exactly.
//!
//! ```text
//!  search                   run after run, for the greatest load that holds
//!  run                      leads the phases: gather, publish, drain, close
//!  watch     report         what a person sees meanwhile; what is written at the end
//!  worker -> player         a thread and its clients: connect, send, receive, come back
//!  board  phase  tally      what threads tell each other; what each counts for itself
//!  message                  what payloads carry
//!  plan                     who does what when; finds out what is impossible
//!  load                     what is asked for
//!  shard  meeting           which part of a run is whose, and how the parts meet
//! ```
//!
//! Nothing here starts a broker; one inside the process is started by whoever
//! calls [`run()`], and is a broker like any other from here.

mod board;
pub mod load;
mod meeting;
mod message;
mod phase;
mod plan;
mod player;
mod report;
mod run;
mod search;
mod shard;
mod tally;
mod units;
mod watch;
mod worker;

pub use load::{Amount, Load, Mode, Scenario};
pub use meeting::Clock;
pub use message::HEADER_SIZE;
pub use report::{
    AskedFor, Assertion, Baseline, Comparison, Conclusion, Connections, Distribution, Figures,
    Flow, Form, Forms, Generator, Knee, Limit, Part, Point, Report, SCHEMA, Series, Shares, Step,
    Target, Verdict,
};
pub use search::Search;
pub use shard::{Party, Shard};
pub use tally::{Failures, Faults, Measure, Summary};
pub use watch::{BrokerUsage, Watched};

use crate::client::ConnectOptions;
use crate::error::{Class, Error, Result};
use crate::net::Endpoint;
use crate::output;
use jiff::Timestamp;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use watch::Metrics;

/// What `mqx bench` is to do.
#[derive(Debug, Clone)]
pub struct Config {
    /// The broker that is measured. A client identifier given here is the
    /// beginning of every connection's.
    pub connect: ConnectOptions,
    /// The load to put on it.
    pub load: Scenario,
    /// What is to be made of the report.
    pub conclusion: Conclusion,
    /// Where the numbers of the run are served while it goes, for Prometheus.
    pub prometheus: Option<SocketAddr>,
    /// With whom the run is carried out, if not alone.
    pub party: Option<Party>,
    /// When publishing begins, if not as soon as it can.
    pub start_at: Option<Timestamp>,
    /// Whether progress is shown on stderr, if that is a terminal.
    pub live: bool,
    /// Worker threads at most.
    pub cores: u32,
    /// Where the broker is, if its use of the machine is reported.
    pub watched: Option<Watched>,
    /// Whether it is a failure when the load generator was the limit.
    pub strict: bool,
    /// How the greatest load that holds is looked for, if it is; `load` is then the first
    /// that is tried, and the assertions say what holds.
    pub search: Option<Search>,
}

impl Config {
    /// Measures the broker at this place instead.
    pub fn aim_at(&mut self, endpoint: &Endpoint) {
        self.connect.endpoint = endpoint.clone();
        for connect in self.load.groups.iter_mut().filter_map(|group| group.connect.as_mut()) {
            Arc::make_mut(connect).endpoint = endpoint.clone();
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        let cores = std::thread::available_parallelism();
        let cores = cores.map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX));
        Self {
            connect: ConnectOptions::default(),
            load: Load::default().into(),
            conclusion: Conclusion::default(),
            prometheus: None,
            party: None,
            start_at: None,
            live: true,
            cores,
            watched: None,
            strict: false,
            search: None,
        }
    }
}

/// Which reports are to be added up.
#[derive(Debug, Clone)]
pub struct Merge {
    /// The files they are in.
    pub reports: Vec<PathBuf>,
    /// What is to be made of the sum.
    pub conclusion: Conclusion,
}

/// Adds up reports and writes the sum.
///
/// # Errors
/// When one cannot be read, they measured different things, or an assertion does
/// not hold.
pub fn merge(config: &Merge, out: &mut dyn Write) -> Result<()> {
    let ready = config.conclusion.prepare()?;
    let reports = config.reports.iter().map(|path| Report::read(path));
    let sum = Report::merge(reports.collect::<Result<Vec<_>>>()?)?;
    ready.conclude(sum, out)
}

/// Which reports are to be compared.
#[derive(Debug, Clone)]
pub struct Compare {
    /// The files they are in, the earlier first.
    pub reports: [PathBuf; 2],
    /// Where else the comparison is written to.
    pub files: Vec<Target<Comparison>>,
}

/// Compares two reports and writes what is different.
///
/// # Errors
/// When one cannot be read, or a file cannot be written.
pub fn compare(config: &Compare, out: &mut dyn Write) -> Result<()> {
    let files = config.files.iter().map(Target::open).collect::<Result<Vec<_>>>()?;
    let comparison = Comparison::read(&config.reports)?;
    output::check(comparison.write_text(out).and_then(|()| out.flush()))?;
    files.into_iter().try_for_each(|file| file.write(&comparison))
}

/// Puts the load on the broker until the plan is done or `stop` is, and writes
/// the report.
///
/// # Errors
/// When the load is impossible, a file of the report cannot be written, a connection
/// cannot be opened, one was lost during the run, an assertion does not hold, or no load
/// was found that holds; in the last three cases the report has been written.
pub async fn run<S>(
    config: &Config,
    out: &mut dyn Write,
    stop: impl Future<Output = S>,
) -> Result<()> {
    let mut ready = config.conclusion.prepare()?;
    let mut metrics = Metrics::at(config.prometheus).await?;
    let mut own = config.clone();
    // Boxed: the way to a broker takes much room.
    let found = if let Some(search) = config.search {
        Box::pin(search::find(own, search, &mut metrics, stop)).await?
    } else {
        let trial = Trial { title: String::new(), load: own.load.clone() };
        measure(&mut own, &trial, &mut metrics, pin!(stop)).await?
    };
    let forbidden = config.strict && found.report.is_of_the_generator();
    ready.expect(found.objectives);
    let concluded = ready.conclude(found.report, out);
    match found.failure {
        Some(failure) => Err(failure),
        None if forbidden => concluded.and_then(|()| Err(generator_was_limit())),
        None => concluded,
    }
}

/// What a run has found, and what makes it a failure all the same.
struct Found {
    report: Report,
    /// What had to hold beside what was asserted.
    objectives: Vec<Assertion>,
    failure: Option<Error>,
}

/// A load that is put on the broker.
#[derive(Debug)]
struct Trial {
    /// What it is called while it is measured; empty where there is only one.
    title: String,
    load: Scenario,
}

/// Measures this load, with MQTT 3.1.1 where the broker refuses version 5; `config` then
/// says so from there on.
async fn measure<S>(
    config: &mut Config,
    trial: &Trial,
    metrics: &mut Metrics,
    mut stop: Pin<&mut impl Future<Output = S>>,
) -> Result<Found> {
    let measured = Box::pin(run::measure(config, trial, metrics, stop.as_mut())).await;
    let mut outcome = match measured {
        Err(error) => {
            config.connect = config.connect.fall_back_after(&error).ok_or(error)?;
            Box::pin(run::measure(config, trial, metrics, stop)).await?
        }
        Ok(outcome) => outcome,
    };
    let report = Report::new(&mut outcome, config.connect.places());
    Ok(Found { report, objectives: Vec::new(), failure: outcome.failure })
}

fn generator_was_limit() -> Error {
    Error::new(Class::Expectation, "the load generator was the limit, and --strict forbids that")
        .hint("use a lower --rate or a machine with more cores")
}

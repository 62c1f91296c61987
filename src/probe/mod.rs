//! `mqx test`: what a broker supports and how it behaves, or in what two brokers differ.
//!
//! `table::PROBES` is the table of the probes. Each is a function in the file of its
//! area that asks one thing of the broker, with clients of its own on topics of its own,
//! some of them at the same time, and returns an `Answer`. What is not supported is an answer like others; only what
//! the standard demands and the broker does not do is wrong.

mod answer;
mod connecting;
mod denied;
mod errors;
mod expiring;
mod json;
mod limits;
mod messages;
mod properties;
mod retained;
mod scene;
mod sessions;
mod subscribing;
mod table;
mod text;
mod wills;

use crate::client::ConnectOptions;
use crate::error::{Class, Error, Result};
use crate::output;
use crate::signals::Signal;
use answer::{Answer, Verdict};
use futures_util::stream::{self, StreamExt as _};
use scene::Scene;
use std::io::Write;
use std::time::{Duration, Instant};
use table::{PROBES, Pace, Probe};

/// What is tested, and how that is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// The broker, or the brokers that are compared.
    pub brokers: Brokers,
    /// What the topics begin with that are published to, without a slash at the end.
    pub topic: String,
    /// A topic that the user of the connection may neither write nor read.
    pub denied: Option<String>,
    /// The areas that are tested; all without any.
    pub areas: Vec<String>,
    /// Say it in JSON.
    pub json: bool,
}

/// Who is tested.
#[derive(Debug, Clone)]
pub enum Brokers {
    /// One.
    One(Box<ConnectOptions>),
    /// Two that are compared.
    Two(Box<[ConnectOptions; 2]>),
}

/// A probe and what came of it.
struct Row {
    probe: &'static Probe,
    answer: Answer,
    took: Duration,
}

/// All that came of one broker.
struct Report {
    broker: String,
    version: String,
    rows: Vec<Row>,
}

/// The areas there are.
pub fn areas() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    PROBES.iter().filter_map(move |probe| {
        let is_new = std::mem::replace(&mut last, probe.area) != probe.area;
        is_new.then_some(probe.area)
    })
}

/// Tests a broker or two and writes to `out` what was found; ends early when `stop`
/// does.
///
/// # Errors
/// When a broker cannot be reached; [`Class::Expectation`] if one breaks the standard,
/// or if two differ.
pub async fn run(
    config: &Config,
    out: &mut dyn Write,
    stop: impl Future<Output = Signal>,
) -> Result<()> {
    tokio::select! {
        done = test(config, out) => done,
        signal = stop => Err(signal.error()),
    }
}

async fn test(config: &Config, out: &mut dyn Write) -> Result<()> {
    match &config.brokers {
        Brokers::One(options) => {
            let report = probe(options, config.topic.clone(), config).await?;
            let written =
                if config.json { json::report(&report, out) } else { text::report(&report, out) };
            output::check(written.and_then(|()| out.flush()))?;
            report.verdict()
        }
        Brokers::Two(both) => {
            let [one, other] = &**both;
            // They may be one and the same.
            let topic = |end: &str| format!("{}/{end}", config.topic);
            let (one, other) =
                tokio::try_join!(probe(one, topic("a"), config), probe(other, topic("b"), config))?;
            let reports = [one, other];
            let written = if config.json {
                json::difference(&reports, out)
            } else {
                text::difference(&reports, out)
            };
            output::check(written.and_then(|()| out.flush()))?;
            alike(&reports)
        }
    }
}

/// How many probes are under way at once: few enough for a broker with little room.
const AT_ONCE: usize = 8;

/// Asks all that is wanted, on topics that begin with `topic`.
async fn probe(options: &ConnectOptions, topic: String, config: &Config) -> Result<Report> {
    let scene = Scene::set(options, topic, config.denied.clone()).await?;
    let wanted = |probe: &&Probe| {
        config.areas.is_empty() || config.areas.iter().any(|area| area == probe.area)
    };
    let mut queue: Vec<_> = PROBES.iter().filter(wanted).enumerate().collect();
    queue.sort_by_key(|(_, probe)| probe.pace);
    let alone = queue.partition_point(|(_, probe)| probe.pace != Pace::Alone);
    let (together, alone) = queue.split_at(alone);
    let mut rows = Vec::new();
    for (some, at_once) in [(together, AT_ONCE), (alone, 1)] {
        let asked = stream::iter(some).map(|(place, probe)| ask(*place, probe, &scene));
        rows.extend(asked.buffer_unordered(at_once).collect::<Vec<_>>().await);
    }
    rows.sort_by_key(|(place, _)| *place);
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    Ok(Report { broker: options.endpoint.to_string(), version: scene.version(), rows })
}

/// The row of the table that has this place.
async fn ask(place: usize, probe: &'static Probe, scene: &Scene) -> (usize, Row) {
    let begin = Instant::now();
    let answer = if probe.needs_v5 && !scene.is_v5() {
        Answer::no("not a part of MQTT 3.1.1")
    } else {
        (probe.ask)(scene).await.unwrap_or_else(|error| Answer::failed(&error))
    };
    (place, Row { probe, answer, took: begin.elapsed() })
}

/// What two brokers have answered to one probe.
struct Pair<'a>(&'a Row, &'a Row);

impl Pair<'_> {
    fn differs(&self) -> bool {
        self.0.answer.said != self.1.answer.said
    }
}

/// The rows of two reports side by side.
fn pairs(reports: &[Report; 2]) -> impl Iterator<Item = Pair<'_>> {
    let [one, other] = reports;
    one.rows.iter().zip(&other.rows).map(|(one, other)| Pair(one, other))
}

fn alike(reports: &[Report; 2]) -> Result<()> {
    match pairs(reports).filter(Pair::differs).count() {
        0 => Ok(()),
        count => {
            Err(Error::new(Class::Expectation, format!("the brokers differ in {count} answers")))
        }
    }
}

impl Report {
    fn wrong(&self) -> usize {
        self.rows.iter().filter(|row| matches!(row.answer.verdict, Verdict::Wrong(_))).count()
    }

    fn verdict(&self) -> Result<()> {
        match self.wrong() {
            0 => Ok(()),
            count => {
                let what = format!("{} breaks the standard in {count} answers", self.broker);
                Err(Error::new(Class::Expectation, what))
            }
        }
    }
}

//! `--find-max`: the greatest load that a broker holds. The load grows step by step
//! until an objective breaks, and the knee is then narrowed down.
//!
//! Each step is a run of its own with connections of its own: what a load that was too
//! much has left in queues and sessions cannot spoil the next one. A step begins with
//! its warm-up, in which the broker settles at the new load and nothing is measured.

mod climb;

use super::load::{Amount, Scenario};
use super::report::{Assertion, Knee, Limit, Report, Step};
use super::tally::Measure;
use super::units::{thousands, whole};
use super::watch::Metrics;
use super::{Config, Found, Trial, measure};
use crate::error::{Class, Error, Result};
use crate::output;
use climb::Climb;
use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

/// How the greatest load is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// How long each step is measured.
    pub step: Duration,
    /// How far apart what held and what did not may be in the end, as a share.
    pub precision: f64,
}

/// The warm-up of a step where nobody says how long it is.
const SETTLE: Duration = Duration::from_secs(1);

/// The rate of the first step where nobody says which, per second.
const FIRST_RATE: f64 = 1_000.0;

/// Finds the greatest load; its report is that of the step that was measured with it.
///
/// # Errors
/// When the load cannot be stepped, or the first step fails before it begins.
pub(super) async fn find<S>(
    config: Config,
    search: Search,
    metrics: &mut Metrics,
    stop: impl Future<Output = S>,
) -> Result<Found> {
    check(&config)?;
    let over = Cell::new(false);
    let mut stop = pin!(async {
        stop.await;
        over.set(true);
    });
    let mut ascent = Ascent::new(config, search);
    loop {
        let trial = ascent.trial();
        let measured = measure(&mut ascent.config, &trial, metrics, stop.as_mut()).await;
        if over.get() {
            return ascent.ended(Limit::Stopped);
        }
        match measured {
            Err(error) if ascent.steps.is_empty() => return Err(error),
            // There is no such load, or this machine cannot make it.
            Err(error) if error.class() == Class::Usage => {
                output::note(format!("{}: {}", trial.title, error.line()));
                return ascent.ended(Limit::Generator);
            }
            Err(error) => ascent.broke(&error),
            Ok(found) => ascent.measured(found),
        }
        if !ascent.goes_on() {
            return ascent.ended(Limit::Broker);
        }
    }
}

/// Checks that there is a load that can be made more of.
fn check(config: &Config) -> Result<()> {
    let load = &config.load;
    let limited = |limit: fn(&super::load::Stream) -> bool| load.streams().any(|(_, it)| limit(it));
    let free = load.streams().filter(|(_, stream)| stream.tempo == super::load::Tempo::Free);
    let mixed = (1..load.streams().count()).contains(&free.count());
    let rules = [
        (load.duration.is_some(), "--find-max has steps of its own length: --step, not --duration"),
        (!load.stages.is_empty(), "--find-max: this scenario has stages, which change its load"),
        (
            limited(|stream| stream.limit.is_some() || stream.limit_per_client.is_some()),
            "--find-max has steps of a length in time: --step, not a limit of messages",
        ),
        (mixed, "--find-max: some streams have a rate and others have none"),
        (load.keep_connected, "--find-max and --keep-connected contradict each other"),
        (config.party.is_some(), "--find-max is for one process, not for the shards of a run"),
        (config.start_at.is_some(), "--find-max and --start-at contradict each other"),
    ];
    let broken = rules.into_iter().find(|(breaks, _)| *breaks);
    broken.map_or(Ok(()), |(_, what)| Err(Error::usage(what)))
}

/// A search with what it has found so far.
struct Ascent {
    config: Config,
    search: Search,
    climb: Climb,
    /// What must hold; unknown until the first step shows what is measured.
    objectives: Vec<Assertion>,
    steps: Vec<Step>,
    /// The report of the greatest load that held, or else of the least that did not.
    best: Option<Report>,
}

impl Ascent {
    fn new(config: Config, search: Search) -> Self {
        let first = config.load.amount().filter(|amount| *amount > 0.0).unwrap_or(FIRST_RATE);
        Self {
            climb: Climb::new(first, search.precision),
            objectives: config.conclusion.assertions.clone(),
            steps: Vec::new(),
            best: None,
            config,
            search,
        }
    }

    fn kind(&self) -> Amount {
        self.config.load.kind_of_amount()
    }

    /// The load to be tried now.
    fn trial(&self) -> Trial {
        let (load, amount) = (&self.config.load, self.climb.amount());
        let (number, noun) = (self.steps.len() + 1, self.kind().noun());
        let title = format!("step {number}: {} {noun}", thousands(whole(amount)));
        let warmup = if load.warmup.is_zero() { SETTLE } else { load.warmup };
        // Whoever only connects is done when everybody has.
        let is_timed = load.groups.iter().any(|group| group.publishes() || group.subscribes());
        let (duration, warmup) = if is_timed {
            (Some(warmup + self.search.step), warmup)
        } else {
            (None, Duration::ZERO)
        };
        Trial { title, load: Scenario { duration, warmup, ..load.with_amount(amount) } }
    }

    /// Notes a step that was measured.
    fn measured(&mut self, found: Found) {
        let Found { mut report, failure, .. } = found;
        if self.objectives.is_empty() {
            self.objectives = usual_objectives(&report);
        }
        report.judge(&self.objectives);
        let failure = failure.map(|failure| failure.line());
        let step = Step::new(self.climb.amount(), &report, failure);
        // A load that held is more than all before it that did, and the other way round.
        if step.holds || !self.steps.iter().any(|step| step.holds) {
            self.best = Some(report);
        }
        self.note(step);
    }

    /// Notes a step that failed before anything was measured.
    fn broke(&mut self, error: &Error) {
        self.note(Step::failed(self.climb.amount(), error.line()));
    }

    fn note(&mut self, step: Step) {
        let number = self.steps.len() + 1;
        output::note(format!("step {number}: {}", step.line(self.kind())));
        self.steps.push(step);
    }

    /// Whether another load is to be tried.
    fn goes_on(&mut self) -> bool {
        let holds = self.steps.last().is_some_and(|step| step.holds);
        self.climb.note(holds)
    }

    /// What was found, the search being over because of `limit`.
    fn ended(self, limit: Limit) -> Result<Found> {
        let interrupted = || Error::new(Class::Interrupted, "interrupted in the first step");
        let (held, broken) = self.climb.found();
        let knee = Knee::new(self.kind(), (held, broken), limit, self.steps);
        let failure = held.is_none().then(|| {
            let what = format!("no load was found that holds: {}", knee.line());
            Error::new(Class::Expectation, what)
        });
        let report = self.best.ok_or_else(interrupted)?;
        let asserted = !self.config.conclusion.assertions.is_empty();
        let objectives = if asserted { Vec::new() } else { self.objectives };
        Ok(Found { report: Report { find_max: Some(knee), ..report }, objectives, failure })
    }
}

/// What must hold where nobody says what: no loss, no failure, and times that are not
/// those of a queue.
fn usual_objectives(report: &Report) -> Vec<Assertion> {
    let measure = report.series.measure;
    let times = match measure {
        Measure::Connect => "p99<1s",
        _ if report.times(measure).is_some() => "p99<100ms",
        _ => "lag_p99<100ms",
    };
    let loss = if report.lost.is_some() { ",loss==0" } else { "" };
    let text = format!("{times}{loss},errors==0");
    Assertion::parse_all(&text).expect("the objectives are well-formed")
}

#[cfg(test)]
mod tests {
    use super::super::load::{Load, Stage, Stream};
    use super::*;

    fn refused(load: Load) -> String {
        let config = Config { load: load.into(), ..Config::default() };
        check(&config).unwrap_err().to_string()
    }

    #[test]
    fn a_load_that_ends_or_changes_of_itself_cannot_be_stepped() {
        let run = |run| Load { run, ..Load::default() };
        let duration = Some(Duration::from_secs(1));
        let timed = Scenario { duration, ..Scenario::default() };
        assert!(refused(run(timed)).contains("--duration"));
        let duration = Duration::from_secs(1);
        let staged = Scenario { stages: vec![Stage::lasting(duration)], ..Scenario::default() };
        assert!(refused(run(staged)).contains("stages"));
        let stream = Stream { limit: Some(5), ..Stream::default() };
        assert!(refused(Load { stream, ..Load::default() }).contains("limit"));
    }

    #[test]
    fn a_step_has_its_amount_and_a_warm_up_before_what_is_measured() {
        let search = Search { step: Duration::from_secs(3), precision: 0.1 };
        let trial = Ascent::new(Config::default(), search).trial();
        assert_eq!(trial.title, "step 1: 1,000 messages/s");
        assert_eq!(trial.load.amount(), Some(1_000.0));
        assert_eq!(trial.load.duration, Some(Duration::from_secs(4)));
        assert_eq!(trial.load.warmup, SETTLE);
    }
}

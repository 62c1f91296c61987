//! Leads a run through its phases: gather all connections, publish by the
//! plan, wait for what is under way, close.

use super::board::{Board, Progress};
use super::chronicle::Chronicle;
use super::phase::{DRAIN, Phase};
use super::plan::Plan;
use super::report::Series;
use super::stats::Stats;
use super::worker::{Notice, Run, Worker};
use super::{Config, live::Live};
use crate::error::{Class, Error, Result};
use crate::mqtt::QoS;
use crate::session::Time;
use jiff::Timestamp;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, interval};

/// What came of a run.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What was to be done.
    pub(super) plan: Plan,
    /// The name of the run.
    pub(super) run: u32,
    /// The counts of all workers.
    pub(super) stats: Stats,
    /// Messages that were due before the end and could not be sent.
    pub(super) unsent: u64,
    /// When the plan began and ended.
    pub(super) span: (Time, Time),
    /// When it began, by the clock of the machine.
    pub(super) started: Timestamp,
    /// How it went, second by second.
    pub(super) series: Series,
    /// The processor time of each worker while the plan ran.
    pub(super) busy: Vec<Duration>,
    /// What cost the run connections, if it lost any.
    pub(super) failure: Option<Error>,
}

/// How often the state of the run is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Looks from one line of the live view to the next.
const LOOKS_PER_LINE: u32 = 100;

/// Runs the plan of `config` until it is done or `stop` is.
///
/// # Errors
/// When a connection cannot be opened before the plan begins, or `stop` comes
/// before it does. What fails later is in the outcome.
pub(super) async fn measure<S>(config: &Config, stop: impl Future<Output = S>) -> Result<Outcome> {
    let number = run_number();
    let plan = Plan::new(config.load.clone(), number)?;
    let mut lead = Lead::start(config, plan, number)?;
    tokio::pin!(stop);
    tokio::select! {
        gathered = lead.gather() => gathered?,
        _ = &mut stop => {
            return Err(Error::new(Class::Interrupted, "interrupted while connecting"));
        }
    }
    let start = lead.begin();
    tokio::select! {
        () = lead.publish(start) => {}
        _ = stop => {}
    }
    let until = lead.drain(start).await;
    lead.close(start, until).await
}

/// A number no other run is likely to have.
fn run_number() -> u32 {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(std::process::id());
    u32::try_from(random >> 32).unwrap_or_default()
}

/// The one who leads the run.
struct Lead {
    plan: Plan,
    run: u32,
    board: Arc<Board>,
    workers: Vec<Worker>,
    phase: watch::Sender<Phase>,
    notices: mpsc::UnboundedReceiver<Notice>,
    /// The counts taken from the workers so far.
    stats: Stats,
    live: Live,
    looks: (Interval, u32),
    started: Timestamp,
    chronicle: Chronicle,
    /// The failures that each cost a connection.
    failures: Vec<Error>,
}

impl Lead {
    fn start(config: &Config, plan: Plan, number: u32) -> Result<Self> {
        let (phase, phases) = watch::channel(Phase::Gathering);
        let (notice, notices) = mpsc::unbounded_channel();
        let run = Run {
            number,
            plan: plan.clone(),
            options: Arc::new(config.connect.clone()),
            board: Arc::new(Board::new(plan.load().publishers, plan.load().subscribers)),
            phase: phases,
            notices: notice,
        };
        let count = plan.workers(config.cores);
        let workers = (0..count)
            .map(|worker| Worker::start(run.clone(), plan.seats(worker, count).collect()))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            live: Live::new(&plan, config.live),
            board: run.board,
            run: number,
            workers,
            phase,
            notices,
            stats: Stats::default(),
            looks: (interval(LOOK), 0),
            started: Timestamp::now(),
            chronicle: Chronicle::new(plan.measure()),
            failures: Vec::new(),
            plan,
        })
    }

    /// Waits until every connection is ready.
    async fn gather(&mut self) -> Result<()> {
        let all = self.plan.connections();
        for ready in 0..all {
            self.live.gathering(ready, all);
            match self.notices.recv().await {
                Some(Notice::Ready) => {}
                Some(Notice::Lost(error)) => return Err(no_broker(error)),
                None => return Err(Error::new(Class::Other, "the workers of the run died")),
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> Time {
        self.started = Timestamp::now();
        let start = self.board.now();
        self.phase.send_replace(Phase::Running { start });
        start
    }

    /// Waits until the plan is done, its time is up or nobody is left.
    async fn publish(&mut self, start: Time) {
        let quota = self.total(Plan::quota);
        let end = self.plan.end().map(|end| start + (end - Time::ZERO));
        loop {
            self.look(start).await;
            let over = end.is_some_and(|end| self.board.now() >= end);
            if over || self.board.progress().sent >= quota || !self.board.is_publishing() {
                return;
            }
        }
    }

    /// Waits until everything has arrived, or nothing has for [`DRAIN`];
    /// returns when the plan ended.
    async fn drain(&mut self, start: Time) -> Time {
        let now = self.board.now();
        let end = self.plan.end().map(|end| start + (end - Time::ZERO));
        let until = end.map_or(now, |end| end.min(now));
        let phase = Phase::Draining { start, until };
        self.phase.send_replace(phase);
        let (mut last, mut changed) = (Progress::default(), now);
        while self.board.now() - changed < DRAIN && !self.is_done(phase) {
            self.look(start).await;
            let progress = self.board.progress();
            if progress != last {
                (last, changed) = (progress, self.board.now());
            }
        }
        until
    }

    /// Whether nothing more can come: all is sent, answered and arrived, or
    /// nobody is left to do so.
    fn is_done(&self, phase: Phase) -> bool {
        // Before every worker knows of the end, more may be sent than is counted.
        let all_know = self.board.workers_at_end() as usize >= self.workers.len();
        let progress = self.board.progress();
        let load = self.plan.load();
        let expected = progress.sent * u64::from(load.subscribers);
        let arrived = progress.delivered >= expected || !self.board.is_receiving();
        let answered = load.qos == QoS::AtMostOnce || progress.answered >= progress.sent;
        let sent = progress.sent >= self.wanted(phase);
        all_know && arrived && (sent && answered || !self.board.is_publishing())
    }

    /// Messages that ought to be sent by the end of this phase.
    fn wanted(&self, phase: Phase) -> u64 {
        let until = phase.until().unwrap_or_default();
        self.total(|plan, publisher| phase.wanted(plan, publisher, until, plan.quota(publisher)))
    }

    fn total(&self, count: impl Fn(&Plan, u32) -> u64) -> u64 {
        let publishers = 0..self.plan.load().publishers;
        publishers.fold(0, |sum, publisher| sum.saturating_add(count(&self.plan, publisher)))
    }

    async fn close(mut self, start: Time, until: Time) -> Result<Outcome> {
        let unsent = self.wanted(Phase::Draining { start, until });
        let unsent = unsent.saturating_sub(self.board.progress().sent);
        self.note_failures();
        self.phase.send_replace(Phase::Over);
        let mut busy = Vec::new();
        for worker in &mut self.workers {
            let died = |_| Error::new(Class::Other, "a worker of the run died");
            busy.push((&mut worker.done).await.map_err(died)?);
        }
        let mut rest = self.collect();
        let elapsed = self.board.now() - start;
        let series = self.chronicle.finish(elapsed, self.board.progress(), &mut rest);
        self.live.finish();
        Ok(Outcome {
            failure: lost(self.failures, self.plan.connections()),
            plan: self.plan,
            run: self.run,
            stats: self.stats,
            unsent,
            span: (start, until),
            started: self.started,
            series,
            busy,
        })
    }

    /// Waits a moment, then brings everything up to date.
    async fn look(&mut self, start: Time) {
        self.looks.0.tick().await;
        self.note_failures();
        self.looks.1 += 1;
        if self.looks.1.is_multiple_of(LOOKS_PER_LINE) {
            let mut second = self.collect();
            let elapsed = self.board.now() - start;
            let progress = self.board.progress();
            self.live.show(elapsed, progress, &mut second, &self.stats);
            self.chronicle.note(elapsed, progress, &mut second);
        }
    }

    fn note_failures(&mut self) {
        while let Ok(notice) = self.notices.try_recv() {
            if let Notice::Lost(error) = notice {
                self.failures.push(error);
            }
        }
    }

    /// Takes over what the workers have counted; returns it by itself, too.
    fn collect(&mut self) -> Stats {
        let mut news = Stats::default();
        for worker in &self.workers {
            news.take(&mut worker.counts.lock());
        }
        self.stats.take(&mut news.clone());
        news
    }
}

/// What the loss of connections, so many of all, is to be called.
fn lost(failures: Vec<Error>, all: u32) -> Option<Error> {
    let what = format!("{} of {all} connections were lost", failures.len());
    let first = failures.into_iter().next()?;
    Some(Error::new(first.class(), what).because(first))
}

/// A refused connection, with what to do when there is no broker.
fn no_broker(error: Error) -> Error {
    let cause = std::error::Error::source(&error);
    let refused = cause
        .and_then(|cause| cause.downcast_ref::<io::Error>())
        .is_some_and(|cause| cause.kind() == io::ErrorKind::ConnectionRefused);
    if refused {
        error.hint("start a broker with `mqx broker`, or measure one inside mqx with --embedded")
    } else {
        error
    }
}

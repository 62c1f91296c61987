//! Leads a run through its phases: gather all connections, publish by the
//! plan, wait for what is under way, close.

mod outcome;
mod reckoning;

pub(super) use outcome::Outcome;

use super::{Config, Trial};
use crate::bench::board::{Board, Progress};
use crate::bench::meeting::{Clock, Meeting};
use crate::bench::phase::{DRAIN, Phase};
use crate::bench::plan::Plan;
use crate::bench::shard::{Party, Shard};
use crate::bench::tally::{Pools, Stats};
use crate::bench::watch::{Chronicle, Glance, Live, Metrics, Watch};
use crate::bench::worker::{Notice, Run, Worker};
use crate::error::{Class, Error, Result};
use crate::open_files;
use crate::session::Time;
use jiff::Timestamp;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often the state of the run is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// From one line of the live view to the next.
const LINE: Duration = Duration::from_secs(1);

/// How long a line waits for the counts that the workers hand over at each full second.
const PATIENCE: Duration = Duration::from_millis(500);

/// Puts this load on the broker of `config` until it is done or `stop` is.
///
/// # Errors
/// When a connection cannot be opened before the plan begins, or `stop` comes
/// before it does. What fails later is in the outcome.
pub(super) async fn measure<S>(
    config: &Config,
    trial: &Trial,
    metrics: &mut Metrics,
    stop: impl Future<Output = S>,
) -> Result<Outcome> {
    let connect = Arc::new(config.connect.clone());
    let party = config.party.as_ref();
    let run = party.map_or_else(run_number, Party::run);
    let scenario = trial.load.clone().speaking(connect.session.version);
    let plan = Plan::new(scenario, connect, run)?;
    let plan = plan.part(party.map_or(Shard::WHOLE, |party| party.shard));
    open_files::check_room(plan.connections())?;
    tokio::pin!(stop);
    let mut lead = tokio::select! {
        ready = prepare(config, (Arc::new(plan), &trial.title), metrics) => ready?,
        _ = &mut stop => {
            return Err(Error::new(Class::Interrupted, "interrupted while connecting"));
        }
    };
    let start = lead.begin();
    tokio::select! {
        () = lead.publish(start) => {}
        _ = stop => {}
    }
    let until = lead.drain(start).await;
    lead.close(start, until).await
}

/// Connects everyone and waits until it is time to begin.
async fn prepare<'a>(
    config: &Config,
    (plan, title): (Arc<Plan>, &str),
    metrics: &'a mut Metrics,
) -> Result<Lead<'a>> {
    let (wait, run, shard) = (plan.scenario().wait, plan.run(), plan.shard());
    let met = match config.party {
        Some(_) => Some(Meeting::join(&config.connect, shard, run).await?),
        None => None,
    };
    let (meeting, clock) = met.unzip();
    let mut lead = Lead::start(config, (plan, title), clock.unwrap_or_default(), metrics)?;
    if wait {
        lead.gather().await?;
    }
    // Where nothing else is measured, the run begins with the first connection.
    let begun = lead.plan.only_connects().then_some(Time::ZERO);
    let asked = config.start_at.and_then(|at| u64::try_from(at.as_nanosecond()).ok());
    lead.start = match meeting {
        Some(meeting) => Some(meeting.agree(asked).await?),
        None => asked,
    }
    .map(|wall| lead.board.time_of(wall))
    .or(begun);
    if let Some(start) = lead.start {
        tokio::time::sleep(lead.board.until(start)).await;
    }
    Ok(lead)
}

/// When the run is looked at.
fn looks() -> Interval {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

/// A number no other run is likely to have.
fn run_number() -> u32 {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(std::process::id());
    u32::try_from(random >> 32).unwrap_or_default()
}

/// The one who leads the run.
struct Lead<'a> {
    plan: Arc<Plan>,
    board: Arc<Board>,
    pools: Pools,
    workers: Vec<Worker>,
    phase: watch::Sender<Phase>,
    notices: mpsc::UnboundedReceiver<Notice>,
    /// The counts taken from the workers so far.
    stats: Stats,
    live: Live,
    looks: Interval,
    /// Seconds that were looked at.
    lines: u32,
    started: Timestamp,
    /// When the run is to begin, if not at once.
    start: Option<Time>,
    clock: Clock,
    chronicle: Chronicle,
    watch: Option<Watch>,
    metrics: &'a mut Metrics,
    /// The failures that each cost a connection.
    failures: Vec<Error>,
}

impl<'a> Lead<'a> {
    fn start(
        config: &Config,
        (plan, title): (Arc<Plan>, &str),
        clock: Clock,
        metrics: &'a mut Metrics,
    ) -> Result<Self> {
        let (phase, phases) = watch::channel(Phase::Gathering);
        let (notice, notices) = mpsc::unbounded_channel();
        let run = Run {
            board: Arc::new(Board::new(&plan, clock.offset_ns)),
            plan: plan.clone(),
            pools: Pools::default(),
            phase: phases,
            notices: notice,
        };
        let count = plan.workers(config.cores);
        let workers = (0..count)
            .map(|worker| Worker::start(run.clone(), plan.seats(worker, count).collect()))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            live: Live::new(&plan, title, config.live),
            board: run.board,
            pools: run.pools,
            workers,
            phase,
            notices,
            stats: Stats::default(),
            looks: looks(),
            lines: 0,
            started: Timestamp::now(),
            start: None,
            clock,
            chronicle: Chronicle::new(plan.measure()),
            watch: config.watched.as_ref().map(Watch::new).transpose()?.flatten(),
            metrics,
            failures: Vec::new(),
            plan,
        })
    }

    /// Waits until every connection is ready.
    async fn gather(&mut self) -> Result<()> {
        let (mut ready, all) = (0, self.plan.connections());
        while ready < all {
            match self.notices.try_recv() {
                Ok(Notice::Ready) => ready += 1,
                Ok(Notice::Lost(error)) => return Err(no_broker(error)),
                Err(TryRecvError::Disconnected) => {
                    return Err(Error::new(Class::Other, "the workers of the run died"));
                }
                Err(TryRecvError::Empty) => {
                    self.live.gathering(ready, all);
                    self.looks.tick().await;
                    if self.plan.only_connects() {
                        self.show(Time::ZERO);
                    }
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> Time {
        self.started = Timestamp::now();
        if let Some(watch) = self.watch.as_mut().filter(|_| !self.plan.only_connects()) {
            watch.restart();
        }
        let start = self.start.unwrap_or_else(|| self.board.now());
        self.phase.send_replace(Phase::Running { start });
        start
    }

    /// Waits until the plan is done, its time is up or nobody is left.
    async fn publish(&mut self, start: Time) {
        let quota = self.plan.total_quota();
        let end = self.plan.end().map(|end| start + (end - Time::ZERO));
        loop {
            self.look(start).await;
            let over = end.is_some_and(|end| self.board.now() >= end);
            if over || self.is_played_out(quota) {
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
        let wanted = self.wanted(phase);
        let (mut last, mut changed) = (Progress::default(), now);
        while self.board.now() - changed < DRAIN && !self.is_done(wanted) {
            self.look(start).await;
            let progress = self.board.progress();
            if progress != last {
                (last, changed) = (progress, self.board.now());
            }
        }
        until
    }

    async fn close(mut self, start: Time, until: Time) -> Result<Outcome> {
        let unsent = self.wanted(Phase::Draining { start, until });
        let unsent = unsent.saturating_sub(self.board.progress().handled());
        self.note_failures();
        self.phase.send_replace(Phase::Over);
        let mut busy = Vec::new();
        for worker in &mut self.workers {
            let died = |_| Error::new(Class::Other, "a worker of the run died");
            busy.push((&mut worker.done).await.map_err(died)?);
        }
        let mut rest = self.collect();
        self.stats.arrivals.add(self.pools.arrivals());
        let elapsed = self.board.now() - start;
        let (missing, expected) = (self.lost(), self.expected());
        let broker = self.watch.as_mut().map(Watch::look);
        let series = self.chronicle.finish((elapsed, broker), self.board.progress(), &mut rest);
        self.live.finish();
        let begun = start + self.plan.scenario().warmup;
        Ok(Outcome {
            lost: missing,
            expected,
            clock: self.clock,
            failure: lost(self.failures, self.plan.connections()),
            plan: self.plan,
            stats: self.stats,
            unsent,
            span: (begun.min(until), until),
            started: self.started,
            series,
            busy,
            usage: self.watch,
        })
    }

    /// Waits a moment, then brings everything up to date.
    async fn look(&mut self, start: Time) {
        self.looks.tick().await;
        self.note_failures();
        self.show(start);
    }

    /// Shows the second that has passed, if one has, and writes it down.
    fn show(&mut self, start: Time) {
        let elapsed = self.board.now() - start;
        if self.is_line_due(start, elapsed) {
            self.lines += 1;
            let broker = self.watch.as_mut().map(Watch::look);
            let mut second = self.collect();
            let progress = self.board.progress();
            let (expected, connected) = (self.expected(), self.board.connected());
            let glance = Glance { elapsed, progress, expected, connected };
            self.live.show(&glance, &mut second, &self.stats);
            self.chronicle.note((elapsed, broker), progress, &mut second);
            self.metrics.write(elapsed, progress, &mut self.stats);
        }
    }

    /// Whether another second has passed, and what was counted in it is there.
    fn is_line_due(&self, start: Time, elapsed: Duration) -> bool {
        let second = LINE * (self.lines + 1);
        let handed_over = |worker: &Worker| worker.counts.lock().until >= start + second;
        let late = elapsed >= second + PATIENCE;
        elapsed >= second && (late || self.workers.iter().all(handed_over))
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

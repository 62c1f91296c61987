//! A thread that drives its share of the connections.
//!
//! Every worker is the same whatever the plan: one runtime, a task for each
//! connection, one that rings them when something is due, and one that hands
//! the counts over once a second.

mod bell;
mod pacer;
mod timer;

pub(super) use bell::Bell;

use crate::bench::board::Board;
use crate::bench::message::SignReader;
use crate::bench::phase::Phase;
use crate::bench::plan::{Plan, Seat};
use crate::bench::player::{Endpoints, tour};
use crate::bench::tally::{Pool, Pools, Stats};
use crate::error::{Class, Error, Result};
use crate::net::Endpoint;
use crate::session::Time;
use parking_lot::Mutex;
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;

/// Bytes read at once.
const READ_SIZE: usize = 256 * 1024;

/// Connections a worker opens at once; more would overrun the queues of
/// listening sockets.
const OPENING: usize = 32;

/// How often the counts are handed over and keep alive is looked at: at the full seconds
/// of the run.
const HAND_OVER: Duration = Duration::from_secs(1);

/// What all workers of a run share.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) plan: Arc<Plan>,
    pub(super) board: Arc<Board>,
    pub(super) pools: Pools,
    pub(super) phase: watch::Receiver<Phase>,
    /// To the run.
    pub(super) notices: mpsc::UnboundedSender<Notice>,
}

/// What a connection tells the run.
#[derive(Debug)]
pub(super) enum Notice {
    /// It is connected and subscribed.
    Ready,
    /// It is gone.
    Lost(Error),
}

/// A worker as the run sees it.
pub(super) struct Worker {
    /// What it counted since this was last looked at.
    pub(super) counts: Arc<Mutex<Stats>>,
    /// The processor time of its thread while the plan ran, when it is done.
    pub(super) done: oneshot::Receiver<Duration>,
}

/// What the tasks of one worker share.
pub(super) struct Desk {
    pub(super) plan: Arc<Plan>,
    pub(super) board: Arc<Board>,
    /// By what messages are recognised.
    pub(super) signs: Rc<SignReader>,
    pools: Pools,
    endpoints: RefCell<Endpoints>,
    /// When the first client may connect.
    pub(super) origin: Time,
    pub(super) phase: Cell<Phase>,
    pub(super) stats: RefCell<Stats>,
    /// What is read, for the time of one read.
    pub(super) scratch: RefCell<Vec<u8>>,
    /// Wakes the task that rings the others.
    pub(super) pacer: Bell,
    waiting: RefCell<Vec<Rc<Bell>>>,
    /// The processor time of the thread when the plan began and when it ended.
    began: Cell<Duration>,
    ended: Cell<Option<Duration>>,
}

impl Desk {
    fn new(run: &Run) -> Self {
        Self {
            signs: Rc::new(SignReader::new(&run.plan)),
            pools: run.pools.clone(),
            endpoints: RefCell::default(),
            origin: run.board.now(),
            plan: run.plan.clone(),
            board: run.board.clone(),
            phase: Cell::new(Phase::Gathering),
            stats: RefCell::default(),
            scratch: RefCell::new(vec![0; READ_SIZE]),
            pacer: Bell::default(),
            waiting: RefCell::default(),
            began: Cell::default(),
            ended: Cell::default(),
        }
    }

    /// Where this seat connects to, and from where.
    ///
    /// # Errors
    /// When it has a certificate of its own that cannot be used.
    pub(super) fn endpoint(&self, seat: Seat) -> Result<Rc<Endpoint>> {
        self.endpoints.borrow_mut().of(&self.plan, seat)
    }

    /// What the members of a shared subscription of this group keep together.
    pub(super) fn pool(&self, group: usize, share: &str) -> Pool {
        self.pools.of(group, share)
    }

    /// Rings this bell when the subscribers may have caught up.
    pub(super) fn wait_at_gate(&self, bell: &Rc<Bell>) {
        let mut waiting = self.waiting.borrow_mut();
        if !waiting.iter().any(|known| Rc::ptr_eq(known, bell)) {
            waiting.push(bell.clone());
            self.pacer.ring();
        }
    }

    /// Notes that the plan has ended for this worker, be it that all its
    /// connections are gone; returns the processor time at the first note.
    fn end(&self) -> Duration {
        self.ended.get().unwrap_or_else(|| {
            let ended = processor_time();
            self.ended.set(Some(ended));
            self.board.worker_knows_of_end();
            ended
        })
    }

    /// From now until the next full second of the run, or of its time before.
    fn until_next_second(&self) -> Duration {
        let now = self.board.now();
        let start = self.phase.get().start().filter(|start| *start <= now).unwrap_or_default();
        let passed = (now - start).as_nanos() % HAND_OVER.as_nanos();
        HAND_OVER.saturating_sub(Duration::from_nanos(u64::try_from(passed).unwrap_or_default()))
    }

    /// Moves the counts to where the run looks at them.
    fn hand_over(&self, counts: &Mutex<Stats>) {
        let mut counts = counts.lock();
        counts.take(&mut self.stats.borrow_mut());
        counts.until = self.board.now();
    }

    /// Rings everyone who waits at the gate; returns whether anyone did.
    pub(super) fn ring_waiting(&self) -> bool {
        let waiting = self.waiting.take();
        for bell in &waiting {
            bell.ring();
        }
        !waiting.is_empty()
    }
}

impl Worker {
    /// Starts a thread for these connections.
    pub(super) fn start(run: Run, seats: Vec<Seat>) -> Result<Self> {
        let counts = Arc::new(Mutex::new(Stats::default()));
        let (sender, done) = oneshot::channel();
        let handed = counts.clone();
        std::thread::Builder::new()
            .name("mqx-bench".to_owned())
            .spawn(move || {
                let notices = run.notices.clone();
                match work(run, &seats, &handed) {
                    // The run may have been given up; then nobody listens.
                    Ok(busy) => drop(sender.send(busy)),
                    Err(error) => drop(notices.send(Notice::Lost(error))),
                }
            })
            .map_err(|cause| resources("start a thread", cause))?;
        Ok(Self { counts, done })
    }
}

fn resources(what: &str, cause: std::io::Error) -> Error {
    Error::new(Class::Other, format!("cannot {what}")).because(cause)
}

/// Drives the connections until the run is over; returns the processor time
/// that the plan took.
fn work(run: Run, seats: &[Seat], counts: &Mutex<Stats>) -> Result<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| resources("start a runtime", cause))?;
    let desk = Rc::new(Desk::new(&run));
    let parts = seats.iter().map(|seat| (*seat, Rc::default())).collect();
    LocalSet::new().block_on(&runtime, attend(run, parts, desk.clone(), counts))?;
    desk.hand_over(counts);
    Ok(desk.end().saturating_sub(desk.began.get()))
}

/// A client to be and the bell that wakes it.
pub(super) type Part = (Seat, Rc<Bell>);

async fn attend(run: Run, parts: Vec<Part>, desk: Rc<Desk>, counts: &Mutex<Stats>) -> Result<()> {
    tokio::select! {
        () = play_all(&run, &parts, &desk) => Ok(()),
        failed = pacer::run(&desk, &parts) => match failed {
            Err(cause) => Err(resources("set a timer", cause)),
            Ok(never) => match never {},
        },
        never = follow(run.phase.clone(), &desk, &parts) => match never {},
        never = keep_handing_over(&desk, &parts, counts) => match never {},
    }
}

/// Plays all parts, each a task of its own, to their ends.
async fn play_all(run: &Run, parts: &[Part], desk: &Rc<Desk>) {
    let opening = Rc::new(Semaphore::new(OPENING));
    let mut players = JoinSet::new();
    for part in parts.iter().cloned() {
        let (desk, opening, run) = (desk.clone(), opening.clone(), run.clone());
        players.spawn_local(async move {
            let seat = part.0;
            if let Err(error) = tour(part, &desk, &opening, &run).await {
                give_up(seat, error, &desk, &run);
            }
        });
    }
    while players.join_next().await.is_some() {}
}

fn give_up(seat: Seat, error: Error, desk: &Desk, run: &Run) {
    desk.stats.borrow_mut().errors.note(&error);
    desk.board.lost(desk.plan.group(seat));
    let _ = run.notices.send(Notice::Lost(error));
}

/// Lets all connections know of each new phase.
async fn follow(mut phase: watch::Receiver<Phase>, desk: &Desk, parts: &[Part]) -> Infallible {
    while phase.changed().await.is_ok() {
        let now = *phase.borrow_and_update();
        if desk.phase.replace(now) == Phase::Gathering {
            if !desk.plan.only_connects() {
                desk.began.set(processor_time());
            }
            let warmup = desk.plan.scenario().warmup;
            desk.stats.borrow_mut().measured_from = now.start().unwrap_or_default() + warmup;
        }
        if now.until().is_some() {
            desk.end();
        }
        ring_all(desk, parts);
    }
    // The run has been given up.
    desk.phase.set(Phase::Over);
    ring_all(desk, parts);
    std::future::pending().await
}

fn ring_all(desk: &Desk, parts: &[Part]) {
    desk.pacer.ring();
    for (_, bell) in parts {
        bell.ring();
    }
}

async fn keep_handing_over(desk: &Desk, parts: &[Part], counts: &Mutex<Stats>) -> Infallible {
    loop {
        sleep(desk.until_next_second()).await;
        desk.hand_over(counts);
        // Keep alive is looked at by everyone who is awake.
        ring_all(desk, parts);
    }
}

/// What this thread has used of a processor so far.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

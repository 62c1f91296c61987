//! The worker threads: each runs its share of the connections on a runtime of
//! its own, and a connection stays where it came.

use super::bridge::Span;
use super::clock::Clock;
use super::connection::Task;
use super::core::{Core, Worker};
use super::door::{Door, Newcomer, Opened};
use super::hindrance::Hindrance;
use super::http::{self, Access};
use super::inline::Visit;
use super::listener::Listener;
use super::reload::Reloader;
use super::socket::Accepted;
use super::store::Handle;
use super::sys_events::Announcements;
use crate::error::{Class, Error, Result};
use crate::session::Time;
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{LocalSet, spawn_local};

/// Bytes read from a socket at once: whole batches of packets, and a bound on
/// what one connection does before others have their turn.
const READ_BUFFER: usize = 64 * 1024;

/// How long connections may take to end when the broker stops.
const SHUTDOWN: Duration = Duration::from_millis(500);

/// Who comes to a worker.
#[derive(Debug)]
pub(super) enum Arrival {
    /// Somebody at a listener.
    Incoming(Incoming),
    /// A client in this process.
    Inline(Visit),
    /// A bridge to another broker.
    Bridge(Span),
}

/// A connection on its way to its worker.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) socket: Accepted,
    pub(super) door: Arc<Door>,
}

/// What one worker needs to run.
#[derive(Debug)]
pub(super) struct Handover {
    pub(super) core: Arc<Core>,
    /// Whom the HTTP API answers.
    pub(super) access: Access,
    pub(super) reloader: Arc<Reloader>,
    pub(super) clock: Clock,
    pub(super) store: Option<Handle>,
    /// What this worker publishes of events, if it is the one that does.
    pub(super) announcements: Option<Announcements>,
    /// Whether this worker looks after what was restored.
    pub(super) resumes: bool,
    pub(super) arrivals: mpsc::UnboundedReceiver<Arrival>,
    /// The listeners this worker accepts from, for all workers.
    pub(super) listeners: Vec<Listener>,
    pub(super) workers: Vec<mpsc::UnboundedSender<Arrival>>,
    pub(super) stop: watch::Receiver<bool>,
}

/// What the connections of one worker share.
#[derive(Debug)]
pub(super) struct Shared {
    core: Arc<Core>,
    pub(super) http: Access,
    pub(super) reloader: Arc<Reloader>,
    clock: Clock,
    worker: RefCell<Worker>,
    store: Option<Handle>,
    /// What every connection reads into, since only one reads at a time.
    pub(super) buffer: RefCell<Box<[u8]>>,
    /// Rung when an earlier deadline was set than the timer task waits for.
    earlier: Notify,
    waits_for: Cell<Option<Time>>,
    connections: Cell<usize>,
    gone: Notify,
}

impl Shared {
    fn new(
        core: Arc<Core>,
        http: Access,
        reloader: Arc<Reloader>,
        clock: Clock,
        store: Option<Handle>,
    ) -> Self {
        Self {
            core,
            http,
            reloader,
            clock,
            worker: RefCell::default(),
            store,
            buffer: RefCell::new(vec![0; READ_BUFFER].into()),
            earlier: Notify::new(),
            waits_for: Cell::new(None),
            connections: Cell::new(0),
            gone: Notify::new(),
        }
    }

    /// Lets `work` at the core, then has everything written that it touched.
    pub(super) fn batch<R>(&self, work: impl FnOnce(&Core, &mut Worker) -> R) -> R {
        let mut worker = self.worker.borrow_mut();
        worker.begin(self.clock.now());
        let result = work(&self.core, &mut worker);
        self.core.flush(&mut worker);
        if let Some(store) = &self.store {
            store.nudge(worker.is_holding());
        }
        let next = worker.deadline();
        if next.is_some_and(|next| self.waits_for.get().is_none_or(|waits| next < waits)) {
            self.earlier.notify_one();
        }
        result
    }

    /// Writes the output that waited for the store, for ever.
    async fn keep_word(&self, mut store: Handle) {
        loop {
            store.settled().await;
            self.batch(|_, _| ());
        }
    }

    /// Does what is due, for ever.
    async fn keep_time(&self) {
        loop {
            let next = self.worker.borrow().deadline();
            self.waits_for.set(next);
            let due = async {
                match next {
                    Some(next) => tokio::time::sleep_until(self.clock.instant(next)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {
                    self.batch(Core::fire);
                    // More may be due at once, but not before others have had a turn.
                    tokio::task::yield_now().await;
                }
                () = self.earlier.notified() => {}
            }
        }
    }

    /// The core, for another thread.
    pub(super) fn core(&self) -> Arc<Core> {
        Arc::clone(&self.core)
    }

    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Serves a connection, which counts until that has ended.
    async fn count(&self, connection: impl Future<Output = ()>) {
        self.connections.set(self.connections.get() + 1);
        connection.await;
        self.connections.set(self.connections.get() - 1);
        self.gone.notify_one();
    }

    /// Ready when every connection has ended.
    async fn all_gone(&self) {
        while self.connections.get() > 0 {
            self.gone.notified().await;
        }
    }
}

/// Runs a worker until the broker stops.
pub(super) fn run(handover: Handover) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::new(Class::Other, "cannot start a worker").because(cause))?;
    LocalSet::new().block_on(&runtime, serve(handover));
    Ok(())
}

async fn serve(mut handover: Handover) {
    let store = handover.store;
    let shared = Rc::new(Shared::new(
        handover.core,
        handover.access,
        handover.reloader,
        handover.clock,
        store.clone(),
    ));
    if handover.resumes {
        shared.batch(Core::resume);
    }
    if let Some(store) = store {
        let for_store = Rc::clone(&shared);
        spawn_local(async move { for_store.keep_word(store).await });
    }
    if let Some(announcements) = handover.announcements {
        let shared = Rc::clone(&shared);
        let publish = async move { announcements.publish(|work| shared.batch(work)).await };
        spawn_local(publish);
    }
    for listener in handover.listeners {
        spawn_local(listener.accept(handover.workers.clone()));
    }
    let for_time = Rc::clone(&shared);
    spawn_local(async move { for_time.keep_time().await });
    loop {
        tokio::select! {
            Some(arrival) = handover.arrivals.recv() => {
                let shared = Rc::clone(&shared);
                match arrival {
                    Arrival::Incoming(incoming) => spawn_local(welcome(shared, incoming)),
                    Arrival::Inline(visit) => spawn_local(accommodate(shared, visit)),
                    Arrival::Bridge(span) => spawn_local(bridge(shared, span)),
                };
            }
            _ = handover.stop.changed() => break,
        }
    }
    shared.batch(Core::shut_down);
    // Whoever does not read to the end by then is cut off.
    let _ = tokio::time::timeout(SHUTDOWN, shared.all_gone()).await;
}

/// What serves a connection for as long as it lasts.
type Served = Pin<Box<dyn Future<Output = ()>>>;

/// Makes a connection of a socket and serves it.
async fn welcome(shared: Rc<Shared>, incoming: Incoming) {
    // Boxed, so that the room for coming in is given back.
    let Some(served) = Box::pin(enter(shared, incoming)).await else { return };
    served.await;
}

/// Finds out what comes at a socket; `None` if nothing comes in there in time.
async fn enter(shared: Rc<Shared>, incoming: Incoming) -> Option<Served> {
    let limit = shared.core.limits().connect_timeout;
    let address = incoming.socket.address();
    let open = tokio::time::timeout(limit, incoming.open(address)).await;
    match open.unwrap_or(Err(Hindrance::SILENT)) {
        Ok(Opened::Mqtt(newcomer)) => Some(Box::pin(attend(shared, newcomer))),
        Ok(Opened::Http(stream, caller)) => Some(Box::pin(http::serve(shared, stream, caller))),
        Err(Hindrance { why, cause }) => {
            shared.batch(|core, worker| {
                core.tell_turned_away(worker, address, why, cause.as_deref());
            });
            None
        }
    }
}

/// Serves a client. There is one of these futures for each connection, so that
/// they hold the task once decides about the memory of ten thousand idle ones.
fn attend(shared: Rc<Shared>, newcomer: Newcomer) -> impl Future<Output = ()> {
    let mut task = Task::new(Rc::clone(&shared), newcomer);
    async move { shared.count(pin!(task.run())).await }
}

/// Serves a client in this process.
async fn accommodate(shared: Rc<Shared>, visit: Visit) {
    shared.count(visit.serve(Rc::clone(&shared))).await;
}

/// Looks after a bridge.
async fn bridge(shared: Rc<Shared>, span: Span) {
    // Boxed, for there are few and they need much room.
    Box::pin(shared.count(span.run(Rc::clone(&shared)))).await;
}

impl Incoming {
    async fn open(self, address: Option<SocketAddr>) -> Result<Opened, Hindrance> {
        self.door.open(self.socket.register()?, address).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room_of<A, B, F: Future>(_: fn(A, B) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_connection_takes_the_room_of_its_task_once() {
        let (room, task) = (room_of(attend), size_of::<Task>());
        assert!(room < task + 192, "{room} bytes for a task of {task}");
    }
}

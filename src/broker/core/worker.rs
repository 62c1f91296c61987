//! What each worker thread keeps for itself.

use super::backpressure::Behind;
use super::counters::{Counters, Tally};
use super::held::Held;
use super::link::Link;
use super::memo::Memo;
use super::outflow::Outflow;
use super::pulse::{Attached, Pulse};
use super::queue::Queue;
use super::session::{Hot, Session};
use super::spares::Spares;
use super::timers::Timers;
use crate::session::Time;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How long after a subscription or a session has ended the memo is swept.
const SWEEP_DELAY: Duration = Duration::from_secs(30);

/// A worker's own state: none of it is shared, so none of it is locked.
#[derive(Debug)]
pub struct Worker {
    /// The time of the present batch.
    pub(super) now: Time,
    pub(super) memo: Memo,
    /// Sessions that have got output in this batch.
    pub(super) touched: Vec<Arc<Session>>,
    /// Connections to be cut off at the end of this batch.
    pub(super) evicted: Vec<Attached>,
    /// Those whom the connection of this batch has to wait for.
    pub(super) behind: Behind,
    /// The last bytes of connections that ended in this batch.
    pub(super) farewells: Vec<(Arc<dyn Link>, Outflow)>,
    /// Output that waits for the journal, the earliest first.
    pub(super) held: VecDeque<Held>,
    pub(super) timers: Timers<Timer>,
    /// Answers to the packets of the present batch.
    pub(super) replies: Vec<u8>,
    pub(super) scratch: Vec<u8>,
    pub(super) counters: Arc<Counters>,
    /// Whether the core knows of the counters.
    is_entered: bool,
    pub(super) spares: Spares,
    /// Queues of sessions that have ended.
    pub(super) remains: Vec<Queue>,
    /// Whether [`Timer::Sweep`] is set.
    will_sweep: bool,
}

/// What to look at when its time has come.
#[derive(Debug)]
pub(super) enum Timer {
    /// A connection that may have been silent for too long.
    /// Meant only while it is the deadline the pulse was last set for.
    Pulse(Rc<Pulse>, Time),
    /// A connection that may be read again.
    Resume(Rc<Pulse>),
    /// A session that was left offline by this connection of it.
    Session(Weak<Session>, u64),
    /// A retained message that may have expired.
    Retained(Box<str>),
    /// The values below `$SYS` may have changed.
    Sys,
    /// The memo may hold sessions that are gone.
    Sweep,
    /// There may be more spare buffers than are needed.
    Spares,
    /// There are queues of sessions that have ended.
    Remains,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            now: Time::ZERO,
            memo: Memo::new(),
            touched: Vec::new(),
            evicted: Vec::new(),
            behind: Behind::default(),
            farewells: Vec::new(),
            held: VecDeque::new(),
            timers: Timers::new(),
            replies: Vec::new(),
            scratch: Vec::new(),
            counters: Arc::default(),
            is_entered: false,
            spares: Spares::default(),
            remains: Vec::new(),
            will_sweep: false,
        }
    }
}

impl Worker {
    /// Begins a batch: everything in it happens at `now`.
    pub fn begin(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    /// The time of the present batch.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// When [`super::Core::fire`] is to be called next; `None` is never.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        self.timers.next()
    }

    /// How many things wait for their time, among them some that are no longer
    /// meant.
    #[must_use]
    pub const fn timers(&self) -> usize {
        self.timers.len()
    }

    /// Looks at `pulse` when `deadline` has come, and not before, if at all.
    pub(super) fn watch(&mut self, pulse: &Rc<Pulse>, deadline: Option<Time>) {
        pulse.due.set(deadline.unwrap_or(Time::ZERO));
        if let Some(deadline) = deadline {
            self.timers.set(deadline, Timer::Pulse(Rc::clone(pulse), deadline));
        }
    }

    /// Wakes the connection when it may be read again. Its silence until then is
    /// not its own.
    pub(super) fn pause(&mut self, pulse: &Rc<Pulse>, until: Time) {
        pulse.last_packet.set(until);
        self.wake_at(pulse, until);
    }

    /// Wakes the connection at that time.
    pub(super) fn wake_at(&mut self, pulse: &Rc<Pulse>, until: Time) {
        // One that is set already wakes it too early, and then it is set anew.
        let set = pulse.resumes.get();
        if set <= self.now || until < set {
            pulse.resumes.set(until);
            self.timers.set(until, Timer::Resume(Rc::clone(pulse)));
        }
    }

    /// Has the session flushed at the end of the batch.
    pub(super) fn touch(&mut self, session: &Arc<Session>, hot: &mut Hot) {
        if !hot.touched {
            hot.touched = true;
            self.touched.push(Arc::clone(session));
        }
    }

    /// Has the connection cut off at the end of the batch.
    #[cold]
    pub(super) fn evict(&mut self, session: &Arc<Session>, connection: u64) {
        if !self.evicted.iter().any(|(known, _)| Arc::ptr_eq(known, session)) {
            self.evicted.push((Arc::clone(session), connection));
        }
    }

    /// Has the memo look for sessions that are gone, once for all that go
    /// until then.
    pub(super) fn sweep_later(&mut self) {
        if !self.will_sweep {
            self.will_sweep = true;
            self.timers.set(self.now + SWEEP_DELAY, Timer::Sweep);
        }
    }

    /// Drops what the memo holds of an older generation.
    pub(super) fn sweep(&mut self, generation_of: impl Fn(&str) -> u64) {
        self.will_sweep = false;
        self.memo.sweep(generation_of);
    }

    /// Has the core count what this worker counts.
    pub(super) fn enter(&mut self, tally: &Tally) {
        if !std::mem::replace(&mut self.is_entered, true) {
            tally.enter(&self.counters);
        }
    }
}

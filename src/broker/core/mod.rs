//! The broker without sockets, files and clocks: bytes and the time in, bytes
//! into the output of the sessions concerned.
//!
//! The shell brings every batch of bytes that a connection received
//! ([`Core::receive`]), then has the touched sessions written
//! ([`Core::flush`]), once each. All state that workers share is in [`Core`];
//! what one worker needs is in [`Worker`]; what one connection needs is in
//! [`Connection`].
//!
//! # The way of a PUBLISH
//! frame -> decode (borrowed) -> alias -> `memo`: topic to receivers without
//! matching -> for each receiver one lock, one copy of the `template` of its
//! class, two patches. Nothing is allocated for QoS 0. A payload of 16 KiB or more
//! is not copied for each, but shared (`outflow`).
//!
//! A QoS 1 message and the two acknowledgements take 2,620 instructions on their
//! way (callgrind, ten pairs, 64 bytes). 1,100 more went into moving packets that
//! can stay where they are, checking a topic twice, reading and writing
//! properties that are not there, and looking for a `/` with what searches long
//! texts.
//!
//! # Locks
//! A batch before `sys` before `sessions` before `cold` before `index` before
//! `hot` before `retained` before the journal's pages; `rules` is held for a
//! look or two and with it no other is taken. Nobody holds a lock while writing
//! to a link. Observers may be called under any of them but `index` and `rules`
//! (see [`Observer`]).

mod acks;
mod acl;
mod admin;
mod admission;
mod backpressure;
mod bridge;
mod census;
mod connect;
mod connection;
mod counters;
mod entry;
mod event;
mod exchange;
mod group;
mod held;
mod hooks;
mod index;
mod journal;
mod lifecycle;
mod limits;
mod link;
mod memo;
mod message;
mod obstacle;
mod outflow;
mod output;
mod own_copy;
mod packets;
mod peer;
mod pruning;
mod publish;
mod pulse;
mod queue;
mod rate;
mod realm;
mod refill;
mod remains;
mod replay;
mod retained;
mod routing;
mod rules;
mod session;
mod sessions;
mod spares;
mod subscribe;
mod sys;
mod takeover;
mod target;
mod tell;
mod template;
mod timers;
mod tree;
mod view;
mod walk;
mod words;
mod worker;
mod writers;

pub use acl::{Access, Acl, Permission, Scope, Who};
pub use admission::Admission;
pub use bridge::{BridgeNews, BridgeTurn};
pub use census::Census;
pub use connection::{Connection, End, Progress};
pub use counters::Totals;
pub use entry::{Crowd, Entrance, Question, Verdict};
pub use event::{
    Client, Connected, Direction, Event, Fate, Interest, Observer, Observers, Refusal, Refused,
    SessionEnd, Why,
};
pub use exchange::{Outcome, Step};
pub use hooks::{Decision, Hooks};
pub use journal::{
    Cut, Journal, Moment, Owed, Presence, Profile, Record, SessionState, State, StoredMessage,
    StoredWill, Subscription,
};
pub use limits::Limits;
pub use link::{Attempt, Link};
pub use obstacle::Obstacle;
pub use outflow::Outflow;
pub use peer::{Origin, Peer};
pub use queue::{QueueLimits, SlowConsumer};
pub use rate::Rates;
pub use realm::Realm;
pub use routing::Routed;
pub use rules::Acls;
pub use view::{ConnectionView, RetainedView, SessionView, SubscriptionView};
pub use words::Denial;
pub use worker::Worker;

use crate::mqtt::topic;
use counters::Tally;
use event::Events;
use foldhash::fast::FixedState;
use index::Index;
use journal::Diary;
use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use retained::Retained;
use rules::Rules;
use session::Session;
use sessions::Sessions;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use sys::Sys;

/// The broker's shared state.
#[derive(Debug)]
pub struct Core {
    /// Read when a connection or a session begins, which then keeps it.
    limits: RwLock<Arc<Limits>>,
    hooks: Option<Arc<dyn Hooks>>,
    rules: RwLock<Option<Arc<Rules>>>,
    index: RwLock<Index>,
    generations: Generations,
    retained: RwLock<Retained>,
    sessions: Mutex<Sessions>,
    next_key: AtomicU64,
    next_connection: AtomicU64,
    /// Connections that have been let in and not ended.
    open: AtomicUsize,
    tally: Tally,
    events: Events,
    sys: Sys,
    /// Who publishes what no client does; nobody has an empty identifier.
    itself: Session,
    /// Where what must outlive the broker is recorded.
    journal: Option<Arc<Journal>>,
}

/// What a broker starts with.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// What it allows and announces.
    pub limits: Limits,
    /// Who may read and write what.
    pub acls: Acls,
    /// Who decides beside the rules.
    pub hooks: Option<Arc<dyn Hooks>>,
    /// Who is told what happens.
    pub observer: Option<Arc<dyn Observer>>,
    /// How often the values below `$SYS/broker` are published while somebody
    /// is subscribed to them; `None` and zero are never.
    pub sys_interval: Option<Duration>,
    /// Where to record what must outlive the broker; `None` is nowhere.
    pub journal: Option<Arc<Journal>>,
}

impl Core {
    /// A broker without sessions.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let Setup { limits, acls, hooks, observer, sys_interval, journal } = setup;
        let limits = Arc::new(limits);
        Self {
            rules: RwLock::new(Rules::new(acls, hooks.as_ref())),
            hooks,
            index: RwLock::new(Index::new()),
            generations: Generations::new(),
            retained: RwLock::new(Retained::new(journal.clone())),
            sessions: Mutex::default(),
            next_key: AtomicU64::new(1),
            next_connection: AtomicU64::new(1),
            open: AtomicUsize::new(0),
            tally: Tally::default(),
            events: Events::new(observer),
            sys: Sys::new(sys_interval),
            itself: Session::new(
                0,
                Who { client_id: "", user: None, realm: None },
                Arc::clone(&limits),
            ),
            limits: RwLock::new(limits),
            journal,
        }
    }

    /// What it allows and announces.
    #[must_use]
    pub fn limits(&self) -> Arc<Limits> {
        Arc::clone(&self.limits.read())
    }

    /// Puts these limits in force in place of the present ones. What is kept
    /// for sessions goes by them at once; connections that have been told
    /// others keep to those, and so do sessions whose listener has its own
    /// until their clients come again.
    pub fn set_limits(&self, limits: Limits) {
        let limits = Arc::new(limits);
        *self.limits.write() = Arc::clone(&limits);
        let sessions = self.sessions.lock().page(None, usize::MAX);
        for session in sessions {
            let mut hot = session.hot.lock();
            if !hot.limits_of_listener {
                hot.limits = Arc::clone(&limits);
            }
        }
    }

    /// Puts these rules in force in place of the present ones. Messages that
    /// are queued already and subscriptions that are made already stay; from
    /// now on nothing is delivered to them that may not be read.
    pub fn set_acls(&self, acls: Acls) {
        *self.rules.write() = Rules::new(acls, self.hooks.as_ref());
        self.reconsider();
    }

    /// Forgets every verdict on who may send to and read which topic: from now
    /// on [`Hooks::authorize`] is asked anew.
    pub fn reconsider(&self) {
        self.generations.change_all();
    }

    /// While this is held, everything that happens is recorded as one.
    fn begin_batch(&self) -> Option<RwLockReadGuard<'_, ()>> {
        self.journal.as_ref().map(|journal| journal.begin())
    }

    /// Everything counted so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.tally.sum()
    }

    /// What has happened so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let totals = self.totals();
        Summary {
            connections: totals.connections,
            received: totals.messages_received,
            sent: totals.messages_sent,
            dropped: totals.dropped(),
            expired: totals.dropped_expired,
            sessions: self.sessions.lock().len(),
            subscriptions: self.index.read().len(),
            retained: self.retained.read().len(),
        }
    }
}

/// How often the answers of the index have changed, by the first level of the
/// topics concerned. A worker's memo is valid while the number stands still.
#[derive(Debug)]
struct Generations {
    /// Changes by filters that begin with a wildcard.
    all: AtomicU64,
    stripes: [AtomicU64; 256],
    hasher: FixedState,
}

impl Generations {
    fn new() -> Self {
        Self {
            all: AtomicU64::new(0),
            stripes: [const { AtomicU64::new(0) }; 256],
            hasher: FixedState::default(),
        }
    }

    /// The generation of the receivers of `topic`: a sum of counters that only
    /// grow, so it changes when either does.
    fn of(&self, topic: &str) -> u64 {
        let stripe = self.stripe(topic).load(Ordering::Acquire);
        stripe.wrapping_add(self.all.load(Ordering::Acquire))
    }

    /// Notes that a subscription to `pattern` was made, changed or ended.
    fn change(&self, pattern: &str) {
        let counter = match topic::first_level(pattern) {
            "#" | "+" => &self.all,
            _ => self.stripe(pattern),
        };
        counter.fetch_add(1, Ordering::Release);
    }

    /// Notes that the answers for every topic may have changed.
    fn change_all(&self) {
        self.all.fetch_add(1, Ordering::Release);
    }

    fn stripe(&self, topic: &str) -> &AtomicU64 {
        let first = topic::first_level(topic);
        let [stripe, ..] = self.hasher.hash_one(first).to_le_bytes();
        #[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
        &self.stripes[usize::from(stripe)]
    }
}

/// Numbers for people: totals since the start and what there is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Connections accepted with CONNACK.
    pub connections: u64,
    /// Messages received from clients.
    pub received: u64,
    /// Messages sent to clients.
    pub sent: u64,
    /// Messages not delivered to a session because it was too slow.
    pub dropped: u64,
    /// Messages not delivered because their time had run out.
    pub expired: u64,
    /// Sessions there are.
    pub sessions: usize,
    /// Subscriptions there are.
    pub subscriptions: usize,
    /// Retained messages there are.
    pub retained: usize,
}

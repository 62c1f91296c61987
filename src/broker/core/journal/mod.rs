//! What a broker must remember when it is started again: a log of changes that
//! the core writes and somebody with a disk stores.
//!
//! The core appends a [`Record`] of each change *before* the bytes that tell
//! anybody of it are put into an output, and a worker that has taken output
//! out of a session writes it only when everything recorded until then is
//! stored ([`Journal::horizon`]). So an acknowledgement never leaves before
//! what it acknowledges is safe, and one store of everything pending serves
//! all connections of all workers at once.
//!
//! A batch of packets is stored whole or not at all: a QoS 2 message and its
//! deliveries must not be told apart by a crash.

mod diary;
mod record;
mod restore;
mod state;

pub(super) use diary::Diary;
pub use record::{
    Moment, Owed, Presence, Profile, Record, StoredMessage, StoredWill, Subscription,
};
pub use state::{SessionState, State};

use super::message::Kept;
use crate::session::Time;
use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The log between the core and whoever stores it.
#[derive(Debug)]
pub struct Journal {
    /// Shared by the workers while a batch makes its records; a cut is made
    /// when nobody is in the middle of one.
    gate: RwLock<()>,
    pages: Mutex<Pages>,
    /// Records ever appended.
    written: AtomicU64,
    /// Of these, the ones that are stored.
    stored: AtomicU64,
    /// Records that may be unstored while output goes on.
    slack: u64,
    failed: AtomicBool,
    /// The moment of [`Time::ZERO`].
    start: Moment,
    next_message: AtomicU64,
}

#[derive(Debug, Default)]
struct Pages {
    records: Vec<Record>,
    closed: bool,
}

/// Everything that was appended since the cut before.
#[derive(Debug, Default)]
pub struct Cut {
    /// The records, in order.
    pub records: Vec<Record>,
    /// What [`Journal::stored`] is to be told when they are.
    pub through: u64,
}

impl Journal {
    /// An empty log of a broker whose clock shows zero at `start`. Output
    /// waits while more than `slack` records are not stored; with 0 it waits
    /// for each.
    #[must_use]
    pub fn new(start: Moment, slack: u64) -> Self {
        Self {
            gate: RwLock::new(()),
            pages: Mutex::default(),
            written: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            slack,
            failed: AtomicBool::new(false),
            start,
            next_message: AtomicU64::new(1),
        }
    }

    /// Takes what is to be stored now. Waits until every batch that is being
    /// worked on has ended.
    pub fn cut(&self) -> Cut {
        let _nobody = self.gate.write();
        let records = std::mem::take(&mut self.pages.lock().records);
        Cut { records, through: self.written.load(Ordering::Acquire) }
    }

    /// Says that everything up to the end of a cut is stored.
    pub fn stored(&self, through: u64) {
        self.stored.store(through, Ordering::Release);
    }

    /// Says that nothing more will be stored: output that depends on what is
    /// not is thrown away, and its connections are closed.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }

    /// Ends the log: what happens from now on, such as the end of the core
    /// itself, is not recorded.
    pub fn close(&self) {
        self.pages.lock().closed = true;
    }

    /// Records that are not stored.
    #[must_use]
    pub fn pending(&self) -> u64 {
        let written = self.written.load(Ordering::Acquire);
        written.saturating_sub(self.stored.load(Ordering::Acquire))
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// While this is held no cut is made. Not to be taken twice by a thread.
    pub(super) fn begin(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read()
    }

    pub(super) fn append(&self, record: Record) {
        let mut pages = self.pages.lock();
        if !pages.closed {
            pages.records.push(record);
            self.written.fetch_add(1, Ordering::Release);
        }
    }

    /// How much must be stored before output that exists now may be written.
    pub(super) fn horizon(&self) -> u64 {
        self.written.load(Ordering::Acquire).saturating_sub(self.slack)
    }

    pub(super) fn has_stored(&self, horizon: u64) -> bool {
        self.stored.load(Ordering::Acquire) >= horizon
    }

    /// The number under which a message is stored, which it now is if it was
    /// not, until the last place that keeps it gives it up.
    pub(super) fn keep(self: &Arc<Self>, kept: &Kept) -> u64 {
        let store = || {
            let number = self.next_message.fetch_add(1, Ordering::Relaxed);
            let message = kept.message.clone();
            let expires = kept.expires.map(|expires| self.moment(expires));
            self.append(Record::Message(number, StoredMessage { message, expires }));
            Slip { journal: Arc::clone(self), number }
        };
        kept.slip.get_or_init(store).number
    }

    /// The slip of a message that is stored already.
    fn slip(self: &Arc<Self>, number: u64) -> Slip {
        self.next_message.fetch_max(number.saturating_add(1), Ordering::Relaxed);
        Slip { journal: Arc::clone(self), number }
    }

    fn moment(&self, time: Time) -> Moment {
        self.start.saturating_add(time.nanos() / 1_000_000)
    }

    /// The time of `moment`; one before the start is due at once.
    fn time(&self, moment: Moment) -> Time {
        Time::ZERO + Duration::from_millis(moment.saturating_sub(self.start))
    }
}

/// The right to a stored message; given up, the message is forgotten.
#[derive(Debug)]
pub(super) struct Slip {
    journal: Arc<Journal>,
    number: u64,
}

impl Drop for Slip {
    fn drop(&mut self) {
        self.journal.append(Record::Forgotten(self.number));
    }
}

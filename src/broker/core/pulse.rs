//! How long a connection may go on: its signs of life, and the time it was
//! let in for.

use super::link::Link;
use super::session::Session;
use crate::mqtt::ReasonCode;
use crate::session::Time;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

/// A session and the number of its connection.
pub(super) type Attached = (Arc<Session>, u64);

/// What a connection may be ended for when nothing else happens. A packet
/// renews its signs of life by storing the time; the timer looks only when the
/// interval could have run out.
#[derive(Debug)]
pub(super) struct Pulse {
    pub(super) last_packet: Cell<Time>,
    /// The silence that is too long; zero allows any.
    pub(super) interval: Cell<Duration>,
    /// The end of the time that the client was let in for; zero is never.
    pub(super) ends: Cell<Time>,
    /// The deadline of the timer that is meant.
    pub(super) due: Cell<Time>,
    /// The deadline of the timer that wakes the connection after a pause.
    pub(super) resumes: Cell<Time>,
    /// Given up at the end of the connection, which a timer must not outlive.
    pub(super) link: RefCell<Option<Arc<dyn Link>>>,
    /// The session, once there is one.
    pub(super) session: RefCell<Option<Attached>>,
}

/// Whether a connection goes on.
pub(super) enum Health {
    /// It does, and is looked at again then, if at all.
    Well(Option<Time>),
    /// It does not, for this reason.
    Over(ReasonCode),
}

impl Pulse {
    /// The pulse of a connection that is new at `now`.
    pub(super) fn new(now: Time, interval: Duration, link: Arc<dyn Link>) -> Self {
        Self {
            last_packet: Cell::new(now),
            interval: Cell::new(interval),
            ends: Cell::new(Time::ZERO),
            due: Cell::new(Time::ZERO),
            resumes: Cell::new(Time::ZERO),
            link: RefCell::new(Some(link)),
            session: RefCell::new(None),
        }
    }

    /// Ends the watch; returns whom it was for.
    pub(super) fn close(&self) -> (Option<Arc<dyn Link>>, Option<Attached>) {
        self.due.set(Time::ZERO);
        (self.link.take(), self.session.take())
    }

    /// Has the owner of the connection look what there is to do.
    pub(super) fn wake(&self) {
        if let Some(link) = &*self.link.borrow() {
            link.wake();
        }
    }

    /// How the connection fares at `now`.
    pub(super) fn check(&self, now: Time) -> Health {
        let interval = Some(self.interval.get()).filter(|interval| !interval.is_zero());
        let silent = interval.map(|interval| self.last_packet.get() + interval);
        let ends = Some(self.ends.get()).filter(|ends| *ends > Time::ZERO);
        let deadlines =
            [(ends, ReasonCode::MAXIMUM_CONNECT_TIME), (silent, ReasonCode::KEEP_ALIVE_TIMEOUT)];
        let next = deadlines.into_iter().filter_map(|(due, reason)| Some((due?, reason)));
        match next.min_by_key(|(due, _)| *due) {
            Some((due, reason)) if due <= now => Health::Over(reason),
            next => Health::Well(next.map(|(due, _)| due)),
        }
    }
}

//! Backpressure: whoever publishes for a client that is behind is not read
//! until that has caught up. So its own transport holds it up and nothing is
//! lost; no thread waits, and no other connection.
//!
//! Nobody waits for their own session, whose acknowledgements would never be
//! read then. Two who wait for each other, or for a client that has stopped
//! reading, go on when their patience ends; from then on the policy for slow
//! clients holds, until the client has caught up.
//!
//! Whoever sends and never reads what it is answered is not read any more either,
//! or a client that does nothing but ask would fill the memory with answers.

use super::Core;
use super::connection::{Connection, Open};
use super::link::Link;
use super::pulse::Attached;
use super::session::{Hot, Session};
use super::worker::Worker;
use crate::session::Time;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of answers that a client may leave unread: four times as many as all its
/// packet identifiers make necessary.
const ENOUGH: usize = 1024 * 1024;

/// After so long it is looked whether it has read some of them, if nothing shows
/// it before.
const LOOK: Duration = Duration::from_millis(100);

/// The answers that a client has not read yet.
#[derive(Debug, Default)]
pub(super) struct Unread {
    bytes: usize,
    /// When it is looked at again, while they are too many.
    pub(super) look: Time,
}

impl Unread {
    /// Notes that so many bytes of answers come behind those that `wait`, which
    /// may be messages.
    pub(super) fn note(&mut self, answers: usize, wait: usize) {
        self.bytes = self.bytes.min(wait) + answers;
    }

    /// Decides whether the client is read on at `now`.
    pub(super) fn judge(&mut self, now: Time) {
        self.look = if self.bytes > ENOUGH { now + LOOK } else { Time::ZERO };
    }

    /// Looks what is left, where so many bytes `wait`.
    fn look_again(&mut self, wait: usize, now: Time) {
        self.note(0, wait);
        self.judge(now);
    }

    /// Whether the client is not read because of them.
    const fn are_too_many(&self) -> bool {
        self.look.nanos() > 0
    }
}

/// Those whom the connection of the present batch has to wait for.
#[derive(Debug, Default)]
pub(super) struct Behind {
    /// Whether the batch is of a connection that can wait.
    pub(super) can_wait: bool,
    sessions: Vec<Attached>,
}

/// A session that others wait for.
#[derive(Debug)]
pub(super) struct Jam {
    /// Since when it has not caught up.
    since: Time,
    /// Whether that took too long.
    given_up: bool,
    /// Who is to be woken when it has.
    waiting: Vec<Arc<dyn Link>>,
}

/// What a connection waits for.
#[derive(Debug)]
pub(super) struct Wait {
    sessions: Vec<Attached>,
    /// When it could go on for all else.
    resumes: Time,
}

impl Behind {
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Notes that `publisher` is to wait for a session that has no room, if it
    /// can. Returns whether it is.
    pub(super) fn note(&mut self, session: &Arc<Session>, hot: &Hot, publisher: &Session) -> bool {
        let waits = self.can_wait && hot.is_waited_for() && session.key != publisher.key;
        if waits && !self.sessions.iter().any(|(known, _)| Arc::ptr_eq(known, session)) {
            self.sessions.push((Arc::clone(session), hot.connection));
        }
        waits
    }
}

impl Hot {
    /// Whether publishers that can wait do so where it is behind.
    pub(super) fn has_patience(&self) -> bool {
        !self.limits.queue.patience.is_zero()
    }

    /// Whether they still do.
    fn is_waited_for(&self) -> bool {
        self.has_patience() && self.jam.as_ref().is_none_or(|jam| !jam.given_up)
    }

    /// Until when `link` is to wait for this session at most. It is woken when
    /// that has caught up.
    fn hold_up(&mut self, link: &Arc<dyn Link>, now: Time) -> Option<Time> {
        if !self.is_full() {
            return None;
        }
        let new = || Box::new(Jam { since: now, given_up: false, waiting: Vec::new() });
        let jam = self.jam.get_or_insert_with(new);
        let ends = jam.since + self.limits.queue.patience;
        jam.given_up |= ends <= now;
        if jam.given_up {
            return None;
        }
        if !jam.waiting.iter().any(|known| Arc::ptr_eq(known, link)) {
            jam.waiting.push(Arc::clone(link));
        }
        Some(ends)
    }

    /// Wakes those who wait for this session, if it has caught up.
    #[inline]
    pub(super) fn relieve(&mut self) {
        if self.jam.is_some() && !self.is_full() {
            self.end_jam();
        }
    }

    #[cold]
    fn end_jam(&mut self) {
        for link in self.jam.take().into_iter().flat_map(|jam| jam.waiting) {
            link.wake();
        }
    }
}

impl Connection {
    /// Waits for those whom its batch found without room.
    #[cold]
    pub(super) fn begin_wait(&mut self, worker: &mut Worker) {
        let sessions = std::mem::take(&mut worker.behind.sessions);
        if let Some(open) = &mut self.open {
            worker.counters.held_up.add(1);
            open.wait = Some(Box::new(Wait { sessions, resumes: open.resumes }));
            open.renew_wait(&self.link, worker.now);
        }
    }
}

impl Core {
    /// Whether the connection is still not to be read, see
    /// [`Connection::pause`]. The shell asks when the link was woken.
    pub fn is_paused(&self, worker: &mut Worker, connection: &mut Connection) -> bool {
        if let Some(open) = &mut connection.open {
            open.renew_wait(&connection.link, worker.now);
            if open.unread.are_too_many() {
                let waiting = open.session.hot.lock().out.len();
                open.unread.look_again(waiting, worker.now);
            }
        }
        let until = connection.pause().filter(|until| *until > worker.now);
        match (until, &mut connection.open) {
            // It is silent as long as it does not read.
            (Some(until), Some(open)) if open.unread.look == until => {
                worker.wake_at(&connection.pulse, until);
            }
            (Some(until), _) => worker.pause(&connection.pulse, until),
            (None, Some(open)) => open.resumes = Time::ZERO,
            (None, None) => {}
        }
        until.is_some()
    }
}

impl Open {
    /// Looks who is still to be waited for, and until when.
    fn renew_wait(&mut self, link: &Arc<dyn Link>, now: Time) {
        let Some(wait) = &mut self.wait else {
            return;
        };
        self.resumes = wait.resumes;
        wait.sessions.retain(|(session, number)| {
            let mut hot = session.hot.lock();
            let until = hot.is_current(*number).then(|| hot.hold_up(link, now)).flatten();
            self.resumes = self.resumes.max(until.unwrap_or(Time::ZERO));
            until.is_some()
        });
        if wait.sessions.is_empty() {
            self.wait = None;
        }
    }
}

//! Getting output to its link: one write per touched session and batch, by
//! whichever worker touched it. Where a journal is kept, the output waits in
//! [`super::held`] until what it depends on is stored.

use super::link::{Attempt, Link};
use super::outflow::Outflow;
use super::session::{Hot, Session, Writer};
use super::tell::Outgoing;
use super::worker::Worker;
use super::{Connection, Core};
use crate::mqtt::Version;
use crate::session::Time;
use std::sync::Arc;

/// Output on its way from a session to its link. While there is one, the
/// session's writer is [`Writer::Worker`].
#[derive(Debug)]
pub(super) struct Writing {
    session: Arc<Session>,
    taken: Taken,
}

#[derive(Debug)]
struct Taken {
    connection: u64,
    version: Version,
    link: Arc<dyn Link>,
    buffer: Outflow,
}

impl Core {
    /// Writes the output of every session that was touched since the last
    /// call, or as much of it as the journal allows. Ends a batch.
    pub fn flush(&self, worker: &mut Worker) {
        if !worker.evicted.is_empty() {
            self.cut_off_slow(worker);
        }
        if let Some(journal) = &self.journal {
            self.hold_output(worker, journal);
            self.write_held(worker, journal);
        } else {
            let mut touched = std::mem::take(&mut worker.touched);
            for session in touched.drain(..) {
                self.flush_session(session, worker);
            }
            worker.touched = touched;
            for (link, last) in worker.farewells.drain(..) {
                link.finish(last);
            }
        }
        if worker.timers.is_crowded() {
            self.prune(worker);
        }
        worker.enter(&self.tally);
    }

    /// For the owner of a link that was woken: the output to write now. While
    /// it returns some, the owner is the only writer; `None` means that all is
    /// written, that another worker is at it, or that the rest must wait for
    /// the journal. The shell then calls [`Core::flush`].
    pub fn take_output(&self, connection: &Connection, worker: &mut Worker) -> Option<Outflow> {
        let Some((session, number)) = connection.session() else {
            return connection.take_early_output().map(Outflow::from);
        };
        let mut hot = session.hot.lock();
        if !hot.is_current(number) || hot.writer == Writer::Worker {
            return None;
        }
        self.refill(session, &mut hot, worker);
        let output = match &self.journal {
            None => self.take_out(session, &mut hot, worker.now),
            Some(_) => hot.take_told(),
        };
        hot.relieve();
        if output.is_empty() {
            hot.writer = Writer::Nobody;
            if !hot.out.is_empty() {
                worker.touch(session, &mut hot);
            }
            return None;
        }
        hot.writer = Writer::Owner;
        worker.counters.bytes_sent.add(output.len());
        Some(output)
    }

    /// Takes the output to write it, and tells of it: under the lock, so that
    /// packets are told of in the order in which they leave.
    fn take_out(&self, session: &Session, hot: &mut Hot, now: Time) -> Outflow {
        let told = std::mem::take(&mut hot.told);
        self.tell_outflow(now, Outgoing::of(session, hot), &hot.out, told);
        std::mem::take(&mut hot.out)
    }

    fn flush_session(&self, session: Arc<Session>, worker: &mut Worker) {
        let mut next = self.begin_writing(session, worker);
        while let Some(writing) = next {
            next = self.write(writing, worker);
        }
    }

    /// Takes a touched session's output, if nobody is at it already.
    pub(super) fn begin_writing(
        &self,
        session: Arc<Session>,
        worker: &mut Worker,
    ) -> Option<Writing> {
        let mut hot = session.hot.lock();
        hot.touched = false;
        if hot.writer != Writer::Nobody {
            return None;
        }
        let taken = self.take(&session, &mut hot, worker);
        drop(hot);
        Some(Writing { session, taken: taken? })
    }

    fn take(&self, session: &Session, hot: &mut Hot, worker: &mut Worker) -> Option<Taken> {
        self.refill(session, hot, worker);
        let link = hot.link.clone().filter(|_| !hot.out.is_empty())?;
        hot.writer = Writer::Worker;
        let (connection, version) = (hot.connection, hot.version);
        Some(Taken { connection, version, link, buffer: self.take_out(session, hot, worker.now) })
    }

    /// Writes what the link takes. Returns what has come meanwhile, if it took
    /// everything; the rest is for the owner of the link.
    pub(super) fn write(&self, writing: Writing, worker: &mut Worker) -> Option<Writing> {
        let Writing { session, taken: Taken { connection, version, link, mut buffer } } = writing;
        let attempt = link.try_write(&buffer);
        let written = match attempt {
            Attempt::Wrote(count) => count,
            Attempt::Broken => buffer.len(),
        };
        worker.counters.bytes_sent.add(written);
        let mut hot = session.hot.lock();
        if !hot.is_current(connection) {
            // The connection ended meanwhile and left its last bytes to us.
            buffer.advance(written);
            worker.counters.bytes_sent.add(buffer.len());
            let ending = hot.take_ending(connection);
            drop(hot);
            let to = Outgoing { connection, who: Some(session.who()), version };
            self.tell_outflow(worker.now, to, &ending, 0);
            buffer.append(ending);
            worker.farewells.push((link, buffer));
            return None;
        }
        if attempt == Attempt::Wrote(buffer.len()) {
            hot.writer = Writer::Nobody;
            worker.recycle(buffer.into_spare());
            if hot.out.is_empty() {
                let more = hot.may_send_more();
                drop(hot);
                if more {
                    // The next slice has a turn of its own.
                    link.wake();
                }
                return None;
            }
            let taken = self.take(&session, &mut hot, worker);
            hot.relieve();
            drop(hot);
            return Some(Writing { session, taken: taken? });
        }
        buffer.advance(written);
        hot.leave_to_owner(buffer);
        drop(hot);
        link.wake();
        None
    }
}

impl Writing {
    /// Ends the connection without a word more.
    pub(super) fn abandon(self) {
        self.taken.link.finish(Outflow::default());
    }
}

impl Hot {
    /// Takes what was left of an attempt to write, which waits for nothing.
    fn take_told(&mut self) -> Outflow {
        let rest = self.out.split_off(std::mem::take(&mut self.told));
        std::mem::replace(&mut self.out, rest)
    }

    /// Puts back what the link did not take, for its owner.
    fn leave_to_owner(&mut self, mut rest: Outflow) {
        self.told = rest.len();
        rest.append(std::mem::take(&mut self.out));
        self.out = rest;
        self.writer = Writer::Owner;
    }

    fn take_ending(&mut self, connection: u64) -> Outflow {
        let place = self.endings.iter().position(|ending| ending.0 == connection);
        place.map(|place| self.endings.swap_remove(place).1).unwrap_or_default()
    }
}

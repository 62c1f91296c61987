//! Getting output to its link: one write per touched session and batch, by
//! whichever worker touched it.

use super::link::Attempt;
use super::session::{Hot, Session, Writer};
use super::tell::Outgoing;
use super::worker::Worker;
use super::{Connection, Core};
use crate::session::Time;
use std::sync::Arc;

impl Core {
    /// Writes the output of every session that was touched since the last
    /// call. Ends a batch.
    pub fn flush(&self, worker: &mut Worker) {
        let mut touched = std::mem::take(&mut worker.touched);
        for session in touched.drain(..) {
            self.flush_session(&session, worker);
        }
        worker.touched = touched;
        worker.enter(&self.tally);
    }

    /// For the owner of a link that was woken: the output to write now. While
    /// it returns some, the owner is the only writer; `None` means that all is
    /// written, or that another worker is at it.
    pub fn take_output(&self, connection: &Connection, worker: &mut Worker) -> Option<Vec<u8>> {
        let (session, number) = connection.session()?;
        let mut hot = session.hot.lock();
        if !hot.is_current(number) || hot.writer == Writer::Worker {
            return None;
        }
        self.refill(session, &mut hot, worker);
        if hot.out.is_empty() {
            hot.writer = Writer::Nobody;
            return None;
        }
        hot.writer = Writer::Owner;
        worker.counters.bytes_sent.add(hot.out.len());
        Some(self.take_out(session, &mut hot, worker.now))
    }

    /// Takes the output to write it, and tells of it: under the lock, so that
    /// packets are told of in the order in which they leave.
    fn take_out(&self, session: &Session, hot: &mut Hot, now: Time) -> Vec<u8> {
        let told = std::mem::take(&mut hot.told);
        self.tell_output(now, Outgoing::of(session, hot), &hot.out, told);
        std::mem::take(&mut hot.out)
    }

    fn flush_session(&self, session: &Arc<Session>, worker: &mut Worker) {
        let mut hot = session.hot.lock();
        hot.touched = false;
        if hot.writer != Writer::Nobody {
            return;
        }
        loop {
            self.refill(session, &mut hot, worker);
            let Some(link) = hot.link.clone().filter(|_| !hot.out.is_empty()) else {
                return;
            };
            hot.writer = Writer::Worker;
            let to = Outgoing::of(session, &hot);
            let mut buffer = self.take_out(session, &mut hot, worker.now);
            drop(hot);
            let attempt = link.try_write(&buffer);
            hot = session.hot.lock();
            let written = match attempt {
                Attempt::Wrote(count) => count,
                Attempt::Broken => buffer.len(),
            };
            worker.counters.bytes_sent.add(written);
            if !hot.is_current(to.connection) {
                // The connection ended meanwhile and left its last bytes to us.
                buffer.drain(..written);
                worker.counters.bytes_sent.add(buffer.len());
                let ending = hot.take_ending(to.connection);
                drop(hot);
                self.tell_output(worker.now, to, &ending, 0);
                buffer.extend(ending);
                link.finish(buffer);
                return;
            }
            if attempt == Attempt::Wrote(buffer.len()) {
                hot.writer = Writer::Nobody;
                worker.recycle(buffer);
                continue;
            }
            buffer.drain(..written);
            hot.told = buffer.len();
            buffer.append(&mut hot.out);
            hot.out = buffer;
            hot.writer = Writer::Owner;
            drop(hot);
            link.wake();
            return;
        }
    }

    fn refill(&self, session: &Session, hot: &mut Hot, worker: &mut Worker) {
        if !hot.is_behind() || hot.link.is_none() {
            return;
        }
        let now = worker.now;
        let client = session.client(hot.connection);
        hot.refill(now, &worker.counters, |delivery, fate| {
            self.tell_kept(now, client, delivery, fate);
        });
    }
}

impl Hot {
    fn take_ending(&mut self, connection: u64) -> Vec<u8> {
        let place = self.endings.iter().position(|ending| ending.0 == connection);
        place.map(|place| self.endings.swap_remove(place).1).unwrap_or_default()
    }
}

//! Getting output to its link: one write per touched session and batch, by
//! whichever worker touched it.

use super::link::Attempt;
use super::session::{Hot, Session, Writer};
use super::worker::Worker;
use super::{Connection, Core};
use std::sync::Arc;

impl Core {
    /// Writes the output of every session that was touched since the last
    /// call. Ends a batch.
    pub fn flush(&self, worker: &mut Worker) {
        let mut touched = std::mem::take(&mut worker.touched);
        for session in touched.drain(..) {
            flush_session(&session, worker);
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
        refill(&mut hot, worker);
        if hot.out.is_empty() {
            hot.writer = Writer::Nobody;
            return None;
        }
        hot.writer = Writer::Owner;
        worker.counters.bytes_sent.add(hot.out.len());
        Some(std::mem::take(&mut hot.out))
    }
}

fn flush_session(session: &Arc<Session>, worker: &mut Worker) {
    let mut hot = session.hot.lock();
    hot.touched = false;
    if hot.writer != Writer::Nobody {
        return;
    }
    loop {
        refill(&mut hot, worker);
        let Some(link) = hot.link.clone().filter(|_| !hot.out.is_empty()) else {
            return;
        };
        hot.writer = Writer::Worker;
        let connection = hot.connection;
        let mut buffer = std::mem::take(&mut hot.out);
        drop(hot);
        let attempt = link.try_write(&buffer);
        hot = session.hot.lock();
        let written = match attempt {
            Attempt::Wrote(count) => count,
            Attempt::Broken => buffer.len(),
        };
        worker.counters.bytes_sent.add(written);
        if !hot.is_current(connection) {
            // The connection ended meanwhile and left its last bytes to us.
            buffer.drain(..written);
            worker.counters.bytes_sent.add(buffer.len());
            buffer.extend(hot.take_ending(connection));
            drop(hot);
            link.finish(buffer);
            return;
        }
        if attempt == Attempt::Wrote(buffer.len()) {
            hot.writer = Writer::Nobody;
            worker.recycle(buffer);
            continue;
        }
        buffer.drain(..written);
        buffer.append(&mut hot.out);
        hot.out = buffer;
        hot.writer = Writer::Owner;
        drop(hot);
        link.wake();
        return;
    }
}

fn refill(hot: &mut Hot, worker: &mut Worker) {
    if !hot.is_behind() || hot.link.is_none() {
        return;
    }
    hot.refill(worker.now, &worker.counters);
}

impl Hot {
    fn take_ending(&mut self, connection: u64) -> Vec<u8> {
        let place = self.endings.iter().position(|ending| ending.0 == connection);
        place.map(|place| self.endings.swap_remove(place).1).unwrap_or_default()
    }
}

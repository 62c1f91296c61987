//! What sessions leave behind. To give a million queued messages up takes a
//! fifth of a second, which nobody is to wait for.

use super::session::Session;
use super::worker::{Timer, Worker};
use std::time::Duration;

/// Messages given up in one turn: a millisecond or two of every twenty.
const AT_ONCE: usize = 10_000;

impl Worker {
    /// Has what is queued for a session that has ended given up little by little.
    pub(super) fn bury(&mut self, session: &Session) {
        let mut hot = session.hot.lock();
        if hot.queue.len() > AT_ONCE {
            self.remains.push(std::mem::take(&mut hot.queue));
            self.timers.set(self.now, Timer::Remains);
        }
    }

    pub(super) fn give_up_remains(&mut self) {
        let Some(mut queue) = self.remains.pop() else {
            return;
        };
        let _ = (0..AT_ONCE).try_for_each(|_| queue.pop().map(drop));
        if !queue.is_empty() {
            self.remains.push(queue);
            // Behind the present moment, so that others have their turn.
            self.timers.set(self.now + Duration::from_millis(1), Timer::Remains);
        }
    }
}

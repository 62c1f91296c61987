//! Throws out the timers that nobody means any more: whoever comes and goes, or
//! retains again and again, with an interval of years must not fill the memory.

use super::Core;
use super::timers::fires_at;
use super::worker::{Timer, Worker};
use crate::session::Time;
use std::sync::Weak;

impl Core {
    /// Forgets what a worker was to look at and need not.
    #[cold]
    pub(super) fn prune(&self, worker: &mut Worker) {
        worker.timers.retain(|at, timer| self.is_meant(at, timer));
    }

    /// Whether a timer that fires at `at` would find something to do.
    fn is_meant(&self, at: Time, timer: &Timer) -> bool {
        match timer {
            Timer::Pulse(pulse, set_for) => pulse.due.get() == *set_for,
            Timer::Resume(pulse) => pulse.link.borrow().is_some(),
            Timer::Session(session, number) => Weak::upgrade(session).is_some_and(|session| {
                let hot = session.hot.lock();
                hot.connection == *number && hot.link.is_none()
            }),
            Timer::Retained(topic) => {
                let expires = self.retained.read().expires(topic);
                expires.is_some_and(|expires| fires_at(expires) == at)
            }
            Timer::Sys | Timer::Sweep | Timer::Spares | Timer::Remains => true,
        }
    }
}

//! The thread that stores: all that is pending at once, when it is asked to.

use super::rows::Changes;
use super::{Backend, Settled};
use crate::broker::core::Journal;
use crate::error::Result;
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What the store is asked for, the most urgent wish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    #[default]
    Nothing,
    /// To store within the interval.
    Soon,
    Now,
    /// To store and end.
    Stop,
}

/// Rung by workers, heard by the store.
#[derive(Debug, Default)]
pub(super) struct Bell {
    wish: Mutex<Wish>,
    rung: Condvar,
}

impl Bell {
    /// Asks for a store, now or within the interval.
    pub(super) fn ring(&self, now: bool) {
        self.wish_for(if now { Wish::Now } else { Wish::Soon });
    }

    pub(super) fn stop(&self) {
        self.wish_for(Wish::Stop);
    }

    fn wish_for(&self, wanted: Wish) {
        let mut wish = self.wish.lock();
        if *wish < wanted {
            *wish = wanted;
            self.rung.notify_one();
        }
    }

    /// Waits until there is something to store, or it is time for a renewal.
    /// Returns whether that is the end.
    fn wait(&self, interval: Duration, renewal: Option<Duration>) -> bool {
        let mut wish = self.wish.lock();
        let nothing = |wish: &mut Wish| *wish == Wish::Nothing;
        match renewal {
            Some(renewal) => {
                self.rung.wait_while_for(&mut wish, nothing, renewal);
            }
            None => self.rung.wait_while(&mut wish, nothing),
        }
        self.rung.wait_while_for(&mut wish, |wish| *wish == Wish::Soon, interval);
        let stop = *wish == Wish::Stop;
        *wish = Wish::Nothing;
        stop
    }
}

/// The thread's own.
pub(super) struct Keeper {
    pub(super) journal: Arc<Journal>,
    pub(super) bell: Arc<Bell>,
    pub(super) backend: Box<dyn Backend>,
    pub(super) interval: Duration,
    pub(super) report: watch::Sender<Settled>,
}

impl Keeper {
    /// Stores until it is told to stop or cannot.
    ///
    /// # Errors
    /// When something could not be stored: from then on nothing is.
    pub(super) fn run(mut self) -> Result<()> {
        loop {
            let stop = self.bell.wait(self.interval, self.backend.renewal());
            if stop {
                self.journal.close();
            }
            if let Err(error) = self.store() {
                self.journal.fail();
                self.report.send_replace(Settled { failed: true });
                return Err(error);
            }
            if stop {
                return Ok(());
            }
        }
    }

    fn store(&mut self) -> Result<()> {
        let cut = self.journal.cut();
        if !cut.records.is_empty() || self.backend.renewal().is_some() {
            self.backend.commit(&Changes::of(cut.records))?;
        }
        self.journal.stored(cut.through);
        self.report.send_replace(Settled::default());
        Ok(())
    }
}

//! Who hears what happens in a broker: those the configuration asks for, and
//! those of the program it is a part of.

use super::Config;
use super::core::{Observer, Observers};
use super::log::Log;
use super::sys_events::{self, Announcements, SysEvents};
use super::trace::Trace;
use crate::error::Result;
use jiff::Timestamp;
use std::sync::Arc;

/// The observers that the configuration asks for; those that write files must be
/// finished in the end.
#[derive(Debug, Default)]
pub(super) struct Recorders {
    log: Option<Arc<Log>>,
    trace: Option<Arc<Trace>>,
    sys_events: Option<Arc<SysEvents>>,
    announcements: Option<Announcements>,
}

impl Recorders {
    /// Starts those that `config` asks for, in a broker whose time begins at
    /// `began`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn start(config: &Config, began: Timestamp) -> Result<Self> {
        let log = config.log.as_ref().map(|config| Log::start(config, began)).transpose()?;
        let trace = config.trace.as_ref().map(|config| Trace::start(config, began)).transpose()?;
        let events = config.sys_events.then(|| sys_events::queue(began));
        let (sys_events, announcements) = events.unzip();
        Ok(Self {
            log: log.map(Arc::new),
            trace: trace.map(Arc::new),
            sys_events: sys_events.map(Arc::new),
            announcements,
        })
    }

    /// These and `others` as one observer, if there is any.
    pub(super) fn observer(&self, others: &[Arc<dyn Observer>]) -> Option<Arc<dyn Observer>> {
        let mut all = Observers::default();
        if let Some(log) = &self.log {
            all.add(Arc::clone(log) as _);
        }
        if let Some(trace) = &self.trace {
            all.add(Arc::clone(trace) as _);
        }
        if let Some(events) = &self.sys_events {
            all.add(Arc::clone(events) as _);
        }
        for other in others {
            all.add(Arc::clone(other));
        }
        all.into_observer()
    }

    /// What is to be published below `$SYS/brokers`, for the first that asks.
    pub(super) fn take_announcements(&mut self) -> Option<Announcements> {
        self.announcements.take()
    }

    /// Has the files opened anew, where they were moved away.
    pub(super) fn reopen(&self) {
        self.log.iter().for_each(|log| log.reopen());
        self.trace.iter().for_each(|trace| trace.reopen());
    }

    /// Waits until everything is written.
    pub(super) fn finish(&self) {
        self.log.iter().for_each(|log| log.finish());
        self.trace.iter().for_each(|trace| trace.finish());
    }
}

//! Output that waits until what it depends on is stored. No lock is held and
//! no thread waits meanwhile: the worker goes on with other connections.

use super::Core;
use super::journal::Journal;
use super::link::Link;
use super::outflow::Outflow;
use super::output::Writing;
use super::worker::Worker;
use std::sync::Arc;

/// Output, and how much of the journal must be stored before it is written.
#[derive(Debug)]
pub(super) struct Held {
    until: u64,
    output: Output,
}

#[derive(Debug)]
enum Output {
    Writing(Writing),
    /// The last bytes of a connection.
    Farewell(Arc<dyn Link>, Outflow),
}

impl Core {
    /// Takes the output of every touched session out of it. All of it is there
    /// before the first piece waits, so that all of it waits for one store.
    pub(super) fn hold_output(&self, worker: &mut Worker, journal: &Journal) {
        let touched = std::mem::take(&mut worker.touched);
        let begin = |session| self.begin_writing(session, worker);
        let outputs: Vec<_> = touched.into_iter().filter_map(begin).collect();
        for writing in outputs {
            worker.hold(journal, Output::Writing(writing));
        }
        worker.hold_farewells(journal);
    }

    /// Writes what waits for nothing any more.
    pub(super) fn write_held(&self, worker: &mut Worker, journal: &Journal) {
        if journal.has_failed() {
            worker.abandon_held();
        }
        while let Some(held) = worker.held.pop_front_if(|held| journal.has_stored(held.until)) {
            match held.output {
                Output::Writing(writing) => {
                    if let Some(next) = self.write(writing, worker) {
                        worker.hold(journal, Output::Writing(next));
                    }
                    worker.hold_farewells(journal);
                }
                Output::Farewell(link, last) => link.finish(last),
            }
        }
    }
}

impl Worker {
    /// Whether output waits for the journal.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    fn hold_farewells(&mut self, journal: &Journal) {
        for (link, last) in std::mem::take(&mut self.farewells) {
            self.hold(journal, Output::Farewell(link, last));
        }
    }

    fn hold(&mut self, journal: &Journal, output: Output) {
        self.held.push_back(Held { until: journal.horizon(), output });
    }

    /// Nothing more is stored: what was to be said of it must not be said.
    fn abandon_held(&mut self) {
        for held in self.held.drain(..) {
            match held.output {
                Output::Writing(writing) => writing.abandon(),
                Output::Farewell(link, _) => link.finish(Outflow::default()),
            }
        }
    }
}

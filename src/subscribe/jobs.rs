//! The commands that run for messages: `--exec`.

use crate::command::Job;
use crate::error::{Class, Error, Result};
use crate::output;
use crate::session::Receipt;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What is run for each message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exec {
    /// The command, for the shell.
    pub command: Arc<str>,
    /// How many of them run at once.
    pub jobs: NonZeroUsize,
}

/// A command that is to run, and what its message is acknowledged by if it
/// succeeds.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) job: Job,
    pub(super) receipt: Option<Receipt>,
}

/// The commands of a run.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    limit: usize,
    waiting: VecDeque<Order>,
    running: JoinSet<(Option<Receipt>, Result<()>)>,
    succeeded: u64,
    failed: u64,
}

impl Jobs {
    pub(super) fn new(exec: Option<&Exec>) -> Self {
        Self { limit: exec.map_or(0, |exec| exec.jobs.get()), ..Self::default() }
    }

    /// Takes commands that are to run, in this order.
    pub(super) fn add(&mut self, orders: impl Iterator<Item = Order>) {
        self.waiting.extend(orders);
        self.start();
    }

    fn start(&mut self) {
        while self.running.len() < self.limit
            && let Some(Order { job, receipt }) = self.waiting.pop_front()
        {
            self.running.spawn(async move { (receipt, job.run().await) });
        }
    }

    /// Whether a command waits for another to end, so that no more messages
    /// should be read.
    pub(super) fn are_full(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether a command runs or waits.
    pub(super) fn are_busy(&self) -> bool {
        !self.running.is_empty()
    }

    /// Waits for the next command to end, for ever if none runs, and returns the
    /// receipt of a message that it has dealt with. May be dropped at any time.
    pub(super) async fn next(&mut self) -> Option<Receipt> {
        let Some(ended) = self.running.join_next().await else {
            return std::future::pending().await;
        };
        self.start();
        // Only what is aborted or panics has no result.
        let (receipt, ran) = ended.unwrap_or_else(|cause| {
            (None, Err(Error::new(Class::CommandFailed, "a command was lost").because(cause)))
        });
        match ran {
            Ok(()) => {
                self.succeeded += 1;
                receipt
            }
            Err(error) => {
                self.failed += 1;
                let held =
                    if receipt.is_some() { ", and its message is not acknowledged" } else { "" };
                output::warn(format!("{}{held}", crate::error::line(&error.into())));
                None
            }
        }
    }

    /// Starts no more of them; says so if some are left.
    pub(super) fn close(&mut self) {
        if !self.waiting.is_empty() {
            output::warn(format!("{} messages are left without their command", self.waiting.len()));
        }
        self.waiting.clear();
        if self.are_busy() {
            let count = self.running.len();
            output::note(format!("waiting for {count} commands; a second signal kills them"));
        }
    }

    /// Success, unless a command has failed.
    ///
    /// # Errors
    /// When one has.
    pub(super) fn verdict(&self) -> Result<()> {
        if self.failed == 0 {
            return Ok(());
        }
        let all = self.failed + self.succeeded;
        let what = format!("{} of {all} commands have failed", self.failed);
        Err(Error::new(Class::CommandFailed, what))
    }
}

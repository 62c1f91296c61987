//! The commands that run for messages: `--exec`.

use crate::command::Job;
use crate::error::{Class, Error, Result};
use crate::mqtt::ReasonCode;
use crate::output;
use crate::session::Receipt;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What helps when failures hold up what follows.
const CURE: &str = "brokers send no more when too much is not acknowledged; --on-exec-failure \
    reject or ack goes on without these messages";

/// What is run for each message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exec {
    /// The command, for the shell.
    pub command: Arc<str>,
    /// How many of them run at once.
    pub jobs: NonZeroUsize,
    /// What becomes of a message when it fails.
    pub on_failure: OnFailure,
}

/// What becomes of a message with QoS 1 or 2 whose command has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// It is not acknowledged: the broker keeps it for a later run of the session.
    #[default]
    Keep,
    /// The broker is told that it is refused, and forgets it: in MQTT 5 (§3.4.2.1, §3.5.2.1).
    Reject,
    /// It is acknowledged like any other.
    Acknowledge,
}

impl OnFailure {
    /// Each with its name on the command line.
    pub const ALL: [(&'static str, Self); 3] =
        [("keep", Self::Keep), ("reject", Self::Reject), ("ack", Self::Acknowledge)];

    /// What the broker is told of the message, if anything.
    const fn reason(self) -> Option<ReasonCode> {
        match self {
            Self::Keep => None,
            Self::Reject => Some(ReasonCode::IMPLEMENTATION_SPECIFIC),
            Self::Acknowledge => Some(ReasonCode::SUCCESS),
        }
    }
}

/// A command that is to run, and what its message is acknowledged by if it
/// succeeds.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) job: Job,
    pub(super) receipt: Option<Receipt>,
}

/// A message whose command has ended, and what the broker is told of it.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) receipt: Receipt,
    pub(super) reason: ReasonCode,
}

/// The commands of a run.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    limit: usize,
    on_failure: OnFailure,
    waiting: VecDeque<Order>,
    running: JoinSet<(Option<Receipt>, Result<()>)>,
    succeeded: u64,
    failed: u64,
    /// Messages that are not acknowledged for that.
    kept: u64,
}

impl Jobs {
    pub(super) fn new(exec: Option<&Exec>) -> Self {
        exec.map_or_else(Self::default, |exec| Self {
            limit: exec.jobs.get(),
            on_failure: exec.on_failure,
            ..Self::default()
        })
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

    /// Waits for the next command to end, for ever if none runs, and returns what the
    /// broker is to be told of its message. May be dropped at any time.
    pub(super) async fn next(&mut self) -> Option<Settled> {
        let Some(ended) = self.running.join_next().await else {
            return std::future::pending().await;
        };
        self.start();
        // Only what is aborted or panics has no result.
        let (receipt, ran) = ended.unwrap_or_else(|cause| {
            (None, Err(Error::new(Class::CommandFailed, "a command was lost").because(cause)))
        });
        let reason = match ran {
            Ok(()) => {
                self.succeeded += 1;
                Some(ReasonCode::SUCCESS)
            }
            Err(error) => self.fail(&error, receipt.is_some()),
        };
        Some(Settled { receipt: receipt?, reason: reason? })
    }

    /// Takes down that a command has failed, and says what the broker is told of its
    /// message, if it `is_owed` that.
    fn fail(&mut self, error: &Error, is_owed: bool) -> Option<ReasonCode> {
        self.failed += 1;
        let reason = self.on_failure.reason();
        let is_kept = is_owed && reason.is_none();
        self.kept += u64::from(is_kept);
        let held = if is_kept { ", and its message is not acknowledged" } else { "" };
        output::warn(format!("{}{held}", error.line()));
        if is_kept && self.kept == 1 {
            output::note(CURE);
        }
        reason
    }

    /// Checks that the broker may send more while it waits for the messages that are not
    /// acknowledged; it may have `window` of them under way.
    ///
    /// # Errors
    /// When it may not.
    pub(super) fn check_room(&self, window: u64) -> Result<()> {
        if self.kept < window {
            return Ok(());
        }
        let what = format!(
            "{} commands have failed, and while their messages are not acknowledged the broker \
             may send no more",
            self.kept
        );
        Err(Error::new(Class::CommandFailed, what).hint(CURE))
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

    /// Kills those that run, which counts as their failure.
    pub(super) async fn kill(&mut self) {
        self.failed += self.running.len() as u64;
        self.running.shutdown().await;
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

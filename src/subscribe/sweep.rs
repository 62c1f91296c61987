//! The retained messages of the broker: when all of them were received, and
//! how they are removed.

use crate::client::Connection;
use crate::error::{Class, Error, Result};
use crate::mqtt::{Publish, QoS, ReasonCode};
use crate::output;
use crate::session::{Failure, Token};
use std::collections::VecDeque;

/// A filter that nobody subscribes to. A broker that answers in order has sent
/// what it retained once it answers an UNSUBSCRIBE from it.
pub(super) const FENCE: &str = "mqx/end-of-retained";

/// The progress of a run that ends with the last retained message.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// Whether the broker has answered the fence.
    fence_passed: bool,
    /// Topics still to be cleared.
    waiting: VecDeque<String>,
    /// Removals that the broker has not answered.
    unanswered: usize,
    /// How many removals the broker refused, and why the first.
    refused: u64,
    first_refusal: Option<ReasonCode>,
}

impl Sweep {
    /// Begins anew, on a new connection.
    pub(super) fn restart(&mut self) {
        self.fence_passed = false;
    }

    pub(super) fn pass_fence(&mut self) {
        self.fence_passed = true;
    }

    /// The message on this topic is to be removed.
    pub(super) fn remove(&mut self, topic: &str) {
        self.waiting.push_back(topic.to_owned());
    }

    /// The broker answered a removal.
    pub(super) fn removed(&mut self, reason: ReasonCode) {
        self.unanswered = self.unanswered.saturating_sub(1);
        if reason.is_error() {
            self.refused += 1;
            self.first_refusal.get_or_insert(reason);
        }
    }

    /// Whether something is still to be removed.
    pub(super) fn owes(&self) -> bool {
        !self.waiting.is_empty() || self.unanswered > 0
    }

    /// Whether only silence is needed to be sure that it is over.
    pub(super) fn is_over(&self) -> bool {
        self.fence_passed && !self.owes()
    }

    /// Sends the removals that wait, as far as the window is open.
    ///
    /// # Errors
    /// When the broker takes no such message.
    pub(super) fn send(&mut self, connection: &mut Connection, token: Token) -> Result<()> {
        let qos = connection.limits().maximum_qos.min(QoS::AtLeastOnce);
        while let Some(topic) = self.waiting.front() {
            let empty = Publish { topic, qos, retain: true, ..Publish::default() };
            match connection.publish(&empty, token) {
                Ok(()) => self.unanswered += usize::from(qos != QoS::AtMostOnce),
                Err(Failure::WindowFull) => return Ok(()),
                Err(failure) => {
                    let what = format!("cannot clear {}", output::escape(topic));
                    return Err(Error::new(Class::PublishRejected, what).because(failure));
                }
            }
            self.waiting.pop_front();
        }
        Ok(())
    }

    /// Success, unless the broker refused a removal.
    ///
    /// # Errors
    /// When it did.
    pub(super) fn verdict(&self) -> Result<()> {
        match self.first_refusal {
            None => Ok(()),
            Some(reason) => {
                let what = format!("{} retained messages were not removed: {reason}", self.refused);
                Err(Error::new(Class::PublishRejected, what)
                    .reason_code(reason.value())
                    .hint("clearing a topic needs the right to publish to it"))
            }
        }
    }
}

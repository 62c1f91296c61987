//! Requests that wait to be answered.

use super::Config;
use super::tally::Tally;
use crate::mqtt::{Message, Publish};
use std::collections::VecDeque;

/// Requests that wait at most; what comes beyond is not answered.
const MOST_WAITING: usize = 10_000;

/// A request, and where its reply goes.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) message: Message,
    pub(super) reply_to: String,
}

/// The requests that wait.
#[derive(Debug)]
pub(super) struct Inbox {
    waiting: VecDeque<Request>,
    /// Where replies go to requests that do not say it.
    reply_to: Option<String>,
    /// Requests still to be taken; endless without a count.
    left: u64,
}

impl Inbox {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            waiting: VecDeque::new(),
            reply_to: config.reply_to.as_ref().map(|topic| topic.as_str().to_owned()),
            left: config.count.map_or(u64::MAX, Into::into),
        }
    }

    /// Takes a request, if there are to be more.
    pub(super) fn take(&mut self, publish: &Publish<'_>, tally: &mut Tally) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let said = publish.properties.response_topic.or(self.reply_to.as_deref());
        let Some(reply_to) = said.map(str::to_owned) else {
            tally.without_topic(publish.topic);
            return;
        };
        if self.waiting.len() >= MOST_WAITING {
            tally.dropped(MOST_WAITING);
            return;
        }
        match Message::new(publish) {
            Ok(message) => self.waiting.push_back(Request { message, reply_to }),
            Err(wrong) => tally.failed(publish.topic, &wrong.to_string()),
        }
    }

    /// The request that waits longest.
    pub(super) fn next(&mut self) -> Option<Request> {
        self.waiting.pop_front()
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no request waits and none is to come.
    pub(super) fn is_done(&self) -> bool {
        self.left == 0 && self.waiting.is_empty()
    }
}

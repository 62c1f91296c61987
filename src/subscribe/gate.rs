//! Which messages are meant.

use super::{Config, Retained};
use crate::mqtt::Publish;
use crate::mqtt::topic::TopicFilter;

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// It is printed and counts.
    Wanted,
    /// It is as if it had not come.
    Unwanted,
    /// With it the messages that are meant have ended.
    Last,
}

/// Decides by the topic and by whether the message was retained.
#[derive(Debug)]
pub(super) struct Gate {
    retained: Retained,
    filter_out: Vec<TopicFilter>,
}

impl Gate {
    pub(super) fn new(config: &Config) -> Self {
        Self { retained: config.retained, filter_out: config.filter_out.clone() }
    }

    pub(super) fn judge(&self, publish: &Publish<'_>) -> Entry {
        match (self.retained, publish.retain) {
            (Retained::Only, false) => return Entry::Last,
            // What is not retained may be the echo of a removal.
            (Retained::Never, true) | (Retained::Clear, false) => return Entry::Unwanted,
            _ => {}
        }
        let mut unwanted = self.filter_out.iter();
        if unwanted.any(|filter| filter.matches(publish.topic)) {
            return Entry::Unwanted;
        }
        Entry::Wanted
    }
}

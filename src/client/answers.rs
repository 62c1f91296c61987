//! What the broker said to SUBSCRIBE and UNSUBSCRIBE.

use crate::error::{Class, Error, Result};
use crate::mqtt::ReasonCode;
use crate::mqtt::topic::TopicFilter;
use crate::output;

/// One packet full of requests and its answer.
#[derive(Debug, Default)]
struct Asked {
    filters: Vec<TopicFilter>,
    answered: bool,
    /// What was denied, with the reason.
    denied: Vec<String>,
    /// Why the first of it was.
    reason: Option<ReasonCode>,
}

impl Asked {
    fn new<'a>(filters: impl Iterator<Item = &'a TopicFilter>) -> Self {
        Self { filters: filters.cloned().collect(), ..Self::default() }
    }

    fn answer(&mut self, verb: &str, reasons: &[ReasonCode]) {
        self.answered = true;
        self.reason = reasons.iter().copied().find(|reason| reason.is_error());
        let answers = self.filters.iter().zip(reasons);
        self.denied = answers
            .filter(|(_, reason)| reason.is_error())
            .map(|(filter, reason)| format!("{verb} {}: {reason}", output::escape(filter.as_str())))
            .collect();
    }

    fn is_settled(&self) -> bool {
        self.answered || self.filters.is_empty()
    }
}

/// The requests of a run and what came of them.
#[derive(Debug)]
pub struct Answers {
    subscribe: Asked,
    unsubscribe: Asked,
}

impl Answers {
    /// Nothing has come yet of asking for `subscribe` and for the end of `unsubscribe`.
    pub fn new<'a>(
        subscribe: impl Iterator<Item = &'a TopicFilter>,
        unsubscribe: impl Iterator<Item = &'a TopicFilter>,
    ) -> Self {
        Self { subscribe: Asked::new(subscribe), unsubscribe: Asked::new(unsubscribe) }
    }

    /// SUBSCRIBE was answered with `reasons`; what was denied is told about, unless that
    /// is all and will be the failure of the run.
    pub fn subscribed(&mut self, reasons: &[ReasonCode]) {
        self.subscribe.answer("subscribing to", reasons);
        if !self.nothing_granted() {
            warn_of(&self.subscribe.denied);
        }
    }

    /// UNSUBSCRIBE was answered with `reasons`; what was denied is told about.
    pub fn unsubscribed(&mut self, reasons: &[ReasonCode]) {
        self.unsubscribe.answer("unsubscribing from", reasons);
        warn_of(&self.unsubscribe.denied);
    }

    /// Whether every request was answered.
    #[must_use]
    pub fn are_complete(&self) -> bool {
        self.subscribe.is_settled() && self.unsubscribe.is_settled()
    }

    /// Whether there was something to subscribe to and all of it was denied.
    #[must_use]
    pub fn nothing_granted(&self) -> bool {
        !self.subscribe.filters.is_empty()
            && self.subscribe.denied.len() == self.subscribe.filters.len()
    }

    /// Success, unless the broker denied something.
    ///
    /// # Errors
    /// When it denied all subscriptions, or some request.
    pub fn verdict(&self) -> Result<()> {
        let denied = [&self.subscribe.denied[..], &self.unsubscribe.denied[..]].concat();
        if denied.is_empty() {
            return Ok(());
        }
        let class =
            if self.nothing_granted() { Class::SubscribeDenied } else { Class::PartlyDenied };
        let reason = self.subscribe.reason.or(self.unsubscribe.reason);
        Err(Error::new(class, format!("the broker denied {}", denied.join(", ")))
            .reason_code(reason.map(ReasonCode::value))
            .hint("check the user name and password (-u, -P) and what the broker allows them"))
    }
}

fn warn_of(denied: &[String]) {
    for denied in denied {
        output::warn(format!("the broker denied {denied}"));
    }
}

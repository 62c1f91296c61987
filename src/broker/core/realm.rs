//! What stays with a client of the listener it came in at: whose rules hold
//! for it, and where its topics are.
//!
//! Inside the core every topic and filter is whole. A mount point is put in
//! front of what a client sends, before anything else looks at it, and taken off
//! the copies that the client gets. Response topics are left alone: whoever
//! answers knows them as the client does.

use super::session::Session;
use crate::mqtt::topic::Filter;
use std::borrow::Cow;

/// What is different for the clients of one listener, as long as their sessions
/// live.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Realm {
    /// The rules of this name hold for them ([`super::Acls::realms`]); `None`
    /// is the broker's own.
    pub rules: Option<Box<str>>,
    /// What stands before every topic of theirs, and they never see: the
    /// beginning of a topic, as a rule with a slash at its end. Empty is nothing.
    pub mount_point: Box<str>,
}

impl Realm {
    /// What differs, if anything does.
    #[must_use]
    pub fn new(rules: Option<Box<str>>, mount_point: Box<str>) -> Option<Self> {
        (rules.is_some() || !mount_point.is_empty()).then_some(Self { rules, mount_point })
    }

    pub(super) fn is_mounted(&self) -> bool {
        !self.mount_point.is_empty()
    }

    /// The whole topic of what a client calls `topic`.
    fn topic(&self, topic: &str) -> String {
        [&self.mount_point, topic].concat()
    }

    /// The whole filter of one that is well formed: a share name stays in front.
    fn filter(&self, filter: &Filter<'_>) -> String {
        let pattern = self.topic(filter.pattern);
        filter.share.map_or(pattern.clone(), |name| format!("$share/{name}/{pattern}"))
    }

    /// What a client calls `topic`, if it is one of its own.
    pub(super) fn seen<'a>(&self, topic: &'a str) -> Option<&'a str> {
        topic.strip_prefix(&*self.mount_point).filter(|rest| !rest.is_empty())
    }
}

impl Session {
    /// Where the topics of its client are, if that is not where they seem to be.
    pub(super) fn mount(&self) -> Option<&Realm> {
        self.realm.as_deref().filter(|realm| realm.is_mounted())
    }

    /// The whole of a filter that its client has sent; one that is not well
    /// formed is left for others to refuse.
    pub(super) fn whole_filter<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match (self.mount(), Filter::parse(text)) {
            (Some(realm), Ok(filter)) => Cow::Owned(realm.filter(&filter)),
            _ => Cow::Borrowed(text),
        }
    }

    /// Whether its client has a name for `topic`.
    pub(super) fn sees(&self, topic: &str) -> bool {
        self.mount().is_none_or(|realm| realm.seen(topic).is_some())
    }
}

/// The whole topic of what a client of `realm` calls `topic`.
pub(super) fn whole_topic<'a>(realm: Option<&Realm>, topic: &'a str) -> Cow<'a, str> {
    match realm.filter(|realm| realm.is_mounted()) {
        Some(realm) => Cow::Owned(realm.topic(topic)),
        None => Cow::Borrowed(topic),
    }
}

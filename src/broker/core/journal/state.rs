//! What the records of a journal add up to.

use super::record::{Owed, Profile, Record, StoredMessage, Subscription};
use crate::mqtt::PacketId;
use std::collections::{BTreeMap, BTreeSet};

/// Everything a broker remembers, as plain data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The sessions by their keys.
    pub sessions: BTreeMap<u64, SessionState>,
    /// The number of each topic's retained message.
    pub retained: BTreeMap<Box<str>, u64>,
    /// The messages by their numbers.
    pub messages: BTreeMap<u64, StoredMessage>,
}

/// A session and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionState {
    /// Whose it is and when it ends.
    pub profile: Profile,
    /// Its subscriptions by their filters.
    pub subscriptions: BTreeMap<Box<str>, Subscription>,
    /// What it is owed, in order.
    pub owed: BTreeMap<u64, Owed>,
    /// Identifiers of QoS 2 messages it has sent and not released.
    pub received: BTreeSet<PacketId>,
}

impl SessionState {
    /// A session that has nothing yet.
    #[must_use]
    pub const fn new(profile: Profile) -> Self {
        Self {
            profile,
            subscriptions: BTreeMap::new(),
            owed: BTreeMap::new(),
            received: BTreeSet::new(),
        }
    }
}

impl State {
    /// Makes the change; one that concerns a session there is not is none.
    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Session(key, profile) => self.meet(key, profile),
            Record::Ended(key) => {
                self.sessions.remove(&key);
            }
            Record::Subscribed(key, filter, subscription) => self.with(key, |session| {
                session.subscriptions.insert(filter, subscription);
            }),
            Record::Unsubscribed(key, filter) => self.with(key, |session| {
                session.subscriptions.remove(&filter);
            }),
            Record::Owed(key, sequence, owed) => self.with(key, |session| {
                session.owed.insert(sequence, owed);
            }),
            Record::Settled(key, sequence) => self.with(key, |session| {
                session.owed.remove(&sequence);
            }),
            Record::Received(key, id) => self.with(key, |session| {
                session.received.insert(id);
            }),
            Record::Freed(key, id) => self.with(key, |session| {
                session.received.remove(&id);
            }),
            Record::Retained(topic, number) => {
                self.retained.insert(topic, number);
            }
            Record::Cleared(topic) => {
                self.retained.remove(&topic);
            }
            Record::Message(number, message) => {
                self.messages.insert(number, message);
            }
            Record::Forgotten(number) => {
                self.messages.remove(&number);
            }
        }
    }

    /// Whether a record about `session` is about one there is, or makes it.
    #[must_use]
    pub fn knows(&self, session: u64, record: &Record) -> bool {
        matches!(record, Record::Session(..)) || self.sessions.contains_key(&session)
    }

    fn meet(&mut self, key: u64, profile: Profile) {
        match self.sessions.get_mut(&key) {
            Some(session) => session.profile = profile,
            None => {
                self.sessions.insert(key, SessionState::new(profile));
            }
        }
    }

    fn with(&mut self, key: u64, change: impl FnOnce(&mut SessionState)) {
        if let Some(session) = self.sessions.get_mut(&key) {
            change(session);
        }
    }

    /// Records that make this state out of nothing.
    pub fn into_records(self) -> impl Iterator<Item = Record> {
        let messages =
            self.messages.into_iter().map(|(number, message)| Record::Message(number, message));
        let retained =
            self.retained.into_iter().map(|(topic, number)| Record::Retained(topic, number));
        let sessions = self.sessions.into_iter().flat_map(|(key, session)| session.records(key));
        messages.chain(retained).chain(sessions)
    }
}

impl SessionState {
    fn records(self, key: u64) -> impl Iterator<Item = Record> {
        let subscriptions = self.subscriptions.into_iter();
        let owed = self.owed.into_iter();
        let received = self.received.into_iter();
        std::iter::once(Record::Session(key, self.profile))
            .chain(subscriptions.map(move |(filter, one)| Record::Subscribed(key, filter, one)))
            .chain(owed.map(move |(sequence, owed)| Record::Owed(key, sequence, owed)))
            .chain(received.map(move |id| Record::Received(key, id)))
    }
}

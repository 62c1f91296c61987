//! Shared subscriptions (MQTT 5.0 §4.8.2).

use super::session::Session;
use super::target::{Subscriber, find, put, take};
use parking_lot::Mutex;

/// The sessions that share a subscription (MQTT 5.0 §4.8.2).
#[derive(Debug)]
pub(super) struct Group {
    name: Box<str>,
    /// The members, and which of them is next.
    members: Mutex<(Vec<Subscriber>, usize)>,
}

/// How well a member could take a message, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Readiness {
    /// It is sent at once.
    Now,
    /// It waits for the client, which is there.
    Soon,
    /// It waits until the client comes back.
    Later,
    /// It is lost on it.
    Never,
}

impl Group {
    /// A group without members.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.into(), members: Mutex::default() }
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        *self.name == *name
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.lock().0.is_empty()
    }

    /// Adds or replaces a member. Returns whether it is new.
    pub(super) fn join(&self, subscriber: Subscriber) -> bool {
        put(&mut self.members.lock().0, subscriber)
    }

    /// Removes a member. Returns whether it was one.
    pub(super) fn leave(&self, session: &Session) -> bool {
        take(&mut self.members.lock().0, session)
    }

    /// The subscription of a member.
    pub(super) fn member(&self, session: &Session) -> Option<Subscriber> {
        find(&self.members.lock().0, session).cloned()
    }

    /// The keys of the members for whom `condition` holds.
    pub(super) fn members_who(&self, condition: impl Fn(&Session) -> bool) -> Vec<u64> {
        let members = self.members.lock();
        let sessions = members.0.iter().map(|member| &member.session);
        sessions.filter(|session| condition(session)).map(|session| session.key).collect()
    }

    /// The member whose turn it is: the next one of those that are the best by
    /// what `readiness` says; `None` is not at all.
    pub(super) fn choose(
        &self,
        mut readiness: impl FnMut(&Subscriber) -> Option<Readiness>,
    ) -> Option<Subscriber> {
        let mut members = self.members.lock();
        let (subscribers, turn) = &mut *members;
        let count = subscribers.len();
        let mut best = None;
        for place in (0..count).map(|step| (*turn + step) % count) {
            let found = subscribers.get(place).and_then(&mut readiness);
            if let Some(found) = found
                && best.is_none_or(|(least, _)| found < least)
            {
                best = Some((found, place));
            }
            if found == Some(Readiness::Now) {
                break;
            }
        }
        let (_, chosen) = best?;
        let member = subscribers.get(chosen).cloned();
        *turn = (chosen + 1) % count;
        member
    }
}

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

    /// The member whose turn it is: the next one that is `ready`, or else the
    /// next that will take the message later.
    pub(super) fn choose(
        &self,
        ready: impl Fn(&Session) -> bool,
        later: impl Fn(&Session) -> bool,
    ) -> Option<Subscriber> {
        let mut members = self.members.lock();
        let (subscribers, turn) = &mut *members;
        let count = subscribers.len();
        let order = || (0..count).map(|step| (*turn + step) % count);
        let suits = |place: &usize, suits: &dyn Fn(&Session) -> bool| {
            subscribers.get(*place).is_some_and(|member| suits(&member.session))
        };
        let chosen = order()
            .find(|place| suits(place, &ready))
            .or_else(|| order().find(|place| suits(place, &later)))?;
        let member = subscribers.get(chosen).cloned();
        *turn = (chosen + 1) % count;
        member
    }
}

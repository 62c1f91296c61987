//! Who must get a message.

use super::message::{Message, Owed, Shared};
use super::steps::Wanted;
use super::world::World;
use mqx::mqtt::QoS;
use mqx::mqtt::topic::Filter;
use std::collections::{BTreeMap, BTreeSet};

impl World {
    /// A client publishes, or its will is published: who is subscribed must get
    /// it. Returns whether anybody is.
    pub(super) fn route(&mut self, from: usize, message: &Message) -> bool {
        self.retain(message);
        let mut matched = false;
        let mut groups: BTreeMap<&str, Shared> = BTreeMap::new();
        for (who, client) in self.clients.iter_mut().enumerate() {
            let connected = client.connection.is_some();
            let Some(session) = &mut client.session else { continue };
            let mut own: Option<Owed> = None;
            for (filter, wanted) in &session.subscriptions {
                let parsed = Filter::parse(filter).unwrap();
                let is_kept_out = wanted.options.no_local && who == from;
                if is_kept_out || !parsed.matches(message.topic) {
                    continue;
                }
                let owed = owed(message, *wanted, self.moment);
                if parsed.share.is_some() {
                    matched |= connected || message.qos > QoS::AtMostOnce;
                    groups.entry(filter).or_default().push((session.number, owed));
                } else if let Some(own) = &mut own {
                    own.add(owed);
                } else {
                    own = Some(owed);
                }
            }
            if let Some(own) = own {
                matched = true;
                session.owe(own, connected);
            }
        }
        self.shared.extend(groups.into_values());
        matched
    }

    /// Keeps a message with RETAIN; an empty one only removes what was kept.
    fn retain(&mut self, message: &Message) {
        if !message.retain {
            return;
        }
        self.retained.remove(message.topic);
        if !message.payload.is_empty() {
            self.retained.insert(message.topic, message.clone());
        }
    }

    /// A client that has subscribed must get what is retained, unless the
    /// subscription is shared.
    pub(super) fn send_retained(&mut self, who: usize, filter: &str, wanted: Wanted) {
        let filter = Filter::parse(filter).unwrap();
        let Some((_, session)) = self.clients[who].connected() else { return };
        if filter.share.is_some() {
            return;
        }
        for message in self.retained.values().filter(|message| filter.matches(message.topic)) {
            let mut owed = owed(message, wanted, self.moment);
            owed.message.retain = true;
            session.owe(owed, true);
        }
    }

    /// A message for a shared subscription comes at once when one of the members
    /// is there and takes it; later, if it is kept, when all of them do.
    pub(super) fn check_shared(&self) {
        let is_ready = |(session, owed): &(u32, Owed)| {
            self.clients.iter().any(|client| client.is_ready_for(*session, owed, self.now))
        };
        let is_kept = |owed: &Owed| owed.message.qos > QoS::AtMostOnce && owed.message.fits(0);
        let missing = self.shared.iter().find(|members| {
            let is_new = members.iter().all(|(_, owed)| owed.moment == self.moment);
            let is_kept = members.iter().all(|(_, owed)| is_kept(owed));
            (is_new && members.iter().any(is_ready)) || (is_kept && members.iter().all(is_ready))
        });
        assert!(missing.is_none(), "it comes to no member: {missing:?}");
    }
}

/// What one subscription makes of a message.
fn owed(message: &Message, wanted: Wanted, moment: u32) -> Owed {
    let message = Message {
        qos: message.qos.min(wanted.options.qos),
        retain: message.retain && wanted.options.retain_as_published,
        ..message.clone()
    };
    let identifiers: BTreeSet<u32> = wanted.identifier.into_iter().collect();
    Owed { message, identifiers, moment, optional: false }
}

impl Owed {
    /// Another subscription of the same session matches: it gets one copy that
    /// does for both.
    fn add(&mut self, other: Self) {
        self.message.qos = self.message.qos.max(other.message.qos);
        self.message.retain |= other.message.retain;
        self.identifiers.extend(other.identifiers);
    }
}

//! The retained messages: the last of each topic (MQTT 5.0 §3.3.1.3).

use super::journal::{Journal, Record};
use super::message::Kept;
use super::sys::is_reserved;
use super::tree::{Ordered, Tree};
use super::walk::Walk;
use crate::mqtt::topic::{Filter, levels};
use crate::session::Time;
use std::sync::Arc;

/// The retained messages by topic.
#[derive(Debug)]
pub(super) struct Retained {
    pub(super) tree: Tree<Option<Last>, Ordered>,
    count: usize,
    bytes: usize,
    /// How often a message was kept.
    changes: u64,
    /// Where changes are recorded, if they are.
    journal: Option<Arc<Journal>>,
}

/// The last message of a topic.
#[derive(Debug)]
pub(super) struct Last {
    pub(super) kept: Arc<Kept>,
    /// The number of the change that it came with.
    pub(super) change: u64,
}

impl Retained {
    pub(super) fn new(journal: Option<Arc<Journal>>) -> Self {
        Self { tree: Tree::new(), count: 0, bytes: 0, changes: 0, journal }
    }

    /// Messages kept.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Bytes of them.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How often a message was kept: those that are kept from now on come with
    /// a greater number.
    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Keeps `message` as the last of its topic.
    pub(super) fn set(&mut self, message: &Arc<Kept>) {
        // Recorded before the message it replaces is given up.
        let topic = message.message.topic();
        if let Some(journal) = self.journal_of(topic) {
            let number = journal.keep(message);
            journal.append(Record::Retained(topic.into(), number));
        }
        self.restore(message);
    }

    /// Where a change of `topic` is recorded: what the broker says of itself
    /// ends with it.
    fn journal_of(&self, topic: &str) -> Option<&Arc<Journal>> {
        self.journal.as_ref().filter(|_| !is_reserved(topic))
    }

    /// Keeps a message that is recorded already.
    pub(super) fn restore(&mut self, message: &Arc<Kept>) {
        self.changes += 1;
        let last = Last { kept: Arc::clone(message), change: self.changes };
        if let Some(slot) = self.tree.entry(levels(message.message.topic())) {
            self.bytes += message.message.size();
            match slot.replace(last) {
                None => self.count += 1,
                Some(before) => self.bytes -= before.kept.message.size(),
            }
        }
    }

    /// The topics whose messages expire, and when.
    pub(super) fn expiring(&self) -> Vec<(Box<str>, Time)> {
        let expires = |kept: &Arc<Kept>| Some((kept.message.topic().into(), kept.expires?));
        self.all().filter_map(expires).collect()
    }

    /// Forgets the message of `topic`.
    pub(super) fn clear(&mut self, topic: &str) {
        self.forget_if(topic, |_| true);
    }

    /// Forgets every message; returns how many there were.
    pub(super) fn clear_all(&mut self) -> usize {
        let count = self.count;
        let all: Vec<_> = self.all().cloned().collect();
        for kept in all {
            self.clear(kept.message.topic());
        }
        count
    }

    /// When the message of `topic` expires, if there is one and it does.
    pub(super) fn expires(&self, topic: &str) -> Option<Time> {
        self.tree.get(levels(topic))?.as_ref()?.kept.expires
    }

    /// Forgets the message of `topic` if its time has run out.
    pub(super) fn expire(&mut self, topic: &str, now: Time) {
        self.forget_if(topic, |kept| kept.is_expired(now));
    }

    fn forget_if(&mut self, topic: &str, condition: impl Fn(&Kept) -> bool) {
        let taken = self.tree.update(
            levels(topic),
            |slot| slot.take_if(|last| condition(&last.kept)),
            Option::is_none,
        );
        let Some(taken) = taken.flatten() else {
            return;
        };
        self.count -= 1;
        self.bytes -= taken.kept.message.size();
        if let Some(journal) = self.journal_of(topic) {
            journal.append(Record::Cleared(topic.into()));
        }
        drop(taken);
    }

    /// The messages of every topic that `filter` matches, except those whose
    /// time has run out.
    pub(super) fn matching(&self, filter: &Filter<'_>, now: Time) -> Vec<Arc<Kept>> {
        let mut walk = Walk::new(filter.pattern, self);
        let mut effort = usize::MAX;
        std::iter::from_fn(|| walk.next(self, now, &mut effort)).collect()
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Kept>> {
        self.tree.values().flatten().map(|last| &last.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::{Message, Publish};
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::time::Duration;

    fn kept(topic: &str, expires: Option<Time>) -> Arc<Kept> {
        let publish = Publish { topic, retain: true, ..Publish::default() };
        let message = Message::new(&publish).unwrap();
        Arc::new(Kept { expires, ..Kept::new(message, None, Time::ZERO) })
    }

    fn topics(retained: &Retained, filter: &str, now: Time) -> BTreeSet<String> {
        let filter = Filter::parse(filter).unwrap();
        let found = retained.matching(&filter, now);
        found.iter().map(|kept| kept.message.topic().to_owned()).collect()
    }

    #[test]
    fn what_has_expired_is_not_found_and_can_be_forgotten() {
        let mut retained = Retained::new(None);
        let end = Time::ZERO + Duration::from_secs(5);
        retained.set(&kept("a", Some(end)));
        assert_eq!(topics(&retained, "#", Time::ZERO).len(), 1);
        assert!(topics(&retained, "#", end).is_empty());
        retained.expire("a", Time::ZERO);
        assert_eq!(retained.len(), 1);
        retained.expire("a", end);
        assert_eq!((retained.len(), retained.tree.len()), (0, 1));
    }

    proptest! {
        #[test]
        fn the_tree_finds_what_the_matcher_matches(
            names in proptest::collection::btree_set("[$a-b]{0,1}(/[a-c]{0,1}){0,3}", 0..20),
            filter in "([a-b]{0,1}|\\+)(/([a-c]{0,1}|\\+)){0,3}(/#)?",
        ) {
            let names: BTreeSet<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
            prop_assume!(!filter.is_empty());
            let mut retained = Retained::new(None);
            for name in &names {
                retained.set(&kept(name, None));
            }
            let matcher = Filter::parse(&filter).unwrap();
            let expected: BTreeSet<_> =
                names.iter().filter(|name| matcher.matches(name)).cloned().collect();
            prop_assert_eq!(topics(&retained, &filter, Time::ZERO), expected);
            for name in &names {
                retained.clear(name);
            }
            prop_assert_eq!((retained.len(), retained.bytes(), retained.tree.len()), (0, 0, 1));
        }
    }
}

//! The retained messages: the last of each topic (MQTT 5.0 §3.3.1.3).

use super::journal::{Journal, Record};
use super::message::Kept;
use super::sys::is_reserved;
use super::tree::{NodeId, ROOT, Tree};
use crate::mqtt::topic::{self, Filter, levels};
use crate::session::Time;
use std::sync::Arc;

/// The retained messages by topic.
#[derive(Debug)]
pub(super) struct Retained {
    tree: Tree<Option<Arc<Kept>>>,
    count: usize,
    bytes: usize,
    /// Where changes are recorded, if they are.
    journal: Option<Arc<Journal>>,
}

impl Retained {
    pub(super) fn new(journal: Option<Arc<Journal>>) -> Self {
        Self { tree: Tree::new(), count: 0, bytes: 0, journal }
    }

    /// Messages kept.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Bytes of them.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keeps `message` as the last of its topic.
    pub(super) fn set(&mut self, message: Arc<Kept>) {
        // Recorded before the message it replaces is given up.
        let topic = message.message.topic();
        if let Some(journal) = self.journal_of(topic) {
            let number = journal.keep(&message);
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
    pub(super) fn restore(&mut self, message: Arc<Kept>) {
        let topic = message.message.topic().to_owned();
        if let Some(slot) = self.tree.entry(levels(&topic)) {
            self.bytes += message.message.size();
            match slot.replace(message) {
                None => self.count += 1,
                Some(before) => self.bytes -= before.message.size(),
            }
        }
    }

    /// The topics whose messages expire, and when.
    pub(super) fn expiring(&self) -> Vec<(Box<str>, Time)> {
        let mut found = Vec::new();
        let mut open = vec![ROOT];
        while let Some(node) = open.pop() {
            let kept = self.tree.value(node).and_then(Option::as_ref);
            let expires = |kept: &Arc<Kept>| Some((kept.message.topic().into(), kept.expires?));
            found.extend(kept.and_then(expires));
            open.extend(self.tree.children(node).map(|(_, child)| child));
        }
        found
    }

    /// Forgets the message of `topic`.
    pub(super) fn clear(&mut self, topic: &str) {
        self.forget_if(topic, |_| true);
    }

    /// Forgets every message; returns how many there were.
    pub(super) fn clear_all(&mut self) -> usize {
        let mut topics = Vec::new();
        let mut open = vec![ROOT];
        while let Some(node) = open.pop() {
            let kept = self.tree.value(node).and_then(Option::as_ref);
            topics.extend(kept.map(|kept| kept.message.topic().to_owned()));
            open.extend(self.tree.children(node).map(|(_, child)| child));
        }
        for topic in &topics {
            self.clear(topic);
        }
        topics.len()
    }

    /// When the message of `topic` expires, if there is one and it does.
    pub(super) fn expires(&self, topic: &str) -> Option<Time> {
        self.tree.get(levels(topic))?.as_ref()?.expires
    }

    /// Forgets the message of `topic` if its time has run out.
    pub(super) fn expire(&mut self, topic: &str, now: Time) {
        self.forget_if(topic, |kept| kept.is_expired(now));
    }

    fn forget_if(&mut self, topic: &str, condition: impl Fn(&Kept) -> bool) {
        let taken = self.tree.update(
            levels(topic),
            |slot| slot.take_if(|kept| condition(kept)),
            Option::is_none,
        );
        let Some(taken) = taken.flatten() else {
            return;
        };
        self.count -= 1;
        self.bytes -= taken.message.size();
        if let Some(journal) = self.journal_of(topic) {
            journal.append(Record::Cleared(topic.into()));
        }
        drop(taken);
    }

    /// The messages of every topic that `filter` matches, except those whose
    /// time has run out.
    pub(super) fn matching(&self, filter: &Filter<'_>, now: Time) -> Vec<Arc<Kept>> {
        let mut found = Vec::new();
        let pattern: Vec<&str> = levels(filter.pattern).collect();
        // Nodes to visit, and how many levels of the pattern lead to them.
        let mut open: Vec<(NodeId, usize)> = vec![(ROOT, 0)];
        while let Some((node, depth)) = open.pop() {
            match pattern.get(depth) {
                None => self.collect(node, now, &mut found),
                Some(&"#") => {
                    self.collect(node, now, &mut found);
                    open.extend(self.descend(node, depth).map(|child| (child, depth)));
                }
                Some(&"+") => {
                    open.extend(self.descend(node, depth).map(|child| (child, depth + 1)));
                }
                Some(level) => {
                    open.extend(self.tree.child(node, level).map(|child| (child, depth + 1)));
                }
            }
        }
        found
    }

    /// The children that a wildcard of this depth reaches: at the first level
    /// not those that belong to the server (MQTT-4.7.2-1).
    fn descend(&self, node: NodeId, depth: usize) -> impl Iterator<Item = NodeId> {
        let first = depth == 0 && node == ROOT;
        self.tree
            .children(node)
            .filter(move |(level, _)| !(first && topic::is_system(level)))
            .map(|(_, child)| child)
    }

    fn collect(&self, node: NodeId, now: Time, found: &mut Vec<Arc<Kept>>) {
        let kept = self.tree.value(node).and_then(Option::as_ref);
        found.extend(kept.filter(|kept| !kept.is_expired(now)).cloned());
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
        retained.set(kept("a", Some(end)));
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
                retained.set(kept(name, None));
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

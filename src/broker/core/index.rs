//! Who has subscribed to what: the tree of filters, and the receivers it
//! resolves a topic to.

use super::acl::Access;
use super::group::Group;
use super::rules::Rules;
use super::session::Session;
use super::sys;
use super::target::{Receiver, Subscriber, Targets, find, put, take};
use super::tree::{NodeId, ROOT, Tree};
use super::writers::Writers;
use crate::mqtt::topic::{self, Filter, levels};
use std::sync::Arc;

/// The subscriptions that end at one node.
#[derive(Debug, Default)]
struct Ending {
    plain: Vec<Subscriber>,
    groups: Vec<Arc<Group>>,
}

/// A node: subscriptions to the very topic, and those that end in `#` here.
#[derive(Debug, Default)]
pub(super) struct Node {
    here: Ending,
    below: Ending,
}

/// The tree of filters.
#[derive(Debug)]
pub(super) struct Index {
    tree: Tree<Node>,
    count: usize,
    /// How many of them are shared.
    shared: usize,
    /// How many of them are to topics of the broker.
    of_the_broker: usize,
}

impl Index {
    pub(super) fn new() -> Self {
        Self { tree: Tree::new(), count: 0, shared: 0, of_the_broker: 0 }
    }

    /// Subscriptions held.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Shared subscriptions held.
    pub(super) const fn shared(&self) -> usize {
        self.shared
    }

    /// Subscriptions held to topics below `$SYS`.
    pub(super) const fn of_the_broker(&self) -> usize {
        self.of_the_broker
    }

    /// Adds a subscription or replaces the one of the same session and filter.
    /// Returns whether it is new.
    pub(super) fn insert(&mut self, filter: &Filter<'_>, subscriber: Subscriber) -> bool {
        let (path, below) = path(filter.pattern);
        let Some(node) = self.tree.entry(path) else {
            return false;
        };
        let ending = node.ending(below);
        let new = match filter.share {
            None => put(&mut ending.plain, subscriber),
            Some(name) => ending.group(name).join(subscriber),
        };
        if new {
            self.count += 1;
            self.shared += usize::from(filter.share.is_some());
            self.of_the_broker += usize::from(sys::concerns(filter.pattern));
        }
        new
    }

    /// Removes the subscription of `session`. Returns whether there was one.
    pub(super) fn remove(&mut self, filter: &Filter<'_>, session: &Session) -> bool {
        let (path, below) = path(filter.pattern);
        let change = |node: &mut Node| match filter.share {
            None => take(&mut node.ending(below).plain, session),
            Some(name) => node.ending(below).leave(name, session),
        };
        let removed = self.tree.update(path, change, Node::is_empty) == Some(true);
        if removed {
            self.count -= 1;
            self.shared -= usize::from(filter.share.is_some());
            self.of_the_broker -= usize::from(sys::concerns(filter.pattern));
        }
        removed
    }

    /// The subscription of `session` with this filter, if there is one.
    pub(super) fn find(&self, filter: &Filter<'_>, session: &Session) -> Option<Subscriber> {
        let (path, below) = path(filter.pattern);
        let node = self.tree.get(path)?;
        let ending = if below { &node.below } else { &node.here };
        match filter.share {
            None => find(&ending.plain, session).cloned(),
            Some(name) => ending.groups.iter().find(|group| group.is_named(name))?.member(session),
        }
    }

    /// Finds everybody who gets a message of `topic`: who has subscribed to it
    /// and, where there are rules, may read it; and who does not, if that is to
    /// be `told`.
    pub(super) fn resolve(&self, topic: &str, rules: Option<Arc<Rules>>, told: bool) -> Targets {
        let may_read = |session: &Session| {
            let allow = |rules: &Arc<Rules>| rules.allow(session.who(), Access::Read, topic);
            session.sees(topic) && rules.as_ref().is_none_or(allow)
        };
        let mut endings = Vec::new();
        self.walk(topic, |ending| endings.push(ending));
        let subscribers = endings.iter().flat_map(|ending| &ending.plain);
        let (mut subscribers, mut barred): (Vec<&Subscriber>, Vec<&Subscriber>) =
            subscribers.partition(|subscriber| may_read(&subscriber.session));
        subscribers.sort_by_key(|subscriber| subscriber.session.key);
        barred.sort_by_key(|subscriber| subscriber.session.key);
        barred.dedup_by_key(|subscriber| subscriber.session.key);
        barred.truncate(if told { usize::MAX } else { 0 });
        let same = |a: &&Subscriber, b: &&Subscriber| a.session.key == b.session.key;
        let groups: Vec<_> =
            endings.iter().flat_map(|ending| &ending.groups).map(Arc::clone).collect();
        let barred_members =
            groups.iter().flat_map(|group| group.members_who(|session| !may_read(session)));
        Targets {
            receivers: subscribers.chunk_by(same).filter_map(Receiver::merge).collect(),
            barred_receivers: barred.iter().map(|one| Arc::clone(&one.session)).collect(),
            barred_members: barred_members.collect(),
            groups,
            writers: rules.map(Writers::new),
        }
    }

    /// Visits the ending of every filter that matches. Iterates, since topics
    /// are as deep as their senders like.
    fn walk<'a>(&'a self, topic: &str, mut visit: impl FnMut(&'a Ending)) {
        // Nodes, and the levels of the topic that are left for them.
        let mut open: Vec<(NodeId, Option<&str>)> = vec![(ROOT, Some(topic))];
        while let Some((id, rest)) = open.pop() {
            let Some(node) = self.tree.value(id) else {
                continue;
            };
            let wildcards = id != ROOT || !topic::is_system(topic);
            if wildcards {
                visit(&node.below);
            }
            let Some(rest) = rest else {
                visit(&node.here);
                continue;
            };
            let (level, rest) = match rest.split_once('/') {
                Some((level, rest)) => (level, Some(rest)),
                None => (rest, None),
            };
            open.extend(self.tree.child(id, level).map(|child| (child, rest)));
            if wildcards {
                open.extend(self.tree.child(id, "+").map(|child| (child, rest)));
            }
        }
    }
}

/// The levels that lead to a filter's node, and whether it ends in `#` there.
fn path(pattern: &str) -> (impl Iterator<Item = &str>, bool) {
    let below = pattern == "#" || pattern.ends_with("/#");
    let depth = levels(pattern).count() - usize::from(below);
    (levels(pattern).take(depth), below)
}

impl Node {
    const fn ending(&mut self, below: bool) -> &mut Ending {
        if below { &mut self.below } else { &mut self.here }
    }

    fn is_empty(&self) -> bool {
        self.here.is_empty() && self.below.is_empty()
    }
}

impl Ending {
    fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.groups.is_empty()
    }

    /// The group of this name, which is made if it is missing.
    fn group(&mut self, name: &str) -> Arc<Group> {
        let known = self.groups.iter().find(|group| group.is_named(name));
        if let Some(group) = known {
            return Arc::clone(group);
        }
        let group = Arc::new(Group::new(name));
        self.groups.push(Arc::clone(&group));
        group
    }

    fn leave(&mut self, name: &str, session: &Session) -> bool {
        let group = self.groups.iter().find(|group| group.is_named(name));
        let removed = group.is_some_and(|group| group.leave(session));
        self.groups.retain(|group| !group.is_empty());
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::core::Who;
    use crate::broker::core::group::Readiness;
    use crate::mqtt::{QoS, SubscribeOptions, SubscriptionId};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn nobody(key: u64) -> Arc<Session> {
        let who = Who { client_id: "c", user: None, realm: None };
        Arc::new(Session::new(key, who, Arc::default()))
    }

    fn subscribe(index: &mut Index, session: &Arc<Session>, filter: &str, id: u32) -> bool {
        let options = SubscribeOptions {
            qos: QoS::from_u8((id % 3) as u8).unwrap(),
            ..SubscribeOptions::default()
        };
        let subscriber =
            Subscriber { session: Arc::clone(session), options, id: SubscriptionId::new(id) };
        index.insert(&Filter::parse(filter).unwrap(), subscriber)
    }

    #[test]
    fn overlapping_subscriptions_are_one_receiver_with_all_identifiers() {
        let mut index = Index::new();
        let session = nobody(1);
        assert!(subscribe(&mut index, &session, "a/#", 1));
        assert!(subscribe(&mut index, &session, "a/+", 2));
        assert!(!subscribe(&mut index, &session, "a/+", 5), "replaced");
        let targets = index.resolve("a/b", None, false);
        let grant = targets.receivers[0].grant(0).unwrap();
        assert_eq!((targets.receivers.len(), grant.qos), (1, QoS::ExactlyOnce));
        let ids: BTreeSet<_> = grant.ids.iter().flat_map(|ids| ids.iter()).collect();
        assert_eq!(ids.len(), 2);
        assert_eq!(index.len(), 2);
    }

    #[test]
    fn each_group_is_one_target_and_its_members_take_turns() {
        let mut index = Index::new();
        let sessions: Vec<_> = (1..=3).map(nobody).collect();
        for session in &sessions {
            subscribe(&mut index, session, "$share/g/t", 1);
        }
        subscribe(&mut index, &sessions[0], "$share/h/t", 1);
        let targets = index.resolve("t", None, false);
        assert_eq!((targets.receivers.len(), targets.groups.len()), (0, 2));
        let group = &targets.groups[0];
        let turn = || group.choose(|_| Some(Readiness::Now)).unwrap().session.key;
        assert_eq!([turn(), turn(), turn(), turn()], [1, 2, 3, 1]);
        let best = |key, rest: Readiness| {
            let readiness = |member: &Subscriber| {
                Some(if member.session.key == key { Readiness::Soon } else { rest })
            };
            group.choose(readiness).unwrap().session.key
        };
        assert_eq!(best(1, Readiness::Later), 1, "whoever is ready comes first");
        assert_eq!(best(1, Readiness::Never), 1);
        assert_eq!(best(1, Readiness::Now), 2);
        for session in &sessions {
            assert!(index.remove(&Filter::parse("$share/g/t").unwrap(), session));
        }
        assert_eq!(index.resolve("t", None, false).groups.len(), 1);
    }

    #[test]
    fn no_local_leaves_out_own_messages_unless_another_subscription_matches() {
        let mut index = Index::new();
        let session = nobody(7);
        let options = SubscribeOptions { no_local: true, ..SubscribeOptions::default() };
        let own = Subscriber { session: Arc::clone(&session), options, id: None };
        index.insert(&Filter::parse("a").unwrap(), own);
        assert!(index.resolve("a", None, false).receivers[0].grant(7).is_none());
        assert!(index.resolve("a", None, false).receivers[0].grant(8).is_some());
        subscribe(&mut index, &session, "#", 1);
        assert!(index.resolve("a", None, false).receivers[0].grant(7).is_some());
    }

    proptest! {
        #[test]
        fn the_tree_finds_exactly_the_filters_that_match(
            filters in proptest::collection::vec("([a-b]{0,1}|\\+|\\$s)(/([a-b]{0,1}|\\+)){0,3}(/#)?", 1..20),
            topic in "(\\$s|[a-b]{0,1})(/[a-b]{0,1}){0,3}",
        ) {
            let filters: Vec<_> =
                filters.into_iter().filter(|filter| !filter.is_empty()).collect();
            prop_assume!(!topic.is_empty());
            let mut index = Index::new();
            let session = |number: usize| nobody(number as u64);
            let mut expected = BTreeSet::new();
            for (number, filter) in filters.iter().enumerate() {
                subscribe(&mut index, &session(number), filter, 1);
                if Filter::parse(filter).unwrap().matches(&topic) {
                    expected.insert(number as u64);
                }
            }
            let targets = index.resolve(&topic, None, false);
            let found: BTreeSet<_> =
                targets.receivers.iter().map(|receiver| receiver.session.key).collect();
            prop_assert_eq!(found, expected);
            for (number, filter) in filters.iter().enumerate() {
                prop_assert!(index.remove(&Filter::parse(filter).unwrap(), &session(number)));
            }
            prop_assert_eq!((index.len(), index.tree.len(), index.of_the_broker()), (0, 1, 0));
        }
    }
}

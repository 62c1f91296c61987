//! A tree of topic levels: the shape that the subscription index and the
//! retained messages share.
//!
//! Nodes live in one vector and name each other by number, so walking the tree
//! chases no boxes, dropping it does not recurse, and an empty tree costs
//! nothing. Number 0 is the root.
//!
//! One table finds every child by its parent and its level. What else a node
//! knows of its children is up to the tree: the index counts them ([`Count`]),
//! the retained messages have them in order ([`Ordered`]).

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use std::collections::BTreeSet;
use std::hash::BuildHasher as _;
use std::ops::Bound;

/// The number of a node.
pub(super) type NodeId = u32;

pub(super) const ROOT: NodeId = 0;

/// Nodes that an empty tree may keep room for.
const FEW: usize = 1024;

/// What a node knows of its children.
pub(super) trait Children: Default {
    fn is_empty(&self) -> bool;
    fn add(&mut self, child: NodeId);
    fn remove(&mut self, child: NodeId);
}

/// How many children there are.
#[derive(Debug, Default)]
pub(super) struct Count(u32);

/// The children in an order that lasts as long as they do: whoever has visited
/// some of them can come back later for those behind, whatever has come and gone
/// meanwhile.
#[derive(Debug, Default)]
pub(super) struct Ordered(BTreeSet<NodeId>);

/// A way from a node to a child, of which the table keeps the hash, so that it
/// can grow without looking at the nodes.
#[derive(Debug)]
struct Branch {
    hash: u32,
    child: NodeId,
}

#[derive(Debug, Default)]
struct Node<T, C> {
    parent: NodeId,
    level: Box<str>,
    children: C,
    value: T,
}

/// A tree with a `T` at every node.
#[derive(Debug)]
pub(super) struct Tree<T, C = Count> {
    nodes: Vec<Node<T, C>>,
    branches: HashTable<Branch>,
    free: Vec<NodeId>,
    hasher: RandomState,
}

impl Children for Count {
    fn is_empty(&self) -> bool {
        self.0 == 0
    }

    fn add(&mut self, _: NodeId) {
        self.0 += 1;
    }

    fn remove(&mut self, _: NodeId) {
        self.0 -= 1;
    }
}

impl Children for Ordered {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, child: NodeId) {
        self.0.insert(child);
    }

    fn remove(&mut self, child: NodeId) {
        self.0.remove(&child);
    }
}

impl Branch {
    /// The hash as the table wants it, which looks at both ends.
    const fn spread(hash: u32) -> u64 {
        (hash as u64) << 32 | hash as u64
    }
}

impl<T: Default> Tree<T, Ordered> {
    /// The first child of `node` behind `after`.
    pub(super) fn next_child(&self, node: NodeId, after: Option<NodeId>) -> Option<NodeId> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.node(node)?.children.0.range((start, Bound::Unbounded)).next().copied()
    }
}

impl<T: Default, C: Children> Tree<T, C> {
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
            branches: HashTable::new(),
            free: Vec::new(),
            hasher: RandomState::default(),
        }
    }

    /// The child of `node` for this level.
    pub(super) fn child(&self, node: NodeId, level: &str) -> Option<NodeId> {
        if self.node(node)?.children.is_empty() {
            return None;
        }
        let hash = self.hash(node, level);
        let found = self.branches.find(Branch::spread(hash), |branch| {
            branch.hash == hash && self.leads(node, level, branch.child)
        });
        found.map(|branch| branch.child)
    }

    /// Whether `child` is the one of `parent` for this level.
    fn leads(&self, parent: NodeId, level: &str, child: NodeId) -> bool {
        self.node(child).is_some_and(|node| node.parent == parent && *node.level == *level)
    }

    /// The level that leads to `node`.
    pub(super) fn level(&self, node: NodeId) -> &str {
        self.node(node).map_or("", |node| &node.level)
    }

    /// What is kept at `node`.
    pub(super) fn value(&self, node: NodeId) -> Option<&T> {
        self.node(node).map(|node| &node.value)
    }

    /// What is kept at all nodes, in no order.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.nodes.iter().map(|node| &node.value)
    }

    /// What is kept at the end of the path, if that is there.
    pub(super) fn get<'a>(&self, mut levels: impl Iterator<Item = &'a str>) -> Option<&T> {
        let node = levels.try_fold(ROOT, |node, level| self.child(node, level))?;
        self.value(node)
    }

    /// What is kept at the end of the path, which is made where it is missing.
    pub(super) fn entry<'a>(&mut self, levels: impl Iterator<Item = &'a str>) -> Option<&mut T> {
        let mut node = ROOT;
        for level in levels {
            node = match self.child(node, level) {
                Some(child) => child,
                None => self.add_child(node, level)?,
            };
        }
        self.nodes.get_mut(node as usize).map(|node| &mut node.value)
    }

    /// Lets `change` at what is kept at the end of the path, if the path is
    /// there; then drops the nodes that `is_empty` and that lead nowhere.
    pub(super) fn update<'a, R>(
        &mut self,
        mut levels: impl Iterator<Item = &'a str>,
        change: impl FnOnce(&mut T) -> R,
        is_empty: impl Fn(&T) -> bool,
    ) -> Option<R> {
        let mut node = levels.try_fold(ROOT, |node, level| self.child(node, level))?;
        let changed = change(&mut self.nodes.get_mut(node as usize)?.value);
        let useless = |node: &Node<T, C>| node.children.is_empty() && is_empty(&node.value);
        while node != ROOT && self.node(node).is_some_and(useless) {
            node = self.remove(node)?;
        }
        Some(changed)
    }

    /// Nodes in use, the root among them.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    fn node(&self, id: NodeId) -> Option<&Node<T, C>> {
        self.nodes.get(id as usize)
    }

    fn add_child(&mut self, parent: NodeId, level: &str) -> Option<NodeId> {
        let child = if let Some(id) = self.free.pop() {
            id
        } else {
            let id = NodeId::try_from(self.nodes.len()).ok()?;
            self.nodes.push(Node::default());
            id
        };
        let hash = self.hash(parent, level);
        let rehash = |branch: &Branch| Branch::spread(branch.hash);
        self.branches.insert_unique(Branch::spread(hash), Branch { hash, child }, rehash);
        let node = self.nodes.get_mut(child as usize)?;
        (node.parent, node.level) = (parent, level.into());
        self.nodes.get_mut(parent as usize)?.children.add(child);
        Some(child)
    }

    /// Removes a node that leads nowhere, and returns its parent.
    fn remove(&mut self, node: NodeId) -> Option<NodeId> {
        let Node { parent, level, .. } = std::mem::take(self.nodes.get_mut(node as usize)?);
        let hash = Branch::spread(self.hash(parent, &level));
        if let Ok(branch) = self.branches.find_entry(hash, |branch| branch.child == node) {
            branch.remove();
        }
        self.nodes.get_mut(parent as usize)?.children.remove(node);
        self.free.push(node);
        self.give_back();
        Some(parent)
    }

    /// Where only the root is left, what a burst took goes back.
    fn give_back(&mut self) {
        if self.nodes.len() > FEW && self.free.len() + 1 == self.nodes.len() {
            self.nodes.truncate(1);
            self.nodes.shrink_to_fit();
            self.free = Vec::new();
            self.branches = HashTable::new();
        }
    }

    fn hash(&self, parent: NodeId, level: &str) -> u32 {
        u32::try_from(self.hasher.hash_one((parent, level)) >> 32).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::topic::levels;

    #[test]
    fn what_is_emptied_is_pruned_up_to_what_is_still_used() {
        let mut tree: Tree<u32> = Tree::new();
        *tree.entry(levels("a/b/c")).unwrap() = 1;
        *tree.entry(levels("a")).unwrap() = 2;
        assert_eq!(tree.len(), 4);
        tree.update(levels("a/b/c"), |value| *value = 0, |value| *value == 0);
        assert_eq!(tree.len(), 2, "the root and a are left");
        assert_eq!(tree.child(ROOT, "b"), None);
        *tree.entry(levels("x/y")).unwrap() = 3;
        assert_eq!(tree.nodes.len(), 4, "freed nodes are used again");
    }

    #[test]
    fn a_path_that_is_not_there_is_not_made_by_an_update() {
        let mut tree: Tree<u32> = Tree::new();
        assert_eq!(tree.update(levels("a/b"), |_| (), |_| true), None);
        assert_eq!(tree.len(), 1);
    }
}

//! A tree of topic levels: the shape that the subscription index and the
//! retained messages share.
//!
//! Nodes live in one vector and name each other by number, so walking the tree
//! chases no boxes, dropping it does not recurse, and an empty tree costs
//! nothing. Number 0 is the root.
//!
//! The children of a node stand in the order of their [`Branch`]es, which stay
//! as they are for as long as a child does: whoever has visited some of them
//! can come back later for those behind, whatever has come and gone meanwhile.

use foldhash::quality::RandomState;
use std::collections::BTreeSet;
use std::hash::BuildHasher as _;
use std::ops::Bound;

/// The number of a node.
pub(super) type NodeId = u32;

pub(super) const ROOT: NodeId = 0;

/// Nodes that an empty tree may keep room for.
const FEW: usize = 1024;

/// What leads from a node to a child: a hash of the child's level, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Branch {
    hash: u32,
    pub(super) child: NodeId,
}

#[derive(Debug, Default)]
struct Node<T> {
    level: Box<str>,
    children: BTreeSet<Branch>,
    value: T,
}

/// A tree with a `T` at every node.
#[derive(Debug)]
pub(super) struct Tree<T> {
    nodes: Vec<Node<T>>,
    free: Vec<NodeId>,
    hasher: RandomState,
}

impl<T: Default> Tree<T> {
    pub(super) fn new() -> Self {
        let nodes = vec![Node::default()];
        Self { nodes, free: Vec::new(), hasher: RandomState::default() }
    }

    /// The child of `node` for this level.
    pub(super) fn child(&self, node: NodeId, level: &str) -> Option<NodeId> {
        let children = &self.node(node)?.children;
        if children.is_empty() {
            return None;
        }
        let hash = self.hash(level);
        let alike = Branch { hash, child: 0 }..=Branch { hash, child: NodeId::MAX };
        let mut alike = children.range(alike).map(|branch| branch.child);
        alike.find(|child| self.level(*child) == level)
    }

    /// The first child of `node` behind the one that `after` leads to.
    pub(super) fn next_child(&self, node: NodeId, after: Option<Branch>) -> Option<Branch> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.node(node)?.children.range((start, Bound::Unbounded)).next().copied()
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
        levels: impl Iterator<Item = &'a str>,
        change: impl FnOnce(&mut T) -> R,
        is_empty: impl Fn(&T) -> bool,
    ) -> Option<R> {
        let mut path = Vec::new();
        let mut node = ROOT;
        for level in levels {
            path.push((node, level));
            node = self.child(node, level)?;
        }
        let changed = change(&mut self.nodes.get_mut(node as usize)?.value);
        while let Some((parent, level)) = path.pop() {
            let useless = |node: &Node<T>| node.children.is_empty() && is_empty(&node.value);
            if !self.node(node).is_some_and(useless) {
                break;
            }
            self.remove_child(parent, level, node);
            node = parent;
        }
        Some(changed)
    }

    /// Nodes in use, the root among them.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    fn node(&self, id: NodeId) -> Option<&Node<T>> {
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
        let branch = Branch { hash: self.hash(level), child };
        self.nodes.get_mut(child as usize)?.level = level.into();
        self.nodes.get_mut(parent as usize)?.children.insert(branch);
        Some(child)
    }

    fn remove_child(&mut self, parent: NodeId, level: &str, child: NodeId) {
        let branch = Branch { hash: self.hash(level), child };
        if let Some(parent) = self.nodes.get_mut(parent as usize) {
            parent.children.remove(&branch);
        }
        if let Some(child) = self.nodes.get_mut(child as usize) {
            *child = Node::default();
        }
        self.free.push(child);
        if self.nodes.len() > FEW && self.free.len() + 1 == self.nodes.len() {
            // Only the root is left: what a burst took goes back.
            self.nodes.truncate(1);
            self.nodes.shrink_to_fit();
            self.free = Vec::new();
        }
    }

    fn hash(&self, level: &str) -> u32 {
        u32::try_from(self.hasher.hash_one(level) >> 32).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::topic::levels;

    #[test]
    fn what_is_emptied_is_pruned_up_to_what_is_still_used() {
        let mut tree = Tree::<u32>::new();
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
        let mut tree = Tree::<u32>::new();
        assert_eq!(tree.update(levels("a/b"), |_| (), |_| true), None);
        assert_eq!(tree.len(), 1);
    }
}

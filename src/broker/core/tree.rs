//! A tree of topic levels: the shape that the subscription index and the
//! retained messages share.
//!
//! Nodes live in one vector and name each other by number, so walking the tree
//! chases no boxes, dropping it does not recurse, and an empty tree costs
//! nothing. Number 0 is the root.

use foldhash::quality::RandomState;
use hashbrown::HashMap;

/// The number of a node.
pub(super) type NodeId = u32;

pub(super) const ROOT: NodeId = 0;

#[derive(Debug, Default)]
struct Node<T> {
    children: HashMap<Box<str>, NodeId, RandomState>,
    value: T,
}

/// A tree with a `T` at every node.
#[derive(Debug)]
pub(super) struct Tree<T> {
    nodes: Vec<Node<T>>,
    free: Vec<NodeId>,
}

impl<T: Default> Tree<T> {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::default()], free: Vec::new() }
    }

    /// The child of `node` for this level.
    pub(super) fn child(&self, node: NodeId, level: &str) -> Option<NodeId> {
        self.node(node)?.children.get(level).copied()
    }

    /// The children of `node` with their levels, in no order.
    pub(super) fn children(&self, node: NodeId) -> impl Iterator<Item = (&str, NodeId)> {
        let children = self.node(node).map(|node| node.children.iter());
        children.into_iter().flatten().map(|(level, id)| (&**level, *id))
    }

    /// What is kept at `node`.
    pub(super) fn value(&self, node: NodeId) -> Option<&T> {
        self.node(node).map(|node| &node.value)
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
        let id = if let Some(id) = self.free.pop() {
            id
        } else {
            let id = NodeId::try_from(self.nodes.len()).ok()?;
            self.nodes.push(Node::default());
            id
        };
        let parent = self.nodes.get_mut(parent as usize)?;
        parent.children.insert(level.into(), id);
        Some(id)
    }

    fn remove_child(&mut self, parent: NodeId, level: &str, child: NodeId) {
        if let Some(parent) = self.nodes.get_mut(parent as usize) {
            parent.children.remove(level);
        }
        if let Some(child) = self.nodes.get_mut(child as usize) {
            *child = Node::default();
        }
        self.free.push(child);
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

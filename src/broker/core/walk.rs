//! A walk of the retained messages that a filter matches, a few steps at a
//! time: nothing is held between them but the place, so a subscription to a
//! million messages neither copies them nor keeps anybody waiting.
//!
//! # What changes meanwhile
//! Messages kept after the walk began are not found; they reach the subscriber
//! as they are published. Messages that are gone are not found either. The
//! others are found once each: children stand in an order that lasts, and
//! where the number of a node that is gone was given to another one, all that
//! is there is new.

use super::message::Kept;
use super::retained::Retained;
use super::tree::{NodeId, ROOT};
use crate::mqtt::topic;
use crate::session::Time;
use std::sync::Arc;

/// A place among the retained messages, and what is looked for from there on.
#[derive(Debug)]
pub(super) struct Walk {
    pattern: Box<str>,
    /// The last change that counts.
    until: u64,
    /// The nodes on the way to the present one, which is the last.
    path: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    node: NodeId,
    /// Where the levels of the pattern begin that are left from here;
    /// `None` behind the last.
    rest: Option<usize>,
    /// The child that was visited last.
    after: Option<NodeId>,
}

impl Walk {
    /// A walk that finds what is kept now of the topics that `pattern` matches.
    pub(super) fn new(pattern: &str, retained: &Retained) -> Self {
        let start = Step { node: ROOT, rest: Some(0), after: None };
        Self { pattern: pattern.into(), until: retained.changes(), path: vec![start] }
    }

    /// A walk that finds nothing any more.
    pub(super) fn over(pattern: &str) -> Self {
        Self { pattern: pattern.into(), until: 0, path: Vec::new() }
    }

    /// The filter it is for.
    pub(super) fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Whether everything was found.
    pub(super) fn is_over(&self) -> bool {
        self.path.is_empty()
    }

    /// The next message whose time has not run out. `None` at the end, or when
    /// `effort`, which counts nodes, is used up.
    pub(super) fn next(
        &mut self,
        retained: &Retained,
        now: Time,
        effort: &mut usize,
    ) -> Option<Arc<Kept>> {
        while let Some(step) = self.path.pop() {
            if *effort == 0 {
                self.path.push(step);
                return None;
            }
            *effort -= 1;
            let here = step.after.is_none().then_some(step.node);
            if self.advance(&step, retained)
                && let Some(last) = here.and_then(|node| retained.tree.value(node)?.as_ref())
                && last.change <= self.until
                && !last.kept.is_expired(now)
            {
                return Some(Arc::clone(&last.kept));
            }
        }
        None
    }

    /// Goes on from a node to its children. Returns whether the pattern may end
    /// at the node itself.
    fn advance(&mut self, step: &Step, retained: &Retained) -> bool {
        let Some(rest) = step.rest.and_then(|start| self.pattern.get(start..)) else {
            return true;
        };
        let (level, behind) = match rest.split_once('/') {
            Some((level, behind)) => (level, Some(self.pattern.len() - behind.len())),
            None => (rest, None),
        };
        match level {
            "#" => {
                self.descend(step, step.rest, retained);
                true
            }
            "+" => {
                self.descend(step, behind, retained);
                false
            }
            _ => {
                let child = retained.tree.child(step.node, level);
                self.path.extend(child.map(|node| Step { node, rest: behind, after: None }));
                false
            }
        }
    }

    /// Visits the next child that a wildcard reaches and comes back to the node
    /// for those behind. At the first level it reaches none that belongs to the
    /// server (MQTT-4.7.2-1).
    fn descend(&mut self, step: &Step, rest: Option<usize>, retained: &Retained) {
        let Some(node) = retained.tree.next_child(step.node, step.after) else {
            return;
        };
        let hidden = step.node == ROOT && topic::is_system(retained.tree.level(node));
        self.path.push(Step { after: Some(node), ..*step });
        if !hidden {
            self.path.push(Step { node, rest, after: None });
        }
    }
}

//! Who may send to a topic: the verdicts on those who have tried.

use super::acl::Access;
use super::rules::Rules;
use super::session::Session;
use std::cell::RefCell;
use std::sync::Arc;

/// Verdicts remembered for one topic. A topic has few publishers as a rule;
/// where it has many more, some are judged again.
const MOST: usize = 64;

/// The rules in force, and the verdicts they have led to. Lives as long as the
/// memo's entry of the topic, so a change of the rules ends it.
#[derive(Debug)]
pub(super) struct Writers {
    rules: Arc<Rules>,
    /// Keys of sessions, and whether each may send.
    known: RefCell<Vec<(u64, bool)>>,
}

impl Writers {
    pub(super) const fn new(rules: Arc<Rules>) -> Self {
        Self { rules, known: RefCell::new(Vec::new()) }
    }

    /// Whether `session` may send messages of `topic`, which must be the same
    /// every time.
    pub(super) fn include(&self, session: &Session, topic: &str) -> bool {
        let mut known = self.known.borrow_mut();
        if let Some((_, verdict)) = known.iter().find(|(key, _)| *key == session.key) {
            return *verdict;
        }
        let verdict = self.rules.allow(session.who(), Access::Write, topic);
        if known.len() >= MOST {
            known.clear();
        }
        known.push((session.key, verdict));
        verdict
    }
}

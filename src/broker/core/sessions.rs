//! Every session there is, by its client identifier.

use super::session::Session;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// The sessions, in the order of their client identifiers: so whoever wants to
/// see all of them can take a few at a time and let the lock go in between.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_id: BTreeMap<Box<str>, Arc<Session>>,
    most: usize,
}

impl Sessions {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The most there have been at once.
    pub(super) const fn most(&self) -> usize {
        self.most
    }

    pub(super) fn get(&self, client_id: &str) -> Option<&Arc<Session>> {
        self.by_id.get(client_id)
    }

    /// Adds a session in place of another of the same client.
    pub(super) fn insert(&mut self, session: Arc<Session>) {
        self.by_id.insert(session.client_id.clone(), session);
        self.most = self.most.max(self.by_id.len());
    }

    /// Removes this session; the client may have another one by now, which
    /// stays.
    pub(super) fn remove(&mut self, session: &Arc<Session>) {
        if self.get(&session.client_id).is_some_and(|known| Arc::ptr_eq(known, session)) {
            self.by_id.remove(&session.client_id);
        }
    }

    /// At most `limit` sessions behind the client identifier `after`, or from
    /// the first on.
    pub(super) fn page(&self, after: Option<&str>, limit: usize) -> Vec<Arc<Session>> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = self.by_id.range::<str, _>((start, Bound::Unbounded));
        behind.take(limit).map(|(_, session)| Arc::clone(session)).collect()
    }
}

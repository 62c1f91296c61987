//! What may be done to the broker from outside of MQTT. The shell calls
//! [`Core::flush`] afterwards, as after everything.

use super::Core;
use super::connection::End;
use super::routing::Routed;
use super::session::Session;
use super::words::Denial;
use super::worker::Worker;
use crate::mqtt::topic::{self, Filter};
use crate::mqtt::{Publish, ReasonCode};
use std::sync::Arc;

impl Core {
    /// Ends the connection of a client for this reason, as a broken one: its
    /// will is published and its session stays as long as it was to. Returns
    /// whether it was connected.
    pub fn kick(&self, worker: &mut Worker, client_id: &str, reason: ReasonCode) -> bool {
        let session = self.sessions.lock().get(client_id).cloned();
        session.is_some_and(|session| self.cut_off(worker, &session, reason))
    }

    /// Ends the session of a client, with its connection and without its will.
    /// Returns whether there was one.
    pub fn end_session(&self, worker: &mut Worker, client_id: &str) -> bool {
        let session = self.sessions.lock().get(client_id).cloned();
        session.map(|session| self.discard(worker, &session)).is_some()
    }

    /// Ends every session and forgets every retained message: the broker is as
    /// it was when it started. Returns how many there were of both.
    pub fn reset(&self, worker: &mut Worker) -> (usize, usize) {
        let sessions = self.sessions.lock().page(None, usize::MAX);
        for session in &sessions {
            self.discard(worker, session);
        }
        (sessions.len(), self.retained.write().clear_all())
    }

    /// Forgets the retained messages of every topic that `filter` matches.
    /// Returns how many there were.
    pub fn clear_retained(&self, worker: &Worker, filter: &Filter<'_>) -> usize {
        let found = self.retained.read().matching(filter, worker.now);
        for kept in &found {
            self.retained.write().clear(kept.message.topic());
        }
        found.len()
    }

    /// Publishes a message that comes from no client, within the limits for
    /// those of clients. The rules are about clients and not asked; the hooks
    /// are, with the broker itself as its publisher, which has no name. Returns
    /// how many sessions it was meant for.
    ///
    /// # Errors
    /// When the topic is none or may not be published to, the broker's limits do
    /// not allow the message, or the hooks do not want it.
    pub fn publish_from_outside(
        &self,
        worker: &mut Worker,
        publish: &Publish<'_>,
    ) -> Result<Routed, Denial> {
        topic::check_name(publish.topic)?;
        let limits = self.limits();
        limits.check(publish.qos, publish.retain)?;
        limits.check_topic(publish.topic)?;
        worker.counters.note_received(publish);
        self.publish_as_itself(worker, publish)
    }

    fn cut_off(&self, worker: &mut Worker, session: &Arc<Session>, reason: ReasonCode) -> bool {
        let (number, connected) = {
            let hot = session.hot.lock();
            (hot.connection, hot.link.is_some())
        };
        self.end_session_connection(worker, session, number, End::Cut(reason), Vec::new());
        connected
    }

    fn discard(&self, worker: &mut Worker, session: &Arc<Session>) {
        let (number, connected) = {
            let mut hot = session.hot.lock();
            (hot.will, hot.expiry_interval, hot.expires) = (None, 0, Some(worker.now));
            (hot.connection, hot.link.is_some())
        };
        if connected {
            let end = End::Cut(ReasonCode::ADMINISTRATIVE_ACTION);
            self.end_session_connection(worker, session, number, end, Vec::new());
        } else {
            self.check_offline(worker, session, number);
        }
    }
}

//! Which session a client gets: its own from before, taken away from another
//! connection if need be, or a new one (MQTT 5.0 §3.1.4).

use super::Core;
use super::acl::Who;
use super::connection::End;
use super::event::SessionEnd;
use super::session::{Hot, PendingWill, Session};
use super::sessions::Sessions;
use super::worker::Worker;
use crate::mqtt::{Message, ReasonCode};
use crate::session::Time;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A will that is due, and whose it is.
type DueWill = (Arc<Session>, Message);

impl Core {
    /// The client's session, taken over from an earlier connection if need be;
    /// whether it existed before; and the will this makes due.
    pub(super) fn find_session(
        &self,
        sessions: &mut Sessions,
        worker: &mut Worker,
        who: Who<'_>,
        clean_start: bool,
    ) -> (Arc<Session>, bool, Option<DueWill>) {
        let mut will = None;
        if let Some(session) = sessions.get(who.client_id).cloned() {
            // What one user was sent is not for another who comes by the same
            // client identifier.
            let anew = clean_start || session.who() != who;
            let (over, due) = self.take_over(&session, anew, worker);
            let due = due.map(|message| (Arc::clone(&session), message));
            if !over {
                return (session, true, due);
            }
            let why = if anew { SessionEnd::Discarded } else { SessionEnd::Expired };
            self.forget(worker.now, &session, why);
            worker.bury(&session);
            will = due;
        }
        let key = self.next_key.fetch_add(1, Ordering::Relaxed);
        let session = Arc::new(Session::new(key, who, self.limits()));
        sessions.insert(Arc::clone(&session));
        (session, false, will)
    }

    /// Ends the old connection of a session that is taken over (MQTT-3.1.4-3).
    /// Returns whether the session must not be resumed, and its will if that is
    /// due: the session is over, or the will does not wait.
    fn take_over(
        &self,
        session: &Session,
        anew: bool,
        worker: &mut Worker,
    ) -> (bool, Option<Message>) {
        let now = worker.now;
        let mut hot = session.hot.lock();
        let end = End::Cut(ReasonCode::SESSION_TAKEN_OVER);
        let was_connected = self.release(session, &mut hot, end, Vec::new(), worker);
        let over = anew || hot.is_over(now);
        let is_due = |will: &PendingWill| {
            over || (was_connected && will.delay.is_zero())
                || will.due.is_some_and(|due| due <= now)
        };
        let will = hot.will.take().filter(|will| is_due(will));
        (over, will.map(|will| will.message))
    }
}

impl Hot {
    /// Whether the session must not be resumed at `now`: it was to end with
    /// its connection, or its time has run out.
    fn is_over(&self, now: Time) -> bool {
        self.expiry_interval == 0 || self.expires.is_some_and(|expires| expires <= now)
    }
}

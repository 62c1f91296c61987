//! What there is in the broker at one moment, counted when somebody asks.

use super::Core;
use super::session::{Hot, Session};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Sessions looked at before others have their turn at the lock.
const PAGE: usize = 256;

/// What there is, as opposed to [`super::Totals`], what there has been. A
/// message kept for three sessions counts three times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Clients connected.
    pub connected: usize,
    /// Sessions, those of clients that are offline among them.
    pub sessions: usize,
    /// The most sessions there have been at once.
    pub most_sessions: usize,
    /// Subscriptions, the shared ones not among them.
    pub subscriptions: usize,
    /// Subscriptions that are shared.
    pub shared_subscriptions: usize,
    /// Retained messages.
    pub retained: usize,
    /// Bytes of retained messages: topics, properties and payloads.
    pub retained_bytes: usize,
    /// Messages that wait for a client, for room or for quota.
    pub queued: usize,
    /// Bytes of them.
    pub queued_bytes: usize,
    /// Messages of QoS 1 and 2 sent and not acknowledged.
    pub in_flight: usize,
    /// Bytes of them.
    pub in_flight_bytes: usize,
    /// Clients that have not read all that was sent to them.
    pub unread: usize,
    /// Bytes they have not read.
    pub unread_bytes: usize,
}

impl Census {
    /// Messages kept for whatever reason.
    #[must_use]
    pub const fn stored(&self) -> usize {
        self.retained + self.queued + self.in_flight
    }

    /// Bytes of messages kept for whatever reason.
    #[must_use]
    pub const fn stored_bytes(&self) -> usize {
        self.retained_bytes + self.queued_bytes + self.in_flight_bytes
    }

    fn add(&mut self, hot: &Hot) {
        self.queued += hot.queue.len();
        self.queued_bytes += hot.queue.bytes();
        self.in_flight += hot.outbound.len();
        let in_flight = hot.outbound.iter().map(|(_, _, delivery)| delivery.size());
        self.in_flight_bytes += in_flight.sum::<usize>();
        self.unread += usize::from(!hot.out.is_empty());
        self.unread_bytes += hot.out.len();
    }
}

impl Core {
    /// Counts what there is. Takes some hundred nanoseconds for each session,
    /// and no lock for long.
    #[must_use]
    pub fn census(&self) -> Census {
        let mut census =
            Census { connected: self.open.load(Ordering::Relaxed), ..Census::default() };
        {
            let index = self.index.read();
            census.subscriptions = index.len() - index.shared();
            census.shared_subscriptions = index.shared();
        }
        {
            let retained = self.retained.read();
            census.retained = retained.len();
            census.retained_bytes = retained.bytes();
        }
        self.for_each_session(|session| census.add(&session.hot.lock()));
        let sessions = self.sessions.lock();
        Census { sessions: sessions.len(), most_sessions: sessions.most(), ..census }
    }

    /// Shows every session, a few at a time so that others can come in between.
    fn for_each_session(&self, mut visit: impl FnMut(&Arc<Session>)) {
        let mut last: Option<Arc<Session>> = None;
        loop {
            let after = last.as_ref().map(|session| &*session.client_id);
            let page = self.sessions.lock().page(after, PAGE);
            page.iter().for_each(&mut visit);
            last = page.last().cloned();
            if page.len() < PAGE {
                return;
            }
        }
    }
}

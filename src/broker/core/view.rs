//! What there is in the broker, a page at a time, for whoever administers it.
//!
//! Pages are in order (of client identifiers, filters, topics) and begin
//! behind a place, so that no list is ever made whole under a lock and what
//! comes or goes meanwhile is neither shown twice nor shifts the rest.

use super::Core;
use super::session::Session;
use crate::mqtt::topic::Filter;
use crate::mqtt::{Message, SubscribeOptions, SubscriptionId, Version};
use crate::session::Time;
use ::core::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// A session and, while there is one, its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// The client identifier.
    pub client_id: String,
    /// The user, where anything depends on it.
    pub user: Option<String>,
    /// The present connection; `None` while the client is offline.
    pub connection: Option<ConnectionView>,
    /// Seconds the session outlives its connection; all ones is for ever.
    pub expiry_interval: u32,
    /// How long an offline session has left; `None` is for ever.
    pub expires_in: Option<Duration>,
    /// Subscriptions.
    pub subscriptions: usize,
    /// Messages that wait.
    pub queued: usize,
    /// Bytes of them.
    pub queued_bytes: usize,
    /// Messages of QoS 1 and 2 sent and not acknowledged.
    pub in_flight: usize,
}

/// A connection of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionView {
    /// Where it comes from; a Unix socket has no address.
    pub address: Option<SocketAddr>,
    /// What it speaks.
    pub version: Version,
    /// Seconds of silence the client asked for; 0 is any.
    pub keep_alive: u16,
    /// How long it has lasted.
    pub age: Duration,
    /// Bytes that the client has not read yet.
    pub unread_bytes: usize,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionView {
    /// Whose it is.
    pub client_id: String,
    /// The filter as it was sent.
    pub filter: String,
    /// How it was made.
    pub options: SubscribeOptions,
    /// Its identifier.
    pub id: Option<u32>,
}

/// A retained message.
#[derive(Debug, Clone)]
pub struct RetainedView {
    /// The message.
    pub message: Message,
    /// How long it has left; `None` is for ever.
    pub expires_in: Option<Duration>,
}

impl Core {
    /// At most `limit` sessions behind the client identifier `after`.
    #[must_use]
    pub fn sessions(&self, now: Time, after: Option<&str>, limit: usize) -> Vec<SessionView> {
        let page = self.sessions.lock().page(after, limit);
        page.iter().map(|session| session.view(now)).collect()
    }

    /// The session of a client.
    #[must_use]
    pub fn session(&self, now: Time, client_id: &str) -> Option<SessionView> {
        let session = self.sessions.lock().get(client_id).cloned();
        session.map(|session| session.view(now))
    }

    /// At most `limit` subscriptions behind that of the client `after.0` to
    /// the filter `after.1`.
    #[must_use]
    pub fn subscriptions(
        &self,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Vec<SubscriptionView> {
        let mut found = Vec::new();
        if let Some((client_id, filter)) = after {
            let session = self.sessions.lock().get(client_id).cloned();
            found.extend(session.iter().flat_map(|session| self.of_session(session, Some(filter))));
        }
        let mut last = after.map(|(client_id, _)| client_id.to_owned());
        while found.len() < limit {
            let page = self.sessions.lock().page(last.as_deref(), limit);
            let Some(end) = page.last() else { break };
            last = Some(end.client_id.to_string());
            for session in &page {
                if found.len() < limit {
                    found.extend(self.of_session(session, None));
                }
            }
        }
        found.truncate(limit);
        found
    }

    /// The subscriptions of one client.
    #[must_use]
    pub fn subscriptions_of(&self, client_id: &str) -> Vec<SubscriptionView> {
        let session = self.sessions.lock().get(client_id).cloned();
        session.map_or_else(Vec::new, |session| self.of_session(&session, None))
    }

    /// The subscriptions of a session to filters behind `after`, in order.
    fn of_session(&self, session: &Session, after: Option<&str>) -> Vec<SubscriptionView> {
        let mut filters: Vec<_> = session.cold.lock().filters.iter().cloned().collect();
        filters.retain(|filter| after.is_none_or(|after| &**filter > after));
        filters.sort_unstable();
        let index = self.index.read();
        let view = |text: Box<str>| {
            let subscriber = index.find(&Filter::parse(&text).ok()?, session)?;
            Some(SubscriptionView {
                client_id: session.client_id.to_string(),
                filter: text.into(),
                options: subscriber.options,
                id: subscriber.id.map(SubscriptionId::value),
            })
        };
        filters.into_iter().filter_map(view).collect()
    }

    /// At most `limit` retained messages of topics that `filter` matches,
    /// behind the topic `after`.
    #[must_use]
    pub fn retained(
        &self,
        now: Time,
        filter: &Filter<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<RetainedView> {
        let mut found = self.retained.read().matching(filter, now);
        found.retain(|kept| after.is_none_or(|after| kept.message.topic() > after));
        if limit < found.len() {
            found.select_nth_unstable_by(limit, |a, b| a.message.topic().cmp(b.message.topic()));
            found.truncate(limit);
        }
        found.sort_unstable_by(|a, b| a.message.topic().cmp(b.message.topic()));
        let view = |kept: &Arc<super::message::Kept>| RetainedView {
            message: kept.message.clone(),
            expires_in: kept.expires.map(|expires| expires - now),
        };
        found.iter().map(view).collect()
    }
}

impl Session {
    fn view(&self, now: Time) -> SessionView {
        let subscriptions = self.cold.lock().filters.len();
        let hot = self.hot.lock();
        let connection = hot.link.is_some().then(|| ConnectionView {
            address: hot.address,
            version: hot.version,
            keep_alive: hot.keep_alive,
            age: now - hot.since,
            unread_bytes: hot.out.len(),
        });
        SessionView {
            client_id: self.client_id.to_string(),
            user: self.user.as_deref().map(str::to_owned),
            connection,
            expiry_interval: hot.expiry_interval,
            expires_in: hot.expires.map(|expires| expires - now),
            subscriptions,
            queued: hot.queue.len(),
            queued_bytes: hot.queue.bytes(),
            in_flight: hot.outbound.len(),
        }
    }
}

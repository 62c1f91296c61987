//! Whom a topic resolves to: sessions, each once however many of its
//! subscriptions match.

use super::group::Group;
use super::session::Session;
use super::writers::Writers;
use crate::mqtt::{QoS, SubscribeOptions, SubscriptionId};
use std::sync::Arc;

/// A subscription of one session.
#[derive(Debug, Clone)]
pub(super) struct Subscriber {
    pub(super) session: Arc<Session>,
    pub(super) options: SubscribeOptions,
    pub(super) id: Option<SubscriptionId>,
}

/// How one session gets a message.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) qos: QoS,
    pub(super) retain_as_published: bool,
    pub(super) ids: Option<Arc<[SubscriptionId]>>,
}

/// How a session gets the messages it has published itself.
#[derive(Debug)]
enum Own {
    /// Like everybody's.
    Alike,
    /// By its subscriptions without No Local, if there are any.
    Filtered(Option<Grant>),
}

/// A session that gets a message once, however many of its subscriptions match.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) session: Arc<Session>,
    grant: Grant,
    own: Own,
}

/// Everybody a topic goes to.
#[derive(Debug, Default)]
pub(super) struct Targets {
    pub(super) receivers: Vec<Receiver>,
    /// Sessions that have subscribed to the topic and may not read it, where
    /// somebody wants to know.
    pub(super) barred_receivers: Vec<Arc<Session>>,
    pub(super) groups: Vec<Arc<Group>>,
    /// Keys of members of these groups that may not read the topic.
    pub(super) barred_members: Vec<u64>,
    /// Who may send to the topic; `None` is everybody.
    pub(super) writers: Option<Writers>,
}

impl Targets {
    /// Whether `session` may send messages of this `topic`.
    pub(super) fn may_be_sent_by(&self, session: &Session, topic: &str) -> bool {
        self.writers.as_ref().is_none_or(|writers| writers.include(session, topic))
    }

    /// Whether `session` gets its turn in the groups.
    pub(super) fn admits(&self, session: &Session) -> bool {
        !self.barred_members.contains(&session.key)
    }
}

impl Receiver {
    /// One receiver from all the matching subscriptions of one session: the
    /// highest QoS and every identifier (MQTT-3.3.4-2 to -5).
    pub(super) fn merge(subscribers: &[&Subscriber]) -> Option<Self> {
        let first = subscribers.first()?;
        let no_local = |subscriber: &&Subscriber| subscriber.options.no_local;
        let all = || subscribers.iter().copied();
        let own = if all().any(|subscriber| no_local(&subscriber)) {
            Own::Filtered(Grant::merge(all().filter(|subscriber| !no_local(subscriber))))
        } else {
            Own::Alike
        };
        Some(Self { session: Arc::clone(&first.session), grant: Grant::merge(all())?, own })
    }

    /// How the session gets a message of `publisher`, if it does.
    pub(super) fn grant(&self, publisher: u64) -> Option<&Grant> {
        match &self.own {
            Own::Filtered(own) if self.session.key == publisher => own.as_ref(),
            _ => Some(&self.grant),
        }
    }
}

impl Grant {
    pub(super) fn merge<'a>(subscribers: impl Iterator<Item = &'a Subscriber>) -> Option<Self> {
        let mut merged: Option<Self> = None;
        let mut ids = Vec::new();
        for subscriber in subscribers {
            let options = subscriber.options;
            ids.extend(subscriber.id);
            let grant = merged.get_or_insert(Self {
                qos: options.qos,
                retain_as_published: false,
                ids: None,
            });
            grant.qos = grant.qos.max(options.qos);
            grant.retain_as_published |= options.retain_as_published;
        }
        let grant = merged?;
        Some(Self { ids: (!ids.is_empty()).then(|| ids.into()), ..grant })
    }
}

/// Adds a subscriber or replaces the one of the same session. Returns whether
/// it is new. They stand in the order of their sessions' keys, which grow, so
/// a new session comes last and ten thousand of one filter are no slower to
/// join than ten.
pub(super) fn put(subscribers: &mut Vec<Subscriber>, subscriber: Subscriber) -> bool {
    match place_of(subscribers, &subscriber.session) {
        Ok(place) => {
            if let Some(known) = subscribers.get_mut(place) {
                *known = subscriber;
            }
            false
        }
        Err(place) => {
            if subscribers.is_empty() {
                // Most filters are one session's; a vector begins with room for four.
                subscribers.reserve_exact(1);
            }
            subscribers.insert(place, subscriber);
            true
        }
    }
}

/// The subscriber of a session.
pub(super) fn find<'a>(subscribers: &'a [Subscriber], session: &Session) -> Option<&'a Subscriber> {
    subscribers.iter().find(|known| known.session.key == session.key)
}

/// Removes the subscriber of a session. Returns whether there was one.
pub(super) fn take(subscribers: &mut Vec<Subscriber>, session: &Session) -> bool {
    place_of(subscribers, session).map(|place| subscribers.remove(place)).is_ok()
}

/// Where the subscriber of a session is, or where it belongs.
fn place_of(subscribers: &[Subscriber], session: &Session) -> Result<usize, usize> {
    subscribers.binary_search_by_key(&session.key, |known| known.session.key)
}

//! A message, and how it must look when it comes to a client.

use super::steps::{Publishing, Size};
use mqx::mqtt::{Publish, QoS, SubscriptionId};
use std::collections::BTreeSet;

/// The length of a large payload, which is above the least limit of a client.
const LARGE: usize = 300;

/// An application message; unless it is empty, its payload is its own.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) topic: &'static str,
    pub(super) payload: String,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    /// The second in which it is no longer worth anything.
    pub(super) expires: Option<u64>,
}

/// A message as a session must get it.
#[derive(Debug, Clone)]
pub(super) struct Owed {
    /// With the QoS and the RETAIN flag of this delivery.
    pub(super) message: Message,
    /// Those of the subscriptions that matched.
    pub(super) identifiers: BTreeSet<u32>,
    /// Messages of the same moment come in any order.
    pub(super) moment: u32,
    /// Whether it need not come: it was of no use to its client for a while, in
    /// which the broker may or may not have come to it.
    pub(super) optional: bool,
}

/// When, and to a client that takes packets of which size, something is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) now: u64,
    pub(super) maximum_packet_size: usize,
}

/// A message for one of the members of a shared subscription: their sessions,
/// and how each of them would get it.
pub(super) type Shared = Vec<(u32, Owed)>;

impl Size {
    /// The payload of the message of this number.
    pub(super) fn payload(self, number: u32) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Small => number.to_string(),
            Self::Large => format!("{number:<LARGE$}"),
        }
    }
}

impl Message {
    /// The message of this number that is published at `now`.
    pub(super) fn new(number: u32, publishing: Publishing, now: u64) -> Self {
        Self {
            topic: publishing.topic,
            payload: publishing.size.payload(number),
            qos: publishing.qos,
            retain: publishing.retain,
            expires: publishing.message_expiry.map(|expiry| now + u64::from(expiry)),
        }
    }

    pub(super) fn is_expired(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether it fits into packets of this size, which a small payload always
    /// does.
    pub(super) fn fits(&self, maximum_packet_size: usize) -> bool {
        self.payload.len() < LARGE || maximum_packet_size > LARGE
    }
}

impl Owed {
    /// Whether the broker is not to send it for the first time.
    pub(super) fn is_useless(&self, terms: Terms) -> bool {
        self.message.is_expired(terms.now) || !self.message.fits(terms.maximum_packet_size)
    }

    /// Whether `publish` looks as it should when it comes at `now`, with
    /// properties or without.
    pub(super) fn looks_like(&self, publish: &Publish<'_>, now: u64, properties: bool) -> bool {
        let Message { topic, payload, qos, retain, expires } = &self.message;
        let found = &publish.properties;
        let identifiers: BTreeSet<u32> =
            found.subscription_identifiers.iter().map(SubscriptionId::value).collect();
        let left = expires.map(|expires| expires.saturating_sub(now)).filter(|_| properties);
        *topic == publish.topic
            && payload.as_bytes() == publish.payload
            && (*qos, *retain) == (publish.qos, publish.retain)
            && self.identifiers == identifiers
            && left == found.message_expiry_interval.map(u64::from)
    }
}

//! Messages the broker keeps: queued, in flight, retained.

use super::journal::Slip;
use super::outflow::is_large;
use crate::mqtt::{Message, PublishProperties, QoS, SubscriptionId};
use crate::session::Time;
use bytes::Bytes;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A message with the end of its life; one for all the places that keep it.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) message: Message,
    /// When the message expiry interval runs out (MQTT 5.0 §3.3.2.3.3).
    pub(super) expires: Option<Time>,
    /// The identifier of the client that it comes from: noted where somebody
    /// wants to know what becomes of it, and not stored.
    pub(super) from: Option<Box<str>>,
    /// Held while the journal has it.
    pub(super) slip: OnceLock<Slip>,
}

impl Kept {
    /// Keeps `message` from `now` on.
    pub(super) fn new(message: Message, from: Option<Box<str>>, now: Time) -> Self {
        let interval = message.properties().message_expiry_interval;
        let expires = interval.map(|seconds| now + Duration::from_secs(seconds.into()));
        Self { message, expires, from, slip: OnceLock::new() }
    }

    /// A message that the journal has already.
    pub(super) fn stored(message: Message, expires: Option<Time>, slip: Slip) -> Self {
        Self { message, expires, from: None, slip: slip.into() }
    }

    pub(super) fn is_expired(&self, now: Time) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// The payload, if it is so large that it is shared.
    pub(super) fn shared_payload(&self) -> Option<Bytes> {
        is_large(self.message.payload()).then(|| self.message.payload_bytes())
    }

    /// The properties to send at `now`: the expiry interval less the time the
    /// message has waited (MQTT-3.3.2-6).
    pub(super) fn properties(&self, now: Time) -> PublishProperties<'_> {
        let left = self.expires.map(|expires| {
            let left = expires - now;
            // Whoever is told of no time at all takes the message to be over.
            left.as_secs() + u64::from(left.subsec_nanos() > 0)
        });
        PublishProperties {
            message_expiry_interval: left.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
            ..self.message.properties()
        }
    }
}

/// A kept message on its way to one session.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    /// Given up when only a PUBREL is owed any more.
    pub(super) kept: Option<Arc<Kept>>,
    pub(super) qos: QoS,
    /// The RETAIN flag to send.
    pub(super) retain: bool,
    /// The identifiers of the subscriptions that matched.
    pub(super) subscription_ids: Option<Arc<[SubscriptionId]>>,
    /// Whether it is sent because a subscription was made (§3.3.1.3).
    pub(super) replayed: bool,
    /// Its place among all that its session was ever owed.
    pub(super) sequence: u64,
}

impl Delivery {
    /// Takes the message out: from now on a PUBREL is all that is owed.
    pub(super) fn give_up(&mut self) -> Self {
        let kept = self.kept.take();
        Self { kept, ..self.clone() }
    }

    /// Whether its time has run out.
    pub(super) fn is_expired(&self, now: Time) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.is_expired(now))
    }

    /// Bytes of the message's payload.
    pub(super) fn payload_size(&self) -> usize {
        self.kept.as_ref().map_or(0, |kept| kept.message.payload().len())
    }

    /// The payload, if it is so large that it is shared.
    pub(super) fn shared_payload(&self) -> Option<Bytes> {
        self.kept.as_ref()?.shared_payload()
    }

    /// Bytes it counts against the limit of a queue.
    pub(super) fn size(&self) -> usize {
        self.kept.as_ref().map_or(0, |kept| kept.message.size())
    }
}

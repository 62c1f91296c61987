//! One message on its way to its receivers: what each of them gets, when.

use super::counters::Counter;
use super::message::{Delivery, Kept};
use super::session::{Hot, QueueLimits, Session};
use super::target::Grant;
use super::template::{Templates, Variant};
use super::worker::Worker;
use crate::mqtt::{Message, Publish, QoS};
use crate::session::Time;
use std::sync::Arc;

/// What became of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Routed {
    /// Sessions it was meant for.
    pub(super) matched: usize,
    /// Sessions that had no room for it.
    pub(super) refused: usize,
}

/// One message while it is being routed.
pub(super) struct Routing<'a> {
    pub(super) publish: &'a Publish<'a>,
    /// The key of the session it comes from.
    pub(super) publisher: u64,
    now: Time,
    limits: &'a QueueLimits,
    templates: Templates<'a>,
    /// Made when the first receiver must keep the message.
    kept: Option<Arc<Kept>>,
    routed: Routed,
}

/// What became of one delivery.
enum Outcome {
    Sent,
    Queued,
    /// Nothing is owed: QoS 0 while offline.
    Skipped,
    /// Nothing is owed: too large for the client.
    TooLarge,
    /// QoS 0, and the client reads too slowly.
    TooSlow,
    /// The queue is full.
    NoRoom,
}

impl<'a> Routing<'a> {
    pub(super) fn new(
        publish: &'a Publish<'a>,
        publisher: u64,
        now: Time,
        limits: &'a QueueLimits,
        templates: Templates<'a>,
    ) -> Self {
        let routed = Routed::default();
        Self { publish, publisher, now, limits, templates, kept: None, routed }
    }

    /// What became of the message, and the memory its templates were in.
    pub(super) fn finish(self) -> (Routed, Vec<u8>) {
        (self.routed, self.templates.into_scratch())
    }

    /// Delivers the message to one session, or queues it for later.
    pub(super) fn deliver(&mut self, worker: &mut Worker, session: &Arc<Session>, grant: &Grant) {
        self.routed.matched += 1;
        let mut hot = session.hot.lock();
        let variant = Variant {
            version: hot.version,
            qos: self.publish.qos.min(grant.qos),
            retain: self.publish.retain && grant.retain_as_published,
        };
        let online = hot.link.is_some();
        if online {
            worker.provide(&mut hot);
        }
        let outcome = match (online, variant.qos) {
            (true, QoS::AtMostOnce) => self.send(&mut hot, grant, variant),
            (true, _) => self.send_acknowledged(&mut hot, grant, variant),
            (false, QoS::AtMostOnce) => Outcome::Skipped,
            (false, _) => self.enqueue(&mut hot, grant, variant),
        };
        match outcome {
            Outcome::Sent => {
                worker.counters.messages_sent.add(1);
                worker.counters.payload_sent.add(self.publish.payload.len());
            }
            Outcome::Queued | Outcome::Skipped => {}
            Outcome::TooLarge => worker.counters.dropped_large.add(1),
            Outcome::TooSlow => self.refuse(&worker.counters.dropped_slow),
            Outcome::NoRoom => self.refuse(&worker.counters.dropped_full),
        }
        if online {
            worker.touch(session, &mut hot);
        }
    }

    fn refuse(&mut self, counter: &Counter) {
        counter.add(1);
        self.routed.refused += 1;
    }

    /// QoS 0: sent now, behind retained messages that wait, or never.
    fn send(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Outcome {
        if hot.queue.is_replaying() {
            return self.enqueue(hot, grant, variant);
        }
        if hot.out.len() >= self.limits.output {
            return Outcome::TooSlow;
        }
        if grant.ids.is_some() {
            return self.send_with_ids(hot, grant, variant);
        }
        if self.templates.size(variant) > hot.maximum_packet_size {
            return Outcome::TooLarge;
        }
        self.templates.append(variant, None, &mut hot.out);
        Outcome::Sent
    }

    /// Subscription identifiers are the receiver's own, so no template has them.
    fn send_with_ids(&self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Outcome {
        let start = hot.out.len();
        let publish = Publish {
            dup: false,
            qos: variant.qos,
            retain: variant.retain,
            packet_id: None,
            ..*self.publish
        };
        super::template::encode(&publish, grant.ids.as_deref(), hot.version, &mut hot.out);
        if hot.out.len() - start > hot.maximum_packet_size {
            hot.out.truncate(start);
            return Outcome::TooLarge;
        }
        Outcome::Sent
    }

    /// QoS 1 and 2: sent now if there is room and quota, else queued.
    fn send_acknowledged(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Outcome {
        if !hot.has_room(self.limits) || grant.ids.is_some() {
            return self.enqueue(hot, grant, variant);
        }
        if self.templates.size(variant) > hot.maximum_packet_size {
            return Outcome::TooLarge;
        }
        let Some(delivery) = self.delivery(grant, variant) else {
            return Outcome::Skipped;
        };
        match hot.outbound.publish(variant.qos, delivery) {
            Ok(id) => {
                self.templates.append(variant, Some(id), &mut hot.out);
                Outcome::Sent
            }
            Err(delivery) => queued(hot.queue.push(delivery, self.limits)),
        }
    }

    fn enqueue(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Outcome {
        match self.delivery(grant, variant) {
            Some(delivery) => queued(hot.queue.push(delivery, self.limits)),
            None => Outcome::Skipped,
        }
    }

    fn delivery(&mut self, grant: &Grant, variant: Variant) -> Option<Delivery> {
        Some(Delivery {
            kept: Some(self.keep()?),
            qos: variant.qos,
            retain: variant.retain,
            subscription_ids: grant.ids.clone(),
            replayed: false,
        })
    }

    /// The message as everybody who keeps it shares it. `None` cannot happen:
    /// the topic was checked when the packet was decoded.
    pub(super) fn keep(&mut self) -> Option<Arc<Kept>> {
        if self.kept.is_none() {
            let message = Message::new(self.publish).ok()?;
            self.kept = Some(Arc::new(Kept::new(message, self.now)));
        }
        self.kept.clone()
    }
}

const fn queued(taken: bool) -> Outcome {
    if taken { Outcome::Queued } else { Outcome::NoRoom }
}

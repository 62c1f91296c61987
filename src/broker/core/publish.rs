//! Routing a message to everybody who gets it. This is the hot path.

use super::Core;
use super::message::{Delivery, Kept};
use super::session::{Hot, QueueLimits, Session};
use super::target::{Grant, Targets};
use super::template::{Source, Templates, Variant};
use super::worker::{Timer, Worker};
use crate::mqtt::{Message, Publish, QoS};
use std::rc::Rc;
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
struct Routing<'a> {
    publish: &'a Publish<'a>,
    publisher: u64,
    templates: Templates<'a>,
    /// Made when the first receiver must keep the message.
    kept: Option<Arc<Kept>>,
    routed: Routed,
}

/// What became of one delivery.
enum Outcome {
    Sent,
    Queued,
    /// Nothing is owed: too large for the client, or QoS 0 while offline.
    Skipped,
    Dropped,
}

impl Core {
    /// Retains `publish` if it asks for it and delivers it to every matching
    /// session; `None` if its publisher may not send to this topic. The topic
    /// must be resolved; `source` are its bytes if they can be forwarded as
    /// they are.
    pub(super) fn publish(
        &self,
        worker: &mut Worker,
        publisher: &Session,
        publish: &Publish<'_>,
        source: Option<Source<'_>>,
    ) -> Option<Routed> {
        worker.counters.received += 1;
        let targets = self.targets(worker, publish.topic);
        if !targets.may_be_sent_by(publisher, publish.topic) {
            return None;
        }
        let scratch = std::mem::take(&mut worker.scratch);
        let mut routing = Routing {
            publish,
            publisher: publisher.key,
            templates: Templates::new(publish, source, scratch),
            kept: None,
            routed: Routed::default(),
        };
        if publish.retain {
            self.retain(worker, &mut routing);
        }
        self.deliver(worker, &mut routing, &targets);
        worker.scratch = routing.templates.into_scratch();
        Some(routing.routed)
    }

    /// Keeps or clears the topic's retained message (MQTT-3.3.1-5 to -8).
    fn retain(&self, worker: &mut Worker, routing: &mut Routing<'_>) {
        let topic = routing.publish.topic;
        if routing.publish.payload.is_empty() {
            self.retained.write().clear(topic);
        } else if let Some(kept) = routing.keep(worker) {
            if let Some(expires) = kept.expires {
                worker.timers.set(expires, Timer::Retained(topic.into()));
            }
            self.retained.write().set(kept);
        }
    }

    /// Who gets messages of `topic`: from the memo, or by a walk of the index.
    fn targets(&self, worker: &mut Worker, topic: &str) -> Rc<Targets> {
        let generation = self.generations.of(topic);
        if let Some(targets) = worker.memo.get(topic, generation) {
            return targets;
        }
        let acl = self.acl.read().clone();
        let targets = Rc::new(self.index.read().resolve(topic, acl));
        worker.memo.note(topic, generation, &targets);
        targets
    }

    fn deliver(&self, worker: &mut Worker, routing: &mut Routing<'_>, targets: &Targets) {
        let limits = &self.limits.queue;
        for receiver in &targets.receivers {
            if let Some(grant) = receiver.grant(routing.publisher) {
                routing.deliver(worker, limits, &receiver.session, grant);
            }
        }
        for group in &targets.groups {
            let ready = |session: &Session| {
                let hot = session.hot.lock();
                hot.link.is_some() && hot.has_room(limits) && targets.admits(session)
            };
            let later = |session: &Session| {
                (routing.publish.qos > QoS::AtMostOnce || session.is_connected())
                    && targets.admits(session)
            };
            if let Some(member) = group.choose(ready, later)
                && let Some(grant) = Grant::merge(std::iter::once(&member))
            {
                routing.deliver(worker, limits, &member.session, &grant);
            }
        }
    }
}

impl Routing<'_> {
    fn deliver(
        &mut self,
        worker: &mut Worker,
        limits: &QueueLimits,
        session: &Arc<Session>,
        grant: &Grant,
    ) {
        self.routed.matched += 1;
        let mut hot = session.hot.lock();
        let outcome = if hot.link.is_none() {
            self.deliver_offline(worker, limits, &mut hot, grant)
        } else {
            if hot.out.capacity() == 0 {
                hot.out = worker.take_spare();
            }
            self.deliver_online(worker, limits, &mut hot, grant)
        };
        match outcome {
            Outcome::Sent => worker.counters.sent += 1,
            Outcome::Queued | Outcome::Skipped => {}
            Outcome::Dropped => {
                worker.counters.dropped += 1;
                self.routed.refused += 1;
            }
        }
        if !hot.touched && hot.link.is_some() {
            hot.touched = true;
            worker.touched.push(Arc::clone(session));
        }
    }

    fn deliver_online(
        &mut self,
        worker: &Worker,
        limits: &QueueLimits,
        hot: &mut Hot,
        grant: &Grant,
    ) -> Outcome {
        let variant = Variant {
            version: hot.version,
            qos: self.publish.qos.min(grant.qos),
            retain: self.publish.retain && grant.retain_as_published,
        };
        if variant.qos > QoS::AtMostOnce {
            return self.deliver_acknowledged(worker, limits, hot, grant, variant);
        }
        if hot.queue.is_replaying() {
            return self.enqueue(worker, limits, hot, grant, variant);
        }
        if hot.out.len() >= limits.output {
            return Outcome::Dropped;
        }
        if grant.ids.is_some() {
            // Nothing else waits that a QoS 0 message must not overtake, so
            // the queue of one is sent at once.
            return self.append_with_ids(hot, grant, variant);
        }
        if self.templates.size(variant) > hot.maximum_packet_size {
            return Outcome::Skipped;
        }
        self.templates.append(variant, None, &mut hot.out);
        Outcome::Sent
    }

    fn append_with_ids(&self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Outcome {
        let start = hot.out.len();
        let publish = Publish {
            dup: false,
            qos: variant.qos,
            retain: variant.retain,
            packet_id: None,
            ..*self.publish
        };
        super::template::encode(&publish, grant.ids.as_deref(), hot.version, &mut hot.out);
        let size = hot.out.len() - start;
        if size > hot.maximum_packet_size {
            hot.out.truncate(start);
            return Outcome::Skipped;
        }
        Outcome::Sent
    }

    fn deliver_acknowledged(
        &mut self,
        worker: &Worker,
        limits: &QueueLimits,
        hot: &mut Hot,
        grant: &Grant,
        variant: Variant,
    ) -> Outcome {
        if !hot.has_room(limits) || grant.ids.is_some() {
            return self.enqueue(worker, limits, hot, grant, variant);
        }
        if self.templates.size(variant) > hot.maximum_packet_size {
            return Outcome::Skipped;
        }
        let Some(delivery) = self.delivery(worker, grant, variant) else {
            return Outcome::Skipped;
        };
        match hot.outbound.publish(variant.qos, delivery) {
            Ok(id) => {
                self.templates.append(variant, Some(id), &mut hot.out);
                Outcome::Sent
            }
            Err(delivery) => queued(hot.queue.push(delivery, limits)),
        }
    }

    fn deliver_offline(
        &mut self,
        worker: &Worker,
        limits: &QueueLimits,
        hot: &mut Hot,
        grant: &Grant,
    ) -> Outcome {
        let variant = Variant {
            version: hot.version,
            qos: self.publish.qos.min(grant.qos),
            retain: self.publish.retain && grant.retain_as_published,
        };
        if variant.qos == QoS::AtMostOnce {
            return Outcome::Skipped;
        }
        self.enqueue(worker, limits, hot, grant, variant)
    }

    fn enqueue(
        &mut self,
        worker: &Worker,
        limits: &QueueLimits,
        hot: &mut Hot,
        grant: &Grant,
        variant: Variant,
    ) -> Outcome {
        match self.delivery(worker, grant, variant) {
            Some(delivery) => queued(hot.queue.push(delivery, limits)),
            None => Outcome::Skipped,
        }
    }

    fn delivery(&mut self, worker: &Worker, grant: &Grant, variant: Variant) -> Option<Delivery> {
        Some(Delivery {
            kept: Some(self.keep(worker)?),
            qos: variant.qos,
            retain: variant.retain,
            subscription_ids: grant.ids.clone(),
            replayed: false,
        })
    }

    /// The message as everybody who keeps it shares it. `None` cannot happen:
    /// the topic was checked when the packet was decoded.
    fn keep(&mut self, worker: &Worker) -> Option<Arc<Kept>> {
        if self.kept.is_none() {
            let message = Message::new(self.publish).ok()?;
            self.kept = Some(Arc::new(Kept::new(message, worker.now)));
        }
        self.kept.clone()
    }
}

const fn queued(taken: bool) -> Outcome {
    if taken { Outcome::Queued } else { Outcome::Dropped }
}

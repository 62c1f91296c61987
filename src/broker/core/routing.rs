//! One message on its way to its receivers: what each of them gets, when.

use super::Core;
use super::event::{Client, Event, Events, Fate, Why};
use super::hooks::Hooks;
use super::message::{Delivery, Kept};
use super::queue::SlowConsumer;
use super::session::{Hot, Session};
use super::target::Grant;
use super::template::{Templates, Variant};
use super::worker::Worker;
use crate::mqtt::{Message, Publish, QoS};
use crate::session::Time;
use std::sync::Arc;

/// What became of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Routed {
    /// Sessions it was meant for.
    pub matched: usize,
    /// Sessions that had no room for it.
    pub refused: usize,
    /// Older messages that were dropped for it.
    pub displaced: usize,
}

/// One message while it is being routed.
pub(super) struct Routing<'a> {
    pub(super) publish: &'a Publish<'a>,
    /// The session it comes from.
    pub(super) publisher: &'a Session,
    events: &'a Events,
    hooks: Option<&'a dyn Hooks>,
    now: Time,
    templates: Templates<'a>,
    /// Made when the first receiver must keep the message.
    kept: Option<Arc<Kept>>,
    routed: Routed,
}

impl<'a> Routing<'a> {
    pub(super) fn new(
        publish: &'a Publish<'a>,
        publisher: &'a Session,
        now: Time,
        core: &'a Core,
        templates: Templates<'a>,
    ) -> Self {
        let routed = Routed::default();
        let events = &core.events;
        let hooks = core.hooks.as_deref();
        Self { publish, publisher, events, hooks, now, templates, kept: None, routed }
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
        let fate = match (online, variant.qos) {
            _ if self.is_withheld_from(session) => Fate::Dropped(Why::Withheld),
            (true, QoS::AtMostOnce) => self.send(&mut hot, grant, variant),
            (true, _) => self.send_acknowledged(&mut hot, grant, variant),
            (false, QoS::AtMostOnce) if !hot.limits.queue.offline_qos0 => {
                Fate::Dropped(Why::Offline)
            }
            (false, _) => self.enqueue(&mut hot, grant, variant),
        };
        worker.counters.note(fate, self.publish.payload.len());
        if matches!(fate, Fate::Dropped(why) if why.is_for_room()) {
            self.routed.refused += 1;
            if online && hot.limits.queue.slow == SlowConsumer::Disconnect {
                worker.evict(session, hot.connection);
            }
        }
        if online {
            worker.touch(session, &mut hot);
        }
        let connection = hot.connection;
        drop(hot);
        if self.events.want_messages() {
            self.tell(session.client(connection), variant.qos, variant.retain, fate);
        }
    }

    fn is_withheld_from(&self, session: &Session) -> bool {
        self.hooks.is_some_and(|hooks| !hooks.deliver(session.who(), self.publish))
    }

    /// Tells that a session gets nothing of its own message.
    pub(super) fn skip_own(&self) {
        if self.events.want_messages() {
            let connection = self.publisher.hot.lock().connection;
            let Publish { qos, retain, .. } = *self.publish;
            let fate = Fate::Dropped(Why::NoLocal);
            self.tell(self.publisher.client(connection), qos, retain, fate);
        }
    }

    /// Tells what became of the message on its way to one client.
    #[cold]
    fn tell(&self, to: Client<'_>, qos: QoS, retain: bool, fate: Fate) {
        let publish = Publish { dup: false, qos, retain, packet_id: None, ..*self.publish };
        let from = Some(&*self.publisher.client_id);
        self.events.tell(self.now, &Event::Delivery { to, from, publish: &publish, fate });
    }

    /// QoS 0: sent now, behind retained messages that wait, or never.
    fn send(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Fate {
        if hot.out.len() >= hot.limits.queue.output || hot.queue.holds_back() {
            return self.send_later(hot, grant, variant);
        }
        if grant.ids.is_some() || hot.has_aliases() {
            return self.send_own(hot, grant, variant);
        }
        if self.templates.size(variant) > hot.maximum_packet_size {
            return Fate::Dropped(Why::TooLarge);
        }
        self.templates.append(variant, None, &mut hot.out);
        Fate::Sent
    }

    /// QoS 0 that is not sent at once. Where the oldest is dropped, it waits in
    /// the queue, which has the oldest in front.
    fn send_later(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Fate {
        if hot.limits.queue.slow == SlowConsumer::DropOldest {
            let delivery = self.delivery(hot, grant, variant);
            let gone = delivery.and_then(|delivery| hot.enqueue_newest(delivery));
            self.routed.displaced += gone.unwrap_or(0);
            return gone.map_or(Fate::Dropped(Why::OutputFull), |_| Fate::Queued);
        }
        if hot.queue.holds_back() {
            return self.enqueue(hot, grant, variant);
        }
        Fate::Dropped(Why::OutputFull)
    }

    /// What is the receiver's own is in no template.
    fn send_own(&self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Fate {
        let publish = Publish {
            dup: false,
            qos: variant.qos,
            retain: variant.retain,
            packet_id: None,
            ..*self.publish
        };
        if hot.put_own(&publish, grant.ids.as_deref()) {
            Fate::Sent
        } else {
            Fate::Dropped(Why::TooLarge)
        }
    }

    /// QoS 1 and 2: sent now if there is room and quota, else queued.
    fn send_acknowledged(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Fate {
        if !hot.has_room() || grant.ids.is_some() || hot.has_aliases() {
            return self.enqueue(hot, grant, variant);
        }
        if self.templates.size(variant) > hot.maximum_packet_size {
            return Fate::Dropped(Why::TooLarge);
        }
        let Some(delivery) = self.delivery(hot, grant, variant) else {
            return Fate::Dropped(Why::TooLarge);
        };
        match hot.outbound.publish(variant.qos, delivery) {
            Ok(id) => {
                hot.note_sent();
                self.templates.append(variant, Some(id), &mut hot.out);
                Fate::Sent
            }
            Err(delivery) => queue(hot, delivery),
        }
    }

    fn enqueue(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Fate {
        match self.delivery(hot, grant, variant) {
            Some(delivery) => queue(hot, delivery),
            None => Fate::Dropped(Why::TooLarge),
        }
    }

    fn delivery(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Option<Delivery> {
        Some(Delivery {
            kept: Some(self.keep()?),
            qos: variant.qos,
            retain: variant.retain,
            subscription_ids: grant.ids.clone(),
            replayed: false,
            sequence: hot.number(),
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

fn queue(hot: &mut Hot, delivery: Delivery) -> Fate {
    if !hot.enqueue(delivery) {
        return Fate::Dropped(Why::QueueFull);
    }
    hot.note_queued();
    Fate::Queued
}

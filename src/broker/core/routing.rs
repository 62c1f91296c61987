//! One message on its way to its receivers: what each of them gets, when.

use super::Core;
use super::event::{Client, Event, Fate, Why};
use super::group::Readiness;
use super::message::{Delivery, Kept};
use super::outflow::{Outflow, is_large};
use super::queue::SlowConsumer;
use super::session::{Hot, Session};
use super::target::{Grant, Subscriber};
use super::template::{Templates, Variant};
use super::worker::Worker;
use crate::mqtt::{Message, Publish, QoS};
use crate::session::Time;
use bytes::Bytes;
use std::sync::Arc;

/// Bytes of a subscription identifier at most, with what names it.
const ROOM_FOR_ID: usize = 5;

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
    core: &'a Core,
    now: Time,
    templates: Templates<'a>,
    /// Made when the first receiver must keep the message.
    kept: Option<Arc<Kept>>,
    /// Older messages that were dropped for it on its way to one session.
    displaced: Vec<Delivery>,
    /// What has become of it so far.
    pub(super) routed: Routed,
}

impl<'a> Routing<'a> {
    pub(super) fn new(
        publish: &'a Publish<'a>,
        publisher: &'a Session,
        now: Time,
        core: &'a Core,
        templates: Templates<'a>,
    ) -> Self {
        Self {
            publish,
            publisher,
            core,
            now,
            templates,
            kept: None,
            displaced: Vec::new(),
            routed: Routed::default(),
        }
    }

    /// The memory its templates were in.
    pub(super) fn into_scratch(self) -> Vec<u8> {
        self.templates.into_scratch()
    }

    /// How well a member of a group could take the message; `None` where nobody
    /// would wait for it.
    pub(super) fn readiness(&mut self, member: &Subscriber) -> Option<Readiness> {
        let hot = member.session.hot.lock();
        let (online, queue) = (hot.link.is_some(), &hot.limits.queue);
        let qos = self.publish.qos.min(member.options.qos);
        let kept = qos > QoS::AtMostOnce || queue.offline_qos0;
        if !online && self.publish.qos == QoS::AtMostOnce && !kept {
            return None;
        }
        let variant = Variant { version: hot.version, qos, retain: false };
        // The identifier of the subscription is not in the template.
        let room = hot.maximum_packet_size.saturating_sub(ROOM_FOR_ID);
        Some(match online {
            _ if self.templates.fitting(variant, room).is_none() => Readiness::Never,
            true if hot.has_room() => Readiness::Now,
            true if !hot.is_full() => Readiness::Soon,
            false if kept && !hot.queue.is_full(queue) => Readiness::Later,
            _ => Readiness::Never,
        })
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
        let fate = match fate {
            Fate::Dropped(why) if why.is_for_room() => {
                self.without_room(worker, session, &mut hot, (grant, variant), why)
            }
            fate => fate,
        };
        worker.counters.note(fate, self.publish.payload.len());
        if online {
            worker.touch(session, &mut hot);
        }
        let connection = hot.connection;
        drop(hot);
        if self.core.events.want_messages() {
            self.tell_displaced(session.client(connection));
            self.tell(session.client(connection), variant.qos, variant.retain, fate);
        }
    }

    /// What becomes of the message where its session has no room for it.
    #[cold]
    fn without_room(
        &mut self,
        worker: &mut Worker,
        session: &Arc<Session>,
        hot: &mut Hot,
        (grant, variant): (&Grant, Variant),
        why: Why,
    ) -> Fate {
        if why == Why::QueueFull && self.drop_expired(worker, session, hot) {
            let fate = self.enqueue(hot, grant, variant);
            if fate == Fate::Queued {
                return fate;
            }
        }
        let online = hot.link.is_some();
        if online && worker.behind.note(session, hot, self.publisher) {
            return self.enqueue_beyond(hot, grant, variant);
        }
        let fate = match hot.limits.queue.slow {
            // It was left for a publisher that can wait.
            SlowConsumer::DropOldest if why == Why::OutputFull && hot.has_patience() => {
                self.enqueue_newest(hot, grant, variant)
            }
            _ => Fate::Dropped(why),
        };
        if online && hot.limits.queue.slow == SlowConsumer::Disconnect {
            worker.evict(session, hot.connection);
        }
        self.routed.refused += usize::from(fate != Fate::Queued);
        fate
    }

    /// Makes room in a queue that is full. Returns whether there is more.
    fn drop_expired(&self, worker: &Worker, session: &Session, hot: &mut Hot) -> bool {
        let expired = hot.take_expired(self.now);
        let fate = Fate::Dropped(Why::Expired);
        for delivery in &expired {
            hot.note_settled(delivery);
            worker.counters.note(fate, delivery.payload_size());
            self.core.tell_kept(self.now, session.client(hot.connection), delivery, fate);
        }
        !expired.is_empty()
    }

    fn is_withheld_from(&self, session: &Session) -> bool {
        self.core.hooks.as_ref().is_some_and(|hooks| !hooks.deliver(session.who(), self.publish))
    }

    /// Tells that a session gets nothing of its own message.
    pub(super) fn skip_own(&self) {
        if self.core.events.want_messages() {
            self.tell_skipped(self.publisher, Why::NoLocal);
        }
    }

    /// Tells of the sessions that would get the message if they might.
    pub(super) fn skip_barred(&self, sessions: &[Arc<Session>]) {
        for session in sessions {
            self.tell_skipped(session, Why::Barred);
        }
    }

    #[cold]
    fn tell_skipped(&self, session: &Session, why: Why) {
        let connection = session.hot.lock().connection;
        let Publish { qos, retain, .. } = *self.publish;
        self.tell(session.client(connection), qos, retain, Fate::Dropped(why));
    }

    #[cold]
    fn tell_displaced(&mut self, to: Client<'_>) {
        for older in self.displaced.drain(..) {
            self.core.tell_kept(self.now, to, &older, Fate::Dropped(Why::Displaced));
        }
    }

    /// Tells what became of the message on its way to one client.
    #[cold]
    fn tell(&self, to: Client<'_>, qos: QoS, retain: bool, fate: Fate) {
        let publish = Publish { dup: false, qos, retain, packet_id: None, ..*self.publish };
        let from = self.publisher.name();
        self.core.events.tell(self.now, &Event::Delivery { to, from, publish: &publish, fate });
    }

    /// QoS 0: sent now, behind retained messages that wait, or never.
    fn send(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Fate {
        if hot.is_slow() || hot.holds_back() {
            return self.send_later(hot, grant, variant);
        }
        if grant.ids.is_some() || hot.is_tailored() {
            return self.send_own(hot, grant, variant);
        }
        let Some(copied) = self.templates.fitting(variant, hot.maximum_packet_size) else {
            return Fate::Dropped(Why::TooLarge);
        };
        copied.append(None, hot.out.bytes_mut());
        self.append_payload(&mut hot.out);
        Fate::Sent
    }

    /// QoS 0 that is not sent at once. Where the oldest is dropped, it waits in
    /// the queue, which has the oldest in front.
    fn send_later(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Fate {
        if hot.is_slow() && hot.has_patience() {
            // The queue need not grow: the publisher waits, if it can.
            return Fate::Dropped(Why::OutputFull);
        }
        if hot.limits.queue.slow == SlowConsumer::DropOldest {
            return self.enqueue_newest(hot, grant, variant);
        }
        if hot.holds_back() {
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
        if hot.put_own(&publish, grant.ids.as_deref(), self.shared_payload()) {
            Fate::Sent
        } else {
            Fate::Dropped(Why::TooLarge)
        }
    }

    /// QoS 1 and 2: sent now if there is room and quota, else queued.
    fn send_acknowledged(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Fate {
        if !hot.has_room() || grant.ids.is_some() || hot.is_tailored() {
            return self.enqueue(hot, grant, variant);
        }
        let Some(kept) = self.keep() else {
            return Fate::Dropped(Why::TooLarge);
        };
        let Some(copied) = self.templates.fitting(variant, hot.maximum_packet_size) else {
            return Fate::Dropped(Why::TooLarge);
        };
        let delivery = delivery(kept, hot, grant, variant);
        match hot.outbound.publish(variant.qos, delivery) {
            Ok(id) => {
                hot.note_sent();
                copied.append(Some(id), hot.out.bytes_mut());
                self.append_payload(&mut hot.out);
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

    /// Queues the message though the queue is full.
    fn enqueue_beyond(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Fate {
        let Some(delivery) = self.delivery(hot, grant, variant) else {
            return Fate::Dropped(Why::TooLarge);
        };
        hot.queue.restore(delivery);
        hot.note_queued();
        Fate::Queued
    }

    fn enqueue_newest(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Fate {
        let Some(delivery) = self.delivery(hot, grant, variant) else {
            return Fate::Dropped(Why::TooLarge);
        };
        let mut displaced = Vec::new();
        let fits = hot.enqueue_newest(delivery, &mut displaced);
        self.routed.displaced += displaced.len();
        self.displaced = displaced;
        if fits { Fate::Queued } else { Fate::Dropped(Why::OutputFull) }
    }

    fn delivery(&mut self, hot: &mut Hot, grant: &Grant, variant: Variant) -> Option<Delivery> {
        Some(delivery(self.keep()?, hot, grant, variant))
    }

    /// Has one copy of the payload made for so many receivers, if it is large and a copy is
    /// made anyway or there would be more of them. Done before any of them is served.
    pub(super) fn share_among(&mut self, receivers: usize) {
        let wanted = receivers > 1 || (receivers == 1 && self.publish.qos > QoS::AtMostOnce);
        if wanted && is_large(self.publish.payload) && self.keep().is_some() {
            self.templates.leave_payload_out();
        }
    }

    /// The payload that receivers share, where they do.
    #[cold]
    fn shared_payload(&self) -> Option<Bytes> {
        self.kept.as_ref()?.shared_payload()
    }

    /// Appends the payload that a template has left out.
    #[inline]
    fn append_payload(&self, out: &mut Outflow) {
        if self.templates.leave_out_payload()
            && let Some(payload) = self.shared_payload()
        {
            out.share(payload);
        }
    }

    /// The message as everybody who keeps it shares it. `None` cannot happen:
    /// every part came out of a packet, so nothing is too long.
    pub(super) fn keep(&mut self) -> Option<Arc<Kept>> {
        if self.kept.is_none() {
            let message = Message::of_checked(self.publish).ok()?;
            let wanted = self.publisher.name().filter(|_| self.core.events.want_messages());
            let from = wanted.map(Into::into);
            self.kept = Some(Arc::new(Kept::new(message, from, self.now)));
        }
        self.kept.clone()
    }
}

/// What `kept` is to one session.
fn delivery(kept: Arc<Kept>, hot: &mut Hot, grant: &Grant, variant: Variant) -> Delivery {
    Delivery {
        kept: Some(kept),
        qos: variant.qos,
        retain: variant.retain,
        subscription_ids: grant.ids.clone(),
        replayed: false,
        sequence: hot.number(),
    }
}

fn queue(hot: &mut Hot, delivery: Delivery) -> Fate {
    if !hot.enqueue(delivery) {
        return Fate::Dropped(Why::QueueFull);
    }
    hot.note_queued();
    Fate::Queued
}

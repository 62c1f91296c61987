//! What waits for a session goes into its output, a slice at a time: first what
//! an earlier connection left unacknowledged, then retained messages and the
//! queue in the order in which they came to be owed.
//!
//! A slice is written before the next is taken, by the owner of the connection
//! in a turn of its own ([`super::Link::wake`]); so neither a long queue nor a
//! client that reads fast keeps the other clients of a worker waiting.

use super::Core;
use super::counters::Counters;
use super::event::{Fate, Why};
use super::message::Delivery;
use super::own_copy::Tailoring;
use super::replay::Reader;
use super::session::{Hot, Session, put_ack};
use super::worker::Worker;
use crate::mqtt::{Ack, AckKind, PacketId, QoS, ReasonCode};
use crate::session::{Named, Stage, Time};

/// Output above which what waits has to wait for room.
const MARK: usize = 64 * 1024;

/// Messages and retained topics looked at for one slice.
const EFFORT: usize = 2048;

impl Core {
    /// Fills the output with what waits, as far as there is room and quota.
    pub(super) fn refill(&self, session: &Session, hot: &mut Hot, worker: &Worker) {
        let Some(link) = hot.link.clone().filter(|_| hot.is_behind()) else {
            return;
        };
        let (now, counters) = (worker.now, &worker.counters);
        self.resend(session, hot, worker);
        let client = session.client(hot.connection);
        let reader = self.reader(session, now);
        let mut effort = EFFORT;
        while hot.out.len() < MARK
            && effort > 0
            && let Some(delivery) = self.next_owed(hot, &reader, &mut effort)
        {
            effort = effort.saturating_sub(1);
            let fate = hot.send_owed(&delivery, now);
            counters.note(fate, delivery.payload_size());
            self.tell_kept(now, client, &delivery, fate);
        }
        if hot.out.is_empty() && hot.may_send_more() {
            // Nobody writes, so nobody would come back for the rest.
            link.wake();
        }
    }

    /// Sends again what an earlier connection left unacknowledged.
    pub(super) fn resend(&self, session: &Session, hot: &mut Hot, worker: &Worker) {
        let fate = Fate::Dropped(Why::TooLarge);
        while let Some(delivery) = hot.resend(worker.now, &worker.counters) {
            worker.counters.note(fate, delivery.payload_size());
            self.tell_kept(worker.now, session.client(hot.connection), &delivery, fate);
        }
    }

    /// Takes the message that is to be sent next, if it may be sent now.
    fn next_owed(
        &self,
        hot: &mut Hot,
        reader: &Reader<'_>,
        effort: &mut usize,
    ) -> Option<Delivery> {
        while hot.replays.before(hot.queue.front()).is_some() {
            let replay = hot.replays.first_mut()?;
            if replay.look(&self.retained.read(), reader, effort) {
                return hot.may_send_more().then(|| hot.replays.first_mut()?.take()).flatten();
            }
            if !replay.is_over() {
                return None;
            }
            hot.end_replay();
        }
        if hot.may_send_more() { hot.queue.pop() } else { None }
    }
}

impl Hot {
    /// Whether something waits that may be sent once there is room.
    pub(super) fn may_send_more(&self) -> bool {
        let queued = self.queue.front();
        let qos = match self.replays.before(queued) {
            // What it is shows when it is looked for.
            Some(replay) => replay.next_qos().or(Some(QoS::AtMostOnce)),
            None => queued.map(|delivery| delivery.qos),
        };
        qos.is_some_and(|qos| qos == QoS::AtMostOnce || self.outbound.has_quota())
    }

    /// Sends what was owed, if it is still worth it. What comes of it is over.
    fn send_owed(&mut self, delivery: &Delivery, now: Time) -> Fate {
        let fate = if delivery.is_expired(now) {
            Fate::Dropped(Why::Expired)
        } else if self.send(delivery, now) {
            return Fate::Sent;
        } else {
            Fate::Dropped(Why::TooLarge)
        };
        self.note_settled(delivery);
        fate
    }

    /// Sends a delivery for the first time. Returns whether it was sent: one
    /// too large for the client counts as delivered (MQTT-3.1.2-25).
    fn send(&mut self, delivery: &Delivery, now: Time) -> bool {
        let ids = delivery.subscription_ids.as_deref();
        if delivery.qos == QoS::AtMostOnce {
            let publish = delivery.publish(None, false, now);
            let payload = delivery.shared_payload();
            return publish.is_some_and(|publish| self.put_own(&publish, ids, payload));
        }
        let Ok(id) = self.outbound.publish(delivery.qos, delivery.clone()) else {
            return false;
        };
        let publish = delivery.publish(Some(id), false, now);
        let payload = delivery.shared_payload();
        if publish.is_some_and(|publish| self.put_own(&publish, ids, payload)) {
            self.note_sent();
            return true;
        }
        let known = self.outbound.finish(id, Stage::first(delivery.qos));
        debug_assert!(known.is_ok(), "it was begun just above");
        false
    }

    /// Sends again what a resumed session has not acknowledged, in order and
    /// within the window (MQTT-4.4.0-1, MQTT-4.6.0-1). Returns the next message
    /// that is too large for the client by now, and ended with that
    /// (MQTT-3.1.2-25).
    fn resend(&mut self, now: Time, counters: &Counters) -> Option<Delivery> {
        while let Some((id, stage, delivery)) = self.outbound.resend() {
            if stage == Stage::PubComp {
                let pubrel = Ack::new(AckKind::PubRel, id, ReasonCode::SUCCESS);
                put_ack(pubrel, self.version, self.out.bytes_mut());
            } else {
                let delivery = delivery.clone();
                if !self.send_again(id, &delivery, now) {
                    let known = self.outbound.finish(id, stage);
                    debug_assert!(known.is_ok(), "it is in flight");
                    self.note_settled(&delivery);
                    return Some(delivery);
                }
            }
            counters.answers_sent.add(1);
        }
        None
    }

    /// Returns whether the client takes a packet as large as that.
    fn send_again(&mut self, id: PacketId, delivery: &Delivery, now: Time) -> bool {
        let Some(publish) = delivery.publish(Some(id), true, now) else {
            return false;
        };
        let ids = delivery.subscription_ids.as_deref();
        let publish = Tailoring::seen(self.tailoring.as_deref(), &publish);
        // In full: an alias could be one of an earlier connection.
        self.put_named(&publish, Named::InFull, ids, delivery.shared_payload())
    }
}

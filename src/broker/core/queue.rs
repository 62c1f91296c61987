//! What waits for one session, and what is dropped where it is too much.

use super::message::Delivery;
use crate::mqtt::QoS;
use crate::session::{Time, trim};
use std::collections::VecDeque;
use std::time::Duration;

/// Deliveries that wait for a connection, for room or for quota.
#[derive(Debug, Default)]
pub(super) struct Queue {
    deliveries: VecDeque<Delivery>,
    bytes: usize,
    replayed: usize,
    /// Messages of QoS 0 that are not replayed, and their bytes.
    loose: usize,
    loose_bytes: usize,
}

/// Messages whose time has run out that are taken at once.
const AT_ONCE: usize = 1024;

/// The limits of what is kept for one session.
#[derive(Debug, Clone, Copy)]
pub struct QueueLimits {
    /// Deliveries queued.
    pub messages: usize,
    /// Bytes of queued messages.
    pub bytes: usize,
    /// Bytes of output above which a client is slow: QoS 0 messages are dropped
    /// and others queued.
    pub output: usize,
    /// How long those who publish for a client that is slow, or whose queue is
    /// full, wait for it at most: they are not read until it has caught up. Zero
    /// is not at all, and so it is for publishers that cannot wait: itself, wills,
    /// clients in this process and what comes by HTTP.
    pub patience: Duration,
    /// What becomes of a client that is slow, if nobody waits for it any more.
    pub slow: SlowConsumer,
    /// Whether messages of QoS 0 are kept for sessions that are offline.
    pub offline_qos0: bool,
}

/// What becomes of a client that reads more slowly than it is sent messages of
/// QoS 0. Nothing that needs an acknowledgement is dropped for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SlowConsumer {
    /// It does not get the messages that come while its output is full.
    #[default]
    DropNewest,
    /// It does not get the oldest of those that wait for it.
    DropOldest,
    /// It is cut off (0x97 Quota exceeded) at the first message it would not
    /// get, whatever its QoS.
    Disconnect,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.deliveries.len()
    }

    /// Bytes held for the session alone.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether messages wait that a newer one of QoS 0 must not overtake:
    /// retained ones, or others of QoS 0.
    pub(super) const fn holds_back(&self) -> bool {
        self.replayed + self.loose > 0
    }

    /// Adds a message of QoS 0 in place of the oldest ones, which `displaced`
    /// gets. Returns whether it was added: what needs an acknowledgement is not
    /// dropped for it, and what stands behind such is not looked for.
    pub(super) fn push_newest(
        &mut self,
        delivery: Delivery,
        limits: &QueueLimits,
        displaced: &mut Vec<Delivery>,
    ) -> bool {
        while self.loose_bytes + delivery.size() > limits.output {
            if self.front().is_none_or(|oldest| oldest.loose_size() == 0) {
                return false;
            }
            displaced.extend(self.pop());
        }
        self.push(delivery, limits)
    }

    /// Whether a limit is reached.
    pub(super) fn is_full(&self, limits: &QueueLimits) -> bool {
        self.deliveries.len() - self.replayed >= limits.messages || self.bytes >= limits.bytes
    }

    /// Adds a delivery unless a limit is reached. Replayed messages are held
    /// by the retained store anyway and do not count.
    pub(super) fn push(&mut self, delivery: Delivery, limits: &QueueLimits) -> bool {
        let full = self.is_full(limits) || self.bytes + delivery.size() > limits.bytes;
        if full && !delivery.replayed {
            return false;
        }
        self.restore(delivery);
        true
    }

    /// Adds a delivery that was taken before, whatever the limits are now.
    pub(super) fn restore(&mut self, delivery: Delivery) {
        if delivery.replayed {
            self.replayed += 1;
        } else {
            self.bytes += delivery.size();
            self.loose += usize::from(delivery.qos == QoS::AtMostOnce);
            self.loose_bytes += delivery.loose_size();
        }
        self.deliveries.push_back(delivery);
    }

    /// The delivery that was queued last.
    pub(super) fn last(&self) -> Option<&Delivery> {
        self.deliveries.back()
    }

    pub(super) fn front(&self) -> Option<&Delivery> {
        self.deliveries.front()
    }

    pub(super) fn pop(&mut self) -> Option<Delivery> {
        let delivery = self.deliveries.pop_front()?;
        trim(&mut self.deliveries);
        if delivery.replayed {
            self.replayed -= 1;
        } else {
            self.bytes -= delivery.size();
            self.loose -= usize::from(delivery.qos == QoS::AtMostOnce);
            self.loose_bytes -= delivery.loose_size();
        }
        Some(delivery)
    }

    /// Takes the messages in front whose time has run out, or the first of them.
    pub(super) fn take_expired(&mut self, now: Time) -> Vec<Delivery> {
        let mut expired = Vec::new();
        while expired.len() < AT_ONCE
            && self.front().is_some_and(|delivery| delivery.is_expired(now))
        {
            expired.extend(self.pop());
        }
        expired
    }

    /// Drops what the client does not get after a reconnect, which is QoS 0
    /// as a rule.
    pub(super) fn go_offline(&mut self, limits: &QueueLimits) {
        let none = self.replayed + self.loose == 0;
        if none || limits.offline_qos0 {
            return;
        }
        drop(self.take_if(|delivery| delivery.qos == QoS::AtMostOnce));
    }

    /// Takes the messages for which `condition` holds, wherever they are.
    pub(super) fn take_if(&mut self, condition: impl Fn(&Delivery) -> bool) -> Vec<Delivery> {
        let mut taken = Vec::new();
        for delivery in std::mem::take(self).deliveries {
            if condition(&delivery) {
                taken.push(delivery);
            } else {
                self.restore(delivery);
            }
        }
        taken
    }
}

impl Delivery {
    /// Bytes of a message that may be dropped for a newer one.
    fn loose_size(&self) -> usize {
        // An empty message is one too.
        if self.qos == QoS::AtMostOnce && !self.replayed { self.size().max(1) } else { 0 }
    }
}

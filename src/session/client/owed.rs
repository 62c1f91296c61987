//! Messages that are acknowledged when the owner says so: those it passes on
//! and must not lose on the way.

use super::{ClientSession, Failure, Receipt};
use crate::mqtt::{AckKind, PacketId, Publish, QoS, ReasonCode};
use crate::session::{Inbound, Time};
use std::collections::HashMap;

/// What the owner has been handed and has not acknowledged.
#[derive(Debug, Default)]
pub(super) struct Owed {
    count: u64,
    messages: HashMap<PacketId, (Receipt, QoS)>,
}

impl Owed {
    /// Notes a message with the packet identifier `id` and returns the receipt
    /// for it; `None` if it is one that the owner has been handed before.
    pub(super) fn entrust(
        &mut self,
        inbound: &mut Inbound,
        id: PacketId,
        publish: &Publish<'_>,
    ) -> Option<Receipt> {
        let known = match publish.qos {
            QoS::ExactlyOnce => !inbound.receive(id),
            // Not sent again, it is another one: the server has given up the first.
            _ => publish.dup && self.messages.contains_key(&id),
        };
        (!known).then(|| {
            self.count += 1;
            let receipt = (self.count << 16) | u64::from(id.get());
            self.messages.insert(id, (receipt, publish.qos));
            receipt
        })
    }

    /// What the owner acknowledges by `receipt`, if that is still owed.
    fn settle(&mut self, receipt: Receipt) -> Option<(PacketId, QoS)> {
        let id = u16::try_from(receipt & 0xffff).ok().and_then(PacketId::new)?;
        let (_, qos) = *self.messages.get(&id).filter(|owed| owed.0 == receipt)?;
        self.messages.remove(&id);
        Some((id, qos))
    }

    /// Nothing is owed to a server that has forgotten the session.
    pub(super) fn clear(&mut self) {
        self.messages.clear();
    }
}

impl ClientSession {
    /// Answers a message that is sent again: with nothing, if the owner has not
    /// acknowledged it yet.
    pub(super) fn answer_again(
        &mut self,
        id: PacketId,
        qos: QoS,
        now: Time,
    ) -> Result<(), Failure> {
        if self.owed.messages.contains_key(&id) {
            return Ok(());
        }
        self.send_ack(AckKind::of_publish(qos), id, ReasonCode::SUCCESS, now)
    }

    /// Acknowledges a message that was entrusted to the owner, with this
    /// `reason` to servers of version 5. Without a connection that is done when
    /// the server sends it again; what is not owed any more is passed over.
    ///
    /// # Errors
    /// Never in practice: acknowledgements are small.
    pub fn acknowledge(
        &mut self,
        receipt: Receipt,
        reason: ReasonCode,
        now: Time,
    ) -> Result<(), Failure> {
        let Some((id, qos)) = self.owed.settle(receipt) else {
            return Ok(());
        };
        if reason.is_error() && qos == QoS::ExactlyOnce && self.config.version.is_v5() {
            // A refused message ends here: its identifier is free (MQTT-4.3.3-9).
            self.inbound.release(id);
        }
        if !self.connected {
            return Ok(());
        }
        self.send_ack(AckKind::of_publish(qos), id, reason, now)
    }
}

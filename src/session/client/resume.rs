//! What a new connection owes to the operations of an earlier one.

use super::{ClientSession, Event, Failure, Token};
use crate::mqtt::{AckKind, Message, PacketId, ReasonCode};
use crate::session::{Stage, Time};
use std::collections::VecDeque;

impl ClientSession {
    /// The server has no session: what it may not have received is to be
    /// published as if for the first time. What it had received with QoS 2 is done.
    pub(super) fn start_over(&mut self, on_event: &mut impl FnMut(Event<'_>)) {
        self.inbound.clear();
        self.owed.clear();
        let mut again = VecDeque::new();
        for (_, pending) in self.outbound.drain() {
            match pending.message {
                Some(message) => again.push_back((pending.token, message)),
                None => on_event(Event::Published { token: pending.token, reason: pending.reason }),
            }
        }
        again.append(&mut self.unsent);
        self.unsent = again;
    }

    /// Sends what waits from an earlier connection, as far as the window is
    /// open: first what is in flight (§4.4), then what is published anew. What
    /// this server will never take ends here.
    pub(super) fn send_waiting(&mut self, now: Time, on_event: &mut impl FnMut(Event<'_>)) {
        while let Some((id, stage, pending)) = self.outbound.resend() {
            let (token, message) = (pending.token, pending.message.clone());
            if let Err(failure) = self.send_again(id, stage, message.as_ref(), now) {
                let _ = self.outbound.finish(id, stage);
                let reason = reason_of(&failure);
                on_event(Event::Published { token, reason });
            }
        }
        while self.outbound.has_quota()
            && let Some((token, message)) = self.unsent.pop_front()
        {
            if let Err(reason) = self.publish_anew(token, message, now) {
                on_event(Event::Published { token, reason });
            }
        }
    }

    fn send_again(
        &mut self,
        id: PacketId,
        stage: Stage,
        message: Option<&Message>,
        now: Time,
    ) -> Result<(), Failure> {
        match (stage, message) {
            (Stage::PubAck | Stage::PubRec, Some(message)) => {
                self.send_publish(&message.publish(Some(id), true), now)
            }
            _ => self.send_ack(AckKind::PubRel, id, ReasonCode::SUCCESS, now),
        }
    }

    fn publish_anew(
        &mut self,
        token: Token,
        message: Message,
        now: Time,
    ) -> Result<(), ReasonCode> {
        if let Some((reason, _)) = self.limits.unsupported(message.qos, message.retain) {
            return Err(reason);
        }
        self.begin_publish(token, message, now).map_err(|failure| reason_of(&failure))
    }
}

/// How a server would say that it did not take a message.
const fn reason_of(failure: &Failure) -> ReasonCode {
    match failure {
        Failure::TooLarge(..) => ReasonCode::PACKET_TOO_LARGE,
        Failure::Invalid(error) => error.reason,
        _ => ReasonCode::UNSPECIFIED_ERROR,
    }
}

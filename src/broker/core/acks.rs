//! Acknowledgements of QoS 1 and 2, both ways (MQTT 5.0 §4.3).

use super::Core;
use super::connection::Open;
use super::event::Fate;
use super::message::Delivery;
use super::session::put_ack;
use super::words::{Denial, put_answer};
use super::worker::Worker;
use crate::mqtt::{Ack, AckKind, AckProperties, PacketId, QoS, ReasonCode};
use crate::session::Stage;

impl Core {
    /// A client goes on with a message it was sent, or with one it has sent.
    pub(super) fn on_ack(&self, worker: &mut Worker, open: &Open, ack: &Ack<'_>) {
        let id = ack.packet_id;
        if ack.kind == AckKind::PubRel {
            let known = end_exactly_once(open, id);
            answer(worker, open, AckKind::PubComp, id, known);
            return;
        }
        let mut hot = open.session.hot.lock();
        let goes_on = ack.kind == AckKind::PubRec && !ack.reason.is_error();
        let acknowledged = if goes_on {
            // Only the identifier is needed from here on.
            hot.outbound.release(id).map(Delivery::give_up)
        } else {
            let finished = hot.outbound.finish(id, awaited(ack.kind));
            hot.outbound.trim();
            finished
        };
        if let (Some(diary), Ok(delivery)) = (&hot.diary, &acknowledged) {
            if goes_on {
                diary.owed(delivery, Some((id, Stage::PubComp)));
            } else {
                diary.settled(delivery);
            }
        }
        if !goes_on && acknowledged.is_ok() && hot.is_behind() && hot.is_current(open.number) {
            worker.touch(&open.session, &mut hot);
        }
        drop(hot);
        if goes_on {
            answer(worker, open, AckKind::PubRel, id, acknowledged.is_ok());
        }
        if let Ok(delivery) = &acknowledged {
            self.tell_kept(worker.now, open.client(), delivery, Fate::Acknowledged(ack.reason));
        }
    }
}

/// Answers a PUBLISH with QoS 1 or 2.
pub(super) fn acknowledge(
    worker: &mut Worker,
    open: &Open,
    qos: QoS,
    id: PacketId,
    verdict: Result<ReasonCode, Denial>,
) {
    let kind = AckKind::of_publish(qos);
    let denial = match verdict {
        Ok(reason) => {
            worker.counters.answers_sent.add(1);
            put_ack(Ack::new(kind, id, reason), open.version, &mut worker.replies);
            return;
        }
        Err(denial) => denial,
    };
    if kind == AckKind::PubRec && open.version.is_v5() {
        // A refused message ends here: its identifier is free (MQTT-4.3.3-9).
        end_exactly_once(open, id);
    }
    put_answer(worker, open, Some(&denial.words), |reason_string, out| {
        let properties = AckProperties { reason_string, ..AckProperties::default() };
        Ack { properties, ..Ack::new(kind, id, denial.reason) }.encode(open.version, out)
    });
}

/// Frees the identifier of a QoS 2 message; returns whether it was in use.
fn end_exactly_once(open: &Open, id: PacketId) -> bool {
    let mut cold = open.session.cold.lock();
    let known = cold.inbound.release(id);
    if let Some(diary) = open.diary.as_ref().filter(|_| known) {
        diary.freed(id);
    }
    known
}

/// What a delivery waits for that this kind of answer ends.
const fn awaited(kind: AckKind) -> Stage {
    match kind {
        AckKind::PubAck => Stage::PubAck,
        AckKind::PubRec => Stage::PubRec,
        AckKind::PubRel | AckKind::PubComp => Stage::PubComp,
    }
}

fn answer(worker: &mut Worker, open: &Open, kind: AckKind, id: PacketId, known: bool) {
    let reason = if known { ReasonCode::SUCCESS } else { ReasonCode::PACKET_IDENTIFIER_NOT_FOUND };
    worker.counters.answers_sent.add(1);
    put_ack(Ack::new(kind, id, reason), open.version, &mut worker.replies);
}

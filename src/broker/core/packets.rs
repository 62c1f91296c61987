//! Which packets may come now, and what each one does.

use super::Core;
use super::acks::acknowledge;
use super::connection::{Connection, End, Open, cut, violation};
use super::event::Event;
use super::exchange::on_auth;
use super::journal::Diary;
use super::lifecycle::on_disconnect;
use super::limits::Limits;
use super::realm::whole_topic;
use super::routing::Routed;
use super::session::Session;
use super::template::Source;
use super::words::Denial;
use super::worker::Worker;
use crate::mqtt::{Error, Frame, Packet, PacketId, Publish, QoS, ReasonCode};

impl Core {
    /// A packet has come.
    pub(super) fn on_frame(
        &self,
        worker: &mut Worker,
        connection: &mut Connection,
        frame: &Frame<'_>,
    ) -> Result<(), End> {
        if self.events.want_packets() {
            self.tell_received(worker.now, connection, frame.bytes);
        }
        match &mut connection.open {
            None if connection.entry.is_begun() => self.on_early_frame(worker, connection, frame),
            None => self.on_first_frame(worker, connection, frame),
            // Looked at where it was decoded: a packet is large to move.
            Some(open) => match &Packet::decode(frame, open.version) {
                Ok(packet) => self.on_packet(worker, open, packet, frame),
                Err(error) => Err(cut(*error)),
            },
        }
    }

    fn on_packet(
        &self,
        worker: &mut Worker,
        open: &mut Open,
        packet: &Packet<'_>,
        frame: &Frame<'_>,
    ) -> Result<(), End> {
        match packet {
            Packet::Publish(publish) => {
                let size = frame.bytes.len();
                self.on_publish(worker, open, publish, frame)?;
                open.charge(size, worker.now);
                Ok(())
            }
            Packet::Ack(ack) => {
                self.on_ack(worker, open, ack);
                Ok(())
            }
            Packet::Subscribe(subscribe) => {
                self.on_subscribe(worker, open, subscribe);
                Ok(())
            }
            Packet::Unsubscribe(unsubscribe) => {
                self.on_unsubscribe(worker, open, unsubscribe);
                Ok(())
            }
            Packet::PingReq => reply(worker, open, &Packet::PingResp),
            Packet::Disconnect(disconnect) => Err(on_disconnect(open, disconnect)),
            Packet::Auth(auth) => on_auth(open, auth),
            Packet::Connect(_) => Err(violation("MQTT-3.1.0-2", "a second CONNECT was sent")),
            Packet::ConnAck(_) | Packet::SubAck(_) | Packet::UnsubAck(_) | Packet::PingResp => {
                Err(violation("§2.1.2", "only a server sends such a packet"))
            }
        }
    }

    fn on_publish(
        &self,
        worker: &mut Worker,
        open: &mut Open,
        publish: &Publish<'_>,
        frame: &Frame<'_>,
    ) -> Result<(), End> {
        if !publish.properties.subscription_identifiers.is_empty() {
            let what = "a client sent a subscription identifier with a message";
            return Err(violation("MQTT-3.3.4-6", what));
        }
        open.limits.check(publish.qos, publish.retain).map_err(cut)?;
        let aliased = publish.properties.topic_alias.is_some();
        let mount = open.session.mount();
        let as_it_is = !aliased && mount.is_none();
        let source = as_it_is.then_some(Source { version: open.version, bytes: frame.bytes });
        let (topic, in_full);
        let resolved = if as_it_is {
            publish
        } else {
            topic = whole_topic(mount, open.aliases.resolve(publish).map_err(cut)?);
            in_full = publish.in_full(&topic);
            &in_full
        };
        let repeated = match (publish.qos, publish.packet_id) {
            (QoS::ExactlyOnce, Some(id)) => {
                !begin_exactly_once(&open.session, open.diary.as_ref(), &open.limits, id)?
            }
            _ => false,
        };
        let verdict = if repeated {
            Ok(ReasonCode::SUCCESS)
        } else {
            open.limits
                .check_topic(resolved.topic)
                .and_then(|()| open.limits.check_payload(resolved.payload))
                .and_then(|()| self.judge(worker, &open.session, resolved, source))
        };
        if self.events.want_messages() && !repeated {
            let client = open.session.client(open.number);
            let reason = verdict.as_ref().map_or_else(|denial| denial.reason, |reason| *reason);
            self.events.tell(worker.now, &Event::Published { client, publish: resolved, reason });
        }
        if let Some(id) = publish.packet_id {
            acknowledge(worker, open, publish.qos, id, verdict);
        }
        Ok(())
    }

    /// Publishes a client's message, or says why not.
    fn judge(
        &self,
        worker: &mut Worker,
        publisher: &Session,
        publish: &Publish<'_>,
        source: Option<Source<'_>>,
    ) -> Result<ReasonCode, Denial> {
        match self.publish(worker, publisher, publish, source)? {
            Routed { matched: 0, .. } => Ok(ReasonCode::NO_MATCHING_SUBSCRIBERS),
            Routed { matched, refused, .. } if matched == refused => {
                let words = "the queues of all its subscribers are full";
                Err(Denial::new(ReasonCode::QUOTA_EXCEEDED, words))
            }
            _ => Ok(ReasonCode::SUCCESS),
        }
    }
}

/// Notes a QoS 2 message; returns whether it is new.
fn begin_exactly_once(
    session: &Session,
    diary: Option<&Diary>,
    limits: &Limits,
    id: PacketId,
) -> Result<bool, End> {
    let mut cold = session.cold.lock();
    let new = cold.inbound.receive(id);
    if let Some(diary) = diary.filter(|_| new) {
        diary.received(id);
    }
    if cold.inbound.len() > usize::from(limits.receive_maximum) {
        let what = "more QoS 2 messages are unacknowledged than the receive maximum allows";
        let error = Error::protocol("MQTT-3.3.4-7", what);
        return Err(cut(error.with_reason(ReasonCode::RECEIVE_MAXIMUM_EXCEEDED)));
    }
    Ok(new)
}

/// Answers with a packet; those the broker makes always encode.
fn reply(worker: &mut Worker, open: &Open, packet: &Packet<'_>) -> Result<(), End> {
    worker.counters.answers_sent.add(1);
    let encoded = packet.encode(open.version, &mut worker.replies);
    encoded.map_err(|_| End::Cut(ReasonCode::UNSPECIFIED_ERROR))
}

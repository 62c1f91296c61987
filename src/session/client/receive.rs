//! What arrives from the server: one handler per kind of packet.

use super::{ClientSession, Event, Failure, ServerLimits, Token};
use crate::mqtt::{self, Ack, AckKind, ConnAck, Frame, Packet, PacketId, Publish, QoS, ReasonCode};
use crate::session::keepalive::KeepAlive;
use crate::session::{AliasSender, Stage, Time};
use std::num::NonZeroU16;

impl ClientSession {
    /// Takes the whole packets at the start of `bytes` and returns how many
    /// bytes they were; the owner brings the rest again with more behind it.
    ///
    /// # Errors
    /// When the connection is of no use any more.
    pub fn receive(
        &mut self,
        bytes: &[u8],
        now: Time,
        mut on_event: impl FnMut(Event<'_>),
    ) -> Result<usize, Failure> {
        let maximum = self.config.maximum_packet_size;
        let maximum = maximum.map_or(usize::MAX, |size| size.get() as usize);
        let mut rest = bytes;
        while let Some(frame) = mqtt::next_frame(rest, maximum).map_err(Failure::Protocol)? {
            self.on_frame(&frame, now, &mut on_event)?;
            rest = rest.get(frame.bytes.len()..).unwrap_or_default();
        }
        Ok(bytes.len() - rest.len())
    }

    fn on_frame(
        &mut self,
        frame: &Frame<'_>,
        now: Time,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        // Looked at where it was decoded: a packet is large to move.
        match &Packet::decode(frame, self.config.version) {
            Ok(packet) => {
                self.keep_alive.received();
                self.on_packet(packet, now, on_event)
            }
            Err(error) => Err(Failure::Protocol(*error)),
        }
    }

    fn on_packet(
        &mut self,
        packet: &Packet<'_>,
        now: Time,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        if self.connected == matches!(packet, Packet::ConnAck(_) | Packet::Auth(_)) {
            return Err(Failure::Protocol(OUT_OF_ORDER));
        }
        match packet {
            Packet::ConnAck(connack) => self.on_connack(connack, now, on_event),
            Packet::Auth(auth) => self.on_auth(auth, now),
            Packet::Publish(publish) => self.on_publish(publish, now, on_event),
            Packet::Ack(ack) => self.on_ack(ack, now, on_event),
            Packet::SubAck(ack) => {
                if let Some(token) = self.end_request(ack.packet_id) {
                    let reasons = &ack.reasons;
                    on_event(Event::Subscribed { token, reasons });
                }
                Ok(())
            }
            Packet::UnsubAck(ack) => {
                if let Some(token) = self.end_request(ack.packet_id) {
                    let reasons = &ack.reasons;
                    on_event(Event::Unsubscribed { token, reasons });
                }
                Ok(())
            }
            Packet::PingResp => {
                on_event(Event::Pong);
                Ok(())
            }
            Packet::Disconnect(end) if self.config.version.is_v5() => {
                Err(Failure::disconnected(end))
            }
            _ => Err(Failure::Protocol(OUT_OF_ORDER)),
        }
    }

    fn end_request(&mut self, packet_id: PacketId) -> Option<Token> {
        let pending = self.outbound.finish(packet_id, Stage::Answer).ok()?;
        Some(pending.token)
    }

    fn on_connack(
        &mut self,
        connack: &ConnAck<'_>,
        now: Time,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        let properties = &connack.properties;
        if connack.reason.is_error() {
            return Err(Failure::refused(connack));
        }
        let is_new = self.config.version.is_v5() && self.config.clean_start;
        if is_new && connack.session_present {
            return Err(Failure::Protocol(STRANGE_SESSION));
        }
        self.end_exchange(properties.authentication_data)?;
        self.connected = true;
        self.limits = ServerLimits::from(connack).at_most(self.config.largest_sent);
        let aliases = properties.topic_alias_maximum.unwrap_or_default();
        self.own_aliases = AliasSender::new(aliases.min(self.config.topic_aliases_sent));
        let keep_alive = properties.server_keep_alive;
        self.keep_alive = KeepAlive::new(keep_alive.unwrap_or(self.config.keep_alive), now);
        if let Some(assigned) = properties.assigned_client_identifier {
            assigned.clone_into(&mut self.config.client_id);
        }
        let window = properties.receive_maximum.map(NonZeroU16::get);
        let window = window.unwrap_or(super::DEFAULT_RECEIVE_MAXIMUM);
        self.outbound.set_receive_maximum(window);
        on_event(Event::Connected(connack));
        if connack.session_present {
            self.outbound.restart();
        } else {
            self.start_over(on_event);
        }
        self.send_waiting(now, on_event);
        Ok(())
    }

    fn on_publish(
        &mut self,
        publish: &Publish<'_>,
        now: Time,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        let (qos, packet_id) = (publish.qos, publish.packet_id);
        let topic = self.aliases.resolve(publish).map_err(Failure::Protocol)?;
        let publish = Publish { topic, ..*publish };
        if let (true, Some(id)) = (self.config.acknowledged_by_owner, packet_id) {
            let Some(receipt) = self.owed.entrust(&mut self.inbound, id, &publish) else {
                return self.answer_again(id, qos, now);
            };
            on_event(Event::Entrusted { publish, receipt });
            return Ok(());
        }
        let new = match (qos, packet_id) {
            (QoS::ExactlyOnce, Some(id)) => self.inbound.receive(id),
            _ => true,
        };
        if new {
            on_event(Event::Message(publish));
        }
        let Some(packet_id) = packet_id else {
            return Ok(());
        };
        self.send_ack(AckKind::of_publish(qos), packet_id, ReasonCode::SUCCESS, now)
    }

    fn on_ack(
        &mut self,
        ack: &Ack<'_>,
        now: Time,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        let id = ack.packet_id;
        let ended = match ack.kind {
            AckKind::PubAck => self.outbound.finish(id, Stage::PubAck),
            AckKind::PubRec if ack.reason.is_error() => self.outbound.finish(id, Stage::PubRec),
            AckKind::PubComp => self.outbound.finish(id, Stage::PubComp),
            AckKind::PubRec => return self.on_pubrec(id, ack.reason, now),
            AckKind::PubRel => return self.on_pubrel(id, now),
        };
        if let Ok(pending) = ended {
            // With PUBREC the server took the message and said how; a PUBCOMP for
            // an identifier it has forgotten since is no failure (§3.7.2.1).
            let reason = match ack.kind {
                AckKind::PubComp => pending.reason,
                _ => ack.reason,
            };
            let token = pending.token;
            on_event(Event::Published { token, reason });
        }
        self.send_waiting(now, on_event);
        Ok(())
    }

    fn on_pubrec(&mut self, id: PacketId, said: ReasonCode, now: Time) -> Result<(), Failure> {
        let reason = match self.outbound.release(id) {
            Ok(pending) => {
                pending.message = None;
                pending.reason = said;
                ReasonCode::SUCCESS
            }
            Err(_) => ReasonCode::PACKET_IDENTIFIER_NOT_FOUND,
        };
        self.send_ack(AckKind::PubRel, id, reason, now)
    }

    fn on_pubrel(&mut self, id: PacketId, now: Time) -> Result<(), Failure> {
        let reason = if self.inbound.release(id) {
            ReasonCode::SUCCESS
        } else {
            ReasonCode::PACKET_IDENTIFIER_NOT_FOUND
        };
        self.send_ack(AckKind::PubComp, id, reason, now)
    }
}

const STRANGE_SESSION: mqtt::Error =
    mqtt::Error::protocol("MQTT-3.2.2-4", "a session goes on that was to begin anew");

const OUT_OF_ORDER: mqtt::Error =
    mqtt::Error::protocol("§4.13", "the packet is not one a server may send now");

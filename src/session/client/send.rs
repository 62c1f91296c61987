//! What the owner asks for and the session sends.

use super::{ClientSession, Failure, Token};
use crate::mqtt::{
    self, Ack, AckKind, Disconnect, Message, Packet, PacketId, Publish, QoS, ReasonCode, Subscribe,
    SubscribeProperties, SubscribeRequest, Unsubscribe, UnsubscribeProperties, Version, topic,
};
use crate::session::Time;

/// An operation in flight.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) token: Token,
    /// Kept until it need not be sent again.
    pub(super) message: Option<Message>,
    /// What the server said of it in PUBREC.
    pub(super) reason: ReasonCode,
}

impl Pending {
    const fn request(token: Token) -> Self {
        Self { token, message: None, reason: ReasonCode::SUCCESS }
    }

    const fn publish(token: Token, message: Message) -> Self {
        Self { token, message: Some(message), reason: ReasonCode::SUCCESS }
    }
}

impl ClientSession {
    /// Sends a message. With QoS 1 and 2 an [`Event::Published`](super::Event::Published) with `token`
    /// follows; with QoS 0 nothing does.
    ///
    /// # Errors
    /// When it cannot be sent now ([`Failure::WindowFull`],
    /// [`Failure::NotConnected`]) or never to this server.
    pub fn publish(
        &mut self,
        message: &Publish<'_>,
        token: Token,
        now: Time,
    ) -> Result<(), Failure> {
        if !self.connected {
            return Err(Failure::NotConnected);
        }
        self.limits.check(message)?;
        topic::check_name(message.topic).map_err(Failure::Invalid)?;
        if message.qos == QoS::AtMostOnce {
            return self.send_named(message, now);
        }
        if !self.unsent.is_empty() {
            return Err(Failure::WindowFull);
        }
        let message = Message::of_checked(message).map_err(Failure::Invalid)?;
        self.begin_publish(token, message, now)
    }

    pub(super) fn begin_publish(
        &mut self,
        token: Token,
        message: Message,
        now: Time,
    ) -> Result<(), Failure> {
        let packet_id = self.outbound.next_publish().ok_or(Failure::WindowFull)?;
        self.send_named(&message.publish(Some(packet_id), false), now)?;
        let begun = self.outbound.publish(message.qos, Pending::publish(token, message));
        begun.map(drop).map_err(|_| Failure::WindowFull)
    }

    /// Asks for messages; an [`Event::Subscribed`](super::Event::Subscribed) with `token` follows.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub fn subscribe(
        &mut self,
        requests: &[SubscribeRequest<'_>],
        properties: SubscribeProperties<'_>,
        token: Token,
        now: Time,
    ) -> Result<(), Failure> {
        let packet = |packet_id| {
            Packet::Subscribe(Subscribe { packet_id, properties, requests: requests.to_vec() })
        };
        self.request(packet, token, now)
    }

    /// Ends subscriptions; an [`Event::Unsubscribed`](super::Event::Unsubscribed) with `token` follows.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub fn unsubscribe(
        &mut self,
        filters: &[&str],
        properties: UnsubscribeProperties<'_>,
        token: Token,
        now: Time,
    ) -> Result<(), Failure> {
        let packet = |packet_id| {
            Packet::Unsubscribe(Unsubscribe { packet_id, properties, filters: filters.to_vec() })
        };
        self.request(packet, token, now)
    }

    fn request<'a>(
        &mut self,
        packet: impl FnOnce(PacketId) -> Packet<'a>,
        token: Token,
        now: Time,
    ) -> Result<(), Failure> {
        if !self.connected {
            return Err(Failure::NotConnected);
        }
        let packet_id = self.outbound.next_request().ok_or(Failure::WindowFull)?;
        self.send(&packet(packet_id), now)?;
        let begun = self.outbound.request(Pending::request(token));
        begun.map(drop).map_err(|_| Failure::WindowFull)
    }

    /// Ends the connection in order; nothing may be sent afterwards.
    ///
    /// # Errors
    /// Never in practice: the packet has no variable part.
    pub fn disconnect(&mut self, reason: ReasonCode, now: Time) -> Result<(), Failure> {
        self.part(&Disconnect::new(reason), now)
    }

    /// The same with all that DISCONNECT can say.
    ///
    /// # Errors
    /// When the packet is larger than the server takes.
    pub fn part(&mut self, packet: &Disconnect<'_>, now: Time) -> Result<(), Failure> {
        self.connected = false;
        self.send(&Packet::Disconnect(*packet), now)
    }

    pub(super) fn send_ack(
        &mut self,
        kind: AckKind,
        id: PacketId,
        reason: ReasonCode,
        now: Time,
    ) -> Result<(), Failure> {
        self.send(&Packet::Ack(Ack::new(kind, id, reason)), now)
    }

    /// Sends a message for the first time on this connection, by the alias of its topic
    /// if there is one.
    fn send_named(&mut self, publish: &Publish<'_>, now: Time) -> Result<(), Failure> {
        if self.config.topic_aliases_sent == 0 {
            return self.send_publish(publish, now);
        }
        let named = self.own_aliases.name(publish.topic);
        self.send_publish(&publish.with_topic(named), now)?;
        self.own_aliases.note(publish.topic, named);
        Ok(())
    }

    pub(super) fn send_publish(&mut self, publish: &Publish<'_>, now: Time) -> Result<(), Failure> {
        self.write(now, |version, out| publish.encode(version, out))
    }

    pub(super) fn send(&mut self, packet: &Packet<'_>, now: Time) -> Result<(), Failure> {
        self.write(now, |version, out| packet.encode(version, out))
    }

    /// Appends a packet to the output, or nothing when it is too large.
    fn write(
        &mut self,
        now: Time,
        encode: impl FnOnce(Version, &mut Vec<u8>) -> Result<(), mqtt::Error>,
    ) -> Result<(), Failure> {
        let start = self.output.len();
        let encoded = encode(self.config.version, &mut self.output).map_err(Failure::Invalid);
        let size = self.output.len() - start;
        let limit = self.limits.maximum_packet_size;
        let result = match encoded {
            Ok(()) if size > limit => Err(Failure::TooLarge(size, limit)),
            other => other,
        };
        match result {
            Ok(()) => self.keep_alive.sent(now),
            Err(_) => self.output.truncate(start),
        }
        result
    }
}

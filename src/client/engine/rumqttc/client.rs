//! What rumqttc leaves to its event loop, and what mqx does instead of that:
//! windows, keep alive, sending again, and the events.

use super::{Dialect, WINDOW};
use crate::client::engine::Engine;
use crate::mqtt::topic::TopicName;
use crate::mqtt::{
    self, Ack, AckKind, ConnAck, Disconnect, Message, Packet, PacketType, Publish, QoS, ReasonCode,
    SubscribeProperties, SubscribeRequest, UnsubscribeProperties,
};
use crate::session::{ClientConfig, Event, Failure, Receipt, Secret, ServerLimits, Time, Token};
use bytes::BytesMut;
use std::collections::VecDeque;
use std::time::Duration;

/// A message in flight.
struct Sent {
    packet_id: u16,
    token: Token,
    /// Kept until it need not be sent again.
    message: Option<Message>,
}

pub(super) struct Rumqttc<D> {
    dialect: D,
    config: ClientConfig,
    connected: bool,
    limits: ServerLimits,
    window: u16,
    /// The identifier rumqttc gave last.
    last_id: u16,
    sent: VecDeque<Sent>,
    unsent: VecDeque<(Token, Message)>,
    /// SUBSCRIBE and UNSUBSCRIBE in flight.
    requests: Vec<(u16, Token)>,
    keep_alive: Duration,
    last_sent: Time,
    output: Vec<u8>,
}

impl<D: Dialect> Rumqttc<D> {
    pub(super) fn new(config: ClientConfig, dialect: D) -> Self {
        Self {
            dialect,
            config,
            connected: false,
            limits: ServerLimits::default(),
            window: WINDOW,
            last_id: 0,
            sent: VecDeque::new(),
            unsent: VecDeque::new(),
            requests: Vec::new(),
            keep_alive: Duration::ZERO,
            last_sent: Time::ZERO,
            output: Vec::new(),
        }
    }

    /// Lets rumqttc encode something and takes the bytes if it succeeds; after
    /// an error it may leave a part.
    fn encode<T>(
        &mut self,
        now: Time,
        encode: impl FnOnce(&mut D, &mut BytesMut) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut out = BytesMut::new();
        let result = encode(&mut self.dialect, &mut out)?;
        self.output.extend_from_slice(&out);
        self.last_sent = now;
        Ok(result)
    }

    /// Whether another message may be sent. rumqttc goes through its
    /// identifiers in a circle and does not look whether one is in use.
    fn has_room(&self) -> bool {
        let next = self.last_id % self.window + 1;
        self.sent.len() < usize::from(self.window)
            && !self.sent.iter().any(|sent| sent.packet_id == next)
    }

    fn begin(&mut self, token: Token, message: Message, now: Time) -> Result<(), Failure> {
        let publish = message.publish(None, false);
        let limit = self.limits.maximum_packet_size;
        let packet_id = self.encode(now, |dialect, out| dialect.publish(&publish, limit, out))?;
        self.last_id = packet_id;
        self.sent.push_back(Sent { packet_id, token, message: Some(message) });
        Ok(())
    }

    fn send_unsent(&mut self, now: Time) -> Result<(), Failure> {
        while self.has_room()
            && let Some((token, message)) = self.unsent.pop_front()
        {
            self.begin(token, message, now)?;
        }
        Ok(())
    }

    fn on_connack(
        &mut self,
        connack: &ConnAck<'_>,
        now: Time,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        let properties = &connack.properties;
        if connack.reason.is_error() {
            return Err(Failure::refused(connack));
        }
        self.connected = true;
        self.limits = ServerLimits::from(connack);
        let window = properties.receive_maximum.map_or(WINDOW, Into::into);
        self.window = window.min(WINDOW);
        let keep_alive = properties.server_keep_alive;
        let keep_alive = keep_alive.unwrap_or(self.config.keep_alive);
        self.keep_alive = Duration::from_secs(keep_alive.into());
        on_event(Event::Connected(connack));
        if connack.session_present {
            self.resume(now)?;
        } else {
            self.start_over(on_event);
        }
        self.send_unsent(now)
    }

    /// Sends again what the server has not acknowledged.
    fn resume(&mut self, now: Time) -> Result<(), Failure> {
        for sent in std::mem::take(&mut self.sent) {
            let packet_id = sent.packet_id;
            let limit = self.limits.maximum_packet_size;
            self.encode(now, |dialect, out| match &sent.message {
                Some(message) => {
                    let publish = message.publish(mqtt::PacketId::new(packet_id), true);
                    dialect.publish(&publish, limit, out).map(drop)
                }
                None => dialect.release(packet_id, out),
            })?;
            self.sent.push_back(sent);
        }
        Ok(())
    }

    /// The server has no session: everything is published anew, before what
    /// still waits.
    fn start_over(&mut self, on_event: &mut dyn FnMut(Event<'_>)) {
        let waiting = std::mem::take(&mut self.unsent);
        for Sent { token, message, .. } in std::mem::take(&mut self.sent) {
            match message {
                Some(message) => self.unsent.push_back((token, message)),
                None => on_event(Event::Published { token, reason: ReasonCode::SUCCESS }),
            }
        }
        self.unsent.extend(waiting);
    }

    fn on_packet(
        &mut self,
        frame: &mqtt::Frame<'_>,
        now: Time,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        if PacketType::of(frame.header) == Some(PacketType::Publish) && self.connected {
            return self.pass_on(frame, now, on_event);
        }
        let packet = Packet::decode(frame, self.config.version).map_err(Failure::Protocol)?;
        match &packet {
            Packet::ConnAck(connack) if !self.connected => {
                if self.config.version.is_v5() && !connack.reason.is_error() {
                    self.pass_on(frame, now, on_event)?;
                }
                self.on_connack(connack, now, on_event)
            }
            _ if !self.connected => Err(Failure::Protocol(OUT_OF_ORDER)),
            Packet::Disconnect(end) => Err(Failure::disconnected(end)),
            packet => {
                self.pass_on(frame, now, on_event)?;
                self.on_answer(packet, on_event);
                self.send_unsent(now)
            }
        }
    }

    /// Gives the packet to rumqttc, which answers it.
    fn pass_on(
        &mut self,
        frame: &mqtt::Frame<'_>,
        now: Time,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        let frame = BytesMut::from(frame.bytes);
        self.encode(now, |dialect, out| {
            dialect.receive(frame, out, &mut |publish| on_event(Event::Message(publish)))
        })
    }

    fn on_answer(&mut self, packet: &Packet<'_>, on_event: &mut dyn FnMut(Event<'_>)) {
        match packet {
            Packet::Ack(ack) => {
                if let Some(token) = self.end(ack) {
                    let reason = ack.reason;
                    on_event(Event::Published { token, reason });
                }
            }
            Packet::SubAck(ack) => {
                if let Some(token) = self.end_request(ack.packet_id.get()) {
                    let reasons = &ack.reasons;
                    on_event(Event::Subscribed { token, reasons });
                }
            }
            Packet::UnsubAck(ack) => {
                if let Some(token) = self.end_request(ack.packet_id.get()) {
                    let reasons = &ack.reasons;
                    on_event(Event::Unsubscribed { token, reasons });
                }
            }
            Packet::PingResp => on_event(Event::Pong),
            _ => {}
        }
    }

    /// The token of the publish that this ends, if it ends one.
    fn end(&mut self, ack: &Ack<'_>) -> Option<Token> {
        let id = ack.packet_id.get();
        let index = self.sent.iter().position(|sent| sent.packet_id == id)?;
        match ack.kind {
            AckKind::PubRel => return None,
            AckKind::PubRec if !ack.reason.is_error() => {
                self.sent.get_mut(index)?.message = None;
                return None;
            }
            AckKind::PubAck | AckKind::PubRec | AckKind::PubComp => {}
        }
        self.sent.remove(index).map(|sent| sent.token)
    }

    fn end_request(&mut self, packet_id: u16) -> Option<Token> {
        let index = self.requests.iter().position(|row| row.0 == packet_id)?;
        Some(self.requests.swap_remove(index).1)
    }

    fn begin_request(
        &mut self,
        token: Token,
        now: Time,
        encode: impl FnOnce(&mut D, &mut BytesMut) -> Result<u16, Failure>,
    ) -> Result<(), Failure> {
        if !self.connected {
            return Err(Failure::NotConnected);
        }
        if !self.has_room() {
            return Err(Failure::WindowFull);
        }
        let packet_id = self.encode(now, encode)?;
        self.last_id = packet_id;
        self.requests.push((packet_id, token));
        Ok(())
    }
}

impl<D: Dialect> Engine for Rumqttc<D> {
    fn set_password(&mut self, password: Secret) {
        self.config.password = Some(password);
    }

    fn configure(&mut self, config: ClientConfig) {
        self.config = config;
    }

    fn connect(&mut self, now: Time) -> Result<(), Failure> {
        self.connected = false;
        self.limits = ServerLimits::default();
        self.requests.clear();
        self.output.clear();
        self.last_id = 0;
        let config = self.config.clone();
        self.encode(now, |dialect, out| dialect.connect(&config, out))
    }

    fn is_connected(&self) -> bool {
        self.connected
    }

    fn limits(&self) -> ServerLimits {
        self.limits
    }

    fn publish(&mut self, message: &Publish<'_>, token: Token, now: Time) -> Result<(), Failure> {
        if !self.connected {
            return Err(Failure::NotConnected);
        }
        self.limits.check(message)?;
        // rumqttc would write a topic that is too long with a wrong length.
        message.topic.parse::<TopicName>().map_err(Failure::Invalid)?;
        if message.qos == QoS::AtMostOnce {
            let limit = self.limits.maximum_packet_size;
            let sent = self.encode(now, |dialect, out| dialect.publish(message, limit, out));
            return sent.map(drop);
        }
        if !self.unsent.is_empty() || !self.has_room() {
            return Err(Failure::WindowFull);
        }
        let message = Message::new(message).map_err(Failure::Invalid)?;
        self.begin(token, message, now)
    }

    fn subscribe(
        &mut self,
        requests: &[SubscribeRequest<'_>],
        properties: SubscribeProperties<'_>,
        token: Token,
        now: Time,
    ) -> Result<(), Failure> {
        self.begin_request(token, now, |dialect, out| dialect.subscribe(requests, &properties, out))
    }

    fn unsubscribe(
        &mut self,
        filters: &[&str],
        properties: UnsubscribeProperties<'_>,
        token: Token,
        now: Time,
    ) -> Result<(), Failure> {
        self.begin_request(token, now, |dialect, out| {
            dialect.unsubscribe(filters, &properties, out)
        })
    }

    /// rumqttc has acknowledged everything itself.
    fn acknowledge(&mut self, _: Receipt, _: ReasonCode, _: Time) -> Result<(), Failure> {
        Ok(())
    }

    fn ping(&mut self, now: Time) -> Result<(), Failure> {
        if !self.connected {
            return Err(Failure::NotConnected);
        }
        self.encode(now, D::ping)
    }

    fn disconnect(&mut self, _packet: &Disconnect<'_>, now: Time) -> Result<(), Failure> {
        self.connected = false;
        self.encode(now, D::disconnect)
    }

    fn receive(
        &mut self,
        bytes: &[u8],
        now: Time,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<usize, Failure> {
        let maximum = self.config.maximum_packet_size;
        let maximum = maximum.map_or(usize::MAX, |size| size.get() as usize);
        let mut rest = bytes;
        while let Some(frame) = mqtt::next_frame(rest, maximum).map_err(Failure::Protocol)? {
            self.on_packet(&frame, now, on_event)?;
            rest = rest.get(frame.bytes.len()..).unwrap_or_default();
        }
        Ok(bytes.len() - rest.len())
    }

    fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    fn deadline(&self) -> Option<Time> {
        let counts = self.connected && !self.keep_alive.is_zero();
        counts.then(|| self.last_sent + self.keep_alive)
    }

    /// rumqttc counts for itself: a second ping without an answer is an error.
    fn excuse(&mut self) {}

    fn tick(&mut self, now: Time) -> Result<(), Failure> {
        match self.deadline() {
            Some(due) if now >= due => self.encode(now, D::ping),
            _ => Ok(()),
        }
    }

    fn in_flight(&self) -> usize {
        self.sent.len() + self.unsent.len() + self.requests.len()
    }
}

const OUT_OF_ORDER: mqtt::Error =
    mqtt::Error::protocol("§4.13", "the packet is not one a server may send now");

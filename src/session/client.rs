//! The client's side of a session: bytes in, events and bytes out.
//!
//! The owner moves bytes between [`ClientSession`] and a connection, tells it
//! the time, and calls [`ClientSession::connect`] again when the connection is
//! lost: what was in flight is then sent again, also when the server has
//! forgotten the session.

use super::keepalive::{Due, KeepAlive};
use super::{AliasReceiver, Inbound, Outbound, Secret, Stage, Time};
use crate::mqtt::{
    self, Ack, AckKind, ConnAck, Connect, ConnectProperties, Disconnect, MAX_REMAINING_LENGTH,
    Message, Packet, PacketId, Publish, QoS, ReasonCode, Subscribe, SubscribeProperties,
    SubscribeRequest, Unsubscribe, UnsubscribeProperties, Version, Will, WillProperties,
};
use std::collections::VecDeque;
use std::fmt;
use std::num::{NonZeroU16, NonZeroU32};

/// The owner's name for an operation; comes back in the event that ends it.
pub type Token = u64;

/// What a client says of itself in CONNECT.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The version to speak.
    pub version: Version,
    /// The client identifier; empty lets the server choose.
    pub client_id: String,
    /// Whether an earlier session of this client is discarded.
    pub clean_start: bool,
    /// Seconds between signs of life; 0 is none.
    pub keep_alive: u16,
    /// Seconds the session outlives the connection, in version 5.
    pub session_expiry_interval: Option<u32>,
    /// QoS 1 and 2 messages taken at once, in version 5.
    pub receive_maximum: Option<NonZeroU16>,
    /// Bytes of the largest packet taken; announced in version 5, enforced in all.
    pub maximum_packet_size: Option<NonZeroU32>,
    /// Topic aliases taken from the server, in version 5.
    pub topic_alias_maximum: u16,
    /// The user.
    pub username: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// What the server publishes when the connection is lost, and its delay
    /// in seconds.
    pub will: Option<(Message, u32)>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            version: Version::V5,
            client_id: String::new(),
            clean_start: true,
            keep_alive: 60,
            session_expiry_interval: None,
            receive_maximum: None,
            maximum_packet_size: None,
            topic_alias_maximum: 0,
            username: None,
            password: None,
            will: None,
        }
    }
}

/// What happened to a session.
#[derive(Debug)]
pub enum Event<'a> {
    /// The server accepted the connection.
    Connected(&'a ConnAck<'a>),
    /// A message arrived, its topic resolved; each once per session.
    Message(Publish<'a>),
    /// A QoS 1 or 2 message was taken or rejected by the server.
    Published {
        /// The owner's name for the publish.
        token: Token,
        /// Success, no matching subscribers, or why the server refused.
        reason: ReasonCode,
    },
    /// The server answered a SUBSCRIBE.
    Subscribed {
        /// The owner's name for the request.
        token: Token,
        /// What came of each filter.
        reasons: &'a [ReasonCode],
    },
    /// The server answered an UNSUBSCRIBE.
    Unsubscribed {
        /// The owner's name for the request.
        token: Token,
        /// What came of each filter; empty before version 5.
        reasons: &'a [ReasonCode],
    },
}

/// Why a session cannot go on or will not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The server broke the protocol.
    Protocol(mqtt::Error),
    /// The server refused the connection.
    Refused(ReasonCode, Option<String>),
    /// The server ended the connection.
    Disconnected(ReasonCode, Option<String>),
    /// The server did not answer a PINGREQ in time.
    Silent,
    /// Nothing can be sent before the server has accepted the connection.
    NotConnected,
    /// As many QoS 1 and 2 messages as the server takes are in flight.
    WindowFull,
    /// The packet is larger than the server takes: its size and the limit in bytes.
    TooLarge(usize, usize),
    /// The server announced that it does not support this.
    Unsupported(&'static str),
    /// What was to be sent cannot be said in MQTT.
    Invalid(mqtt::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => write!(f, "the broker broke the protocol: {error}"),
            Self::Refused(reason, words) => {
                write!(f, "the broker refused the connection: {reason}")?;
                words.iter().try_for_each(|words| write!(f, " ({words})"))
            }
            Self::Disconnected(reason, words) => {
                write!(f, "the broker ended the connection: {reason}")?;
                words.iter().try_for_each(|words| write!(f, " ({words})"))
            }
            Self::Silent => f.write_str("the broker does not answer"),
            Self::NotConnected => f.write_str("not connected"),
            Self::WindowFull => f.write_str("too many messages in flight"),
            Self::TooLarge(size, limit) => {
                write!(
                    f,
                    "a packet of {size} bytes is over the broker's limit of {limit}"
                )
            }
            Self::Unsupported(what) => write!(f, "the broker does not support {what}"),
            Self::Invalid(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

/// What the server announced in CONNACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// Bytes of the largest packet it takes.
    pub maximum_packet_size: usize,
    /// The highest quality of service it takes.
    pub maximum_qos: QoS,
    /// Whether it takes retained messages.
    pub retain_available: bool,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            maximum_packet_size: MAX_REMAINING_LENGTH + 5,
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
        }
    }
}

/// An operation in flight.
#[derive(Debug)]
struct Pending {
    token: Token,
    /// Kept until it need not be sent again.
    message: Option<Message>,
}

/// A client session over any number of connections, one at a time.
#[derive(Debug)]
pub struct ClientSession {
    config: ClientConfig,
    connected: bool,
    limits: ServerLimits,
    keep_alive: KeepAlive,
    outbound: Outbound<Pending>,
    /// What a server that forgot the session has to be sent anew, and the
    /// window has no room for yet.
    unsent: VecDeque<Pending>,
    inbound: Inbound,
    aliases: AliasReceiver,
    output: Vec<u8>,
}

/// The window before the server has said its own (§3.2.2.3.3).
const DEFAULT_RECEIVE_MAXIMUM: u16 = u16::MAX;

impl ClientSession {
    /// A session that has not connected yet.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        Self {
            keep_alive: KeepAlive::new(0, Time::ZERO),
            connected: false,
            limits: ServerLimits::default(),
            outbound: Outbound::new(DEFAULT_RECEIVE_MAXIMUM),
            unsent: VecDeque::new(),
            inbound: Inbound::default(),
            aliases: AliasReceiver::default(),
            output: Vec::new(),
            config,
        }
    }

    /// Begins a new connection: the output starts with CONNECT.
    ///
    /// # Errors
    /// When the configuration cannot be said in MQTT.
    pub fn connect(&mut self, now: Time) -> Result<(), Failure> {
        self.connected = false;
        self.limits = ServerLimits::default();
        self.aliases = AliasReceiver::new(self.config.topic_alias_maximum);
        self.keep_alive = KeepAlive::new(self.config.keep_alive, now);
        self.outbound.abandon_requests();
        self.output.clear();
        let connect = self.config.packet();
        Packet::Connect(connect)
            .encode(self.config.version, &mut self.output)
            .map_err(Failure::Invalid)
    }

    /// Whether the server has accepted the connection.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.connected
    }

    /// What the server announced.
    #[must_use]
    pub const fn limits(&self) -> ServerLimits {
        self.limits
    }

    /// Operations that have not ended.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.outbound.len() + self.unsent.len()
    }

    /// Bytes to send; the owner takes them away.
    pub const fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Sends a message. With QoS 1 and 2 an [`Event::Published`] with `token`
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
        self.check_supported(message)?;
        if message.qos == QoS::AtMostOnce {
            return self.send_publish(message, now);
        }
        if !self.unsent.is_empty() || !self.outbound.has_quota() {
            return Err(Failure::WindowFull);
        }
        let message = Message::new(message).map_err(Failure::Invalid)?;
        self.begin_publish(token, message, now)
    }

    fn begin_publish(&mut self, token: Token, message: Message, now: Time) -> Result<(), Failure> {
        let shared = message.clone();
        let pending = Pending {
            token,
            message: Some(message),
        };
        let packet_id = self.outbound.publish(shared.qos, pending);
        let packet_id = packet_id.map_err(|_| Failure::WindowFull)?;
        let packet = shared.publish(Some(packet_id), false);
        self.send_publish(&packet, now).inspect_err(|_| {
            // It was never sent, so it must not count as in flight.
            let _ = self.outbound.finish(packet_id, first_stage(shared.qos));
        })
    }

    fn check_supported(&self, message: &Publish<'_>) -> Result<(), Failure> {
        if message.qos > self.limits.maximum_qos {
            return Err(Failure::Unsupported("this quality of service"));
        }
        if message.retain && !self.limits.retain_available {
            return Err(Failure::Unsupported("retained messages"));
        }
        Ok(())
    }

    /// Asks for messages; an [`Event::Subscribed`] with `token` follows.
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
        let packet_id = self.begin_request(token)?;
        let packet = Packet::Subscribe(Subscribe {
            packet_id,
            properties,
            requests: requests.to_vec(),
        });
        self.send(&packet, now)
    }

    /// Ends subscriptions; an [`Event::Unsubscribed`] with `token` follows.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub fn unsubscribe(
        &mut self,
        filters: &[&str],
        token: Token,
        now: Time,
    ) -> Result<(), Failure> {
        let packet_id = self.begin_request(token)?;
        let packet = Packet::Unsubscribe(Unsubscribe {
            packet_id,
            properties: UnsubscribeProperties::default(),
            filters: filters.to_vec(),
        });
        self.send(&packet, now)
    }

    fn begin_request(&mut self, token: Token) -> Result<PacketId, Failure> {
        if !self.connected {
            return Err(Failure::NotConnected);
        }
        let pending = Pending {
            token,
            message: None,
        };
        let packet_id = self.outbound.request(pending);
        packet_id.map_err(|_| Failure::WindowFull)
    }

    /// Ends the connection in order; nothing may be sent afterwards.
    ///
    /// # Errors
    /// Never in practice: the packet has no variable part.
    pub fn disconnect(&mut self, reason: ReasonCode, now: Time) -> Result<(), Failure> {
        self.connected = false;
        self.send(&Packet::Disconnect(Disconnect::new(reason)), now)
    }

    /// When [`ClientSession::tick`] is to be called at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        self.connected.then(|| self.keep_alive.deadline()).flatten()
    }

    /// Does what time asks for; calling it early is harmless.
    ///
    /// # Errors
    /// [`Failure::Silent`] when the server counts as gone.
    pub fn tick(&mut self, now: Time) -> Result<(), Failure> {
        if !self.connected {
            return Ok(());
        }
        match self.keep_alive.check(now) {
            Due::Nothing => Ok(()),
            Due::Ping => self.send(&Packet::PingReq, now),
            Due::Dead => Err(Failure::Silent),
        }
    }

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
            let packet = Packet::decode(&frame, self.config.version).map_err(Failure::Protocol)?;
            self.keep_alive.received();
            self.on_packet(&packet, now, &mut on_event)?;
            rest = rest.get(frame.bytes.len()..).unwrap_or_default();
        }
        Ok(bytes.len() - rest.len())
    }

    fn on_packet(
        &mut self,
        packet: &Packet<'_>,
        now: Time,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        if self.connected == matches!(packet, Packet::ConnAck(_)) {
            return Err(Failure::Protocol(OUT_OF_ORDER));
        }
        match packet {
            Packet::ConnAck(connack) => self.on_connack(connack, now, on_event),
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
            Packet::PingResp => Ok(()),
            Packet::Disconnect(end) if self.config.version.is_v5() => {
                let words = end.properties.reason_string.map(str::to_owned);
                Err(Failure::Disconnected(end.reason, words))
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
            let words = properties.reason_string.map(str::to_owned);
            return Err(Failure::Refused(connack.reason, words));
        }
        self.connected = true;
        self.limits = server_limits(connack);
        let keep_alive = properties.server_keep_alive;
        self.keep_alive = KeepAlive::new(keep_alive.unwrap_or(self.config.keep_alive), now);
        if let Some(assigned) = properties.assigned_client_identifier {
            assigned.clone_into(&mut self.config.client_id);
        }
        let window = properties.receive_maximum.map(NonZeroU16::get);
        let window = window.unwrap_or(DEFAULT_RECEIVE_MAXIMUM);
        self.outbound.set_receive_maximum(window);
        on_event(Event::Connected(connack));
        if connack.session_present {
            self.resume(now)?;
            self.send_unsent(now)
        } else {
            self.start_over(now, on_event)
        }
    }

    /// Sends again what the server has not acknowledged (§4.4).
    fn resume(&mut self, now: Time) -> Result<(), Failure> {
        let version = self.config.version;
        for (packet_id, stage, pending) in self.outbound.iter() {
            let sent = match (&pending.message, stage) {
                (Some(message), Stage::PubAck | Stage::PubRec) => message
                    .publish(Some(packet_id), true)
                    .encode(version, &mut self.output),
                (_, Stage::PubComp) => Ack::new(AckKind::PubRel, packet_id, ReasonCode::SUCCESS)
                    .encode(version, &mut self.output),
                _ => Ok(()),
            };
            sent.map_err(Failure::Invalid)?;
        }
        self.keep_alive.sent(now);
        Ok(())
    }

    /// The server has no session: publishes what it may not have received as
    /// if for the first time. What it had received with QoS 2 is done.
    fn start_over(
        &mut self,
        now: Time,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        self.inbound.clear();
        let earlier = std::mem::take(&mut self.unsent);
        let in_flight = self.outbound.drain().map(|(_, pending)| pending);
        let (again, done): (VecDeque<_>, VecDeque<_>) = in_flight
            .chain(earlier)
            .partition(|pending| pending.message.is_some());
        self.unsent = again;
        for Pending { token, .. } in done {
            let reason = ReasonCode::SUCCESS;
            on_event(Event::Published { token, reason });
        }
        self.send_unsent(now)
    }

    fn send_unsent(&mut self, now: Time) -> Result<(), Failure> {
        while self.outbound.has_quota()
            && let Some(Pending { token, message }) = self.unsent.pop_front()
        {
            if let Some(message) = message {
                self.begin_publish(token, message, now)?;
            }
        }
        Ok(())
    }

    fn on_publish(
        &mut self,
        publish: &Publish<'_>,
        now: Time,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        let new = match (publish.qos, publish.packet_id) {
            (QoS::ExactlyOnce, Some(id)) => self.inbound.receive(id),
            _ => true,
        };
        let topic = self.aliases.resolve(publish).map_err(Failure::Protocol)?;
        if new {
            on_event(Event::Message(Publish { topic, ..*publish }));
        }
        let Some(packet_id) = publish.packet_id else {
            return Ok(());
        };
        let kind = match publish.qos {
            QoS::ExactlyOnce => AckKind::PubRec,
            _ => AckKind::PubAck,
        };
        self.send_ack(kind, packet_id, ReasonCode::SUCCESS, now)
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
            AckKind::PubRec => return self.on_pubrec(id, now),
            AckKind::PubRel => return self.on_pubrel(id, now),
        };
        if let Ok(pending) = ended {
            on_event(Event::Published {
                token: pending.token,
                reason: ack.reason,
            });
        }
        self.send_unsent(now)
    }

    fn on_pubrec(&mut self, id: PacketId, now: Time) -> Result<(), Failure> {
        let reason = match self.outbound.release(id) {
            Ok(pending) => {
                pending.message = None;
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

    fn send_ack(
        &mut self,
        kind: AckKind,
        id: PacketId,
        reason: ReasonCode,
        now: Time,
    ) -> Result<(), Failure> {
        self.send(&Packet::Ack(Ack::new(kind, id, reason)), now)
    }

    fn send_publish(&mut self, publish: &Publish<'_>, now: Time) -> Result<(), Failure> {
        self.write(now, |version, out| publish.encode(version, out))
    }

    fn send(&mut self, packet: &Packet<'_>, now: Time) -> Result<(), Failure> {
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

const OUT_OF_ORDER: mqtt::Error =
    mqtt::Error::protocol("§4.13", "the packet is not one a server may send now");

const fn first_stage(qos: QoS) -> Stage {
    match qos {
        QoS::ExactlyOnce => Stage::PubRec,
        _ => Stage::PubAck,
    }
}

fn server_limits(connack: &ConnAck<'_>) -> ServerLimits {
    let properties = &connack.properties;
    let default = ServerLimits::default();
    ServerLimits {
        maximum_packet_size: properties
            .maximum_packet_size
            .map_or(default.maximum_packet_size, |size| size.get() as usize),
        maximum_qos: match properties.maximum_qos {
            Some(false) => QoS::AtMostOnce,
            Some(true) => QoS::AtLeastOnce,
            None => default.maximum_qos,
        },
        retain_available: properties.retain_available.unwrap_or(true),
    }
}

impl ClientConfig {
    /// The CONNECT that says all this.
    #[must_use]
    pub fn packet(&self) -> Connect<'_> {
        let aliases = Some(self.topic_alias_maximum).filter(|maximum| *maximum > 0);
        Connect {
            version: self.version,
            clean_start: self.clean_start,
            keep_alive: self.keep_alive,
            properties: ConnectProperties {
                session_expiry_interval: self.session_expiry_interval,
                receive_maximum: self.receive_maximum,
                maximum_packet_size: self.maximum_packet_size,
                topic_alias_maximum: aliases,
                ..ConnectProperties::default()
            },
            client_id: &self.client_id,
            will: self
                .will
                .as_ref()
                .map(|(will, delay)| will_packet(will, *delay)),
            username: self.username.as_deref(),
            password: self.password.as_ref().map(Secret::expose),
        }
    }
}

fn will_packet(will: &Message, delay: u32) -> Will<'_> {
    let properties = will.properties();
    Will {
        topic: will.topic(),
        payload: will.payload(),
        qos: will.qos,
        retain: will.retain,
        properties: WillProperties {
            will_delay_interval: Some(delay).filter(|delay| *delay > 0),
            payload_format_indicator: properties.payload_format_indicator,
            message_expiry_interval: properties.message_expiry_interval,
            content_type: properties.content_type,
            response_topic: properties.response_topic,
            correlation_data: properties.correlation_data,
            user_properties: properties.user_properties,
        },
    }
}

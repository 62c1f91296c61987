//! A client: its connection, how it answers, and whether what it gets is what
//! the model says.

use super::message::{Owed, Shared, Terms};
use super::session::{Progress, Session};
use super::steps::{Connecting, Manner};
use crate::broker::lab;
use mqx::mqtt::{Ack, AckKind, ConnAck, Frame, Packet, PacketId, Publish, ReasonCode, Version};
use std::collections::BTreeMap;

/// A client, and what the broker must know of it.
pub(super) struct Client {
    pub(super) name: String,
    pub(super) version: Version,
    pub(super) connection: Option<Connection>,
    pub(super) session: Option<Session>,
    last_packet_id: u16,
}

/// The connection of a client.
pub(super) struct Connection {
    pub(super) link: lab::Client,
    /// The packet that must answer the last one of the client.
    pub(super) expected: Option<Answer>,
    pub(super) manner: Manner,
    receive_maximum: usize,
    maximum_packet_size: usize,
    topic_alias_maximum: u16,
    /// What the broker's topic aliases stand for.
    topics: BTreeMap<u16, String>,
}

/// A packet that answers one of the client's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Answer {
    ConnAck { session_present: bool },
    Ack(AckKind, u16, ReasonCode),
    SubAck,
    UnsubAck,
}

impl Connection {
    /// A connection on which nothing has come yet.
    pub(super) fn new(link: lab::Client, said: Connecting, expected: Answer) -> Self {
        let maximum_packet_size = said.maximum_packet_size.map_or(usize::MAX, |size| size as usize);
        Self {
            link,
            expected: Some(expected),
            manner: Manner::Promptly,
            receive_maximum: said.receive_maximum.into(),
            maximum_packet_size,
            topic_alias_maximum: said.topic_alias_maximum,
            topics: BTreeMap::new(),
        }
    }

    pub(super) fn terms(&self, now: u64) -> Terms {
        Terms { now, maximum_packet_size: self.maximum_packet_size }
    }

    /// The topic of a PUBLISH, which may be an alias only.
    fn topic_of(&mut self, publish: &Publish<'_>) -> String {
        let Some(alias) = publish.properties.topic_alias.map(|alias| alias.0.get()) else {
            return publish.topic.to_owned();
        };
        assert!(alias <= self.topic_alias_maximum, "{alias} is above the topic alias maximum");
        if !publish.topic.is_empty() {
            self.topics.insert(alias, publish.topic.to_owned());
        }
        self.topics[&alias].clone()
    }
}

impl Client {
    pub(super) fn new(number: usize, version: Version) -> Self {
        let name = format!("client-{number}");
        Self { name, version, connection: None, session: None, last_packet_id: 0 }
    }

    /// A packet identifier that no message of this client has had.
    pub(super) fn next_packet_id(&mut self) -> u16 {
        self.last_packet_id += 1;
        self.last_packet_id
    }

    /// Its connection and its session, while it is connected.
    pub(super) fn connected(&mut self) -> Option<(&mut Connection, &mut Session)> {
        Some((self.connection.as_mut()?, self.session.as_mut()?))
    }

    /// The broker must answer so to what the client has sent.
    pub(super) fn expect(&mut self, answer: Answer) {
        self.connection.iter_mut().for_each(|connection| connection.expected = Some(answer));
    }

    /// The connection is over, and what becomes of the session takes its time.
    pub(super) fn suspend(&mut self, now: u64) {
        self.connection = None;
        self.session.iter_mut().for_each(|session| session.suspend(now));
    }

    /// Takes a packet of the broker; returns what the client says to it.
    pub(super) fn receive(
        &mut self,
        frame: &Frame<'_>,
        now: u64,
        shared: &mut Vec<Shared>,
    ) -> Option<Ack<'static>> {
        let packet = Packet::decode(frame, self.version).unwrap();
        let expected = self.connection.as_ref().and_then(|connection| connection.expected);
        let is_first = matches!(expected, Some(Answer::ConnAck { .. }));
        assert_eq!(is_first, matches!(packet, Packet::ConnAck(_)), "CONNACK is the first packet");
        match packet {
            Packet::Publish(publish) => {
                self.receive_publish(frame.bytes.len(), &publish, now, shared)
            }
            Packet::Ack(ack) if ack.kind == AckKind::PubRel => self.receive_release(&ack, now),
            Packet::ConnAck(ConnAck { reason: ReasonCode::SUCCESS, session_present, .. }) => {
                self.receive_answer(Answer::ConnAck { session_present })
            }
            Packet::Ack(ack) => {
                self.receive_answer(Answer::Ack(ack.kind, ack.packet_id.get(), ack.reason))
            }
            Packet::SubAck(suback) if suback.reasons.iter().all(|reason| !reason.is_error()) => {
                self.receive_answer(Answer::SubAck)
            }
            Packet::UnsubAck(_) => self.receive_answer(Answer::UnsubAck),
            other => panic!("not to be sent: {other:?}"),
        }
    }

    fn receive_answer(&mut self, answer: Answer) -> Option<Ack<'static>> {
        let (connection, session) = self.connected()?;
        assert_eq!(connection.expected.take(), Some(answer), "what the broker answers");
        match answer {
            Answer::Ack(AckKind::PubRec, id, _) if session.unreleased[&id].at_once => {
                self.release(id)
            }
            _ => None,
        }
    }

    /// The PUBREL of this packet identifier, which the broker must answer.
    pub(super) fn release(&mut self, packet_id: u16) -> Option<Ack<'static>> {
        let (connection, session) = self.connected()?;
        session.unreleased.remove(&packet_id);
        let reason = ReasonCode::SUCCESS;
        connection.expected = Some(Answer::Ack(AckKind::PubComp, packet_id, reason));
        Some(Ack::new(AckKind::PubRel, PacketId::new(packet_id)?, reason))
    }

    fn receive_publish(
        &mut self,
        size: usize,
        publish: &Publish<'_>,
        now: u64,
        shared: &mut Vec<Shared>,
    ) -> Option<Ack<'static>> {
        let v5 = self.version.is_v5();
        let (connection, session) = self.connected()?;
        let terms = connection.terms(now);
        assert!(size <= terms.maximum_packet_size, "{size} bytes are too many");
        let topic = connection.topic_of(publish);
        let publish = Publish { topic: &topic, ..*publish };
        let packet_id = publish.packet_id.map(PacketId::get);
        if publish.dup {
            let flight = session.continued(packet_id?, terms);
            assert!(flight.again && flight.progress == Progress::Published, "again: {flight:?}");
            assert!(flight.owed.looks_like(&publish, now, v5), "{publish:?} is not {flight:?}");
            flight.again = false;
        } else {
            let fits =
                |owed: &Owed| !owed.message.is_expired(now) && owed.looks_like(&publish, now, v5);
            let owed = session
                .take_owed(publish.qos, terms, fits)
                .or_else(|| take_shared(shared, session.number, fits));
            let owed = owed.unwrap_or_else(|| panic!("not to be sent: {publish:?}"));
            if let Some(packet_id) = packet_id {
                session.begin(packet_id, owed, terms);
            }
        }
        let within = packet_id.is_none() || session.sent() <= connection.receive_maximum;
        assert!(within, "{publish:?} is above the receive maximum");
        self.answer(packet_id?)
    }

    fn receive_release(&mut self, release: &Ack<'_>, now: u64) -> Option<Ack<'static>> {
        let (connection, session) = self.connected()?;
        let packet_id = release.packet_id.get();
        let flight = session.continued(packet_id, connection.terms(now));
        let progress = std::mem::replace(&mut flight.progress, Progress::Released);
        assert!(progress != Progress::Published, "a PUBREL without PUBREC: {flight:?}");
        flight.again = false;
        self.answer(packet_id)
    }

    /// The acknowledgement that is due for a delivery to the client, if that is
    /// its manner.
    pub(super) fn answer(&mut self, packet_id: u16) -> Option<Ack<'static>> {
        let v5 = self.version.is_v5();
        let (connection, session) = self.connected()?;
        let place = session.in_flight.iter().position(|flight| flight.packet_id == packet_id)?;
        let flight = &mut session.in_flight[place];
        let kind = match (flight.progress, connection.manner) {
            (_, Manner::Never)
            | (Progress::Received, _)
            | (Progress::Released, Manner::HalfWay) => return None,
            (Progress::Published, _) => AckKind::of_publish(flight.owed.message.qos),
            (Progress::Released, _) => AckKind::PubComp,
        };
        // PUBCOMP can not refuse anything.
        let refusing = v5 && connection.manner == Manner::Refusing;
        let refused = refusing && kind != AckKind::PubComp;
        if kind == AckKind::PubRec && !refused {
            flight.progress = Progress::Received;
        } else {
            session.in_flight.remove(place);
        }
        let reason = if refused { ReasonCode::QUOTA_EXCEEDED } else { ReasonCode::SUCCESS };
        Some(Ack::new(kind, PacketId::new(packet_id)?, reason))
    }

    /// Answers in this manner from now on; returns what is answered late.
    pub(super) fn change(&mut self, manner: Manner) -> Vec<Ack<'static>> {
        let Some((connection, session)) = self.connected() else { return Vec::new() };
        connection.manner = manner;
        let came = session.in_flight.iter().filter(|flight| !flight.again);
        let came: Vec<u16> = came.map(|flight| flight.packet_id).collect();
        came.into_iter().filter_map(|packet_id| self.answer(packet_id)).collect()
    }

    /// Nothing moves any more: a client that is connected has all it must get.
    pub(super) fn check(&mut self, now: u64) {
        let Some((connection, session)) = self.connected() else { return };
        assert!(!connection.link.is_closed(), "a connection is closed");
        assert_eq!(connection.expected, None, "what the broker has not answered");
        session.check(connection.receive_maximum, connection.terms(now));
    }

    /// Whether this is its session, and it is connected and takes `owed` now.
    pub(super) fn is_ready_for(&self, session: u32, owed: &Owed, now: u64) -> bool {
        let (Some(connection), Some(own)) = (&self.connection, &self.session) else {
            return false;
        };
        own.number == session
            && own.sent() < connection.receive_maximum
            && !owed.is_useless(connection.terms(now))
    }
}

/// Takes what has come to a member of a shared subscription.
fn take_shared(
    shared: &mut Vec<Shared>,
    session: u32,
    fits: impl Fn(&Owed) -> bool,
) -> Option<Owed> {
    let is_it = |(member, owed): &(u32, Owed)| *member == session && fits(owed);
    let place = shared.iter().position(|members| members.iter().any(is_it))?;
    shared.remove(place).into_iter().find(is_it).map(|(_, owed)| owed)
}

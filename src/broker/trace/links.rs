//! What belongs together: a packet and its answer, an alias and its topic, a
//! connection and its client.

use super::item::RawPacket;
use crate::broker::core::Direction;
use crate::mqtt::{AckKind, Frame, Packet, PacketId, Publish, TopicAlias};
use crate::session::Time;
use std::collections::HashMap;
use std::time::Duration;

/// What is known of a connection.
#[derive(Default)]
pub(super) struct Conversation {
    pub(super) client: Option<String>,
    last: Option<Time>,
    aliases: HashMap<(bool, u16), String>,
    awaited: HashMap<Question, Asked>,
}

/// What an answer answers: the kind, whether the client asked, the identifier.
type Question = (Kind, bool, Option<PacketId>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Connect,
    Message,
    Request,
    Ping,
}

struct Asked {
    at: Time,
    topics: Vec<String>,
}

/// What a packet has to do with those before it.
#[derive(Default)]
pub(super) struct Link {
    /// Time since the packet before it on the connection.
    pub(super) delta: Duration,
    /// Time since the packet that it answers.
    pub(super) after: Option<Duration>,
    /// The topics it is about, its own or those of what it answers.
    pub(super) topics: Vec<String>,
}

impl Conversation {
    /// Notes a packet and says what it belongs to; one that cannot be decoded
    /// belongs to nothing.
    pub(super) fn meet(&mut self, at: Time, raw: &RawPacket, frame: &Frame<'_>) -> Link {
        if raw.client.is_some() {
            self.client.clone_from(&raw.client);
        }
        let packet = Packet::decode(frame, raw.version);
        packet.map(|packet| self.link(at, raw.direction, &packet)).unwrap_or_default()
    }

    fn link(&mut self, at: Time, direction: Direction, packet: &Packet<'_>) -> Link {
        let delta = self.last.replace(at).map_or(Duration::ZERO, |last| at - last);
        let from_client = direction == Direction::In;
        let mut link = Link { delta, ..Link::default() };
        match packet {
            Packet::Connect(connect) => {
                // Without one the broker chooses, and says so in its answer.
                self.client = Some(connect.client_id.to_owned()).filter(|id| !id.is_empty());
                self.ask((Kind::Connect, true, None), at, Vec::new());
            }
            Packet::ConnAck(connack) => {
                if let Some(assigned) = connack.properties.assigned_client_identifier {
                    self.client = Some(assigned.to_owned());
                }
                self.answer(&mut link, (Kind::Connect, true, None), at, true);
            }
            Packet::Publish(publish) => {
                link.topics = vec![self.topic(from_client, publish)];
                if publish.packet_id.is_some() {
                    let question = (Kind::Message, from_client, publish.packet_id);
                    self.ask(question, at, link.topics.clone());
                }
            }
            Packet::Ack(ack) => {
                let asked = (ack.kind == AckKind::PubRel) == from_client;
                let ends = matches!(ack.kind, AckKind::PubAck | AckKind::PubComp);
                let question = (Kind::Message, asked, Some(ack.packet_id));
                self.answer(&mut link, question, at, ends);
            }
            Packet::Subscribe(subscribe) => {
                let filters = subscribe.requests.iter().map(|request| request.filter.to_owned());
                link.topics = filters.collect();
                self.ask_request(subscribe.packet_id, at, &link);
            }
            Packet::Unsubscribe(unsubscribe) => {
                link.topics = unsubscribe.filters.iter().map(ToString::to_string).collect();
                self.ask_request(unsubscribe.packet_id, at, &link);
            }
            Packet::SubAck(suback) => self.answer_request(&mut link, suback.packet_id, at),
            Packet::UnsubAck(unsuback) => self.answer_request(&mut link, unsuback.packet_id, at),
            Packet::PingReq => self.ask((Kind::Ping, true, None), at, Vec::new()),
            Packet::PingResp => self.answer(&mut link, (Kind::Ping, true, None), at, true),
            Packet::Disconnect(_) | Packet::Auth(_) => {}
        }
        link
    }

    fn ask(&mut self, question: Question, at: Time, topics: Vec<String>) {
        self.awaited.insert(question, Asked { at, topics });
    }

    fn ask_request(&mut self, id: PacketId, at: Time, link: &Link) {
        self.ask((Kind::Request, true, Some(id)), at, link.topics.clone());
    }

    fn answer_request(&mut self, link: &mut Link, id: PacketId, at: Time) {
        self.answer(link, (Kind::Request, true, Some(id)), at, true);
    }

    /// Links an answer to what it answers, which is then done with if it `ends`.
    fn answer(&mut self, link: &mut Link, question: Question, at: Time, ends: bool) {
        if let Some(asked) = self.awaited.get(&question) {
            link.after = Some(at - asked.at);
            link.topics.clone_from(&asked.topics);
        }
        if ends {
            self.awaited.remove(&question);
        }
    }

    /// The topic of a message, also when an alias stands for it.
    fn topic(&mut self, from_client: bool, publish: &Publish<'_>) -> String {
        let Some(TopicAlias(alias)) = publish.properties.topic_alias else {
            return publish.topic.to_owned();
        };
        let key = (from_client, alias.get());
        if publish.topic.is_empty() {
            return self.aliases.get(&key).cloned().unwrap_or_default();
        }
        self.aliases.insert(key, publish.topic.to_owned());
        publish.topic.to_owned()
    }
}

//! The broker, its clients and its clock: each step is taken in the broker and
//! in the model, then everything comes to rest and is compared.

use super::client::{Answer, Client};
use super::message::{Message, Shared};
use super::session::Unreleased;
use super::steps::{CLIENTS, Publishing, Step, Wanted};
use crate::broker::lab::{Lab, message};
use mqx::mqtt::{
    AckKind, Packet, PacketId, Publish, QoS, ReasonCode, RetainHandling, SubscribeProperties,
    SubscriptionId, Unsubscribe, UnsubscribeProperties, Version, next_frame,
};
use std::collections::BTreeMap;

/// The broker and what must come of it.
pub(super) struct World {
    pub(super) lab: Lab,
    /// The clock, in seconds.
    pub(super) now: u64,
    pub(super) clients: Vec<Client>,
    pub(super) retained: BTreeMap<&'static str, Message>,
    pub(super) shared: Vec<Shared>,
    /// What messages are told from each other by.
    pub(super) numbers: u32,
    /// How many sessions there have been.
    pub(super) sessions: u32,
    /// Counts the moments; what happens in one has no order.
    pub(super) moment: u32,
}

impl World {
    pub(super) fn new(lab: Lab) -> Self {
        let version = |number| if number == 1 { Version::V311 } else { Version::V5 };
        Self {
            lab,
            now: 0,
            clients: (0..CLIENTS).map(|number| Client::new(number, version(number))).collect(),
            retained: BTreeMap::new(),
            shared: Vec::new(),
            numbers: 0,
            sessions: 0,
            moment: 0,
        }
    }

    /// Takes a step; those of a client that is not connected come to nothing.
    pub(super) fn step(&mut self, step: &Step) {
        self.moment += 1;
        match step {
            Step::Connect(who, connecting) => self.connect(*who, *connecting),
            Step::Lose(who) => self.lose(*who),
            Step::Disconnect(who, leaving) => self.disconnect(*who, *leaving),
            Step::Subscribe(who, filter, wanted) => self.subscribe(*who, filter, *wanted),
            Step::Unsubscribe(who, filter) => self.unsubscribe(*who, filter),
            Step::Publish(who, publishing) => self.publish(*who, *publishing),
            Step::Release(who) => self.release(*who),
            Step::Repeat(who) => self.repeat(*who),
            Step::Answer(who, manner) => {
                for answer in self.clients[*who].change(*manner) {
                    self.send(*who, &Packet::Ack(answer));
                }
            }
            Step::Pass(seconds) => (0..*seconds).for_each(|_| self.pass_a_second()),
            Step::Crash => self.crash(),
        }
        self.settle();
    }

    /// A client that is connected sends this.
    fn send(&mut self, who: usize, packet: &Packet<'_>) {
        if let Some((connection, _)) = self.clients[who].connected() {
            self.lab.send(&mut connection.link, packet);
        }
    }

    fn subscribe(&mut self, who: usize, filter: &'static str, wanted: Wanted) {
        let client = &mut self.clients[who];
        let wanted = wanted.said_in(client.version);
        let Some((connection, session)) = client.connected() else { return };
        let properties = SubscribeProperties {
            subscription_identifier: wanted.identifier.and_then(SubscriptionId::new),
            ..SubscribeProperties::default()
        };
        self.lab.subscribe_with(&mut connection.link, filter, wanted.options, properties);
        connection.expected = Some(Answer::SubAck);
        let is_new = session.subscriptions.insert(filter, wanted).is_none();
        let handling = wanted.options.retain_handling;
        if handling == RetainHandling::Send || (handling == RetainHandling::SendIfNew && is_new) {
            self.send_retained(who, filter, wanted);
        }
    }

    fn unsubscribe(&mut self, who: usize, filter: &'static str) {
        let Some((connection, session)) = self.clients[who].connected() else { return };
        let packet = Packet::Unsubscribe(Unsubscribe {
            packet_id: PacketId::MIN,
            properties: UnsubscribeProperties::default(),
            filters: vec![filter],
        });
        self.lab.send(&mut connection.link, &packet);
        connection.expected = Some(Answer::UnsubAck);
        session.subscriptions.remove(filter);
    }

    fn publish(&mut self, who: usize, publishing: Publishing) {
        let client = &mut self.clients[who];
        let v5 = client.version.is_v5();
        let publishing = publishing.said_in(client.version);
        let packet_id = client.next_packet_id();
        let Some((connection, session)) = client.connected() else { return };
        self.numbers += 1;
        let published = Message::new(self.numbers, publishing, self.now);
        let qos = published.qos;
        let mut publish = message(published.topic, &published.payload, qos, packet_id);
        publish.retain = published.retain;
        publish.properties.message_expiry_interval = publishing.message_expiry;
        self.lab.publish(&mut connection.link, &publish);
        if qos == QoS::ExactlyOnce {
            let unreleased = Unreleased { message: published.clone(), at_once: publishing.release };
            session.unreleased.insert(packet_id, unreleased);
        }
        let matched = self.route(who, &published);
        if qos > QoS::AtMostOnce {
            let unmatched = v5 && !matched;
            let reason =
                if unmatched { ReasonCode::NO_MATCHING_SUBSCRIBERS } else { ReasonCode::SUCCESS };
            let answer = Answer::Ack(AckKind::of_publish(qos), packet_id, reason);
            self.clients[who].expect(answer);
        }
    }

    /// Sends the PUBREL that is owed longest.
    fn release(&mut self, who: usize) {
        let Some((_, session)) = self.clients[who].connected() else { return };
        let Some(packet_id) = session.unreleased.keys().next().copied() else { return };
        if let Some(release) = self.clients[who].release(packet_id) {
            self.send(who, &Packet::Ack(release));
        }
    }

    /// Publishes again what it owes the PUBREL of longest.
    fn repeat(&mut self, who: usize) {
        let Some((connection, session)) = self.clients[who].connected() else { return };
        let Some((packet_id, unreleased)) = session.unreleased.iter().next() else { return };
        let Message { topic, payload, qos, retain, .. } = &unreleased.message;
        let publish =
            Publish { dup: true, retain: *retain, ..message(topic, payload, *qos, *packet_id) };
        self.lab.publish(&mut connection.link, &publish);
        let answer = Answer::Ack(AckKind::PubRec, *packet_id, ReasonCode::SUCCESS);
        connection.expected = Some(answer);
    }

    /// Everybody reads and answers until nothing moves; then all that can have
    /// come must have come.
    pub(super) fn settle(&mut self) {
        let mut at_rest = false;
        while !at_rest {
            at_rest = true;
            self.lab.store();
            for client in 0..CLIENTS {
                at_rest &= self.read(client) == 0;
            }
        }
        self.clients.iter_mut().for_each(|client| client.check(self.now));
        self.check_shared();
    }

    /// A client reads what has come, and answers; returns how much that was.
    fn read(&mut self, who: usize) -> usize {
        let Some((connection, _)) = self.clients[who].connected() else { return 0 };
        self.lab.turns(&mut connection.link);
        let bytes = connection.link.take();
        let mut rest = &bytes[..];
        while let Some(frame) = next_frame(rest, usize::MAX).unwrap() {
            rest = &rest[frame.bytes.len()..];
            let answer = self.clients[who].receive(&frame, self.now, &mut self.shared);
            if let Some(answer) = answer {
                self.send(who, &Packet::Ack(answer));
            }
        }
        assert!(rest.is_empty(), "half a packet is left: {rest:02x?}");
        bytes.len()
    }
}

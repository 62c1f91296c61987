//! A server that speaks to one client: as little of a broker as it takes to use
//! [`Outbound`] and [`Inbound`] the way a broker does.

use super::delivery::Delivery;
use mqx::mqtt::{
    Ack, AckKind, AckProperties, ConnAck, ConnAckProperties, Connect, Message, Packet, PacketId,
    Publish, QoS, ReasonCode, SubAck, Version, next_frame,
};
use mqx::session::{Inbound, Outbound, Stage};
use std::collections::VecDeque;
use std::num::NonZeroU16;

#[derive(Debug)]
pub(crate) struct Server {
    version: Version,
    /// QoS 1 and 2 messages it takes at once; announced in version 5.
    pub(crate) window: NonZeroU16,
    /// Whether it has a session for the client.
    remembers: bool,
    connected: bool,
    /// The message is dropped when its PUBREC has come.
    outbound: Outbound<Option<Message>>,
    inbound: Inbound,
    queue: VecDeque<Message>,
    unread: Vec<u8>,
    /// The messages the client has published, as often as they arrived.
    pub(crate) received: Vec<Delivery>,
    /// Bytes for the client.
    pub(crate) output: Vec<u8>,
    /// Whether it still answers.
    pub(crate) is_alive: bool,
}

impl Server {
    pub(crate) fn new(version: Version, window: NonZeroU16) -> Self {
        Self {
            version,
            window,
            remembers: false,
            connected: false,
            outbound: Outbound::new(0),
            inbound: Inbound::default(),
            queue: VecDeque::new(),
            unread: Vec::new(),
            received: Vec::new(),
            output: Vec::new(),
            is_alive: true,
        }
    }

    /// The connection is lost.
    pub(crate) fn hang_up(&mut self) {
        self.connected = false;
        self.unread.clear();
        self.output.clear();
    }

    /// The session is lost, with all it owed.
    pub(crate) fn forget(&mut self) {
        self.remembers = false;
        // The next session counts its packet identifiers from 1 again.
        self.outbound = Outbound::new(0);
        self.inbound.clear();
        self.queue.clear();
    }

    pub(crate) fn owes_nothing(&self) -> bool {
        self.outbound.is_empty() && self.inbound.is_empty() && self.queue.is_empty()
    }

    /// Sends a message as soon as the window allows; QoS 0 now or never.
    pub(crate) fn send(&mut self, delivery: Delivery) {
        let payload = delivery.payload();
        let publish = delivery.publish(&payload);
        if delivery.qos == QoS::AtMostOnce {
            if self.connected {
                self.write(&Packet::Publish(publish));
            }
            return;
        }
        self.queue.push_back(Message::new(&publish).expect("a message"));
        self.pump();
    }

    /// Takes bytes of any number of packets, whole or not.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        let unread = std::mem::take(&mut self.unread);
        let mut rest = &unread[..];
        while let Some(frame) = next_frame(rest, usize::MAX).expect("a frame") {
            let packet = Packet::decode(&frame, self.version).expect("a packet");
            if self.is_alive {
                self.on_packet(&packet);
            }
            rest = &rest[frame.bytes.len()..];
        }
        self.unread = rest.to_vec();
    }

    fn on_packet(&mut self, packet: &Packet<'_>) {
        match packet {
            Packet::Connect(connect) => self.on_connect(connect),
            Packet::Publish(publish) => self.on_publish(publish),
            Packet::Ack(ack) => self.on_ack(ack),
            Packet::Subscribe(subscribe) => self.write(&Packet::SubAck(SubAck {
                packet_id: subscribe.packet_id,
                properties: AckProperties::default(),
                reasons: vec![ReasonCode::SUCCESS; subscribe.requests.len()],
            })),
            Packet::PingReq => self.write(&Packet::PingResp),
            other => panic!("the client sent {other:?}"),
        }
        if self.connected {
            self.pump();
        }
    }

    fn on_connect(&mut self, connect: &Connect<'_>) {
        assert!(!self.connected, "a second CONNECT");
        if connect.clean_start {
            self.forget();
        }
        let window = connect.properties.receive_maximum;
        self.outbound.set_receive_maximum(window.map_or(u16::MAX, NonZeroU16::get));
        self.outbound.restart();
        self.connected = true;
        let properties = ConnAckProperties {
            receive_maximum: Some(self.window),
            ..ConnAckProperties::default()
        };
        self.write(&Packet::ConnAck(ConnAck {
            session_present: self.remembers,
            reason: ReasonCode::SUCCESS,
            properties,
        }));
        self.remembers = true;
    }

    fn on_publish(&mut self, publish: &Publish<'_>) {
        let (kind, new) = match publish.qos {
            QoS::AtMostOnce => return self.received.push(Delivery::of(publish)),
            QoS::AtLeastOnce => (AckKind::PubAck, true),
            QoS::ExactlyOnce => (AckKind::PubRec, self.inbound.receive(id_of(publish))),
        };
        if new {
            self.received.push(Delivery::of(publish));
        }
        self.acknowledge(kind, id_of(publish), true);
    }

    fn on_ack(&mut self, ack: &Ack<'_>) {
        let id = ack.packet_id;
        match ack.kind {
            AckKind::PubAck => drop(self.outbound.finish(id, Stage::PubAck)),
            AckKind::PubComp => drop(self.outbound.finish(id, Stage::PubComp)),
            AckKind::PubRel => {
                let known = self.inbound.release(id);
                self.acknowledge(AckKind::PubComp, id, known);
            }
            AckKind::PubRec => {
                let known = self.outbound.release(id).map(Option::take).is_ok();
                self.acknowledge(AckKind::PubRel, id, known);
            }
        }
    }

    /// Sends what waits, as far as the client's window is open.
    fn pump(&mut self) {
        if !self.connected {
            return;
        }
        while let Some((id, stage, message)) = self.outbound.resend() {
            match (stage, message.clone()) {
                (Stage::PubComp, _) => self.acknowledge(AckKind::PubRel, id, true),
                (_, Some(message)) => self.write(&Packet::Publish(message.publish(Some(id), true))),
                (_, None) => panic!("{id} waits for {stage:?} without its message"),
            }
        }
        while self.outbound.has_quota()
            && let Some(message) = self.queue.pop_front()
        {
            let id = self.outbound.publish(message.qos, Some(message.clone()));
            let id = id.expect("the window is open");
            self.write(&Packet::Publish(message.publish(Some(id), false)));
        }
    }

    fn acknowledge(&mut self, kind: AckKind, id: PacketId, known: bool) {
        let reason =
            if known { ReasonCode::SUCCESS } else { ReasonCode::PACKET_IDENTIFIER_NOT_FOUND };
        self.write(&Packet::Ack(Ack::new(kind, id, reason)));
    }

    fn write(&mut self, packet: &Packet<'_>) {
        packet.encode(self.version, &mut self.output).expect("a packet of ordinary size");
    }
}

fn id_of(publish: &Publish<'_>) -> PacketId {
    publish.packet_id.expect("QoS 1 and 2 have an identifier")
}

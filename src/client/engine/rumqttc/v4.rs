//! rumqttc's MQTT 3.1.1.

use super::{NOT_ACCEPTED, NOT_SENT, WINDOW, credentials, fits};
use crate::mqtt::{
    PacketId, Publish, QoS, SubscribeProperties, SubscribeRequest, UnsubscribeProperties,
};
use crate::session::{ClientConfig, Failure};
use bytes::{Bytes, BytesMut};
use rumqttc::{MqttState, Packet, Request, StateError, mqttbytes};

pub(super) struct Dialect(MqttState);

impl Dialect {
    pub(super) fn new() -> Self {
        Self(MqttState::new(WINDOW, false))
    }

    /// Tells the state about a request and encodes what it makes of it.
    fn request(&mut self, request: Request, out: &mut BytesMut) -> Result<Packet, Failure> {
        let packet = self.0.handle_outgoing_packet(request).map_err(|error| failure(&error))?;
        self.0.events.clear();
        let packet = packet.ok_or(Failure::WindowFull)?;
        write(&packet, out)?;
        Ok(packet)
    }
}

impl super::Dialect for Dialect {
    fn connect(&mut self, config: &ClientConfig, out: &mut BytesMut) -> Result<(), Failure> {
        *self = Self::new();
        let mut connect = rumqttc::Connect::new(config.client_id.as_str());
        connect.keep_alive = config.keep_alive;
        connect.clean_session = config.clean_start;
        connect.login =
            credentials(config).map(|(username, password)| rumqttc::Login { username, password });
        connect.last_will = config.will.as_ref().map(|(will, _)| rumqttc::LastWill {
            topic: will.topic().to_owned(),
            message: will.payload_bytes(),
            qos: qos(will.qos),
            retain: will.retain,
        });
        write(&Packet::Connect(connect), out)
    }

    fn publish(
        &mut self,
        publish: &Publish<'_>,
        limit: usize,
        out: &mut BytesMut,
    ) -> Result<u16, Failure> {
        let payload = Bytes::copy_from_slice(publish.payload);
        let mut packet = rumqttc::Publish::from_bytes(publish.topic, qos(publish.qos), payload);
        packet.retain = publish.retain;
        packet.dup = publish.dup;
        packet.pkid = publish.packet_id.map_or(0, PacketId::get);
        fits(publish.qos, packet.size(), packet.pkid, limit)?;
        match self.request(Request::Publish(packet), out)? {
            Packet::Publish(packet) => Ok(packet.pkid),
            _ => Err(NOT_SENT),
        }
    }

    fn release(&mut self, packet_id: u16, out: &mut BytesMut) -> Result<(), Failure> {
        let release = rumqttc::PubRel::new(packet_id);
        self.request(Request::PubRel(release), out).map(drop)
    }

    fn subscribe(
        &mut self,
        requests: &[SubscribeRequest<'_>],
        _properties: &SubscribeProperties<'_>,
        out: &mut BytesMut,
    ) -> Result<u16, Failure> {
        let filters = requests.iter().map(|request| rumqttc::SubscribeFilter {
            path: request.filter.to_owned(),
            qos: qos(request.options.qos),
        });
        let subscribe = rumqttc::Subscribe::new_many(filters);
        match self.request(Request::Subscribe(subscribe), out)? {
            Packet::Subscribe(packet) => Ok(packet.pkid),
            _ => Err(NOT_SENT),
        }
    }

    fn unsubscribe(
        &mut self,
        filters: &[&str],
        _: &UnsubscribeProperties<'_>,
        out: &mut BytesMut,
    ) -> Result<u16, Failure> {
        let topics = filters.iter().map(|&filter| filter.to_owned()).collect();
        let unsubscribe = rumqttc::Unsubscribe { pkid: 0, topics };
        match self.request(Request::Unsubscribe(unsubscribe), out)? {
            Packet::Unsubscribe(packet) => Ok(packet.pkid),
            _ => Err(NOT_SENT),
        }
    }

    fn ping(&mut self, out: &mut BytesMut) -> Result<(), Failure> {
        self.request(Request::PingReq(rumqttc::PingReq), out).map(drop)
    }

    fn disconnect(&mut self, out: &mut BytesMut) -> Result<(), Failure> {
        let disconnect = Request::Disconnect(rumqttc::Disconnect);
        self.request(disconnect, out).map(drop)
    }

    fn receive(
        &mut self,
        mut frame: BytesMut,
        out: &mut BytesMut,
        on_message: &mut dyn FnMut(Publish<'_>),
    ) -> Result<(), Failure> {
        let packet = Packet::read(&mut frame, usize::MAX).map_err(|_| NOT_ACCEPTED)?;
        if let Packet::Publish(publish) = &packet {
            on_message(Publish {
                dup: publish.dup,
                qos: QoS::from_u8(publish.qos as u8).unwrap_or_default(),
                retain: publish.retain,
                topic: &publish.topic,
                packet_id: PacketId::new(publish.pkid),
                payload: &publish.payload,
                ..Publish::default()
            });
        }
        let answer = self.0.handle_incoming_packet(packet).map_err(|error| failure(&error))?;
        self.0.events.clear();
        answer.map_or(Ok(()), |answer| write(&answer, out))
    }
}

fn write(packet: &Packet, out: &mut BytesMut) -> Result<(), Failure> {
    packet.write(out, usize::MAX).map(drop).map_err(|_| NOT_SENT)
}

fn failure(error: &StateError) -> Failure {
    match error {
        StateError::AwaitPingResp | StateError::CollisionTimeout => Failure::Silent,
        _ => NOT_ACCEPTED,
    }
}

const fn qos(qos: QoS) -> mqttbytes::QoS {
    match qos {
        QoS::AtMostOnce => mqttbytes::QoS::AtMostOnce,
        QoS::AtLeastOnce => mqttbytes::QoS::AtLeastOnce,
        QoS::ExactlyOnce => mqttbytes::QoS::ExactlyOnce,
    }
}

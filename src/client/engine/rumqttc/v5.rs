//! rumqttc's MQTT 5.

use super::{NOT_ACCEPTED, NOT_SENT, WINDOW, credentials, fits};
use crate::mqtt::{
    Message, PacketId, PropertyBuf, Publish, PublishProperties, QoS, RetainHandling,
    SubscribeProperties, SubscribeRequest, SubscriptionId, UnsubscribeProperties, UserProperties,
};
use crate::session::{ClientConfig, Failure, Secret};
use bytes::{Bytes, BytesMut};
use rumqttc::v5::mqttbytes::{self, v5};
use rumqttc::v5::{MqttState, Request, StateError};
use v5::Packet;

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
        let authentication = config.authentication.as_deref();
        let data = authentication.and_then(|begun| begun.data.as_ref()).map(Secret::expose);
        let properties = v5::ConnectProperties {
            session_expiry_interval: config.session_expiry_interval,
            receive_maximum: config.receive_maximum.map(Into::into),
            max_packet_size: config.maximum_packet_size.map(Into::into),
            request_response_info: config.request_response_information.map(u8::from),
            request_problem_info: config.request_problem_information.map(u8::from),
            user_properties: owned(config.user_properties.user_properties()),
            authentication_method: authentication.map(|begun| begun.method.clone()),
            authentication_data: data.map(Bytes::copy_from_slice),
            ..v5::ConnectProperties::new()
        };
        let connect = v5::Connect {
            keep_alive: config.keep_alive,
            client_id: config.client_id.clone(),
            clean_start: config.clean_start,
            properties: Some(properties),
        };
        let will = config.will.as_ref().map(|(will, delay)| last_will(will, *delay));
        let login =
            credentials(config).map(|(username, password)| v5::Login { username, password });
        write(&Packet::Connect(connect, will, login), out)
    }

    fn publish(
        &mut self,
        publish: &Publish<'_>,
        limit: usize,
        out: &mut BytesMut,
    ) -> Result<u16, Failure> {
        let packet = v5::Publish {
            dup: publish.dup,
            qos: qos(publish.qos),
            retain: publish.retain,
            topic: Bytes::copy_from_slice(publish.topic.as_bytes()),
            pkid: publish.packet_id.map_or(0, PacketId::get),
            payload: Bytes::copy_from_slice(publish.payload),
            properties: outgoing(&publish.properties),
        };
        fits(publish.qos, packet.size(), packet.pkid, limit)?;
        match self.request(Request::Publish(packet), out)? {
            Packet::Publish(packet) => Ok(packet.pkid),
            _ => Err(NOT_SENT),
        }
    }

    fn release(&mut self, packet_id: u16, out: &mut BytesMut) -> Result<(), Failure> {
        let release = v5::PubRel::new(packet_id, None);
        self.request(Request::PubRel(release), out).map(drop)
    }

    fn subscribe(
        &mut self,
        requests: &[SubscribeRequest<'_>],
        properties: &SubscribeProperties<'_>,
        out: &mut BytesMut,
    ) -> Result<u16, Failure> {
        let id = properties.subscription_identifier;
        let properties = (!properties.is_empty()).then(|| v5::SubscribeProperties {
            id: id.map(|id| id.value() as usize),
            user_properties: owned(properties.user_properties),
        });
        let subscribe = v5::Subscribe::new_many(requests.iter().map(filter), properties);
        match self.request(Request::Subscribe(subscribe), out)? {
            Packet::Subscribe(packet) => Ok(packet.pkid),
            _ => Err(NOT_SENT),
        }
    }

    fn unsubscribe(
        &mut self,
        filters: &[&str],
        properties: &UnsubscribeProperties<'_>,
        out: &mut BytesMut,
    ) -> Result<u16, Failure> {
        let properties = (!properties.is_empty()).then(|| v5::UnsubscribeProperties {
            user_properties: owned(properties.user_properties),
        });
        let unsubscribe = v5::Unsubscribe {
            pkid: 0,
            filters: filters.iter().map(|&filter| filter.to_owned()).collect(),
            properties,
        };
        match self.request(Request::Unsubscribe(unsubscribe), out)? {
            Packet::Unsubscribe(packet) => Ok(packet.pkid),
            _ => Err(NOT_SENT),
        }
    }

    fn ping(&mut self, out: &mut BytesMut) -> Result<(), Failure> {
        self.request(Request::PingReq, out).map(drop)
    }

    fn disconnect(&mut self, out: &mut BytesMut) -> Result<(), Failure> {
        self.request(Request::Disconnect, out).map(drop)
    }

    fn receive(
        &mut self,
        mut frame: BytesMut,
        out: &mut BytesMut,
        on_message: &mut dyn FnMut(Publish<'_>),
    ) -> Result<(), Failure> {
        let packet = Packet::read(&mut frame, None).map_err(|_| NOT_ACCEPTED)?;
        if let Packet::Publish(publish) = &packet {
            show(publish, on_message)?;
        }
        let answer = self.0.handle_incoming_packet(packet).map_err(|error| failure(&error))?;
        self.0.events.clear();
        answer.map_or(Ok(()), |answer| write(&answer, out))
    }
}

/// The message in a packet as rumqttc read it.
fn show(publish: &v5::Publish, on_message: &mut dyn FnMut(Publish<'_>)) -> Result<(), Failure> {
    let none = v5::PublishProperties::default();
    let properties = publish.properties.as_ref().unwrap_or(&none);
    let mut repeated = PropertyBuf::default();
    for (name, value) in &properties.user_properties {
        repeated.push_user(name, value).map_err(Failure::Protocol)?;
    }
    for id in &properties.subscription_identifiers {
        let id = u32::try_from(*id).ok().and_then(SubscriptionId::new);
        repeated.push_subscription_id(id.ok_or(NOT_ACCEPTED)?);
    }
    on_message(Publish {
        dup: publish.dup,
        qos: QoS::from_u8(publish.qos as u8).unwrap_or_default(),
        retain: publish.retain,
        topic: std::str::from_utf8(&publish.topic).map_err(|_| NOT_ACCEPTED)?,
        packet_id: PacketId::new(publish.pkid),
        properties: PublishProperties {
            payload_format_indicator: properties.payload_format_indicator.map(|one| one != 0),
            message_expiry_interval: properties.message_expiry_interval,
            response_topic: properties.response_topic.as_deref(),
            correlation_data: properties.correlation_data.as_deref(),
            user_properties: repeated.user_properties(),
            subscription_identifiers: repeated.subscription_ids(),
            content_type: properties.content_type.as_deref(),
            topic_alias: None,
        },
        payload: &publish.payload,
    });
    Ok(())
}

fn outgoing(properties: &PublishProperties<'_>) -> Option<v5::PublishProperties> {
    (!properties.is_empty()).then(|| v5::PublishProperties {
        payload_format_indicator: properties.payload_format_indicator.map(u8::from),
        message_expiry_interval: properties.message_expiry_interval,
        topic_alias: properties.topic_alias.map(|alias| alias.0.get()),
        response_topic: properties.response_topic.map(str::to_owned),
        correlation_data: properties.correlation_data.map(Bytes::copy_from_slice),
        user_properties: owned(properties.user_properties),
        subscription_identifiers: Vec::new(),
        content_type: properties.content_type.map(str::to_owned),
    })
}

fn last_will(will: &Message, delay: u32) -> v5::LastWill {
    let properties = will.properties();
    v5::LastWill {
        topic: Bytes::copy_from_slice(will.topic().as_bytes()),
        message: will.payload_bytes(),
        qos: qos(will.qos),
        retain: will.retain,
        properties: Some(v5::LastWillProperties {
            delay_interval: Some(delay).filter(|delay| *delay > 0),
            payload_format_indicator: properties.payload_format_indicator.map(u8::from),
            message_expiry_interval: properties.message_expiry_interval,
            content_type: properties.content_type.map(str::to_owned),
            response_topic: properties.response_topic.map(str::to_owned),
            correlation_data: properties.correlation_data.map(Bytes::copy_from_slice),
            user_properties: owned(properties.user_properties),
        }),
    }
}

fn owned(properties: UserProperties<'_>) -> Vec<(String, String)> {
    let pairs = properties.iter();
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn filter(request: &SubscribeRequest<'_>) -> v5::Filter {
    let options = request.options;
    v5::Filter {
        path: request.filter.to_owned(),
        qos: qos(options.qos),
        nolocal: options.no_local,
        preserve_retain: options.retain_as_published,
        retain_forward_rule: match options.retain_handling {
            RetainHandling::Send => v5::RetainForwardRule::OnEverySubscribe,
            RetainHandling::SendIfNew => v5::RetainForwardRule::OnNewSubscribe,
            RetainHandling::DoNotSend => v5::RetainForwardRule::Never,
        },
    }
}

fn write(packet: &Packet, out: &mut BytesMut) -> Result<(), Failure> {
    packet.write(out, None).map(drop).map_err(|_| NOT_SENT)
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

//! A message that is kept: in a queue, as a will, as the last of its topic.

use super::wire::Reader;
use super::{Error, PacketId, Publish, PublishProperties, QoS, Will};
use bytes::Bytes;
use std::fmt;

/// A message that owns its parts, in one allocation for all of them.
///
/// Cloning is cheap: the bytes are shared.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Topic, property section and payload, one after the other.
    parts: Bytes,
    topic_length: usize,
    properties_length: usize,
    /// Quality of service it was published with.
    pub qos: QoS,
    /// Whether it was published to be retained.
    pub retain: bool,
}

impl Message {
    /// Keeps a message as it was published; a topic alias is not kept, nor is
    /// the packet identifier, and the topic must be there.
    ///
    /// # Errors
    /// When the topic is not a topic name, or a property is too long.
    pub fn new(publish: &Publish<'_>) -> Result<Self, Error> {
        super::topic::check_name(publish.topic)?;
        Self::of_checked(publish)
    }

    /// As [`Message::new`], of a message whose topic has been checked, as it is
    /// when a packet is decoded.
    ///
    /// # Errors
    /// When a property is too long.
    pub(crate) fn of_checked(publish: &Publish<'_>) -> Result<Self, Error> {
        let size = publish.topic.len() + publish.payload.len() + 1;
        let mut parts = Vec::with_capacity(size);
        parts.extend_from_slice(publish.topic.as_bytes());
        let properties = PublishProperties { topic_alias: None, ..publish.properties };
        properties.write(&mut parts)?;
        let properties_length = parts.len() - publish.topic.len();
        parts.extend_from_slice(publish.payload);
        Ok(Self {
            parts: parts.into(),
            topic_length: publish.topic.len(),
            properties_length,
            qos: publish.qos,
            retain: publish.retain,
        })
    }

    /// Keeps the message a will asks for.
    ///
    /// # Errors
    /// As [`Message::new`].
    pub fn from_will(will: &Will<'_>) -> Result<Self, Error> {
        Self::new(&Publish {
            dup: false,
            qos: will.qos,
            retain: will.retain,
            topic: will.topic,
            packet_id: None,
            properties: PublishProperties {
                payload_format_indicator: will.properties.payload_format_indicator,
                message_expiry_interval: will.properties.message_expiry_interval,
                content_type: will.properties.content_type,
                response_topic: will.properties.response_topic,
                correlation_data: will.properties.correlation_data,
                user_properties: will.properties.user_properties,
                ..PublishProperties::default()
            },
            payload: will.payload,
        })
    }

    /// The topic name.
    #[must_use]
    pub fn topic(&self) -> &str {
        let bytes = self.parts.get(..self.topic_length);
        std::str::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        let start = self.topic_length + self.properties_length;
        self.parts.get(start..).unwrap_or_default()
    }

    /// The payload, sharing this message's memory.
    #[must_use]
    pub fn payload_bytes(&self) -> Bytes {
        self.parts.slice_ref(self.payload())
    }

    /// The properties.
    #[must_use]
    pub fn properties(&self) -> PublishProperties<'_> {
        if self.properties_length <= 1 {
            // Their length alone: most messages have none.
            return PublishProperties::default();
        }
        let section = self.parts.get(self.topic_length..).unwrap_or_default();
        PublishProperties::read(&mut Reader::new(section)).unwrap_or_default()
    }

    /// Bytes this message takes, as queue limits count them.
    #[must_use]
    pub fn size(&self) -> usize {
        self.parts.len()
    }

    /// The message as a packet with its own quality of service.
    #[must_use]
    pub fn publish(&self, packet_id: Option<PacketId>, dup: bool) -> Publish<'_> {
        Publish {
            dup,
            qos: self.qos,
            retain: self.retain,
            topic: self.topic(),
            packet_id,
            properties: self.properties(),
            payload: self.payload(),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.publish(None, false).fmt(f)
    }
}

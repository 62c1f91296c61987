//! PUBLISH (MQTT 5.0 §3.3).

use super::{PacketType, read_packet_id};
use crate::mqtt::wire::{self, Reader};
use crate::mqtt::{Error, PacketId, PublishProperties, QoS, Version, topic};

/// A message on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Publish<'a> {
    /// Whether this may be a repetition of an earlier packet.
    pub dup: bool,
    /// Quality of service.
    pub qos: QoS,
    /// To the server: keep this message. From the server: this was kept.
    pub retain: bool,
    /// The topic name; empty when a topic alias stands for it.
    pub topic: &'a str,
    /// The identifier of this delivery; there and written with QoS 1 and 2 only.
    pub packet_id: Option<PacketId>,
    /// The properties of the message.
    pub properties: PublishProperties<'a>,
    /// The message itself.
    pub payload: &'a [u8],
}

/// The flags of the fixed header (§3.3.1).
mod flag {
    pub(super) const RETAIN: u8 = 0x01;
    pub(super) const QOS: u8 = 0x06;
    pub(super) const DUP: u8 = 0x08;
}

impl<'a> Publish<'a> {
    /// The first byte of a PUBLISH with these flags.
    #[must_use]
    pub const fn header(dup: bool, qos: QoS, retain: bool) -> u8 {
        let dup = if dup { flag::DUP } else { 0 };
        let retain = if retain { flag::RETAIN } else { 0 };
        (PacketType::Publish as u8) << 4 | dup | (qos as u8) << 1 | retain
    }

    pub(super) fn read(
        header: u8,
        reader: &mut Reader<'a>,
        version: Version,
    ) -> Result<Self, Error> {
        let qos = QoS::from_u8((header & flag::QOS) >> 1)
            .ok_or(Error::malformed("MQTT-3.3.1-4", "the QoS of a message is 3"))?;
        let dup = header & flag::DUP != 0;
        if dup && qos == QoS::AtMostOnce {
            return Err(Error::malformed("MQTT-3.3.1-2", "DUP is set on a QoS 0 message"));
        }
        // Looked through below, for what else a topic may not hold.
        let topic = reader.unchecked_string()?;
        let packet_id = (qos != QoS::AtMostOnce).then(|| read_packet_id(reader));
        let packet_id = packet_id.transpose()?;
        let properties = if version.is_v5() {
            PublishProperties::read(reader)?
        } else {
            PublishProperties::default()
        };
        check_topics(topic, &properties)?;
        Ok(Self {
            dup,
            qos,
            retain: header & flag::RETAIN != 0,
            topic,
            packet_id,
            properties,
            payload: reader.rest(),
        })
    }

    /// The same message with its `topic` in full and no alias for it.
    #[must_use]
    pub fn in_full(&self, topic: &'a str) -> Self {
        let properties = PublishProperties { topic_alias: None, ..self.properties };
        Self { topic, properties, ..*self }
    }

    /// Appends the whole packet.
    ///
    /// # Errors
    /// As [`Publish::encode_head`].
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Error> {
        self.encode_head(version, out)?;
        out.extend_from_slice(self.payload);
        Ok(())
    }

    /// Appends everything but the payload, whose length is counted.
    ///
    /// # Errors
    /// When the topic or a property is longer than 65,535 bytes, the packet
    /// longer than MQTT allows, or a packet identifier is missing.
    pub fn encode_head(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Error> {
        out.push(Self::header(self.dup, self.qos, self.retain));
        let start = out.len();
        wire::put_binary(out, self.topic.as_bytes())?;
        if self.qos != QoS::AtMostOnce {
            let what = "a QoS 1 or 2 message has no packet identifier";
            let missing = Error::protocol("MQTT-2.2.1-3", what);
            wire::put_u16(out, self.packet_id.ok_or(missing)?.get());
        }
        if version.is_v5() {
            self.properties.write(out)?;
        }
        wire::insert_length(out, start, self.payload.len())
    }
}

fn check_topics(topic: &str, properties: &PublishProperties<'_>) -> Result<(), Error> {
    match (topic.is_empty(), properties.topic_alias) {
        (true, Some(_)) => {}
        (true, None) => {
            let what = "the topic name is empty and no topic alias stands for it";
            return Err(Error::protocol("§3.3.2.1", what));
        }
        (false, _) => topic::check_name(topic)?,
    }
    topic::check_response_topic(properties.response_topic)
}

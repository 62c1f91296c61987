//! PUBACK, PUBREC, PUBREL and PUBCOMP (MQTT 5.0 §3.4 to §3.7): four packets of
//! one shape.

use super::{PacketType, read_packet_id, write_packet};
use crate::mqtt::wire::{self, Reader};
use crate::mqtt::{AckProperties, Error, PacketId, QoS, ReasonCode, Version};

/// Which of the four packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AckKind {
    /// The receiver owns a QoS 1 message.
    PubAck,
    /// The receiver owns a QoS 2 message.
    PubRec,
    /// The sender will not repeat a QoS 2 message.
    PubRel,
    /// The receiver has forgotten its packet identifier.
    PubComp,
}

impl AckKind {
    /// What the receiver of a PUBLISH with this quality of service, 1 or 2,
    /// answers.
    #[must_use]
    pub const fn of_publish(qos: QoS) -> Self {
        match qos {
            QoS::ExactlyOnce => Self::PubRec,
            _ => Self::PubAck,
        }
    }

    const fn packet_type(self) -> PacketType {
        match self {
            Self::PubAck => PacketType::PubAck,
            Self::PubRec => PacketType::PubRec,
            Self::PubRel => PacketType::PubRel,
            Self::PubComp => PacketType::PubComp,
        }
    }
}

/// A step in the delivery of a QoS 1 or 2 message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack<'a> {
    /// Which step.
    pub kind: AckKind,
    /// The delivery.
    pub packet_id: PacketId,
    /// How it went; always success before version 5.
    pub reason: ReasonCode,
    /// The reason in words.
    pub properties: AckProperties<'a>,
}

impl<'a> Ack<'a> {
    /// An acknowledgement without words.
    #[must_use]
    pub fn new(kind: AckKind, packet_id: PacketId, reason: ReasonCode) -> Self {
        Self { kind, packet_id, reason, properties: AckProperties::default() }
    }

    pub(super) fn read(
        kind: AckKind,
        reader: &mut Reader<'a>,
        version: Version,
    ) -> Result<Self, Error> {
        let mut ack = Self::new(kind, read_packet_id(reader)?, ReasonCode::SUCCESS);
        if version.is_v5() && !reader.is_empty() {
            ack.reason = ReasonCode::read(reader.u8()?, kind.packet_type())?;
            if !reader.is_empty() {
                ack.properties = AckProperties::read(reader)?;
            }
        }
        Ok(ack)
    }

    /// Appends the packet in its shortest form (§3.4.2.1).
    ///
    /// # Errors
    /// When a property is longer than 65,535 bytes.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Error> {
        let bare =
            !version.is_v5() || (self.reason == ReasonCode::SUCCESS && self.properties.is_empty());
        if bare {
            let [high, low] = self.packet_id.get().to_be_bytes();
            out.extend_from_slice(&[self.kind.packet_type().header(), 2, high, low]);
            return Ok(());
        }
        write_packet(self.kind.packet_type(), out, |out| {
            wire::put_u16(out, self.packet_id.get());
            out.push(self.reason.value());
            if self.properties.is_empty() {
                return Ok(());
            }
            self.properties.write(out)
        })
    }
}

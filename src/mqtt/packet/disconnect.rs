//! DISCONNECT (MQTT 5.0 §3.14).

use super::{PacketType, write_packet};
use crate::mqtt::wire::Reader;
use crate::mqtt::{DisconnectProperties, Error, ReasonCode, Version};

/// The end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Disconnect<'a> {
    /// Why; always a normal disconnection before version 5.
    pub reason: ReasonCode,
    /// The reason in words and more.
    pub properties: DisconnectProperties<'a>,
}

impl<'a> Disconnect<'a> {
    /// An end without words.
    #[must_use]
    pub fn new(reason: ReasonCode) -> Self {
        Self { reason, properties: DisconnectProperties::default() }
    }

    pub(super) fn read(reader: &mut Reader<'a>, version: Version) -> Result<Self, Error> {
        let mut packet = Self::default();
        if version.is_v5() && !reader.is_empty() {
            packet.reason = ReasonCode::read(reader.u8()?, PacketType::Disconnect)?;
            if !reader.is_empty() {
                packet.properties = DisconnectProperties::read(reader)?;
            }
        }
        Ok(packet)
    }

    pub(super) fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Error> {
        write_packet(PacketType::Disconnect, out, |out| {
            let empty = self.properties.is_empty();
            if !version.is_v5() || (self.reason == ReasonCode::SUCCESS && empty) {
                return Ok(());
            }
            out.push(self.reason.value());
            if empty {
                return Ok(());
            }
            self.properties.write(out)
        })
    }
}

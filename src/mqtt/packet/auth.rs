//! AUTH (MQTT 5.0 §3.15).

use super::{PacketType, write_packet};
use crate::mqtt::wire::Reader;
use crate::mqtt::{AuthProperties, Error, ReasonCode};

/// A step of enhanced authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Auth<'a> {
    /// Success, continue or authenticate again.
    pub reason: ReasonCode,
    /// The method and its data.
    pub properties: AuthProperties<'a>,
}

impl<'a> Auth<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut packet = Self::default();
        if !reader.is_empty() {
            packet.reason = ReasonCode::read(reader.u8()?, PacketType::Auth)?;
            packet.properties = AuthProperties::read(reader)?;
        }
        Ok(packet)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        write_packet(PacketType::Auth, out, |out| {
            if self.reason == ReasonCode::SUCCESS && self.properties.is_empty() {
                return Ok(());
            }
            out.push(self.reason.value());
            self.properties.write(out)
        })
    }
}

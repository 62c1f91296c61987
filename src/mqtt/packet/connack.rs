//! CONNACK (MQTT 5.0 §3.2).

use super::{PacketType, write_packet};
use crate::mqtt::wire::Reader;
use crate::mqtt::{ConnAckProperties, Error, ReasonCode, Version};

/// The server's answer to CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnAck<'a> {
    /// Whether the server had a session for this client.
    pub session_present: bool,
    /// Success, or why not.
    pub reason: ReasonCode,
    /// What the server can do and wants.
    pub properties: ConnAckProperties<'a>,
}

impl<'a> ConnAck<'a> {
    /// A refusal without further words.
    #[must_use]
    pub fn refuse(reason: ReasonCode) -> Self {
        Self { session_present: false, reason, properties: ConnAckProperties::default() }
    }

    pub(super) fn read(reader: &mut Reader<'a>, version: Version) -> Result<Self, Error> {
        let flags = reader.u8()?;
        if flags > 1 {
            let what = "reserved flags of the acknowledgement are set";
            return Err(Error::malformed("MQTT-3.2.2-1", what));
        }
        let value = reader.u8()?;
        // A server that only speaks 3.1.1 answers a version 5 CONNECT in its own format.
        let old_format = !version.is_v5() || (reader.is_empty() && value != 0);
        let (reason, properties) = if old_format {
            let reason = read_return_code(value, version)?;
            (reason, ConnAckProperties::default())
        } else {
            let reason = ReasonCode::read(value, PacketType::ConnAck)?;
            (reason, ConnAckProperties::read(reader)?)
        };
        Ok(Self { session_present: flags == 1, reason, properties })
    }

    pub(super) fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Error> {
        write_packet(PacketType::ConnAck, out, |out| {
            out.push(u8::from(self.session_present));
            if version.is_v5() {
                out.push(self.reason.value());
                self.properties.write(out)
            } else {
                out.push(self.reason.connect_return_code());
                Ok(())
            }
        })
    }
}

/// A code without properties behind it: one of 3.1.1, or of a server that cuts
/// its version 5 answer short.
fn read_return_code(value: u8, version: Version) -> Result<ReasonCode, Error> {
    match ReasonCode::from_connect_return_code(value) {
        Some(reason) => Ok(reason),
        None if version.is_v5() => ReasonCode::read(value, PacketType::ConnAck),
        None => {
            let what = "the connect return code is unknown";
            Err(Error::malformed("§3.2.2.3 (3.1.1)", what))
        }
    }
}

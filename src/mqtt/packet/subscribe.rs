//! SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK (MQTT 5.0 §3.8 to §3.11).
//!
//! Filters are checked to be strings here; whether they are well formed is
//! answered filter by filter ([`crate::mqtt::topic::Filter::parse`]).

use super::{PacketType, read_packet_id, write_packet};
use crate::mqtt::wire::{self, Reader};
use crate::mqtt::{
    AckProperties, Error, PacketId, QoS, ReasonCode, SubscribeProperties, UnsubscribeProperties,
    Version,
};

/// A client's request for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe<'a> {
    /// What the acknowledgement repeats.
    pub packet_id: PacketId,
    /// The properties of all these subscriptions.
    pub properties: SubscribeProperties<'a>,
    /// The subscriptions; never empty when decoded.
    pub requests: Vec<SubscribeRequest<'a>>,
}

/// One subscription that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscribeRequest<'a> {
    /// The topic filter as it was sent.
    pub filter: &'a str,
    /// How messages are to be delivered.
    pub options: SubscribeOptions,
}

/// The subscription options (§3.8.3.1); before version 5 only `qos` exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SubscribeOptions {
    /// The highest quality of service wanted.
    pub qos: QoS,
    /// Whether the client's own messages are left out.
    pub no_local: bool,
    /// Whether messages keep the RETAIN flag they were published with.
    pub retain_as_published: bool,
    /// Whether retained messages are sent at once.
    pub retain_handling: RetainHandling,
}

/// When a subscription brings the retained messages (§3.8.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum RetainHandling {
    /// Whenever it is made.
    #[default]
    Send = 0,
    /// When it did not exist before.
    SendIfNew = 1,
    /// Never.
    DoNotSend = 2,
}

impl SubscribeOptions {
    /// Reads the options byte of `version`.
    ///
    /// # Errors
    /// When it is not one that a client may send.
    pub fn read(byte: u8, version: Version) -> Result<Self, Error> {
        let reserved = if version.is_v5() { 0xc0 } else { 0xfc };
        if byte & reserved != 0 {
            let what = "reserved bits of the subscription options are set";
            return Err(Error::malformed("MQTT-3.8.3-5", what));
        }
        let qos = QoS::from_u8(byte & 0x03)
            .ok_or(Error::protocol("§3.8.3.1", "the QoS of a subscription is 3"))?;
        let retain_handling = match (byte >> 4) & 0x03 {
            0 => RetainHandling::Send,
            1 => RetainHandling::SendIfNew,
            2 => RetainHandling::DoNotSend,
            _ => return Err(Error::protocol("§3.8.3.1", "the retain handling is 3")),
        };
        Ok(Self {
            qos,
            no_local: byte & 0x04 != 0,
            retain_as_published: byte & 0x08 != 0,
            retain_handling,
        })
    }

    /// The options byte of `version`.
    #[must_use]
    pub const fn byte(self, version: Version) -> u8 {
        if !version.is_v5() {
            return self.qos as u8;
        }
        self.qos as u8
            | (self.no_local as u8) << 2
            | (self.retain_as_published as u8) << 3
            | (self.retain_handling as u8) << 4
    }
}

impl<'a> Subscribe<'a> {
    pub(super) fn read(reader: &mut Reader<'a>, version: Version) -> Result<Self, Error> {
        let packet_id = read_packet_id(reader)?;
        let properties = if version.is_v5() {
            SubscribeProperties::read(reader)?
        } else {
            SubscribeProperties::default()
        };
        let mut requests = Vec::new();
        while !reader.is_empty() {
            let filter = reader.string()?;
            let options = SubscribeOptions::read(reader.u8()?, version)?;
            if options.no_local && filter.starts_with("$share/") {
                let what = "No Local is set on a shared subscription";
                return Err(Error::protocol("MQTT-3.8.3-4", what));
            }
            requests.push(SubscribeRequest { filter, options });
        }
        if requests.is_empty() {
            return Err(Error::protocol("MQTT-3.8.3-2", "SUBSCRIBE holds no topic filter"));
        }
        Ok(Self { packet_id, properties, requests })
    }

    pub(super) fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Error> {
        write_packet(PacketType::Subscribe, out, |out| {
            wire::put_u16(out, self.packet_id.get());
            if version.is_v5() {
                self.properties.write(out)?;
            }
            for request in &self.requests {
                wire::put_binary(out, request.filter.as_bytes())?;
                out.push(request.options.byte(version));
            }
            Ok(())
        })
    }
}

/// The server's answer to SUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubAck<'a> {
    /// The identifier of the SUBSCRIBE.
    pub packet_id: PacketId,
    /// The properties of the answer.
    pub properties: AckProperties<'a>,
    /// What came of each request, in order. Before version 5 every failure is
    /// [`ReasonCode::UNSPECIFIED_ERROR`].
    pub reasons: Vec<ReasonCode>,
}

impl<'a> SubAck<'a> {
    pub(super) fn read(reader: &mut Reader<'a>, version: Version) -> Result<Self, Error> {
        let packet_id = read_packet_id(reader)?;
        let properties = read_ack_properties(reader, version)?;
        let reasons = read_reasons(reader, PacketType::SubAck)?;
        let in_version = |reason: &ReasonCode| {
            version.is_v5() || !reason.is_error() || *reason == ReasonCode::UNSPECIFIED_ERROR
        };
        if !reasons.iter().all(in_version) {
            let what = "a return code is not one of SUBACK";
            return Err(Error::malformed("MQTT-3.9.3-2 (3.1.1)", what));
        }
        Ok(Self { packet_id, properties, reasons })
    }

    /// Appends the packet; what the version cannot say is left out.
    ///
    /// # Errors
    /// When a property is longer than 65,535 bytes or the packet longer than
    /// 268,435,455.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Error> {
        write_packet(PacketType::SubAck, out, |out| {
            wire::put_u16(out, self.packet_id.get());
            if version.is_v5() {
                self.properties.write(out)?;
            }
            out.extend(self.reasons.iter().map(|reason| match version {
                Version::V5 => reason.value(),
                _ if reason.is_error() => ReasonCode::UNSPECIFIED_ERROR.value(),
                _ => reason.value(),
            }));
            Ok(())
        })
    }
}

/// A client's request to end subscriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe<'a> {
    /// What the acknowledgement repeats.
    pub packet_id: PacketId,
    /// The properties of the request.
    pub properties: UnsubscribeProperties<'a>,
    /// The filters as they were subscribed; never empty when decoded.
    pub filters: Vec<&'a str>,
}

impl<'a> Unsubscribe<'a> {
    pub(super) fn read(reader: &mut Reader<'a>, version: Version) -> Result<Self, Error> {
        let packet_id = read_packet_id(reader)?;
        let properties = if version.is_v5() {
            UnsubscribeProperties::read(reader)?
        } else {
            UnsubscribeProperties::default()
        };
        let mut filters = Vec::new();
        while !reader.is_empty() {
            filters.push(reader.string()?);
        }
        if filters.is_empty() {
            let what = "UNSUBSCRIBE holds no topic filter";
            return Err(Error::protocol("MQTT-3.10.3-2", what));
        }
        Ok(Self { packet_id, properties, filters })
    }

    pub(super) fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Error> {
        write_packet(PacketType::Unsubscribe, out, |out| {
            wire::put_u16(out, self.packet_id.get());
            if version.is_v5() {
                self.properties.write(out)?;
            }
            for filter in &self.filters {
                wire::put_binary(out, filter.as_bytes())?;
            }
            Ok(())
        })
    }
}

/// The server's answer to UNSUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsubAck<'a> {
    /// The identifier of the UNSUBSCRIBE.
    pub packet_id: PacketId,
    /// The properties of the answer.
    pub properties: AckProperties<'a>,
    /// What came of each filter, in order; empty before version 5.
    pub reasons: Vec<ReasonCode>,
}

impl<'a> UnsubAck<'a> {
    pub(super) fn read(reader: &mut Reader<'a>, version: Version) -> Result<Self, Error> {
        let packet_id = read_packet_id(reader)?;
        let properties = read_ack_properties(reader, version)?;
        let reasons =
            if version.is_v5() { read_reasons(reader, PacketType::UnsubAck)? } else { Vec::new() };
        Ok(Self { packet_id, properties, reasons })
    }

    /// Appends the packet; what the version cannot say is left out.
    ///
    /// # Errors
    /// When a property is longer than 65,535 bytes or the packet longer than
    /// 268,435,455.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Error> {
        write_packet(PacketType::UnsubAck, out, |out| {
            wire::put_u16(out, self.packet_id.get());
            if version.is_v5() {
                self.properties.write(out)?;
                out.extend(self.reasons.iter().map(|reason| reason.value()));
            }
            Ok(())
        })
    }
}

fn read_ack_properties<'a>(
    reader: &mut Reader<'a>,
    version: Version,
) -> Result<AckProperties<'a>, Error> {
    if version.is_v5() { AckProperties::read(reader) } else { Ok(AckProperties::default()) }
}

fn read_reasons(reader: &mut Reader<'_>, packet: PacketType) -> Result<Vec<ReasonCode>, Error> {
    let codes = reader.rest();
    if codes.is_empty() {
        let what = "the acknowledgement holds no reason code";
        return Err(Error::malformed(packet.reason_section(), what));
    }
    let read = |code: &u8| ReasonCode::read(*code, packet);
    codes.iter().map(read).collect()
}

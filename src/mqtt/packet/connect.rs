//! CONNECT (MQTT 5.0 §3.1).

use super::{PacketType, write_packet};
use crate::mqtt::wire::{self, Reader};
use crate::mqtt::{ConnectProperties, Error, QoS, ReasonCode, Version, WillProperties, topic};

/// A client's request for a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect<'a> {
    /// The version the client wants to speak.
    pub version: Version,
    /// Whether it comes from a bridge between brokers and says so in the way of
    /// mosquitto, before version 5: it wants none of its own messages back, and
    /// the RETAIN flag as it was published.
    pub bridge: bool,
    /// Whether an earlier session is discarded; Clean Session before version 5.
    pub clean_start: bool,
    /// Seconds of silence the client allows itself; 0 is any.
    pub keep_alive: u16,
    /// The properties of the connection.
    pub properties: ConnectProperties<'a>,
    /// The session's name; empty asks the server for one.
    pub client_id: &'a str,
    /// What to publish when the connection is lost.
    pub will: Option<Will<'a>>,
    /// The user.
    pub username: Option<&'a str>,
    /// The password: any bytes.
    pub password: Option<&'a [u8]>,
}

/// The message a server publishes for a client that was lost (§3.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Will<'a> {
    /// Where to.
    pub topic: &'a str,
    /// What.
    pub payload: &'a [u8],
    /// With which quality of service.
    pub qos: QoS,
    /// Whether the message is retained.
    pub retain: bool,
    /// The properties of the message, and its delay.
    pub properties: WillProperties<'a>,
}

/// The connect flags (§3.1.2.3).
mod flag {
    pub(super) const RESERVED: u8 = 0x01;
    pub(super) const CLEAN_START: u8 = 0x02;
    pub(super) const WILL: u8 = 0x04;
    pub(super) const WILL_QOS_SHIFT: u8 = 3;
    pub(super) const WILL_QOS: u8 = 0x18;
    pub(super) const WILL_RETAIN: u8 = 0x20;
    pub(super) const PASSWORD: u8 = 0x40;
    pub(super) const USER_NAME: u8 = 0x80;
}

impl<'a> Connect<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let (version, bridge) = read_version(reader)?;
        let flags = reader.u8()?;
        check_flags(flags, version)?;
        let keep_alive = reader.u16()?;
        let properties = if version.is_v5() {
            ConnectProperties::read(reader)?
        } else {
            ConnectProperties::default()
        };
        if properties.authentication_data.is_some() && properties.authentication_method.is_none() {
            let what = "authentication data is given without its method";
            return Err(Error::protocol("§3.1.2.11.10", what));
        }
        let client_id = reader.string()?;
        let will =
            (flags & flag::WILL != 0).then(|| Will::read(reader, flags, version)).transpose()?;
        let username = (flags & flag::USER_NAME != 0).then(|| reader.string());
        let username = username.transpose()?;
        let password = (flags & flag::PASSWORD != 0).then(|| reader.binary());
        let password = password.transpose()?;
        Ok(Self {
            version,
            bridge,
            clean_start: flags & flag::CLEAN_START != 0,
            keep_alive,
            properties,
            client_id,
            will,
            username,
            password,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        write_packet(PacketType::Connect, out, |out| {
            let (name, level) = self.version.protocol();
            wire::put_binary(out, name.as_bytes())?;
            let marked = self.bridge && !self.version.is_v5();
            out.push(if marked { level | BRIDGE } else { level });
            out.push(self.flags());
            wire::put_u16(out, self.keep_alive);
            if self.version.is_v5() {
                self.properties.write(out)?;
            }
            wire::put_binary(out, self.client_id.as_bytes())?;
            if let Some(will) = &self.will {
                will.write(self.version, out)?;
            }
            if let Some(username) = self.username {
                wire::put_binary(out, username.as_bytes())?;
            }
            if let Some(password) = self.password {
                wire::put_binary(out, password)?;
            }
            Ok(())
        })
    }

    fn flags(&self) -> u8 {
        let bit = |set: bool, flag: u8| if set { flag } else { 0 };
        let will = self.will.as_ref().map_or(0, |will| {
            flag::WILL
                | (will.qos as u8) << flag::WILL_QOS_SHIFT
                | bit(will.retain, flag::WILL_RETAIN)
        });
        will | bit(self.clean_start, flag::CLEAN_START)
            | bit(self.username.is_some(), flag::USER_NAME)
            | bit(self.password.is_some(), flag::PASSWORD)
    }
}

/// Added to the level by a bridge; no standard says so, but mosquitto does.
const BRIDGE: u8 = 0x80;

/// The version, and whether the client is a bridge.
fn read_version(reader: &mut Reader<'_>) -> Result<(Version, bool), Error> {
    let name = reader.binary()?;
    let level = reader.u8()?;
    match (name, level & !BRIDGE) {
        (b"MQIsdp", 3) => Ok((Version::V31, level != 3)),
        (b"MQTT", 4) => Ok((Version::V311, level != 4)),
        (b"MQTT", 5) if level == 5 => Ok((Version::V5, false)),
        (b"MQTT" | b"MQIsdp", _) => {
            let what = "the protocol version is not 3.1, 3.1.1 or 5.0";
            Err(Error::protocol("MQTT-3.1.2-2", what)
                .with_reason(ReasonCode::UNSUPPORTED_PROTOCOL_VERSION))
        }
        _ => Err(Error::malformed("MQTT-3.1.2-1", "the protocol name is not MQTT")),
    }
}

fn check_flags(flags: u8, version: Version) -> Result<(), Error> {
    if flags & flag::RESERVED != 0 {
        return Err(Error::malformed("MQTT-3.1.2-3", "the reserved connect flag is set"));
    }
    if flags & flag::WILL == 0 && flags & flag::WILL_QOS != 0 {
        let what = "a will QoS is set without a will";
        return Err(Error::malformed("MQTT-3.1.2-11", what));
    }
    if flags & flag::WILL == 0 && flags & flag::WILL_RETAIN != 0 {
        let what = "will retain is set without a will";
        return Err(Error::malformed("MQTT-3.1.2-13", what));
    }
    if flags & flag::WILL_QOS == flag::WILL_QOS {
        return Err(Error::malformed("MQTT-3.1.2-12", "the will QoS is 3"));
    }
    let password_alone = flags & flag::PASSWORD != 0 && flags & flag::USER_NAME == 0;
    if password_alone && version == Version::V311 {
        let what = "a password is given without a user name";
        return Err(Error::malformed("MQTT-3.1.2-22 (3.1.1)", what));
    }
    Ok(())
}

impl<'a> Will<'a> {
    fn read(reader: &mut Reader<'a>, flags: u8, version: Version) -> Result<Self, Error> {
        let properties =
            if version.is_v5() { WillProperties::read(reader)? } else { WillProperties::default() };
        let topic = reader.string()?;
        topic::check_name(topic)?;
        topic::check_response_topic(properties.response_topic)?;
        let qos = (flags & flag::WILL_QOS) >> flag::WILL_QOS_SHIFT;
        Ok(Self {
            topic,
            payload: reader.binary()?,
            qos: QoS::from_u8(qos).unwrap_or_default(),
            retain: flags & flag::WILL_RETAIN != 0,
            properties,
        })
    }

    fn write(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Error> {
        if version.is_v5() {
            self.properties.write(out)?;
        }
        wire::put_binary(out, self.topic.as_bytes())?;
        wire::put_binary(out, self.payload)
    }
}

//! The packets (MQTT 5.0 §3), one file per kind.

mod ack;
mod auth;
mod connack;
mod connect;
mod disconnect;
mod publish;
mod subscribe;

pub use ack::{Ack, AckKind};
pub use auth::Auth;
pub use connack::ConnAck;
pub use connect::{Connect, Will};
pub use disconnect::Disconnect;
pub use publish::Publish;
pub use subscribe::{
    RetainHandling, SubAck, Subscribe, SubscribeOptions, SubscribeRequest, UnsubAck, Unsubscribe,
};

use super::wire::{self, Reader};
use super::{Error, Frame, PacketId, Version};

/// A decoded packet; everything variable is borrowed from its frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A client wants a session.
    Connect(Connect<'a>),
    /// The server's answer.
    ConnAck(ConnAck<'a>),
    /// A message.
    Publish(Publish<'a>),
    /// PUBACK, PUBREC, PUBREL or PUBCOMP.
    Ack(Ack<'a>),
    /// A client wants messages.
    Subscribe(Subscribe<'a>),
    /// The server's answer, a reason per filter.
    SubAck(SubAck<'a>),
    /// A client no longer wants messages.
    Unsubscribe(Unsubscribe<'a>),
    /// The server's answer, in version 5 with a reason per filter.
    UnsubAck(UnsubAck<'a>),
    /// A sign of life that asks for one.
    PingReq,
    /// The sign of life.
    PingResp,
    /// The end of the connection, with its reason in version 5.
    Disconnect(Disconnect<'a>),
    /// A step of enhanced authentication.
    Auth(Auth<'a>),
}

/// The kinds of packet with their numbers (§2.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are the standard's own")]
pub enum PacketType {
    Connect = 1,
    ConnAck = 2,
    Publish = 3,
    PubAck = 4,
    PubRec = 5,
    PubRel = 6,
    PubComp = 7,
    Subscribe = 8,
    SubAck = 9,
    Unsubscribe = 10,
    UnsubAck = 11,
    PingReq = 12,
    PingResp = 13,
    Disconnect = 14,
    Auth = 15,
}

impl PacketType {
    /// The type named by the first byte of a packet; 0 is reserved.
    #[must_use]
    pub const fn of(header: u8) -> Option<Self> {
        Some(match header >> 4 {
            1 => Self::Connect,
            2 => Self::ConnAck,
            3 => Self::Publish,
            4 => Self::PubAck,
            5 => Self::PubRec,
            6 => Self::PubRel,
            7 => Self::PubComp,
            8 => Self::Subscribe,
            9 => Self::SubAck,
            10 => Self::Unsubscribe,
            11 => Self::UnsubAck,
            12 => Self::PingReq,
            13 => Self::PingResp,
            14 => Self::Disconnect,
            15 => Self::Auth,
            _ => return None,
        })
    }

    /// The first byte of a packet of this type, except PUBLISH, which has
    /// flags of its own (§2.1.3).
    const fn header(self) -> u8 {
        let flags = match self {
            Self::PubRel | Self::Subscribe | Self::Unsubscribe => 0b0010,
            _ => 0,
        };
        (self as u8) << 4 | flags
    }

    /// Where MQTT 5.0 lists the reason codes of this packet.
    pub(super) const fn reason_section(self) -> &'static str {
        match self {
            Self::ConnAck => "§3.2.2.2",
            Self::PubAck => "§3.4.2.1",
            Self::PubRec => "§3.5.2.1",
            Self::PubRel => "§3.6.2.1",
            Self::PubComp => "§3.7.2.1",
            Self::SubAck => "§3.9.3",
            Self::UnsubAck => "§3.11.3",
            Self::Disconnect => "§3.14.2.1",
            Self::Auth => "§3.15.2.1",
            _ => "§2.4",
        }
    }
}

impl<'a> Packet<'a> {
    /// Decodes a whole packet of a connection that speaks `version`.
    ///
    /// A CONNECT says its version itself; `version` does not matter for it.
    ///
    /// # Errors
    /// When the packet violates the standard in a way that can be seen without
    /// knowing the state of the connection.
    pub fn decode(frame: &Frame<'a>, version: Version) -> Result<Self, Error> {
        let unknown = Error::malformed("§2.1.2", "the packet type is reserved");
        let kind = PacketType::of(frame.header).ok_or(unknown)?;
        if kind != PacketType::Publish && frame.header != kind.header() {
            let flags = "reserved flags of the fixed header are set";
            return Err(Error::malformed("MQTT-2.1.3-1", flags));
        }
        let mut reader = Reader::new(frame.body);
        match kind {
            PacketType::Connect => reader.to_end(Connect::read).map(Self::Connect),
            PacketType::ConnAck => {
                reader.to_end(|it| ConnAck::read(it, version)).map(Self::ConnAck)
            }
            // Its payload is all that is left.
            PacketType::Publish => {
                Publish::read(frame.header, &mut reader, version).map(Self::Publish)
            }
            PacketType::PubAck => Self::read_ack(AckKind::PubAck, reader, version),
            PacketType::PubRec => Self::read_ack(AckKind::PubRec, reader, version),
            PacketType::PubRel => Self::read_ack(AckKind::PubRel, reader, version),
            PacketType::PubComp => Self::read_ack(AckKind::PubComp, reader, version),
            PacketType::Subscribe => {
                reader.to_end(|it| Subscribe::read(it, version)).map(Self::Subscribe)
            }
            PacketType::SubAck => reader.to_end(|it| SubAck::read(it, version)).map(Self::SubAck),
            PacketType::Unsubscribe => {
                reader.to_end(|it| Unsubscribe::read(it, version)).map(Self::Unsubscribe)
            }
            PacketType::UnsubAck => {
                reader.to_end(|it| UnsubAck::read(it, version)).map(Self::UnsubAck)
            }
            PacketType::PingReq => reader.to_end(|_| Ok(Self::PingReq)),
            PacketType::PingResp => reader.to_end(|_| Ok(Self::PingResp)),
            PacketType::Disconnect => {
                reader.to_end(|it| Disconnect::read(it, version)).map(Self::Disconnect)
            }
            PacketType::Auth if version.is_v5() => reader.to_end(Auth::read).map(Self::Auth),
            PacketType::Auth => Err(Error::malformed("§2.1.2", "AUTH exists only in MQTT 5")),
        }
    }

    fn read_ack(kind: AckKind, mut reader: Reader<'a>, version: Version) -> Result<Self, Error> {
        reader.to_end(|it| Ack::read(kind, it, version)).map(Self::Ack)
    }

    /// Appends the packet as a connection of `version` sends it; what the
    /// version cannot say is left out.
    ///
    /// # Errors
    /// When a string is longer than 65,535 bytes or the packet longer than
    /// 268,435,455. `out` may then end with a part of the packet.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Connect(packet) => packet.encode(out),
            Self::ConnAck(packet) => packet.encode(version, out),
            Self::Publish(packet) => packet.encode(version, out),
            Self::Ack(packet) => packet.encode(version, out),
            Self::Subscribe(packet) => packet.encode(version, out),
            Self::SubAck(packet) => packet.encode(version, out),
            Self::Unsubscribe(packet) => packet.encode(version, out),
            Self::UnsubAck(packet) => packet.encode(version, out),
            Self::PingReq => write_packet(PacketType::PingReq, out, |_| Ok(())),
            Self::PingResp => write_packet(PacketType::PingResp, out, |_| Ok(())),
            Self::Disconnect(packet) => packet.encode(version, out),
            Self::Auth(packet) => packet.encode(out),
        }
    }
}

/// Appends a packet whose body `write` appends.
fn write_packet(
    kind: PacketType,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
) -> Result<(), Error> {
    out.push(kind.header());
    let start = out.len();
    write(out)?;
    wire::insert_length(out, start, 0)
}

fn read_packet_id(reader: &mut Reader<'_>) -> Result<PacketId, Error> {
    let zero = Error::protocol("MQTT-2.2.1-3", "the packet identifier is zero");
    PacketId::new(reader.u16()?).ok_or(zero)
}

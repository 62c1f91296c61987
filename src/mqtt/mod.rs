//! The MQTT wire format: bytes to packets and packets to bytes, for MQTT 3.1,
//! 3.1.1 and 5.0, in both directions.
//!
//! Nothing here does IO, reads a clock or keeps state between packets. Every
//! decoded packet borrows from the bytes it came from, so decoding a PUBLISH
//! allocates nothing. Every violation of the standard is an [`Error`] that
//! names the normative statement and the reason code to answer with.
//!
//! The version is a value ([`Version`]), not a type: there is one [`Packet`]
//! family, it carries the fields of version 5, decoding an older packet leaves
//! them empty and encoding an older packet leaves them out.

mod error;
mod framer;
mod message;
mod packet;
mod property;
mod reason;
pub mod topic;
pub mod wire;

pub use error::Error;
pub use framer::{Frame, MAX_REMAINING_LENGTH, next_frame};
pub use message::Message;
pub use packet::{
    Ack, AckKind, Auth, ConnAck, Connect, Disconnect, Packet, PacketType, Publish, RetainHandling,
    SubAck, Subscribe, SubscribeOptions, SubscribeRequest, UnsubAck, Unsubscribe, Will,
};
pub use property::{
    AckProperties, AuthProperties, ConnAckProperties, ConnectProperties, DisconnectProperties,
    MessageProperties, PropertyBuf, PropertyValue, PublishProperties, SubscribeProperties,
    SubscriptionId, SubscriptionIds, TopicAlias, UnsubscribeProperties, UserProperties,
    WillProperties,
};
pub use reason::ReasonCode;

use std::fmt;
use std::num::NonZeroU16;

/// A packet identifier: never zero (MQTT 5.0 §2.2.1).
pub type PacketId = NonZeroU16;

/// The version of the protocol a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Version {
    /// MQTT 3.1 (protocol name `MQIsdp`, level 3).
    V31,
    /// MQTT 3.1.1 (level 4).
    V311,
    /// MQTT 5.0 (level 5).
    #[default]
    V5,
}

impl Version {
    /// Whether packets of this version carry properties and reason codes.
    #[must_use]
    pub const fn is_v5(self) -> bool {
        matches!(self, Self::V5)
    }

    /// The name and the level of the protocol in CONNECT (§3.1.2.1, §3.1.2.2).
    #[must_use]
    pub const fn protocol(self) -> (&'static str, u8) {
        match self {
            Self::V31 => ("MQIsdp", 3),
            Self::V311 => ("MQTT", 4),
            Self::V5 => ("MQTT", 5),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V31 => "3.1",
            Self::V311 => "3.1.1",
            Self::V5 => "5.0",
        })
    }
}

/// Quality of service: how often a message may or must arrive (MQTT 5.0 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
pub enum QoS {
    /// At most once: no acknowledgement.
    #[default]
    AtMostOnce = 0,
    /// At least once: PUBACK.
    AtLeastOnce = 1,
    /// Exactly once: PUBREC, PUBREL, PUBCOMP.
    ExactlyOnce = 2,
}

impl QoS {
    /// The level with this number, if there is one.
    #[must_use]
    pub const fn from_u8(level: u8) -> Option<Self> {
        match level {
            0 => Some(Self::AtMostOnce),
            1 => Some(Self::AtLeastOnce),
            2 => Some(Self::ExactlyOnce),
            _ => None,
        }
    }
}

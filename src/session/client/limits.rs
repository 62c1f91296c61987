//! What a server will take.

use super::Failure;
use crate::mqtt::{ConnAck, MAX_REMAINING_LENGTH, Publish, QoS, ReasonCode};
use std::num::NonZeroU32;

/// What the server announced in CONNACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// Bytes of the largest packet it takes.
    pub maximum_packet_size: usize,
    /// The highest quality of service it takes.
    pub maximum_qos: QoS,
    /// Whether it takes retained messages.
    pub retain_available: bool,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            maximum_packet_size: MAX_REMAINING_LENGTH + 5,
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
        }
    }
}

impl ServerLimits {
    /// Checks that the server takes a message like this, whatever its size.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] when it does not.
    pub fn check(&self, message: &Publish<'_>) -> Result<(), Failure> {
        match self.unsupported(message.qos, message.retain) {
            Some((_, what)) => Err(Failure::Unsupported(what)),
            None => Ok(()),
        }
    }

    /// These, and no packets larger than `most` bytes.
    pub(super) fn at_most(self, most: Option<NonZeroU32>) -> Self {
        let most = most.map_or(usize::MAX, |most| most.get() as usize);
        Self { maximum_packet_size: self.maximum_packet_size.min(most), ..self }
    }

    /// What such a message asks for and the server does not support, with the
    /// reason it would refuse it for.
    pub(super) fn unsupported(&self, qos: QoS, retain: bool) -> Option<(ReasonCode, &'static str)> {
        if qos > self.maximum_qos {
            return Some((ReasonCode::QOS_NOT_SUPPORTED, "this quality of service"));
        }
        let refused = retain && !self.retain_available;
        refused.then_some((ReasonCode::RETAIN_NOT_SUPPORTED, "retained messages"))
    }
}

/// What a CONNACK says of them.
impl From<&ConnAck<'_>> for ServerLimits {
    fn from(connack: &ConnAck<'_>) -> Self {
        let properties = &connack.properties;
        let default = Self::default();
        Self {
            maximum_packet_size: properties
                .maximum_packet_size
                .map_or(default.maximum_packet_size, |size| size.get() as usize),
            maximum_qos: match properties.maximum_qos {
                Some(false) => QoS::AtMostOnce,
                Some(true) => QoS::AtLeastOnce,
                None => default.maximum_qos,
            },
            retain_available: properties.retain_available.unwrap_or(true),
        }
    }
}

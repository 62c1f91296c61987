//! What is wrong with a packet, which statement it breaks and how to answer.

use super::ReasonCode;
use std::fmt;

/// A violation of the standard found in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// What to answer with, where the version and the state allow an answer.
    pub reason: ReasonCode,
    /// The normative statement or the section of MQTT 5.0 that is broken,
    /// for instance `MQTT-3.3.1-4` or `§2.2.2.2`.
    pub statement: &'static str,
    /// What is wrong, as a phrase that can follow "malformed packet:".
    pub what: &'static str,
}

impl Error {
    /// A packet that cannot be read (reason code 0x81).
    #[must_use]
    pub const fn malformed(statement: &'static str, what: &'static str) -> Self {
        Self { reason: ReasonCode::MALFORMED_PACKET, statement, what }
    }

    /// A packet that can be read but must not be sent (reason code 0x82).
    #[must_use]
    pub const fn protocol(statement: &'static str, what: &'static str) -> Self {
        Self { reason: ReasonCode::PROTOCOL_ERROR, statement, what }
    }

    /// The same violation, answered with another reason code.
    #[must_use]
    pub const fn with_reason(self, reason: ReasonCode) -> Self {
        Self { reason, ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] ({})", self.what, self.statement, self.reason)
    }
}

impl std::error::Error for Error {}

//! What a client says when it leaves.

use crate::mqtt::{Disconnect, DisconnectProperties, PropertyBuf, ReasonCode};

/// The properties of the last packet, in MQTT 5.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Farewell {
    /// Seconds the session outlives the connection from now on.
    pub session_expiry_interval: Option<u32>,
    /// Why the client leaves, for the broker's log.
    pub reason_string: Option<String>,
    /// Name-value pairs.
    pub user_properties: PropertyBuf,
}

impl Farewell {
    /// The packet.
    #[must_use]
    pub fn packet(&self) -> Disconnect<'_> {
        Disconnect {
            reason: ReasonCode::SUCCESS,
            properties: DisconnectProperties {
                session_expiry_interval: self.session_expiry_interval,
                reason_string: self.reason_string.as_deref(),
                user_properties: self.user_properties.user_properties(),
                ..DisconnectProperties::default()
            },
        }
    }
}

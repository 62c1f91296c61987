//! The reason codes of MQTT 5.0 (§2.4) in one table.

use super::{Error, PacketType};
use std::fmt;

/// A reason code: below 0x80 success, from there on failure.
///
/// Connect return codes of MQTT 3.1.1 are held as the reason code with the
/// same meaning; the codec translates them in both directions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ReasonCode(u8);

macro_rules! reason_codes {
    ($($value:literal $name:ident $text:literal [$($packet:ident)*]),* $(,)?) => {
        impl ReasonCode {
            $(#[doc = concat!($text, " (`", stringify!($value), "`).")]
            pub const $name: Self = Self($value);)*
        }

        /// Value, text and the packets in which the code is legal (Table 2-6).
        const TABLE: &[(u8, &str, &[PacketType])] = &[
            $(($value, $text, &[$(PacketType::$packet),*])),*
        ];
    };
}

reason_codes! {
    0x00 SUCCESS "Success" [ConnAck PubAck PubRec PubRel PubComp SubAck UnsubAck Disconnect Auth],
    0x01 GRANTED_QOS_1 "Granted QoS 1" [SubAck],
    0x02 GRANTED_QOS_2 "Granted QoS 2" [SubAck],
    0x04 DISCONNECT_WITH_WILL "Disconnect with Will Message" [Disconnect],
    0x10 NO_MATCHING_SUBSCRIBERS "No matching subscribers" [PubAck PubRec],
    0x11 NO_SUBSCRIPTION_EXISTED "No subscription existed" [UnsubAck],
    0x18 CONTINUE_AUTHENTICATION "Continue authentication" [Auth],
    0x19 REAUTHENTICATE "Re-authenticate" [Auth],
    0x80 UNSPECIFIED_ERROR "Unspecified error" [ConnAck PubAck PubRec SubAck UnsubAck Disconnect],
    0x81 MALFORMED_PACKET "Malformed Packet" [ConnAck Disconnect],
    0x82 PROTOCOL_ERROR "Protocol Error" [ConnAck Disconnect],
    0x83 IMPLEMENTATION_SPECIFIC "Implementation specific error" [ConnAck PubAck PubRec SubAck UnsubAck Disconnect],
    0x84 UNSUPPORTED_PROTOCOL_VERSION "Unsupported Protocol Version" [ConnAck],
    0x85 CLIENT_IDENTIFIER_NOT_VALID "Client Identifier not valid" [ConnAck],
    0x86 BAD_USER_NAME_OR_PASSWORD "Bad User Name or Password" [ConnAck],
    0x87 NOT_AUTHORIZED "Not authorized" [ConnAck PubAck PubRec SubAck UnsubAck Disconnect],
    0x88 SERVER_UNAVAILABLE "Server unavailable" [ConnAck],
    0x89 SERVER_BUSY "Server busy" [ConnAck Disconnect],
    0x8a BANNED "Banned" [ConnAck],
    0x8b SERVER_SHUTTING_DOWN "Server shutting down" [Disconnect],
    0x8c BAD_AUTHENTICATION_METHOD "Bad authentication method" [ConnAck Disconnect],
    0x8d KEEP_ALIVE_TIMEOUT "Keep Alive timeout" [Disconnect],
    0x8e SESSION_TAKEN_OVER "Session taken over" [Disconnect],
    0x8f TOPIC_FILTER_INVALID "Topic Filter invalid" [SubAck UnsubAck Disconnect],
    0x90 TOPIC_NAME_INVALID "Topic Name invalid" [ConnAck PubAck PubRec Disconnect],
    0x91 PACKET_IDENTIFIER_IN_USE "Packet Identifier in use" [PubAck PubRec SubAck UnsubAck],
    0x92 PACKET_IDENTIFIER_NOT_FOUND "Packet Identifier not found" [PubRel PubComp],
    0x93 RECEIVE_MAXIMUM_EXCEEDED "Receive Maximum exceeded" [Disconnect],
    0x94 TOPIC_ALIAS_INVALID "Topic Alias invalid" [Disconnect],
    0x95 PACKET_TOO_LARGE "Packet too large" [ConnAck Disconnect],
    0x96 MESSAGE_RATE_TOO_HIGH "Message rate too high" [Disconnect],
    0x97 QUOTA_EXCEEDED "Quota exceeded" [ConnAck PubAck PubRec SubAck Disconnect],
    0x98 ADMINISTRATIVE_ACTION "Administrative action" [Disconnect],
    0x99 PAYLOAD_FORMAT_INVALID "Payload format invalid" [ConnAck PubAck PubRec Disconnect],
    0x9a RETAIN_NOT_SUPPORTED "Retain not supported" [ConnAck Disconnect],
    0x9b QOS_NOT_SUPPORTED "QoS not supported" [ConnAck Disconnect],
    0x9c USE_ANOTHER_SERVER "Use another server" [ConnAck Disconnect],
    0x9d SERVER_MOVED "Server moved" [ConnAck Disconnect],
    0x9e SHARED_SUBSCRIPTIONS_NOT_SUPPORTED "Shared Subscriptions not supported" [SubAck Disconnect],
    0x9f CONNECTION_RATE_EXCEEDED "Connection rate exceeded" [ConnAck Disconnect],
    0xa0 MAXIMUM_CONNECT_TIME "Maximum connect time" [Disconnect],
    0xa1 SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED "Subscription Identifiers not supported" [SubAck Disconnect],
    0xa2 WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED "Wildcard Subscriptions not supported" [SubAck Disconnect],
}

/// Connect return codes of MQTT 3.1.1 (§3.2.2.3) and the codes they stand for.
const CONNECT_RETURN_CODES: [(u8, ReasonCode); 6] = [
    (0, ReasonCode::SUCCESS),
    (1, ReasonCode::UNSUPPORTED_PROTOCOL_VERSION),
    (2, ReasonCode::CLIENT_IDENTIFIER_NOT_VALID),
    (3, ReasonCode::SERVER_UNAVAILABLE),
    (4, ReasonCode::BAD_USER_NAME_OR_PASSWORD),
    (5, ReasonCode::NOT_AUTHORIZED),
];

impl ReasonCode {
    /// The code's number on the wire of MQTT 5.0.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0
    }

    /// Whether the code stands for a failure (0x80 and above).
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 >= 0x80
    }

    /// The text of the standard, or "Unknown reason code".
    #[must_use]
    pub fn text(self) -> &'static str {
        self.row().map_or("Unknown reason code", |row| row.1)
    }

    /// The code that grants a subscription this quality of service.
    #[must_use]
    pub const fn granted(qos: super::QoS) -> Self {
        Self(qos as u8)
    }

    /// The code with this number if it is legal in such a packet.
    #[must_use]
    pub fn for_packet(value: u8, packet: PacketType) -> Option<Self> {
        let code = Self(value);
        code.row().is_some_and(|row| row.2.contains(&packet)).then_some(code)
    }

    /// The code with this number, refused when such a packet must not carry it.
    pub(super) fn read(value: u8, packet: PacketType) -> Result<Self, Error> {
        let what = "the reason code is not one of this packet";
        Self::for_packet(value, packet).ok_or(Error::malformed(packet.reason_section(), what))
    }

    /// The code an MQTT 3.1.1 connect return code stands for.
    pub(super) fn from_connect_return_code(value: u8) -> Option<Self> {
        let row = CONNECT_RETURN_CODES.iter().find(|row| row.0 == value)?;
        Some(row.1)
    }

    /// The connect return code of MQTT 3.1.1 closest to this reason.
    #[must_use]
    pub fn connect_return_code(self) -> u8 {
        let exact = CONNECT_RETURN_CODES.iter().find(|row| row.1 == self);
        match (exact, self) {
            (Some(row), _) => row.0,
            (None, Self::BANNED | Self::BAD_AUTHENTICATION_METHOD) => 5,
            (None, _) => 3,
        }
    }

    fn row(self) -> Option<&'static (u8, &'static str, &'static [PacketType])> {
        let index = TABLE.binary_search_by_key(&self.0, |row| row.0).ok()?;
        TABLE.get(index)
    }
}

impl fmt::Debug for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `0x87 Not authorized`.
impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:02x} {}", self.0, self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_lookups_find_every_row() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn connect_return_codes_translate_both_ways() {
        for (value, code) in CONNECT_RETURN_CODES {
            assert_eq!(ReasonCode::from_connect_return_code(value), Some(code));
            assert_eq!(code.connect_return_code(), value);
        }
        assert_eq!(ReasonCode::SERVER_BUSY.connect_return_code(), 3);
    }
}

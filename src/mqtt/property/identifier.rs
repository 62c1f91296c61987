//! Which properties exist: number, name and type of value, one row each.
//!
//! What a packet may carry of them is said in [`super::sets`], never here.

/// The type of a property's value on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Byte,
    TwoBytes,
    FourBytes,
    VariableByte,
    String,
    Binary,
    StringPair,
}

macro_rules! properties {
    ($($id:literal $name:ident $text:literal $kind:ident),* $(,)?) => {
        /// The identifiers of Table 2-4.
        pub(super) mod id {
            $(pub(in crate::mqtt::property) const $name: u8 = $id;)*
        }

        /// What the property with this identifier is called in text: the name
        /// mosquitto's programs use.
        pub(super) const fn name(identifier: u8) -> &'static str {
            match identifier {
                $($id => $text,)*
                _ => "unknown",
            }
        }

        /// The type of the value of the property with this identifier.
        pub(super) const fn kind(identifier: u8) -> Option<Kind> {
            match identifier {
                $($id => Some(Kind::$kind),)*
                _ => None,
            }
        }
    };
}

properties! {
    0x01 PAYLOAD_FORMAT_INDICATOR "payload-format-indicator" Byte,
    0x02 MESSAGE_EXPIRY_INTERVAL "message-expiry-interval" FourBytes,
    0x03 CONTENT_TYPE "content-type" String,
    0x08 RESPONSE_TOPIC "response-topic" String,
    0x09 CORRELATION_DATA "correlation-data" Binary,
    0x0b SUBSCRIPTION_IDENTIFIER "subscription-identifier" VariableByte,
    0x11 SESSION_EXPIRY_INTERVAL "session-expiry-interval" FourBytes,
    0x12 ASSIGNED_CLIENT_IDENTIFIER "assigned-client-identifier" String,
    0x13 SERVER_KEEP_ALIVE "server-keep-alive" TwoBytes,
    0x15 AUTHENTICATION_METHOD "authentication-method" String,
    0x16 AUTHENTICATION_DATA "authentication-data" Binary,
    0x17 REQUEST_PROBLEM_INFORMATION "request-problem-information" Byte,
    0x18 WILL_DELAY_INTERVAL "will-delay-interval" FourBytes,
    0x19 REQUEST_RESPONSE_INFORMATION "request-response-information" Byte,
    0x1a RESPONSE_INFORMATION "response-information" String,
    0x1c SERVER_REFERENCE "server-reference" String,
    0x1f REASON_STRING "reason-string" String,
    0x21 RECEIVE_MAXIMUM "receive-maximum" TwoBytes,
    0x22 TOPIC_ALIAS_MAXIMUM "topic-alias-maximum" TwoBytes,
    0x23 TOPIC_ALIAS "topic-alias" TwoBytes,
    0x24 MAXIMUM_QOS "maximum-qos" Byte,
    0x25 RETAIN_AVAILABLE "retain-available" Byte,
    0x26 USER_PROPERTY "user-properties" StringPair,
    0x27 MAXIMUM_PACKET_SIZE "maximum-packet-size" FourBytes,
    0x28 WILDCARD_SUBSCRIPTION_AVAILABLE "wildcard-subscription-available" Byte,
    0x29 SUBSCRIPTION_IDENTIFIER_AVAILABLE "subscription-identifier-available" Byte,
    0x2a SHARED_SUBSCRIPTION_AVAILABLE "shared-subscription-available" Byte,
}

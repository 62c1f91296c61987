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
    ($($id:literal $name:ident $kind:ident),* $(,)?) => {
        /// The identifiers of Table 2-4.
        pub(super) mod id {
            $(pub(in crate::mqtt::property) const $name: u8 = $id;)*
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
    0x01 PAYLOAD_FORMAT_INDICATOR Byte,
    0x02 MESSAGE_EXPIRY_INTERVAL FourBytes,
    0x03 CONTENT_TYPE String,
    0x08 RESPONSE_TOPIC String,
    0x09 CORRELATION_DATA Binary,
    0x0b SUBSCRIPTION_IDENTIFIER VariableByte,
    0x11 SESSION_EXPIRY_INTERVAL FourBytes,
    0x12 ASSIGNED_CLIENT_IDENTIFIER String,
    0x13 SERVER_KEEP_ALIVE TwoBytes,
    0x15 AUTHENTICATION_METHOD String,
    0x16 AUTHENTICATION_DATA Binary,
    0x17 REQUEST_PROBLEM_INFORMATION Byte,
    0x18 WILL_DELAY_INTERVAL FourBytes,
    0x19 REQUEST_RESPONSE_INFORMATION Byte,
    0x1a RESPONSE_INFORMATION String,
    0x1c SERVER_REFERENCE String,
    0x1f REASON_STRING String,
    0x21 RECEIVE_MAXIMUM TwoBytes,
    0x22 TOPIC_ALIAS_MAXIMUM TwoBytes,
    0x23 TOPIC_ALIAS TwoBytes,
    0x24 MAXIMUM_QOS Byte,
    0x25 RETAIN_AVAILABLE Byte,
    0x26 USER_PROPERTY StringPair,
    0x27 MAXIMUM_PACKET_SIZE FourBytes,
    0x28 WILDCARD_SUBSCRIPTION_AVAILABLE Byte,
    0x29 SUBSCRIPTION_IDENTIFIER_AVAILABLE Byte,
    0x2a SHARED_SUBSCRIPTION_AVAILABLE Byte,
}

//! The properties of MQTT 5.0 (§2.2.2): one table of what exists, and one
//! table per packet of what it may carry.
//!
//! The macro `property_set!` turns the rows of a packet into its struct,
//! decoder and encoder, and refuses what is duplicated or in the wrong place.

use super::wire::{self, Reader};
use super::{Error, ReasonCode};
use std::fmt;
use std::num::{NonZeroU16, NonZeroU32};

/// The type of a property's value on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
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
        mod id {
            $(pub(super) const $name: u8 = $id;)*
        }

        /// The type of the value of the property with this identifier.
        const fn kind(identifier: u8) -> Option<Kind> {
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

/// A value as it stands behind a property identifier.
trait Value<'a>: Sized {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error>;
    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error>;
}

/// What a packet keeps of one property: nothing, one value or all values.
trait Field<'a>: Default {
    /// Takes the value behind the identifier; `block` is the whole section.
    fn accept(&mut self, reader: &mut Reader<'a>, block: &'a [u8]) -> Result<(), Error>;
    fn write(&self, identifier: u8, out: &mut Vec<u8>) -> Result<(), Error>;
}

impl<'a, T: Value<'a>> Field<'a> for Option<T> {
    fn accept(&mut self, reader: &mut Reader<'a>, _: &'a [u8]) -> Result<(), Error> {
        if self.replace(T::read(reader)?).is_some() {
            return Err(Error::protocol("§2.2.2.2", "a property is given twice"));
        }
        Ok(())
    }

    fn write(&self, identifier: u8, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(value) = self {
            out.push(identifier);
            value.write(out)?;
        }
        Ok(())
    }
}

macro_rules! property_set {
    ($(#[$meta:meta])* $set:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $id:ident,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $set<'a> {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl<'a> $set<'a> {
            /// Reads a section with its length in front.
            pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
                let block = reader.block()?;
                let mut set = Self::default();
                let mut rest = Reader::new(block);
                while !rest.is_empty() {
                    match rest.u8()? {
                        $(id::$id => set.$field.accept(&mut rest, block)?,)*
                        _ => return Err(NOT_ALLOWED),
                    }
                }
                Ok(set)
            }

            /// Appends the section with its length in front.
            pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
                let start = out.len();
                $(self.$field.write(id::$id, out)?;)*
                wire::insert_length(out, start, 0)
            }

            /// Whether no property is set.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                *self == Self::default()
            }
        }
    };
}

const NOT_ALLOWED: Error = Error::malformed(
    "§2.2.2.2",
    "a property is unknown or not allowed in this packet",
);

property_set! {
    /// The properties of CONNECT (§3.1.2.11).
    ConnectProperties {
        /// Seconds the session outlives the connection; absent is 0, all ones is for ever.
        session_expiry_interval: Option<u32> = SESSION_EXPIRY_INTERVAL,
        /// QoS 1 and 2 messages the client takes at once; absent is 65,535.
        receive_maximum: Option<NonZeroU16> = RECEIVE_MAXIMUM,
        /// Bytes of the largest packet the client takes; absent is no limit.
        maximum_packet_size: Option<NonZeroU32> = MAXIMUM_PACKET_SIZE,
        /// Topic aliases the client takes from the server; absent is 0.
        topic_alias_maximum: Option<u16> = TOPIC_ALIAS_MAXIMUM,
        /// Whether the client asks for response information.
        request_response_information: Option<bool> = REQUEST_RESPONSE_INFORMATION,
        /// Whether reason strings and user properties may be sent on failures; absent is true.
        request_problem_information: Option<bool> = REQUEST_PROBLEM_INFORMATION,
        /// Name-value pairs.
        user_properties: UserProperties<'a> = USER_PROPERTY,
        /// The method of enhanced authentication.
        authentication_method: Option<&'a str> = AUTHENTICATION_METHOD,
        /// Data of that method.
        authentication_data: Option<&'a [u8]> = AUTHENTICATION_DATA,
    }
}

property_set! {
    /// The properties of a will (§3.1.3.2).
    WillProperties {
        /// Seconds between the loss of the connection and the will; absent is 0.
        will_delay_interval: Option<u32> = WILL_DELAY_INTERVAL,
        /// Whether the payload is UTF-8 text.
        payload_format_indicator: Option<bool> = PAYLOAD_FORMAT_INDICATOR,
        /// Seconds the message is worth delivering.
        message_expiry_interval: Option<u32> = MESSAGE_EXPIRY_INTERVAL,
        /// What the payload is, for the application.
        content_type: Option<&'a str> = CONTENT_TYPE,
        /// Where an answer is to go.
        response_topic: Option<&'a str> = RESPONSE_TOPIC,
        /// What an answer is to repeat.
        correlation_data: Option<&'a [u8]> = CORRELATION_DATA,
        /// Name-value pairs.
        user_properties: UserProperties<'a> = USER_PROPERTY,
    }
}

property_set! {
    /// The properties of CONNACK (§3.2.2.3).
    ConnAckProperties {
        /// The session expiry interval the server uses, if not the one asked for.
        session_expiry_interval: Option<u32> = SESSION_EXPIRY_INTERVAL,
        /// QoS 1 and 2 messages the server takes at once; absent is 65,535.
        receive_maximum: Option<NonZeroU16> = RECEIVE_MAXIMUM,
        /// The highest QoS the server takes, if not 2: false is 0, true is 1.
        maximum_qos: Option<bool> = MAXIMUM_QOS,
        /// Whether retained messages are supported; absent is true.
        retain_available: Option<bool> = RETAIN_AVAILABLE,
        /// Bytes of the largest packet the server takes; absent is no limit.
        maximum_packet_size: Option<NonZeroU32> = MAXIMUM_PACKET_SIZE,
        /// The identifier the server gave to a client that brought none.
        assigned_client_identifier: Option<&'a str> = ASSIGNED_CLIENT_IDENTIFIER,
        /// Topic aliases the server takes from the client; absent is 0.
        topic_alias_maximum: Option<u16> = TOPIC_ALIAS_MAXIMUM,
        /// The reason in words.
        reason_string: Option<&'a str> = REASON_STRING,
        /// Name-value pairs.
        user_properties: UserProperties<'a> = USER_PROPERTY,
        /// Whether wildcard subscriptions are supported; absent is true.
        wildcard_subscription_available: Option<bool> = WILDCARD_SUBSCRIPTION_AVAILABLE,
        /// Whether subscription identifiers are supported; absent is true.
        subscription_identifier_available: Option<bool> = SUBSCRIPTION_IDENTIFIER_AVAILABLE,
        /// Whether shared subscriptions are supported; absent is true.
        shared_subscription_available: Option<bool> = SHARED_SUBSCRIPTION_AVAILABLE,
        /// Seconds the client must use as keep alive instead of its own.
        server_keep_alive: Option<u16> = SERVER_KEEP_ALIVE,
        /// The basis for response topics.
        response_information: Option<&'a str> = RESPONSE_INFORMATION,
        /// Another server to use.
        server_reference: Option<&'a str> = SERVER_REFERENCE,
        /// The method of enhanced authentication.
        authentication_method: Option<&'a str> = AUTHENTICATION_METHOD,
        /// Data of that method.
        authentication_data: Option<&'a [u8]> = AUTHENTICATION_DATA,
    }
}

property_set! {
    /// The properties of PUBLISH (§3.3.2.3).
    PublishProperties {
        /// Whether the payload is UTF-8 text.
        payload_format_indicator: Option<bool> = PAYLOAD_FORMAT_INDICATOR,
        /// Seconds the message is worth delivering.
        message_expiry_interval: Option<u32> = MESSAGE_EXPIRY_INTERVAL,
        /// The number that stands for the topic on this connection.
        topic_alias: Option<TopicAlias> = TOPIC_ALIAS,
        /// Where an answer is to go.
        response_topic: Option<&'a str> = RESPONSE_TOPIC,
        /// What an answer is to repeat.
        correlation_data: Option<&'a [u8]> = CORRELATION_DATA,
        /// Name-value pairs.
        user_properties: UserProperties<'a> = USER_PROPERTY,
        /// The identifiers of the subscriptions that matched.
        subscription_identifiers: SubscriptionIds<'a> = SUBSCRIPTION_IDENTIFIER,
        /// What the payload is, for the application.
        content_type: Option<&'a str> = CONTENT_TYPE,
    }
}

property_set! {
    /// The properties of PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK (§3.4.2.2).
    AckProperties {
        /// The reason in words.
        reason_string: Option<&'a str> = REASON_STRING,
        /// Name-value pairs.
        user_properties: UserProperties<'a> = USER_PROPERTY,
    }
}

property_set! {
    /// The properties of SUBSCRIBE (§3.8.2.1).
    SubscribeProperties {
        /// The identifier that messages of these subscriptions will carry.
        subscription_identifier: Option<SubscriptionId> = SUBSCRIPTION_IDENTIFIER,
        /// Name-value pairs.
        user_properties: UserProperties<'a> = USER_PROPERTY,
    }
}

property_set! {
    /// The properties of UNSUBSCRIBE (§3.10.2.1).
    UnsubscribeProperties {
        /// Name-value pairs.
        user_properties: UserProperties<'a> = USER_PROPERTY,
    }
}

property_set! {
    /// The properties of DISCONNECT (§3.14.2.2).
    DisconnectProperties {
        /// A new session expiry interval in seconds; only a client may send it.
        session_expiry_interval: Option<u32> = SESSION_EXPIRY_INTERVAL,
        /// The reason in words.
        reason_string: Option<&'a str> = REASON_STRING,
        /// Name-value pairs.
        user_properties: UserProperties<'a> = USER_PROPERTY,
        /// Another server to use.
        server_reference: Option<&'a str> = SERVER_REFERENCE,
    }
}

property_set! {
    /// The properties of AUTH (§3.15.2.2).
    AuthProperties {
        /// The method of enhanced authentication.
        authentication_method: Option<&'a str> = AUTHENTICATION_METHOD,
        /// Data of that method.
        authentication_data: Option<&'a [u8]> = AUTHENTICATION_DATA,
        /// The reason in words.
        reason_string: Option<&'a str> = REASON_STRING,
        /// Name-value pairs.
        user_properties: UserProperties<'a> = USER_PROPERTY,
    }
}

/// A topic alias: never zero (MQTT-3.3.2-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TopicAlias(pub NonZeroU16);

/// A subscription identifier: 1 to 268,435,455 (§3.8.2.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(NonZeroU32);

impl SubscriptionId {
    /// The identifier with this number, if it is in range.
    #[must_use]
    pub fn new(value: u32) -> Option<Self> {
        let in_range = value as usize <= super::MAX_REMAINING_LENGTH;
        NonZeroU32::new(value).filter(|_| in_range).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0.get()
    }
}

/// User properties: name-value pairs in the order they were sent, repetitions
/// included. Borrows the property section it was decoded from or the
/// [`PropertyBuf`] it was built in.
#[derive(Clone, Copy, Default)]
pub struct UserProperties<'a> {
    block: &'a [u8],
}

impl<'a> UserProperties<'a> {
    /// The pairs in order.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        values(self.block, id::USER_PROPERTY)
            .filter_map(|value| <(&str, &str)>::read(&mut Reader::new(value)).ok())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }
}

/// Subscription identifiers in the order they were sent, borrowed as
/// [`UserProperties`] are.
#[derive(Clone, Copy, Default)]
pub struct SubscriptionIds<'a> {
    block: &'a [u8],
}

impl<'a> SubscriptionIds<'a> {
    /// The identifiers in order.
    pub fn iter(self) -> impl Iterator<Item = SubscriptionId> + 'a {
        values(self.block, id::SUBSCRIPTION_IDENTIFIER)
            .filter_map(|value| SubscriptionId::read(&mut Reader::new(value)).ok())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }
}

/// Encoded properties that may occur more than once, built up one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PropertyBuf {
    block: Vec<u8>,
}

impl PropertyBuf {
    /// Adds a user property.
    ///
    /// # Errors
    /// When the name or the value is longer than 65,535 bytes.
    pub fn push_user(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.block.push(id::USER_PROPERTY);
        (name, value).write(&mut self.block)
    }

    /// Adds a subscription identifier.
    pub fn push_subscription_id(&mut self, identifier: SubscriptionId) {
        self.block.push(id::SUBSCRIPTION_IDENTIFIER);
        let in_range = wire::put_varint(&mut self.block, identifier.value() as usize);
        debug_assert!(in_range.is_ok(), "the type keeps the number in range");
    }

    /// The user properties added so far.
    #[must_use]
    pub fn user_properties(&self) -> UserProperties<'_> {
        UserProperties { block: &self.block }
    }

    /// The subscription identifiers added so far.
    #[must_use]
    pub fn subscription_ids(&self) -> SubscriptionIds<'_> {
        SubscriptionIds { block: &self.block }
    }
}

/// The values of one identifier in a section that was checked before.
fn values(block: &[u8], wanted: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Reader::new(block);
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let identifier = rest.u8().ok()?;
            let value = skip(&mut rest, kind(identifier)?).ok()?;
            if identifier == wanted {
                return Some(value);
            }
        }
        None
    })
}

/// Steps over a value and returns its bytes.
fn skip<'a>(reader: &mut Reader<'a>, kind: Kind) -> Result<&'a [u8], Error> {
    let mut ahead = *reader;
    match kind {
        Kind::Byte => ahead.u8().map(drop)?,
        Kind::TwoBytes => ahead.u16().map(drop)?,
        Kind::FourBytes => ahead.u32().map(drop)?,
        Kind::VariableByte => ahead.varint().map(drop)?,
        Kind::String | Kind::Binary => ahead.binary().map(drop)?,
        Kind::StringPair => ahead.binary().and_then(|_| ahead.binary()).map(drop)?,
    }
    let before = reader.rest().len();
    let length = before - ahead.rest().len();
    reader.take(length)
}

impl<'a> Field<'a> for UserProperties<'a> {
    fn accept(&mut self, reader: &mut Reader<'a>, block: &'a [u8]) -> Result<(), Error> {
        <(&str, &str)>::read(reader)?;
        self.block = block;
        Ok(())
    }

    fn write(&self, identifier: u8, out: &mut Vec<u8>) -> Result<(), Error> {
        for pair in self.iter() {
            out.push(identifier);
            pair.write(out)?;
        }
        Ok(())
    }
}

impl<'a> Field<'a> for SubscriptionIds<'a> {
    fn accept(&mut self, reader: &mut Reader<'a>, block: &'a [u8]) -> Result<(), Error> {
        SubscriptionId::read(reader)?;
        self.block = block;
        Ok(())
    }

    fn write(&self, identifier: u8, out: &mut Vec<u8>) -> Result<(), Error> {
        for subscription in self.iter() {
            out.push(identifier);
            subscription.write(out)?;
        }
        Ok(())
    }
}

impl PartialEq for UserProperties<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for UserProperties<'_> {}

impl PartialEq for SubscriptionIds<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for SubscriptionIds<'_> {}

impl fmt::Debug for UserProperties<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for SubscriptionIds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> Value<'a> for bool {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        match reader.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::protocol("§2.2.2.2", "a property is neither 0 nor 1")),
        }
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.push(u8::from(*self));
        Ok(())
    }
}

impl<'a> Value<'a> for u16 {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.u16()
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        wire::put_u16(out, *self);
        Ok(())
    }
}

impl<'a> Value<'a> for u32 {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.u32()
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        wire::put_u32(out, *self);
        Ok(())
    }
}

const ZERO: Error = Error::protocol("§3.1.2.11", "a property that must not be zero is zero");

impl<'a> Value<'a> for NonZeroU16 {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        Self::new(reader.u16()?).ok_or(ZERO)
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.get().write(out)
    }
}

impl<'a> Value<'a> for NonZeroU32 {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        Self::new(reader.u32()?).ok_or(ZERO)
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.get().write(out)
    }
}

impl<'a> Value<'a> for TopicAlias {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let zero = Error::protocol("MQTT-3.3.2-8", "the topic alias is zero");
        NonZeroU16::new(reader.u16()?)
            .map(Self)
            .ok_or(zero.with_reason(ReasonCode::TOPIC_ALIAS_INVALID))
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.0.write(out)
    }
}

impl<'a> Value<'a> for SubscriptionId {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let zero = Error::protocol("§3.8.2.1.2", "a subscription identifier is zero");
        Self::new(reader.varint()?).ok_or(zero)
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        wire::put_varint(out, self.value() as usize)
    }
}

impl<'a> Value<'a> for &'a str {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.string()
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        wire::put_binary(out, self.as_bytes())
    }
}

impl<'a> Value<'a> for &'a [u8] {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.binary()
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        wire::put_binary(out, self)
    }
}

impl<'a> Value<'a> for (&'a str, &'a str) {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        Ok((reader.string()?, reader.string()?))
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.0.write(out)?;
        self.1.write(out)
    }
}

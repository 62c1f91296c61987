//! What each packet may carry: one table per packet, one row per property.
//!
//! The rows are in the order in which they are written. There is no logic here;
//! [`super::set`] turns a table into a struct, a decoder and an encoder.

use super::identifier::{id, name};
use super::repeated::{SubscriptionIds, UserProperties};
use super::set::{Field, NOT_ALLOWED, property_set};
use super::value::{PropertyValue, SubscriptionId, TopicAlias};
use crate::mqtt::Error;
use crate::mqtt::wire::{self, Reader};
use std::num::{NonZeroU16, NonZeroU32};

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

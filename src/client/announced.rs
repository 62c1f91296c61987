//! What a broker says of itself when it accepts a connection.

use crate::mqtt::ConnAck;
use serde::Serialize;

/// Everything in CONNACK (MQTT 5.0 §3.2.2.3), with what holds where it says nothing;
/// before MQTT 5 that is all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "it is what the standard has")]
pub struct Announced {
    /// Whether it had a session for this client.
    pub session_present: bool,
    /// The highest quality of service it takes.
    pub maximum_qos: u8,
    /// Whether it keeps retained messages.
    pub retain_available: bool,
    /// Whether filters may have wildcards.
    pub wildcard_subscriptions: bool,
    /// Whether subscriptions may have identifiers.
    pub subscription_identifiers: bool,
    /// Whether there are shared subscriptions.
    pub shared_subscriptions: bool,
    /// QoS 1 and 2 messages it takes at once.
    pub receive_maximum: u16,
    /// Bytes of the largest packet it takes, if that is limited.
    pub maximum_packet_size: Option<u32>,
    /// Topic aliases it takes.
    pub topic_alias_maximum: u16,
    /// Seconds of silence after which it wants a ping, if it says so.
    pub server_keep_alive: Option<u16>,
    /// Seconds it keeps the session, if not as long as asked for.
    pub session_expiry_interval: Option<u32>,
    /// The identifier it has given to this client.
    pub assigned_client_identifier: Option<String>,
    /// The basis for response topics.
    pub response_information: Option<String>,
    /// Another server to use.
    pub server_reference: Option<String>,
}

impl Default for Announced {
    fn default() -> Self {
        Self {
            session_present: false,
            maximum_qos: 2,
            retain_available: true,
            wildcard_subscriptions: true,
            subscription_identifiers: true,
            shared_subscriptions: true,
            receive_maximum: u16::MAX,
            maximum_packet_size: None,
            topic_alias_maximum: 0,
            server_keep_alive: None,
            session_expiry_interval: None,
            assigned_client_identifier: None,
            response_information: None,
            server_reference: None,
        }
    }
}

impl From<&ConnAck<'_>> for Announced {
    fn from(connack: &ConnAck<'_>) -> Self {
        let said = &connack.properties;
        let text = |text: Option<&str>| text.map(str::to_owned);
        Self {
            session_present: connack.session_present,
            maximum_qos: said.maximum_qos.map_or(2, u8::from),
            retain_available: said.retain_available.unwrap_or(true),
            wildcard_subscriptions: said.wildcard_subscription_available.unwrap_or(true),
            subscription_identifiers: said.subscription_identifier_available.unwrap_or(true),
            shared_subscriptions: said.shared_subscription_available.unwrap_or(true),
            receive_maximum: said.receive_maximum.map_or(u16::MAX, Into::into),
            maximum_packet_size: said.maximum_packet_size.map(Into::into),
            topic_alias_maximum: said.topic_alias_maximum.unwrap_or(0),
            server_keep_alive: said.server_keep_alive,
            session_expiry_interval: said.session_expiry_interval,
            assigned_client_identifier: text(said.assigned_client_identifier),
            response_information: text(said.response_information),
            server_reference: text(said.server_reference),
        }
    }
}

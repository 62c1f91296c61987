//! What a client says of itself, and the CONNECT that says it.

use super::Method;
use crate::mqtt::{
    Connect, ConnectProperties, Message, PropertyBuf, Version, Will, WillProperties,
};
use crate::session::Secret;
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;

/// What a client says of itself in CONNECT.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The version to speak.
    pub version: Version,
    /// Whether to say to be a bridge, see [`Connect::bridge`].
    pub bridge: bool,
    /// The client identifier; empty lets the server choose.
    pub client_id: String,
    /// Whether an earlier session of this client is discarded.
    pub clean_start: bool,
    /// Seconds between signs of life; 0 is none.
    pub keep_alive: u16,
    /// Seconds the session outlives the connection, in version 5.
    pub session_expiry_interval: Option<u32>,
    /// QoS 1 and 2 messages taken at once, in version 5.
    pub receive_maximum: Option<NonZeroU16>,
    /// Bytes of the largest packet taken; announced in version 5, enforced in all.
    pub maximum_packet_size: Option<NonZeroU32>,
    /// Bytes of the largest packet sent, where the server allows larger ones.
    pub largest_sent: Option<NonZeroU32>,
    /// Whether a QoS 1 or 2 message is acknowledged only when the owner says
    /// so, with [`acknowledge`](super::ClientSession::acknowledge).
    pub acknowledged_by_owner: bool,
    /// Topic aliases taken from the server, in version 5.
    pub topic_alias_maximum: u16,
    /// Topic aliases used towards the server, if it takes so many, in version 5.
    pub topic_aliases_sent: u16,
    /// Whether the server is asked for the basis of response topics, in version 5.
    pub request_response_information: Option<bool>,
    /// Whether the server may give reasons in words, in version 5; absent is true.
    pub request_problem_information: Option<bool>,
    /// Name-value pairs, in version 5.
    pub user_properties: PropertyBuf,
    /// Enhanced authentication, in version 5; boxed, for few use it.
    pub authentication: Option<Box<Authentication>>,
    /// The user.
    pub username: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// What the server publishes when the connection is lost, and its delay
    /// in seconds.
    pub will: Option<(Message, u32)>,
}

/// How enhanced authentication begins.
#[derive(Debug, Clone)]
pub struct Authentication {
    /// The name of the method.
    pub method: String,
    /// What the method says first.
    pub data: Option<Secret>,
    /// Who speaks where the method needs more than CONNECT; it gives the data
    /// too.
    pub steps: Option<Arc<dyn Method>>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            version: Version::V5,
            bridge: false,
            client_id: String::new(),
            clean_start: true,
            keep_alive: 60,
            session_expiry_interval: None,
            receive_maximum: None,
            maximum_packet_size: None,
            largest_sent: None,
            acknowledged_by_owner: false,
            topic_alias_maximum: 0,
            topic_aliases_sent: 0,
            request_response_information: None,
            request_problem_information: None,
            user_properties: PropertyBuf::default(),
            authentication: None,
            username: None,
            password: None,
            will: None,
        }
    }
}

impl ClientConfig {
    /// The CONNECT that says all this.
    #[must_use]
    pub fn packet(&self) -> Connect<'_> {
        let aliases = Some(self.topic_alias_maximum).filter(|maximum| *maximum > 0);
        let authentication = self.authentication.as_deref();
        let data = authentication.and_then(|begun| begun.data.as_ref());
        Connect {
            version: self.version,
            bridge: self.bridge,
            clean_start: self.clean_start,
            keep_alive: self.keep_alive,
            properties: ConnectProperties {
                session_expiry_interval: self.session_expiry_interval,
                receive_maximum: self.receive_maximum,
                maximum_packet_size: self.maximum_packet_size,
                topic_alias_maximum: aliases,
                request_response_information: self.request_response_information,
                request_problem_information: self.request_problem_information,
                user_properties: self.user_properties.user_properties(),
                authentication_method: authentication.map(|begun| begun.method.as_str()),
                authentication_data: data.map(Secret::expose),
            },
            client_id: &self.client_id,
            will: self.will.as_ref().map(|(will, delay)| will_packet(will, *delay)),
            username: self.username.as_deref(),
            password: self.password.as_ref().map(Secret::expose),
        }
    }
}

fn will_packet(will: &Message, delay: u32) -> Will<'_> {
    let properties = will.properties();
    Will {
        topic: will.topic(),
        payload: will.payload(),
        qos: will.qos,
        retain: will.retain,
        properties: WillProperties {
            will_delay_interval: Some(delay).filter(|delay| *delay > 0),
            payload_format_indicator: properties.payload_format_indicator,
            message_expiry_interval: properties.message_expiry_interval,
            content_type: properties.content_type,
            response_topic: properties.response_topic,
            correlation_data: properties.correlation_data,
            user_properties: properties.user_properties,
        },
    }
}

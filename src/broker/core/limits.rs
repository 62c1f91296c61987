//! What the broker allows, and how it says so (MQTT 5.0 §3.2.2.3).

use super::exchange::Exchange;
use super::queue::{QueueLimits, SlowConsumer};
use super::rate::Rates;
use super::sys::is_reserved;
use super::words::Denial;
use crate::mqtt::{ConnAckProperties, Connect, Error, QoS, ReasonCode, topic};
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

/// What the broker allows and announces.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The highest quality of service taken from a client and granted to it.
    pub maximum_qos: QoS,
    /// Whether messages are retained; a client that asks for it is cut off
    /// where they are not.
    pub retain_available: bool,
    /// Seconds of silence that a client of version 5 may allow itself at most;
    /// one that allows itself more is told. Earlier versions cannot be told.
    pub maximum_keep_alive: Option<NonZeroU16>,
    /// Connections that are let in at once; a client that comes again in place
    /// of its own connection always is.
    pub maximum_connections: usize,
    /// Bytes of the largest packet taken from a client.
    pub maximum_packet_size: u32,
    /// Bytes of the largest payload taken, in a packet that is not too large.
    pub maximum_payload: usize,
    /// QoS 2 messages taken from a client at once (MQTT 5.0 §3.2.2.3.3).
    pub receive_maximum: u16,
    /// QoS 1 and 2 messages in flight to a client that takes as many.
    pub maximum_in_flight: u16,
    /// Topic aliases taken from a client.
    pub topic_alias_maximum: u16,
    /// Topic aliases given to a client that takes as many; 0 is none.
    pub topic_aliases_sent: u16,
    /// The beginning of the Response Information that a client is given that asks
    /// for it: its identifier and a slash follow. `None` gives none.
    pub response_prefix: Option<Box<str>>,
    /// Filters one session may have subscribed.
    pub subscriptions: usize,
    /// Seconds that a session outlives its connection at most; `None` is as long
    /// as the client asks for.
    pub maximum_session_expiry: Option<u32>,
    /// What one connection may publish in a second.
    pub publish_rates: Rates,
    /// Levels of a topic or a filter.
    pub topic_levels: usize,
    /// Whether a subscription that no rule allows is refused, rather than
    /// granted and left without messages.
    pub acl_subscribe_check: bool,
    /// How long a new connection may take to send CONNECT.
    pub connect_timeout: Duration,
    /// What is kept for one session.
    pub queue: QueueLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            maximum_keep_alive: None,
            maximum_connections: usize::MAX,
            maximum_packet_size: 16 * 1024 * 1024,
            maximum_payload: usize::MAX,
            receive_maximum: 1024,
            maximum_in_flight: 1024,
            topic_alias_maximum: 1024,
            topic_aliases_sent: 0,
            response_prefix: None,
            subscriptions: usize::MAX,
            maximum_session_expiry: None,
            publish_rates: Rates::default(),
            topic_levels: 128,
            acl_subscribe_check: true,
            connect_timeout: Duration::from_secs(10),
            queue: QueueLimits {
                messages: 100_000,
                bytes: 64 * 1024 * 1024,
                output: 1024 * 1024,
                patience: Duration::ZERO,
                slow: SlowConsumer::DropNewest,
                offline_qos0: false,
            },
        }
    }
}

/// Whether a topic or a filter is as short as MQTT has them (MQTT-4.7.3-3), which
/// it may not be any more with a mount point in front; in words if not.
pub(super) fn check_length(text: &str) -> Result<(), String> {
    if u16::try_from(text.len()).is_ok() {
        return Ok(());
    }
    Err("with the mount point of its listener this is too long".to_owned())
}

impl Limits {
    /// Whether a message of this kind is taken from a client.
    pub(super) fn check(&self, qos: QoS, retain: bool) -> Result<(), Error> {
        if qos > self.maximum_qos {
            let error = Error::protocol("MQTT-3.2.2-11", "the QoS is above the announced maximum");
            return Err(error.with_reason(ReasonCode::QOS_NOT_SUPPORTED));
        }
        if retain && !self.retain_available {
            let error = Error::protocol("MQTT-3.2.2-14", "messages are not retained, as announced");
            return Err(error.with_reason(ReasonCode::RETAIN_NOT_SUPPORTED));
        }
        Ok(())
    }

    /// Whether a message may have this payload. A client that sends a larger one
    /// stays, for it was not told of the limit (MQTT 5.0 §3.4.2.1).
    pub(super) fn check_payload(&self, payload: &[u8]) -> Result<(), Denial> {
        if payload.len() <= self.maximum_payload {
            return Ok(());
        }
        let words =
            format!("a payload of {} bytes, {} are allowed", payload.len(), self.maximum_payload);
        Err(Denial::new(ReasonCode::IMPLEMENTATION_SPECIFIC, words))
    }

    /// Whether a message may have this topic, whoever sends it. A mount point may
    /// have made it longer than topics are.
    pub(super) fn check_topic(&self, topic: &str) -> Result<(), Denial> {
        if is_reserved(topic) {
            let words = "only the broker publishes below $SYS/";
            return Err(Denial::new(ReasonCode::NOT_AUTHORIZED, words));
        }
        let invalid = |words| Denial::new(ReasonCode::TOPIC_NAME_INVALID, words);
        check_length(topic).map_err(invalid)?;
        if topic.len() < self.topic_levels {
            // Too short to be too deep: nothing need be counted.
            return Ok(());
        }
        self.check_depth(topic::levels(topic).count()).map_err(invalid)
    }

    /// Whether a topic or a filter is not too deep; in words if it is.
    pub(super) fn check_depth(&self, levels: usize) -> Result<(), String> {
        if levels <= self.topic_levels {
            return Ok(());
        }
        Err(format!("{levels} topic levels, {} are allowed", self.topic_levels))
    }

    /// The keep alive that a client is told to use in place of its own: never
    /// to be heard of again (0) is longer than any maximum.
    pub(super) fn server_keep_alive(&self, connect: &Connect<'_>) -> Option<u16> {
        let maximum = self.maximum_keep_alive?.get();
        let within = (1..=maximum).contains(&connect.keep_alive);
        (connect.version.is_v5() && !within).then_some(maximum)
    }

    /// The session expiry interval a client gets that asks for `seconds`.
    pub(super) fn session_expiry(&self, seconds: u32) -> u32 {
        self.maximum_session_expiry.map_or(seconds, |maximum| seconds.min(maximum))
    }

    /// The interval that a client is told it gets, if it asks for another.
    fn server_session_expiry(&self, connect: &Connect<'_>) -> Option<u32> {
        let asked = connect.properties.session_expiry_interval?;
        Some(self.session_expiry(asked)).filter(|granted| *granted != asked)
    }

    /// Where a client of this identifier may have answers sent, if it asks.
    pub(super) fn response_information(
        &self,
        connect: &Connect<'_>,
        client_id: &str,
    ) -> Option<String> {
        let asks = connect.properties.request_response_information == Some(true);
        let prefix = self.response_prefix.as_ref().filter(|_| asks)?;
        let information = format!("{prefix}{client_id}/");
        // A client identifier may hold what a topic must not.
        let is_topic = topic::check_name(&information).is_ok();
        Some(information).filter(|text| is_topic && u16::try_from(text.len()).is_ok())
    }

    /// What the broker says of itself, to a client it gives this identifier and
    /// lets in after this exchange.
    pub(super) fn announce<'a>(
        &self,
        connect: &Connect<'a>,
        assigned: Option<&'a str>,
        exchange: Option<&'a Exchange>,
    ) -> ConnAckProperties<'a> {
        ConnAckProperties {
            receive_maximum: NonZeroU16::new(self.receive_maximum),
            maximum_qos: match self.maximum_qos {
                QoS::AtMostOnce => Some(false),
                QoS::AtLeastOnce => Some(true),
                QoS::ExactlyOnce => None,
            },
            retain_available: (!self.retain_available).then_some(false),
            maximum_packet_size: NonZeroU32::new(self.maximum_packet_size),
            topic_alias_maximum: Some(self.topic_alias_maximum),
            assigned_client_identifier: assigned,
            session_expiry_interval: self.server_session_expiry(connect),
            server_keep_alive: self.server_keep_alive(connect),
            authentication_method: connect.properties.authentication_method,
            authentication_data: exchange.and_then(Exchange::last_data),
            ..ConnAckProperties::default()
        }
    }
}

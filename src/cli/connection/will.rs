//! The options of the will: what the broker publishes when the connection is
//! lost.

use super::super::values;
use crate::error::{Error, Result};
use crate::mqtt::topic::TopicName;
use crate::mqtt::{Message, MessageProperties, Publish, QoS};
use clap::Args;
use std::path::PathBuf;

/// What the broker publishes when the connection is lost.
#[allow(clippy::struct_field_names, reason = "they are the names of the options")]
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Will")]
pub(super) struct WillArgs {
    /// Topic of the message the broker publishes when the connection is lost
    #[arg(long, value_name = "TOPIC", value_parser = values::topic)]
    will_topic: Option<TopicName>,

    /// Its payload [default: empty]
    #[arg(
        long, aliases = ["will-message", "will-msg"], value_name = "TEXT",
        requires = "will_topic", conflicts_with = "will_file"
    )]
    will_payload: Option<String>,

    /// Its payload from this file
    #[arg(long, value_name = "FILE", requires = "will_topic")]
    will_file: Option<PathBuf>,

    /// Its quality of service: 0, 1 or 2
    #[arg(
        long, alias = "will-quality-of-service", value_name = "LEVEL", default_value = "0",
        value_parser = values::qos, requires = "will_topic"
    )]
    will_qos: QoS,

    /// Ask the broker to keep it for later subscribers
    #[arg(long, requires = "will_topic")]
    will_retain: bool,

    /// Publish it only after this time, as in 10 or 1m (MQTT 5)
    #[arg(
        long, alias = "will-delay", value_name = "TIME", value_parser = values::seconds,
        requires = "will_topic"
    )]
    will_delay_interval: Option<u32>,

    /// Time after which it is worth nothing (MQTT 5)
    #[arg(
        long, value_name = "TIME", value_parser = values::seconds, requires = "will_topic"
    )]
    will_message_expiry_interval: Option<u32>,

    /// What its payload is, as in application/json (MQTT 5)
    #[arg(long, value_name = "TYPE", requires = "will_topic")]
    will_content_type: Option<String>,

    /// Whether its payload is UTF-8 text (MQTT 5)
    #[arg(
        long, value_name = "BOOL", value_parser = values::boolean, requires = "will_topic"
    )]
    will_payload_format_indicator: Option<bool>,

    /// Topic for an answer to it (MQTT 5)
    #[arg(long, value_name = "TOPIC", value_parser = values::topic, requires = "will_topic")]
    will_response_topic: Option<TopicName>,

    /// What an answer is to repeat: text, hex:... or base64:... (MQTT 5)
    #[arg(long, value_name = "DATA", value_parser = values::data, requires = "will_topic")]
    will_correlation_data: Option<values::Data>,

    /// User property of it, as in name=value (repeatable, MQTT 5)
    #[arg(
        long, value_name = "NAME=VALUE", value_parser = values::user_property,
        requires = "will_topic"
    )]
    will_user_property: Vec<(String, String)>,
}

impl WillArgs {
    /// An option that is given and unknown before MQTT 5.
    pub(super) fn needs_v5(&self) -> Option<&'static str> {
        let rows = [
            (self.will_delay_interval.is_some(), "--will-delay-interval"),
            (self.will_message_expiry_interval.is_some(), "--will-message-expiry-interval"),
            (self.will_content_type.is_some(), "--will-content-type"),
            (self.will_payload_format_indicator.is_some(), "--will-payload-format-indicator"),
            (self.will_response_topic.is_some(), "--will-response-topic"),
            (self.will_correlation_data.is_some(), "--will-correlation-data"),
            (!self.will_user_property.is_empty(), "--will-user-property"),
        ];
        rows.iter().find(|(given, _)| *given).map(|(_, name)| *name)
    }

    /// The message and its delay in seconds.
    pub(super) fn read(self) -> Result<Option<(Message, u32)>> {
        let Some(topic) = self.will_topic else {
            return Ok(None);
        };
        let payload = match (self.will_payload, self.will_file) {
            (Some(text), _) => text.into_bytes(),
            (None, Some(path)) => values::file(&path, u64::from(u16::MAX) + 1)?,
            (None, None) => Vec::new(),
        };
        if payload.len() > usize::from(u16::MAX) {
            return Err(Error::usage("the payload of a will has at most 65,535 bytes"));
        }
        let properties = MessageProperties {
            payload_format_indicator: self.will_payload_format_indicator,
            message_expiry_interval: self.will_message_expiry_interval,
            content_type: self.will_content_type,
            response_topic: self.will_response_topic.map(|topic| topic.as_str().to_owned()),
            correlation_data: self.will_correlation_data.map(values::Data::into_bytes),
            user_properties: values::user_properties(&self.will_user_property)?,
        };
        let publish = Publish {
            qos: self.will_qos,
            retain: self.will_retain,
            topic: topic.as_str(),
            properties: properties.in_packet(),
            payload: &payload,
            ..Publish::default()
        };
        let too_long = |cause| Error::usage("a property of the will is too long").because(cause);
        let message = Message::new(&publish).map_err(too_long)?;
        Ok(Some((message, self.will_delay_interval.unwrap_or_default())))
    }
}

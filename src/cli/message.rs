//! The options for the properties of the messages that `mqx pub` publishes.

use super::values;
use crate::error::Result;
use crate::mqtt::MessageProperties;
use crate::mqtt::topic::TopicName;
use clap::Args;

/// What is said of every message.
#[derive(Debug, Args)]
#[command(next_help_heading = "Properties (MQTT 5)")]
pub(super) struct MessageArgs {
    #[command(flatten)]
    content: ContentArgs,

    /// Topic for an answer
    #[arg(long, value_name = "TOPIC", value_parser = values::topic)]
    response_topic: Option<TopicName>,

    #[command(flatten)]
    correlation: CorrelationArgs,
}

/// What an answer is known by.
#[derive(Debug, Args)]
#[command(next_help_heading = "Properties (MQTT 5)")]
pub(super) struct CorrelationArgs {
    /// What an answer is to repeat: text, hex:... or base64:...
    #[arg(long, value_name = "DATA", value_parser = values::data)]
    correlation_data: Option<values::Data>,
}

/// What is said of the payload.
#[derive(Debug, Args)]
#[command(next_help_heading = "Properties (MQTT 5)")]
pub(super) struct ContentArgs {
    /// Time after which the message is worth nothing, as in 60 or 1h
    #[arg(short = 'e', long, value_name = "TIME", value_parser = values::seconds)]
    message_expiry_interval: Option<u32>,

    /// What the payload is, as in application/json
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,

    /// Whether the payload is UTF-8 text
    #[arg(long, value_name = "BOOL", value_parser = values::boolean)]
    payload_format_indicator: Option<bool>,

    /// User property, as in name=value (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::user_property)]
    user_property: Vec<(String, String)>,
}

impl MessageArgs {
    /// An option that is given and unknown before MQTT 5.
    pub(super) fn needs_v5(&self) -> Option<&'static str> {
        let topic = self.response_topic.is_some().then_some("--response-topic");
        self.content.needs_v5().or(topic).or(self.correlation.needs_v5())
    }

    /// The properties.
    pub(super) fn read(self) -> Result<MessageProperties> {
        Ok(MessageProperties {
            response_topic: self.response_topic.map(|topic| topic.as_str().to_owned()),
            correlation_data: self.correlation.read(),
            ..self.content.read()?
        })
    }
}

impl CorrelationArgs {
    /// The option, if it is given, which is unknown before MQTT 5.
    pub(super) fn needs_v5(&self) -> Option<&'static str> {
        self.correlation_data.is_some().then_some("--correlation-data")
    }

    /// The bytes.
    pub(super) fn read(self) -> Option<Vec<u8>> {
        self.correlation_data.map(values::Data::into_bytes)
    }
}

impl ContentArgs {
    /// An option that is given and unknown before MQTT 5.
    pub(super) fn needs_v5(&self) -> Option<&'static str> {
        let rows = [
            (self.message_expiry_interval.is_some(), "--message-expiry-interval"),
            (self.content_type.is_some(), "--content-type"),
            (self.payload_format_indicator.is_some(), "--payload-format-indicator"),
            (!self.user_property.is_empty(), "--user-property"),
        ];
        rows.iter().find(|(given, _)| *given).map(|(_, name)| *name)
    }

    /// The properties that say it.
    pub(super) fn read(self) -> Result<MessageProperties> {
        Ok(MessageProperties {
            payload_format_indicator: self.payload_format_indicator,
            message_expiry_interval: self.message_expiry_interval,
            content_type: self.content_type,
            user_properties: values::user_properties(&self.user_property)?,
            ..MessageProperties::default()
        })
    }
}

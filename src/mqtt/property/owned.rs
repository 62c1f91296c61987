//! The properties of a message that is still to be published, by value.

use super::{PropertyBuf, PublishProperties};

/// What the owner of a message says of it; the rest is said on its way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageProperties {
    /// Whether the payload is UTF-8 text.
    pub payload_format_indicator: Option<bool>,
    /// Seconds the message is worth delivering.
    pub message_expiry_interval: Option<u32>,
    /// What the payload is, for the application.
    pub content_type: Option<String>,
    /// Where an answer is to go.
    pub response_topic: Option<String>,
    /// What an answer is to repeat.
    pub correlation_data: Option<Vec<u8>>,
    /// Name-value pairs.
    pub user_properties: PropertyBuf,
}

impl MessageProperties {
    /// As they stand in a packet.
    #[must_use]
    pub fn in_packet(&self) -> PublishProperties<'_> {
        PublishProperties {
            payload_format_indicator: self.payload_format_indicator,
            message_expiry_interval: self.message_expiry_interval,
            content_type: self.content_type.as_deref(),
            response_topic: self.response_topic.as_deref(),
            correlation_data: self.correlation_data.as_deref(),
            user_properties: self.user_properties.user_properties(),
            ..PublishProperties::default()
        }
    }
}

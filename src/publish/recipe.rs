//! What becomes of a payload: the message around it.

use crate::mqtt::topic::TopicName;
use crate::mqtt::{MessageProperties, Publish, QoS};

/// What all messages of a run have in common.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Where each payload is published.
    pub topics: Vec<TopicName>,
    /// The quality of service.
    pub qos: QoS,
    /// Whether the broker is to keep the message.
    pub retain: bool,
    /// What is said of every message, in MQTT 5.
    pub properties: MessageProperties,
}

impl Recipe {
    /// The message with this payload to one of the topics.
    pub(super) fn publish<'a>(&'a self, topic: &'a TopicName, payload: &'a [u8]) -> Publish<'a> {
        Publish {
            qos: self.qos,
            retain: self.retain,
            topic: topic.as_str(),
            payload,
            properties: self.properties.in_packet(),
            ..Publish::default()
        }
    }
}

//! What becomes of a payload: the message around it.

use crate::mqtt::topic::TopicName;
use crate::mqtt::{self, Message, MessageProperties, Publish, QoS};
use crate::payload::Writing;
use crate::record::{Header, Line, TopicMap};
use crate::template::random_bytes;
use std::time::Duration;

/// What all messages of a run have in common.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Where each payload is published; none when every payload says that.
    pub topics: Vec<TopicName>,
    /// The quality of service.
    pub qos: QoS,
    /// Whether the broker is to keep the message.
    pub retain: bool,
    /// What is said of every message, in MQTT 5.
    pub properties: MessageProperties,
    /// What becomes of the payload.
    pub making: Making,
}

/// How a message is made of a payload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Making {
    /// The payload is published as it comes.
    #[default]
    AsIs,
    /// So many random bytes are, in its place.
    Random(usize),
    /// The payload is a message as a line of JSON, see [`crate::record`].
    Line {
        /// Other names for topics.
        maps: Vec<TopicMap>,
    },
    /// The payload is text that stands for others.
    Text(Writing),
}

impl Recipe {
    /// How many messages are made of each payload.
    pub(super) fn targets(&self) -> usize {
        self.topics.len().max(1)
    }

    /// Whether messages have to be made before they are known.
    pub(super) fn makes(&self) -> bool {
        self.making != Making::AsIs
    }

    /// How many bytes of a payload fit into packets of so many, if it is published as it is.
    pub(super) fn room(&self, packet: usize) -> usize {
        /// The most that a packet has beside its message: its type and length, that of the
        /// topic, an identifier, and what a topic alias takes.
        const FRAME: usize = 16;
        if self.makes() {
            return usize::MAX;
        }
        let sizes = (0..self.targets()).map(|target| keep(&self.publish(target, b"")));
        let largest = sizes.filter_map(|message| Some(message.ok()?.size())).max();
        packet.saturating_sub(largest.unwrap_or_default() + FRAME)
    }

    /// The message with this payload to one of the topics.
    pub(super) fn publish<'a>(&'a self, target: usize, payload: &'a [u8]) -> Publish<'a> {
        Publish {
            qos: self.qos,
            retain: self.retain,
            topic: self.topics.get(target).map_or("", TopicName::as_str),
            payload,
            properties: self.properties.in_packet(),
            ..Publish::default()
        }
    }

    /// The message that is made of this payload for one of the topics; it has
    /// this number.
    ///
    /// # Errors
    /// In words, when none can be made of it.
    pub(super) fn make(&self, target: usize, payload: &[u8], number: u64) -> Result<Made, String> {
        let publish = self.publish(target, payload);
        let message = match &self.making {
            Making::AsIs => keep(&publish),
            Making::Random(size) => keep(&Publish { payload: &random_bytes(*size), ..publish }),
            Making::Line { maps } => {
                return line(payload, maps, &Publish { payload: b"", ..publish });
            }
            Making::Text(writing) => {
                let topic = writing.topic(publish.topic, number)?;
                let payload = writing.payload(payload, number)?;
                keep(&Publish { topic: &topic, payload: &payload, ..publish })
            }
        };
        message.map(|message| Made::Message(message, None))
    }
}

/// What is made of a payload.
#[derive(Debug)]
pub(super) enum Made {
    /// A message, and the time at which it was recorded if it was.
    Message(Message, Option<Duration>),
    /// None, for the payload says something else.
    Nothing,
}

/// The message that a line of JSON is.
fn line(line: &[u8], maps: &[TopicMap], default: &Publish<'_>) -> Result<Made, String> {
    if line.trim_ascii().is_empty() {
        return Ok(Made::Nothing);
    }
    let mut read = Line::read(line)?;
    read.rename(maps);
    match read.message(default) {
        Ok(message) => Ok(Made::Message(message, read.time())),
        Err(why) => {
            if Header::is(line)? {
                Ok(Made::Nothing)
            } else {
                Err(why)
            }
        }
    }
}

fn keep(publish: &Publish<'_>) -> Result<Message, String> {
    Message::new(publish).map_err(|wrong: mqtt::Error| wrong.to_string())
}

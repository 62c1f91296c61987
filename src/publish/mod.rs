//! `mqx pub`: publishes one message, or one per line of stdin.
//!
//! It succeeds only when the broker has taken every message: with QoS 1 and 2
//! when it said so, with QoS 0 when it read everything and closed in order.

mod lines;
mod outcome;
mod stream;

use crate::client::{ConnectOptions, Connection, explain};
use crate::error::{Class, Error, Result};
use crate::mqtt::topic::TopicName;
use crate::mqtt::{MAX_REMAINING_LENGTH, MessageProperties, Publish, QoS};
use crate::signals::Signal;
use outcome::Outcome;
use std::path::Path;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes of a payload that are read at most: one more than fits into a packet
/// is enough to know that it does not fit.
pub const READ_AT_MOST: u64 = MAX_REMAINING_LENGTH as u64 + 1;

/// What to publish, where and how.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to connect.
    pub connect: ConnectOptions,
    /// The topic of every message.
    pub topic: TopicName,
    /// Where the payloads come from.
    pub source: Source,
    /// The quality of service.
    pub qos: QoS,
    /// Whether the broker is to keep the message.
    pub retain: bool,
    /// What is said of every message, in MQTT 5.
    pub properties: MessageProperties,
}

/// Where payloads come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// This is the one payload.
    Message(Vec<u8>),
    /// All of the input is the one payload.
    Stdin,
    /// Each line of the input is a payload.
    Lines,
}

impl Config {
    fn publish<'a>(&'a self, payload: &'a [u8]) -> Publish<'a> {
        Publish {
            qos: self.qos,
            retain: self.retain,
            topic: self.topic.as_str(),
            payload,
            properties: self.properties.in_packet(),
            ..Publish::default()
        }
    }
}

/// Publishes until everything is accepted or `stop` ends.
///
/// # Errors
/// When the broker cannot be reached or refuses, a message is rejected, the
/// input cannot be read, or `stop` ended before the work was done.
pub async fn run(
    config: Config,
    input: impl AsyncRead + Unpin,
    stop: impl Future<Output = Signal>,
) -> Result<()> {
    tokio::select! {
        biased;
        done = publish(config, input) => done,
        signal = stop => Err(signal.error()),
    }
}

async fn publish(config: Config, mut input: impl AsyncRead + Unpin) -> Result<()> {
    match &config.source {
        Source::Lines => stream::publish_lines(config, input).await,
        Source::Stdin => {
            let payload = read_all(&mut input).await?;
            publish_one(&config, &payload).await
        }
        Source::Message(payload) => publish_one(&config, payload).await,
    }
}

async fn read_all(input: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>> {
    let mut payload = Vec::new();
    let mut input = input.take(READ_AT_MOST);
    let read = input.read_to_end(&mut payload).await;
    read.map_err(cannot_read)?;
    if payload.is_empty() {
        let error = Error::usage("stdin is empty");
        return Err(error.hint("-n publishes an empty message"));
    }
    Ok(payload)
}

fn cannot_read(cause: std::io::Error) -> Error {
    Error::file("read", Path::new("stdin"), cause)
}

async fn publish_one(config: &Config, payload: &[u8]) -> Result<()> {
    if payload.len() > MAX_REMAINING_LENGTH {
        let limit = "the payload is larger than the 268,435,455 bytes MQTT allows";
        return Err(Error::new(Class::PublishRejected, limit).hint("publish it in pieces"));
    }
    let mut connection = Connection::open(config.connect.clone(), &mut |_| {}).await?;
    let sent = connection.publish(&config.publish(payload), 0);
    if let Err(failure) = sent {
        // The failure that matters is known; how the connection ends is not.
        let _ = connection.close().await;
        return Err(explain(failure));
    }
    let mut outcome = Outcome::default();
    while connection.in_flight() > 0 {
        connection.exchange(&mut |event| outcome.note(&event)).await?;
    }
    finish(connection, config.qos).await?;
    outcome.result()
}

/// Closes in order, which for QoS 0 is the only sign that the broker has taken
/// everything; for the others every message is answered by now.
async fn finish(connection: Connection, qos: QoS) -> Result<()> {
    let closed = connection.close().await;
    if qos == QoS::AtMostOnce { closed } else { Ok(()) }
}

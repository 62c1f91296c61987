//! `mqx pub`: its arguments.

mod delivery;

use crate::cli::connection::{ClientIdArgs, ConnectionArgs, Target, in_url, no_topic, one_topic};
use crate::cli::message::MessageArgs;
use crate::cli::values;
use crate::error::Result;
use crate::mqtt::QoS;
use crate::mqtt::topic::TopicName;
use crate::publish::{Config, READ_AT_MOST, Recipe, Source};
use clap::{ArgGroup, Args};
use delivery::DeliveryArgs;
use std::path::PathBuf;

/// The arguments of `mqx pub`.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("payload")
    .required(true)
    .args(["message", "file", "stdin_file", "stdin_line", "null_message"]))]
pub struct PublishArgs {
    /// Topic to publish to (repeatable)
    #[arg(
        short, long = "topic", value_name = "TOPIC", value_parser = values::topic,
        required_unless_present = "broker"
    )]
    topics: Vec<TopicName>,

    /// Publish this text
    #[arg(short, long, alias = "msg", value_name = "TEXT")]
    message: Option<String>,

    /// Publish the content of this file; - is stdin
    #[arg(short, long, aliases = ["file-read", "message-file"], value_name = "FILE")]
    file: Option<PathBuf>,

    /// Publish all of stdin as one message
    #[arg(short, long, alias = "stdin")]
    stdin_file: bool,

    /// Publish each line of stdin as a message
    #[arg(short = 'l', long, alias = "line-mode")]
    stdin_line: bool,

    /// Publish an empty message; with -r it removes the retained one
    #[arg(short, long, alias = "message-empty")]
    null_message: bool,

    /// Quality of service: 0, 1 or 2
    #[arg(short, long, default_value = "0", value_name = "LEVEL", value_parser = values::qos)]
    qos: QoS,

    /// Ask the broker to keep the message for later subscribers
    #[arg(short, long)]
    retain: bool,

    #[command(flatten)]
    delivery: DeliveryArgs,

    #[command(flatten)]
    properties: MessageArgs,

    #[command(flatten)]
    id: ClientIdArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

impl PublishArgs {
    /// What is to be published and where; a payload file is read here.
    ///
    /// # Errors
    /// When a file cannot be read or the options do not fit together.
    pub fn into_config(self) -> Result<Config> {
        let source = match (self.message, self.file) {
            (Some(text), _) => Source::Message(text.into_bytes()),
            (None, Some(path)) if path.as_os_str() == "-" => Source::Stdin,
            (None, Some(path)) => Source::Message(values::file(&path, READ_AT_MOST)?),
            (None, None) if self.stdin_file => Source::Stdin,
            (None, None) if self.stdin_line => Source::LINES,
            (None, None) => Source::Message(Vec::new()),
        };
        let mut target = self.connection.into_target()?;
        target.require_v5(self.properties.needs_v5().or(self.delivery.needs_v5()))?;
        let Target { options: mut connect, topic } = target;
        let topic = topic.map(|topic| in_url(&topic, values::topic)).transpose()?;
        let topics = match topic {
            Some(topic) => {
                one_topic(self.topics.first().cloned(), Some(topic))?.into_iter().collect()
            }
            None => self.topics,
        };
        if topics.is_empty() {
            return Err(no_topic());
        }
        self.id.apply(&mut connect.session)?;
        let delivery = self.delivery.read(self.qos)?;
        let properties = self.properties.read()?;
        let recipe = Recipe { topics, qos: self.qos, retain: self.retain, properties };
        Ok(Config { connect, source, recipe, delivery })
    }
}

#[cfg(test)]
mod tests;

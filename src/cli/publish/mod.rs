//! `mqx pub`: its arguments.

mod delivery;
mod pace;
mod payload;
mod progress;
mod replay;
mod stdin;

use crate::cli::connection::{ClientIdArgs, ConnectionArgs, ReachArgs, Target, in_url, one_topic};
use crate::cli::message::MessageArgs;
use crate::cli::values;
use crate::error::Result;
use crate::mqtt::QoS;
use crate::mqtt::topic::TopicName;
use crate::publish::{Config, Recipe};
use crate::store::Place;
use clap::Args;
use delivery::DeliveryArgs;
use pace::PaceArgs;
use payload::PayloadArgs;

/// The arguments of `mqx pub`.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Topic to publish to (repeatable)
    #[arg(
        short, long = "topic", value_name = "TOPIC", value_parser = values::topic,
        required_unless_present_any = ["broker", "ndjson", "replay"]
    )]
    topics: Vec<TopicName>,

    #[command(flatten)]
    payload: PayloadArgs,

    /// Quality of service: 0, 1 or 2
    #[arg(short, long, default_value = "0", value_name = "LEVEL", value_parser = values::qos)]
    qos: QoS,

    /// Ask the broker to keep the message for later subscribers
    #[arg(short, long)]
    retain: bool,

    #[command(flatten)]
    pace: PaceArgs,

    #[command(flatten)]
    delivery: DeliveryArgs,

    #[command(flatten)]
    properties: MessageArgs,

    #[command(flatten)]
    id: ClientIdArgs,

    #[command(flatten)]
    reach: ReachArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

impl PublishArgs {
    /// What is to be published and where; a payload file is read here.
    ///
    /// # Errors
    /// When a file cannot be read or the options do not fit together.
    pub fn into_config(self) -> Result<Config> {
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
        self.payload.check(topics.len())?;
        self.id.apply(&mut connect.session)?;
        self.reach.apply(&mut connect)?;
        connect.session.topic_aliases_sent = self.delivery.topic_alias.unwrap_or_default();
        connect.check_engine()?;
        let store = self.delivery.store.as_deref().map(Place::parse).transpose()?;
        let properties = self.properties.read()?;
        let (batch, skips_bad) = (self.payload.batch, self.payload.skips_bad);
        let (repeat, pace) = (self.pace.repeat(), self.payload.replay.pace(self.pace.pace())?);
        let verifies = self.payload.replay.verify;
        let (source, making) = self.payload.into_source()?;
        let delivery = self.delivery.read(self.qos, &source, self.reach.retries())?;
        let progress = progress::extent(&source, &making, repeat);
        let recipe = Recipe { topics, qos: self.qos, retain: self.retain, properties, making };
        Ok(Config {
            connect,
            source,
            repeat,
            batch,
            recipe,
            skips_bad,
            pace,
            store,
            progress,
            delivery,
            verifies,
        })
    }
}

#[cfg(test)]
mod tests;

//! `mqx test`: its arguments.

use super::connection::{ConnectionArgs, Target, topic_prefix};
use super::values;
use crate::client::ConnectOptions;
use crate::error::{Error, Result};
use crate::mqtt::topic::TopicName;
use crate::probe::{Brokers, Config, areas};
use crate::secret::Secret;
use clap::Args;

/// Where messages go unless a topic is named.
const TOPIC: &str = "mqx/test/%r";

/// The arguments of `mqx test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Compare two brokers, which other options are for as well
    #[arg(
        long, num_args = 2, value_names = ["URL", "URL"],
        conflicts_with_all = ["broker", "host", "port", "unix"]
    )]
    diff: Vec<Secret>,

    /// Test this area only: connection, limits, messages, retained, subscriptions,
    /// sessions, wills or errors (repeatable)
    #[arg(long, value_name = "AREA", value_parser = area)]
    only: Vec<String>,

    /// What the topics begin with that are published to [default: mqx/test/ and
    /// something random]
    #[arg(short, long, value_name = "TOPIC", value_parser = values::topic)]
    topic: Option<TopicName>,

    /// A topic that the user may neither write nor read, to see what the broker says
    #[arg(long, value_name = "TOPIC", value_parser = values::topic)]
    denied: Option<TopicName>,

    /// Say it in JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: ConnectionArgs,
}

fn area(text: &str) -> Result<String, String> {
    if areas().any(|area| area == text) {
        return Ok(text.to_owned());
    }
    Err(format!("known are {}", areas().collect::<Vec<_>>().join(", ")))
}

impl TestArgs {
    /// What is to be tested.
    ///
    /// # Errors
    /// When a file cannot be read or the options do not fit together.
    pub fn into_config(self) -> Result<Config> {
        let mut in_the_url = None;
        let brokers = match self.diff.as_slice() {
            [one, other] => Brokers::Two(Box::new([
                options(self.connection.clone().at(one), &mut in_the_url)?,
                options(self.connection.clone().at(other), &mut in_the_url)?,
            ])),
            _ => Brokers::One(Box::new(options(self.connection, &mut in_the_url)?)),
        };
        let topic = topic_prefix(self.topic, in_the_url, TOPIC)?;
        let denied = self.denied.map(|topic| topic.as_str().to_owned());
        Ok(Config { brokers, topic, denied, areas: self.only, json: self.json })
    }
}

/// How to connect, and the topic of the URL beside that.
fn options(connection: ConnectionArgs, topic: &mut Option<String>) -> Result<ConnectOptions> {
    let Target { options, topic: own } = connection.into_target()?;
    if options.session.will.is_some() {
        return Err(Error::usage("the clients of a test have wills of their own")
            .hint("leave out --will-topic"));
    }
    *topic = own.or(topic.take());
    Ok(options)
}

//! `mqx rr`: its arguments.

mod ask;
mod serve;

use super::connection::{ClientIdArgs, ConnectionArgs, ReachArgs, Target};
use super::message::ContentArgs;
use super::values;
use crate::client::Retries;
use crate::error::{Error, Result};
use crate::mqtt::QoS;
use crate::mqtt::topic::TopicFilter;
use crate::request;
use ask::AskArgs;
use clap::Args;
use serve::ServeArgs;
use std::num::NonZeroU64;
use std::time::Duration;

/// What `mqx rr` is to do.
#[derive(Debug)]
pub enum Task {
    /// Ask.
    Ask(Box<request::ask::Config>),
    /// Answer.
    Serve(Box<request::serve::Config>),
}

/// The arguments of `mqx rr`.
#[derive(Debug, Args)]
#[command(
    // In mosquitto's rr this letter is the topic of the replies.
    mut_arg("message_expiry_interval", |arg| arg.short(None))
)]
pub struct RequestArgs {
    /// Topic of the replies [default: in MQTT 5 one that no other run has, below what the
    /// broker says]; before MQTT 5 it is needed, and may be a filter. With --serve, where
    /// replies go to requests that do not say it
    #[arg(
        short = 'e', long, alias = "response-filter", value_name = "TOPIC",
        value_parser = values::filter
    )]
    response_topic: Option<TopicFilter>,

    /// Quality of service of the request and its replies: 0, 1 or 2; with --serve the
    /// highest
    #[arg(short, long, default_value = "0", value_name = "LEVEL", value_parser = values::qos)]
    qos: QoS,

    /// Ask the broker to keep the request, or with --serve the replies
    #[arg(short, long)]
    retain: bool,

    /// End after this many replies [default: 1], with -l to each request; with --serve after
    /// this many requests
    #[arg(short = 'C', long, value_name = "NUMBER", value_parser = values::count)]
    count: Option<NonZeroU64>,

    /// End after this time, as in 10, 500ms or 2m, with exit code 27; with -l the time for
    /// each request, after which the next line is asked all the same
    #[arg(short = 'W', long, value_name = "TIME", value_parser = values::duration)]
    timeout: Option<Duration>,

    #[command(flatten)]
    ask: AskArgs,

    #[command(flatten)]
    serve: ServeArgs,

    #[command(flatten)]
    content: ContentArgs,

    #[command(flatten)]
    id: ClientIdArgs,

    #[command(flatten)]
    reach: ReachArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// What both tasks take of the options.
struct Shared {
    target: Target,
    retries: Retries,
    response_topic: Option<TopicFilter>,
    qos: QoS,
    retain: bool,
    count: Option<NonZeroU64>,
    timeout: Option<Duration>,
    content: ContentArgs,
}

impl RequestArgs {
    /// What is to be asked or answered; a payload file is read here.
    ///
    /// # Errors
    /// When a file cannot be read or the options do not fit together.
    pub fn into_task(self) -> Result<Task> {
        let mut target = self.connection.into_target()?;
        target.require_v5(self.content.needs_v5().or(self.ask.needs_v5()))?;
        self.id.apply(&mut target.options.session)?;
        self.reach.apply(&mut target.options)?;
        let shared = Shared {
            target,
            retries: self.reach.retries(),
            response_topic: self.response_topic,
            qos: self.qos,
            retain: self.retain,
            count: self.count,
            timeout: self.timeout,
            content: self.content,
        };
        self.serve.check()?;
        if self.serve.is_asked_for() {
            return self.serve.into_config(shared).map(|config| Task::Serve(Box::new(config)));
        }
        self.ask.into_config(shared).map(|config| Task::Ask(Box::new(config)))
    }
}

/// The failure of a topic for replies that is a filter.
fn no_name(filter: &TopicFilter) -> Error {
    Error::usage(format!("--response-topic {filter} names no single topic"))
}

#[cfg(test)]
mod tests;

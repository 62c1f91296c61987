//! The options of a request.

use super::{Shared, no_name};
use crate::cli::connection::{in_url, no_topic, one_topic};
use crate::cli::decoding::DecodingArgs;
use crate::cli::look::LookArgs;
use crate::cli::message::CorrelationArgs;
use crate::cli::payload::{Given, OnePayloadArgs};
use crate::cli::values;
use crate::error::{Error, Result};
use crate::look::Layout;
use crate::mqtt::topic::TopicName;
use crate::mqtt::{MessageProperties, QoS};
use crate::request::ask::{Accept, Config, Payload};
use crate::template::random_bytes;
use clap::{ArgGroup, Args};
use std::num::NonZeroU64;

/// What is asked, and what becomes of the replies.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("payload").args([
    "message", "file", "stdin_file", "stdin_line", "random", "null_message",
]))]
pub(super) struct AskArgs {
    /// Topic to publish the request to
    #[arg(
        short, long, value_name = "TOPIC", value_parser = values::topic,
        required_unless_present_any = ["broker", "serve"]
    )]
    topic: Option<TopicName>,

    /// Take everything on the topic of the replies for one, with whatever correlation data,
    /// and make none up
    #[arg(long)]
    any_reply: bool,

    /// Leave out what the broker had kept there, which --any-reply takes too
    #[arg(short = 'R', long, requires = "any_reply")]
    no_retained: bool,

    /// Fail when nobody is subscribed to hear the request (QoS 1 and 2, MQTT 5, if the
    /// broker tells); without it that is told on stderr
    #[arg(long)]
    fail_if_no_subscriber: bool,

    /// Say on stderr how long each reply took
    #[arg(long)]
    latency: bool,

    #[command(flatten)]
    payload: OnePayloadArgs,

    /// Ask with each line of stdin, one after the other: with the next when there were as many
    /// replies as -C says
    #[arg(short = 'l', long, alias = "line-mode", help_heading = "Payload")]
    stdin_line: bool,

    #[command(flatten)]
    look: LookArgs,

    #[command(flatten, next_help_heading = "Output")]
    decoding: DecodingArgs,

    #[command(flatten)]
    correlation: CorrelationArgs,
}

impl AskArgs {
    /// An option that is given and unknown before MQTT 5.
    pub(super) fn needs_v5(&self) -> Option<&'static str> {
        let fails = self.fail_if_no_subscriber.then_some("--fail-if-no-subscriber");
        self.correlation.needs_v5().or(fails)
    }

    /// What is asked.
    pub(super) fn into_config(self, shared: Shared) -> Result<Config> {
        let Shared { mut target, retries, response_topic, qos, retain, count, timeout, content } =
            shared;
        let in_url = target.topic.take().map(|topic| in_url(&topic, values::topic)).transpose()?;
        let topic = one_topic(self.topic, in_url)?.ok_or_else(no_topic)?;
        if self.fail_if_no_subscriber && qos == QoS::AtMostOnce {
            return Err(Error::usage("--fail-if-no-subscriber needs an answer of the broker")
                .hint("add -q 1"));
        }
        let is_v5 = target.options.session.version.is_v5();
        match &response_topic {
            Some(filter) if is_v5 && values::topic(filter.as_str()).is_err() => {
                return Err(no_name(filter).hint("MQTT 5 needs one; -V 3.1.1 takes a filter"));
            }
            None if !is_v5 => {
                let what = "before MQTT 5 nobody can be told where replies go";
                return Err(Error::usage(what).hint("name the topic they come to with -e"));
            }
            None => target.require_v5(Some("rr without --response-topic"))?,
            Some(_) => {}
        }
        let mut connect = target.options;
        if response_topic.is_none() {
            connect.session.request_response_information.get_or_insert(true);
        }
        let writing = self.payload.writing();
        let any = Accept::Any { retained: !self.no_retained };
        let accept = if self.any_reply { any } else { Accept::Correlated };
        let payload = if self.stdin_line { Payload::Lines } else { payload(self.payload)? };
        Ok(Config {
            connect,
            retries,
            topic,
            payload,
            writing,
            qos,
            retain,
            properties: MessageProperties {
                correlation_data: self.correlation.read(),
                ..content.read()?
            },
            reply_to: response_topic,
            accept,
            count: count.unwrap_or(NonZeroU64::MIN),
            timeout,
            wants_subscriber: self.fail_if_no_subscriber,
            tells_latency: self.latency,
            decoder: self.decoding.read()?,
            look: self.look.into_look(Layout::Payload),
        })
    }
}

fn payload(args: OnePayloadArgs) -> Result<Payload> {
    let no_payload = || {
        Error::usage("nothing is given to publish")
            .hint("-m TEXT, -f FILE, -s or -l for stdin, or -n")
    };
    Ok(match args.given()?.ok_or_else(no_payload)? {
        Given::Bytes(payload) => Payload::Known(payload),
        Given::Random(size) => Payload::Known(random_bytes(size)),
        Given::Stdin => Payload::Stdin,
    })
}

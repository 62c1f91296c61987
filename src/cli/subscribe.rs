//! `mqx sub`: its arguments.

use super::connection::{ClientIdArgs, ConnectionArgs};
use super::values;
use crate::error::Result;
use crate::mqtt::topic::TopicFilter;
use crate::mqtt::{QoS, RetainHandling, SubscribeOptions};
use crate::output;
use crate::subscribe::{Config, Format, Layout, Look, Retained};
use clap::Args;
use std::num::{NonZeroU16, NonZeroU64};
use std::time::Duration;

/// Below this number of wanted messages the broker is told not to send more
/// at once, so that those not wanted stay with it.
const FEW: u64 = 20;

/// The arguments of `mqx sub`.
#[derive(Debug, Args)]
pub struct SubscribeArgs {
    /// Topic filter to subscribe to (repeatable)
    #[arg(short, long = "topic", value_name = "FILTER", required = true)]
    topics: Vec<TopicFilter>,

    /// Leave out messages whose topic matches this filter (repeatable)
    #[arg(short = 'T', long, value_name = "FILTER")]
    filter_out: Vec<TopicFilter>,

    /// Highest quality of service wanted: 0, 1 or 2
    #[arg(short, long, default_value = "0", value_name = "LEVEL", value_parser = values::qos)]
    qos: QoS,

    /// End after this many messages
    #[arg(short = 'C', long, value_name = "COUNT")]
    count: Option<NonZeroU64>,

    /// End after this time, with exit code 27
    #[arg(short = 'W', long, value_name = "TIME", value_parser = values::duration)]
    timeout: Option<Duration>,

    /// End when the broker has answered the subscription
    #[arg(short = 'E', long)]
    exit_after_sub: bool,

    /// Leave out retained messages
    #[arg(short = 'R', long, conflicts_with = "retained_only")]
    no_retained: bool,

    /// Print retained messages only and end at the first that is not
    #[arg(long)]
    retained_only: bool,

    /// Leave out what this client published itself (MQTT 5)
    #[arg(long, alias = "no_local")]
    no_local: bool,

    /// Show whether a message was published to be retained (MQTT 5)
    #[arg(long)]
    retain_as_published: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    id: ClientIdArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// How messages are printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// Print the topic before the payload
    #[arg(short, long)]
    verbose: bool,

    /// Print each message in this format, as mosquitto_sub does: %t topic,
    /// %p payload, %q QoS, %r retained, %x hex, %j JSON, %I time ...
    #[arg(short = 'F', long)]
    format: Option<Format>,

    /// Print each message as one line of JSON
    #[arg(short = 'J', long, alias = "json-output", conflicts_with = "format")]
    json: bool,

    /// Print no line feed behind each message
    #[arg(short = 'N')]
    no_newline: bool,
}

impl SubscribeArgs {
    /// What is to be subscribed to and how it is printed.
    ///
    /// # Errors
    /// When a file cannot be read or the options do not fit together.
    pub fn into_config(self) -> Result<Config> {
        let mut connect = self.connection.into_options()?;
        connect.session.client_id = self.id.id;
        let few = self.count.map(NonZeroU64::get).filter(|count| *count < FEW);
        let few = few.and_then(|count| u16::try_from(count).ok());
        connect.session.receive_maximum = few.and_then(NonZeroU16::new);
        let retained = match (self.no_retained, self.retained_only) {
            (true, _) => Retained::Never,
            (_, true) => Retained::Only,
            _ => Retained::Too,
        };
        let retain_handling = match retained {
            Retained::Never => RetainHandling::DoNotSend,
            Retained::Only | Retained::Too => RetainHandling::Send,
        };
        Ok(Config {
            connect,
            topics: self.topics,
            filter_out: self.filter_out,
            options: SubscribeOptions {
                qos: self.qos,
                no_local: self.no_local,
                retain_as_published: self.retain_as_published,
                retain_handling,
            },
            count: self.count,
            timeout: self.timeout,
            exit_after_sub: self.exit_after_sub,
            retained,
            look: self.output.into_look(),
        })
    }
}

impl OutputArgs {
    fn into_look(self) -> Look {
        let layout = match self.format {
            Some(format) => Layout::Format(format),
            None if self.json => Layout::Json,
            None if self.verbose => Layout::TopicAndPayload,
            None => Layout::Payload,
        };
        Look {
            layout,
            newline: !self.no_newline,
            terminal: output::stdout_is_terminal(),
        }
    }
}

//! The options of `mqx broker` that limit what clients may do.

use super::shares::ShareArgs;
use crate::broker::core::{Limits, QueueLimits};
use crate::cli::values::qos;
use crate::mqtt::{QoS, topic};
use clap::value_parser;
use std::num::NonZeroU16;

const LIMITS: &str = "Limits";

/// The options as they are typed.
#[derive(Debug, clap::Args)]
pub(super) struct LimitArgs {
    /// Highest QoS taken and granted: 0, 1 or 2
    #[arg(long, value_name = "QOS", default_value = "2", value_parser = qos, help_heading = LIMITS)]
    max_qos: QoS,

    /// Retain no messages; a client that asks for it is cut off
    #[arg(long, help_heading = LIMITS)]
    no_retain: bool,

    /// QoS 2 messages taken from a client at once, announced as Receive Maximum
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = Limits::default().receive_maximum,
        value_parser = value_parser!(u16).range(1..),
        help_heading = LIMITS
    )]
    receive_maximum: u16,

    /// Bytes of the largest packet taken
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = Limits::default().maximum_packet_size,
        value_parser = value_parser!(u32).range(20..=268_435_460),
        help_heading = LIMITS
    )]
    max_packet_size: u32,

    /// Seconds of silence a client of version 5 may ask for; more or 0 is
    /// answered with this Server Keep Alive [default: any]
    #[arg(long, value_name = "SECONDS", help_heading = LIMITS)]
    max_keepalive: Option<NonZeroU16>,

    /// Topic aliases taken from a client
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = Limits::default().topic_alias_maximum,
        help_heading = LIMITS
    )]
    topic_alias_maximum: u16,

    /// Topic aliases given to a client that takes them; mosquitto's
    /// `max_topic_alias_broker`
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = Limits::default().topic_aliases_sent,
        help_heading = LIMITS
    )]
    topic_aliases_sent: u16,

    /// What Response Information begins with; the client identifier and a slash
    /// follow. Clients that ask for it use it for their response topics
    /// [default: none is given]
    #[arg(long, value_name = "PREFIX", value_parser = prefix, help_heading = LIMITS)]
    response_information: Option<Box<str>>,

    /// QoS 1 and 2 messages in flight to one client, if that takes as many
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = Limits::default().maximum_in_flight,
        value_parser = value_parser!(u16).range(1..),
        help_heading = LIMITS
    )]
    max_inflight: u16,

    /// Messages that wait for one client at most
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = Limits::default().queue.messages,
        help_heading = LIMITS
    )]
    max_queued: usize,

    /// Clients connected at once [default: any number]
    #[arg(long, value_name = "NUMBER", help_heading = LIMITS)]
    max_connections: Option<usize>,

    #[command(flatten)]
    shares: ShareArgs,
}

/// The beginning of a topic.
fn prefix(text: &str) -> Result<Box<str>, String> {
    topic::check_name(text).map(|()| text.into()).map_err(|error| error.what.to_owned())
}

impl LimitArgs {
    /// What is allowed.
    pub(super) fn into_limits(self) -> Limits {
        let default = Limits::default();
        self.shares.limit(&Limits {
            maximum_qos: self.max_qos,
            retain_available: !self.no_retain,
            maximum_keep_alive: self.max_keepalive,
            maximum_connections: self.max_connections.unwrap_or(default.maximum_connections),
            maximum_packet_size: self.max_packet_size,
            receive_maximum: self.receive_maximum,
            maximum_in_flight: self.max_inflight,
            topic_alias_maximum: self.topic_alias_maximum,
            topic_aliases_sent: self.topic_aliases_sent,
            response_prefix: self.response_information,
            queue: QueueLimits { messages: self.max_queued, ..default.queue },
            ..default
        })
    }
}

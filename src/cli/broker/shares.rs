//! The options of `mqx broker` that limit what one client may take of the
//! broker.

use crate::broker::core::{Limits, QueueLimits, Rates, SlowConsumer};
use clap::builder::RangedU64ValueParser;
use clap::value_parser;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

const LIMITS: &str = "Limits";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct ShareArgs {
    /// Messages a connection may publish in a second; one that is faster is not
    /// read for a while [default: any number]
    #[arg(long, value_name = "NUMBER", help_heading = LIMITS)]
    max_publish_rate: Option<NonZeroU64>,

    /// Bytes of messages a connection may publish in a second [default: any number]
    #[arg(long, value_name = "BYTES", help_heading = LIMITS)]
    max_publish_bytes: Option<NonZeroU64>,

    /// Bytes of the largest payload taken; a larger message is acknowledged and
    /// goes to nobody. A client is not told beforehand: --max-packet-size is
    /// announced [default: any]
    #[arg(long, value_name = "BYTES", help_heading = LIMITS)]
    max_payload: Option<NonZeroUsize>,

    /// Bytes of messages that wait for one client at most
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = Limits::default().queue.bytes,
        help_heading = LIMITS
    )]
    max_queued_bytes: usize,

    /// Bytes of output above which a client is slow
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = Limits::default().queue.output,
        help_heading = LIMITS
    )]
    max_output: usize,

    /// What becomes of a client that is slow: it does not get the newest messages
    /// of QoS 0 or not the oldest that wait, or it is cut off
    #[arg(long, value_name = "POLICY", default_value = "drop-newest", help_heading = LIMITS)]
    slow_consumer: Policy,

    /// Seconds that those who publish for a client that is slow, or whose queue
    /// is full, wait for it at most: they are not read until it has caught up
    ///
    /// So nothing is lost to a client that does read. After that time, and for
    /// what comes by HTTP and wills at once, the policy of --slow-consumer holds.
    /// Nobody waits for itself [default: nobody waits]
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = value_parser!(u64).range(1..=86_400),
        help_heading = LIMITS
    )]
    backpressure: Option<u64>,

    /// Keep messages of QoS 0 too for sessions that are offline
    #[arg(long, help_heading = LIMITS)]
    queue_qos0: bool,

    /// Filters one client may have subscribed [default: any number]
    #[arg(long, value_name = "NUMBER", help_heading = LIMITS)]
    max_subscriptions: Option<usize>,

    /// Levels of a topic or a filter
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = Limits::default().topic_levels,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=65_535),
        help_heading = LIMITS
    )]
    max_topic_levels: usize,

    /// Seconds that a session outlives its connection at most; a client of
    /// version 5 is told [default: as long as it asks for]
    #[arg(long, value_name = "SECONDS", help_heading = LIMITS)]
    max_session_expiry: Option<u32>,

    /// Seconds a new connection may take to send CONNECT
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = Limits::default().connect_timeout.as_secs(),
        value_parser = value_parser!(u64).range(1..=3600),
        help_heading = LIMITS
    )]
    connect_timeout: u64,
}

/// The policies as they are said.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Policy {
    DropNewest,
    DropOldest,
    Disconnect,
}

impl From<Policy> for SlowConsumer {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::DropNewest => Self::DropNewest,
            Policy::DropOldest => Self::DropOldest,
            Policy::Disconnect => Self::Disconnect,
        }
    }
}

impl ShareArgs {
    /// What is allowed by these options, and by `limits` otherwise.
    pub(super) fn limit(self, limits: &Limits) -> Limits {
        Limits {
            publish_rates: Rates { messages: self.max_publish_rate, bytes: self.max_publish_bytes },
            maximum_payload: self.max_payload.map_or(limits.maximum_payload, NonZeroUsize::get),
            subscriptions: self.max_subscriptions.unwrap_or(limits.subscriptions),
            topic_levels: self.max_topic_levels,
            maximum_session_expiry: self.max_session_expiry,
            connect_timeout: Duration::from_secs(self.connect_timeout),
            queue: QueueLimits {
                bytes: self.max_queued_bytes,
                output: self.max_output,
                patience: Duration::from_secs(self.backpressure.unwrap_or(0)),
                slow: self.slow_consumer.into(),
                offline_qos0: self.queue_qos0,
                ..limits.queue
            },
            ..limits.clone()
        }
    }
}

//! What `mqx sub` is told to do.

use super::{Exec, OutDir, Query, Sample};
use crate::client::{ConnectOptions, EngineKind, Retries};
use crate::decode::Decoder;
use crate::error::{Class, Error};
use crate::look::Look;
use crate::mqtt::topic::TopicFilter;
use crate::mqtt::{PropertyBuf, QoS, SubscribeOptions, SubscriptionId};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

/// What to subscribe to, what of it to print and how, and when to end.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// How to connect.
    pub connect: ConnectOptions,
    /// How often connecting is tried again.
    pub retries: Retries,
    /// What to subscribe to.
    pub subscriptions: Vec<Subscription>,
    /// Subscriptions of a kept session that are to end.
    pub unsubscribe: Vec<TopicFilter>,
    /// Messages with a topic that matches one of these are left out.
    pub filter_out: Vec<TopicFilter>,
    /// The identifier that messages are to carry, in MQTT 5.
    pub identifier: Option<SubscriptionId>,
    /// Name-value pairs for SUBSCRIBE, in MQTT 5.
    pub user_properties: PropertyBuf,
    /// Name-value pairs for UNSUBSCRIBE, in MQTT 5.
    pub unsubscribe_properties: PropertyBuf,
    /// The share of the messages that are meant, drawn at random.
    pub sample: Option<Sample>,
    /// End after this many messages.
    pub count: Option<NonZeroU64>,
    /// End after this time.
    pub timeout: Option<Duration>,
    /// End when no message came for this time.
    pub idle_timeout: Option<Duration>,
    /// End as soon as the broker has answered every request.
    pub exit_after_sub: bool,
    /// What becomes of retained messages.
    pub retained: Retained,
    /// How a message is printed.
    pub look: Look,
    /// How payloads are decoded.
    pub decoder: Decoder,
    /// Messages of which this is not true are left out.
    pub filter: Option<Query>,
    /// What is printed in place of the payload.
    pub select: Option<Query>,
    /// What has to come.
    pub expect: Option<Expectation>,
    /// Where the messages are recorded.
    pub record: Option<PathBuf>,
    /// Whether a terminal shows a line for each topic, not for each message.
    pub watch: bool,
    /// Whether it is told each second how many messages came.
    pub message_rate: bool,
    /// Where payloads are kept in files.
    pub out_dir: Option<OutDir>,
    /// What is run for each message.
    pub exec: Option<Exec>,
}

impl Config {
    /// Whether a message is acknowledged when it was dealt with, not when it
    /// has come. An engine that acknowledges by itself is left to do so unless
    /// the message would be lost with the command that runs for it.
    pub(super) fn acknowledges_late(&self) -> bool {
        let entrusted = |wanted: &Subscription| wanted.options.qos != QoS::AtMostOnce;
        let runs = self.exec.is_some();
        let keeps = runs || self.out_dir.is_some() || self.record.is_some() || self.count.is_some();
        match self.connect.engine {
            EngineKind::Native => keeps,
            EngineKind::Rumqttc => runs && self.subscriptions.iter().any(entrusted),
        }
    }
}

/// One thing to subscribe to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Which topics.
    pub filter: TopicFilter,
    /// How messages are to be delivered.
    pub options: SubscribeOptions,
}

/// What has to come for a run to succeed.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// What is to be true of a message.
    pub query: Query,
    /// How long it may take.
    pub within: Option<Duration>,
}

impl Expectation {
    /// How a run ends when it did not come.
    #[must_use]
    pub fn failure(&self) -> Error {
        let limit = self.within.map(|within| format!(" within {} s", within.as_secs_f64()));
        let what = format!("no message met {}{}", self.query, limit.unwrap_or_default());
        Error::new(Class::Expectation, what)
    }
}

/// What becomes of retained messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Retained {
    /// They are printed like all others.
    #[default]
    Too,
    /// They are left out.
    Never,
    /// Nothing else is printed; the end is when there are no more of them.
    Only,
    /// The same, and each is removed from the broker.
    Clear,
}

impl Retained {
    /// Whether the end comes with the last of them.
    #[must_use]
    pub const fn ends(self) -> bool {
        matches!(self, Self::Only | Self::Clear)
    }
}

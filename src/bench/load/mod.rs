//! The load that is asked for, as pure data; it may still turn out impossible,
//! which planning it finds out.
//!
//! A [`Scenario`] is groups of clients, each with what its clients publish and
//! subscribe to, and when they come and go. Every mode of `mqx bench` is one
//! (see [`mode`]), and so is what a scenario file says.

pub mod amount;
pub mod certificates;
pub mod mode;
pub mod pattern;
pub mod rows;
pub mod size;

use crate::client::ConnectOptions;
use crate::mqtt::{MessageProperties, QoS, Version};
pub use amount::Amount;
pub use certificates::Certificates;
pub use mode::{Load, Mode};
pub use pattern::Pattern;
pub use rows::Rows;
pub use size::{Content, Headers, Sizes};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// A whole run.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// Who takes part.
    pub groups: Vec<Group>,
    /// How the load changes; without any it stays the same.
    pub stages: Vec<Stage>,
    /// Time after which the run ends, warm-up included.
    pub duration: Option<Duration>,
    /// Time at its beginning that is not measured.
    pub warmup: Duration,
    /// Whether publishing begins when everybody is connected.
    pub wait: bool,
    /// Whether the connections stay open when everything is sent.
    pub keep_connected: bool,
    /// Addresses of this machine that are connected from in turn.
    pub binds: Vec<IpAddr>,
    /// What messages are recognised by where nobody publishes.
    pub headers: Headers,
}

impl Scenario {
    /// The same where every client speaks this version; no group has one of its own.
    #[must_use]
    pub(super) fn speaking(mut self, version: Version) -> Self {
        for connect in self.groups.iter_mut().filter_map(|group| group.connect.as_mut()) {
            Arc::make_mut(connect).session.version = version;
        }
        self
    }
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            name: String::new(),
            groups: Vec::new(),
            stages: Vec::new(),
            duration: None,
            warmup: Duration::ZERO,
            wait: true,
            keep_connected: false,
            binds: Vec::new(),
            headers: Headers::Mqx,
        }
    }
}

/// Clients that do the same.
#[derive(Debug, Clone)]
pub struct Group {
    /// What it is called; part of the client identifiers.
    pub name: String,
    /// How many clients.
    pub clients: u32,
    /// The number of the first one.
    pub first: u64,
    /// How they connect, where that differs from the other groups, but for the version of
    /// MQTT. Client identifier, user name and password are [`Pattern`]s.
    pub connect: Option<Arc<ConnectOptions>>,
    /// The certificates they show, where each has its own.
    pub certificates: Option<Arc<Certificates>>,
    /// What differs between them.
    pub rows: Option<Arc<Rows>>,
    /// Connections opened per second; `None` is as fast as possible.
    pub connect_rate: Option<f64>,
    /// The time over which all of them are opened, in place of a rate.
    pub ramp: Option<Duration>,
    /// What each publishes.
    pub streams: Vec<Stream>,
    /// What each subscribes to.
    pub subscriptions: Vec<Subscription>,
    /// Whether each answers what arrives instead of measuring it.
    pub answers: bool,
    /// When a connection that was lost is opened again.
    pub comeback: Comeback,
    /// When connections are ended on purpose.
    pub churn: Churn,
}

impl Group {
    /// Whether its clients publish of themselves.
    #[must_use]
    pub(super) const fn publishes(&self) -> bool {
        !self.streams.is_empty()
    }

    /// Whether its clients receive.
    #[must_use]
    pub(super) const fn subscribes(&self) -> bool {
        !self.subscriptions.is_empty()
    }
}

impl Default for Group {
    fn default() -> Self {
        Self {
            name: String::new(),
            clients: 1,
            first: 0,
            connect: None,
            certificates: None,
            rows: None,
            connect_rate: None,
            ramp: None,
            streams: Vec::new(),
            subscriptions: Vec::new(),
            answers: false,
            comeback: Comeback::default(),
            churn: Churn::default(),
        }
    }
}

/// Messages that each client of a group publishes one after the other.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Where to; `None` is a topic that no other run has.
    pub topic: Option<Pattern>,
    /// Quality of service.
    pub qos: QoS,
    /// Whether the broker is to keep the last message of each topic.
    pub retain: bool,
    /// What is in them.
    pub content: Content,
    /// How often.
    pub tempo: Tempo,
    /// How much later than even spacing says each message may be due, at random.
    pub jitter: Duration,
    /// Messages of all clients together after which the stream ends.
    pub limit: Option<u64>,
    /// Messages of one client after which it ends for that client.
    pub limit_per_client: Option<u64>,
    /// QoS 1 and 2 messages of a client that are unacknowledged at once.
    pub inflight: u16,
    /// Messages that are kept for later when they cannot be sent; of more the
    /// oldest are given up.
    pub buffer: Option<u64>,
    /// Whether an answer is expected, at the topic with `/answers` behind it.
    pub answered: bool,
    /// What is said of each message in MQTT 5.
    pub properties: MessageProperties,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            topic: None,
            qos: QoS::AtMostOnce,
            retain: false,
            content: Content::default(),
            tempo: Tempo::Free,
            jitter: Duration::ZERO,
            limit: None,
            limit_per_client: None,
            inflight: 100,
            buffer: None,
            answered: false,
            properties: MessageProperties::default(),
        }
    }
}

/// How often something happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tempo {
    /// As fast as the broker takes it.
    Free,
    /// So often per second, all clients of the group together.
    Rate(f64),
    /// Once in this time for each client.
    Every(Duration),
}

impl Tempo {
    /// How often per second so many clients do it together.
    #[must_use]
    pub fn rate(self, clients: u32) -> Option<f64> {
        match self {
            Self::Free => None,
            Self::Rate(rate) => Some(rate),
            Self::Every(span) => Some(f64::from(clients) / span.as_secs_f64()),
        }
    }
}

/// What each client of a group asks for.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// What to.
    pub wanted: Wanted,
    /// Quality of service.
    pub qos: QoS,
    /// The name of the shared subscription it is part of.
    pub share: Option<String>,
}

/// What somebody subscribes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Whatever the streams of the run publish.
    Published,
    /// The answers to what the client itself publishes.
    Answers,
    /// What matches this filter.
    Filter(Pattern),
}

/// What is behind the topic of a message in that of its answer.
pub(super) const ANSWERS: &str = "/answers";

/// What a client does when its connection is lost or cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Comeback {
    /// How often in a row it tries again; `None` is for ever.
    pub attempts: Option<u32>,
    /// How long it waits before each.
    pub pause: Duration,
}

impl Comeback {
    /// A connection that is lost stays so.
    pub const NEVER: Self = Self { attempts: Some(0), pause: Duration::ZERO };
}

/// When connections are ended on purpose; each comes back at once.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Churn {
    /// Connections per second that say DISCONNECT.
    pub rate: Option<f64>,
    /// How often all of them are cut together, without a word.
    pub storm: Option<Duration>,
}

/// A span of the run with its own load.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// What it is called.
    pub name: String,
    /// How long it takes.
    pub duration: Duration,
    /// What all rates are multiplied with at its beginning.
    pub from: f64,
    /// The same at its end; between them it changes evenly.
    pub to: f64,
    /// What the churn of the groups is multiplied with.
    pub churn: f64,
    /// Whose connections are cut at its beginning, without a word.
    pub storm: Storm,
}

impl Stage {
    /// One with the load that was asked for.
    #[must_use]
    pub const fn lasting(duration: Duration) -> Self {
        Self { name: String::new(), duration, from: 1.0, to: 1.0, churn: 1.0, storm: Storm::None }
    }
}

/// Whose connections are cut all at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Storm {
    /// Nobody's.
    #[default]
    None,
    /// Everybody's.
    All,
    /// Those of the groups with these names.
    Of(Vec<String>),
}

impl Storm {
    /// Whether it hits the clients of this group.
    #[must_use]
    pub(super) fn hits(&self, group: &Group) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Of(names) => names.contains(&group.name),
        }
    }
}

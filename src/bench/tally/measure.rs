//! The times that a run measures, by name.
//!
//! A new one is a variant with its row here and a field in [`super::stats::Stats`];
//! reports, comparisons and assertions follow.

use serde::{Deserialize, Serialize};

/// A time that is measured many times in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// From when a message was due until it arrived.
    Latency,
    /// From when a message was sent until it arrived.
    Service,
    /// From when a message was due until it was acknowledged.
    Acknowledgement,
    /// How much later than due messages were sent, in runs with a rate.
    Lag,
    /// Until a socket was connected.
    Tcp,
    /// From there until TLS was spoken.
    Tls,
    /// From there until WebSocket was spoken.
    Websocket,
    /// From there until the broker had accepted the client.
    Connack,
    /// From the first attempt at a socket until the client was accepted.
    Connect,
    /// From a SUBSCRIBE to its answer.
    Subscribe,
}

impl Measure {
    /// All of them, in the order they are reported in.
    pub const ALL: &[Self] = &[
        Self::Latency,
        Self::Service,
        Self::Acknowledgement,
        Self::Lag,
        Self::Tcp,
        Self::Tls,
        Self::Websocket,
        Self::Connack,
        Self::Connect,
        Self::Subscribe,
    ];

    /// Whether it is a step of connecting.
    #[must_use]
    pub(in crate::bench) const fn is_step(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls | Self::Websocket | Self::Connack)
    }

    /// What an assertion calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Service => "service",
            Self::Acknowledgement => "ack",
            Self::Lag => "lag",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Websocket => "websocket",
            Self::Connack => "connack",
            Self::Connect => "connect",
            Self::Subscribe => "subscribe",
        }
    }

    /// What a report for people calls it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Service => "service time",
            Self::Acknowledgement => "acknowledged",
            Self::Lag => "sent late",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Websocket => "WebSocket",
            Self::Connack => "CONNACK",
            Self::Connect => "connected",
            Self::Subscribe => "subscribed",
        }
    }
}

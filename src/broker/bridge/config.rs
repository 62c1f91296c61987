//! What a bridge is told before it starts.

use super::{Pause, Routes};
use crate::mqtt::topic::TopicName;
use crate::mqtt::{Message, Publish, QoS, Version};
use crate::net::Endpoint;
use crate::session::ClientConfig;
use std::time::Duration;

/// A connection to another broker, and what is carried over it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "choices that do not depend on each other")]
pub struct Bridge {
    /// Its name, which no other bridge of this broker has.
    pub name: String,
    /// Where the other broker listens: at one place at least.
    pub endpoints: Vec<Endpoint>,
    /// Whether all places are alike; otherwise it goes back to the first as
    /// soon as that can be reached.
    pub round_robin: bool,
    /// What is carried.
    pub routes: Routes,
    /// What it says of itself at the other broker. Its will, whether it is a
    /// bridge, and who acknowledges is seen to.
    pub remote: ClientConfig,
    /// Whether to tell a broker that is spoken to in an old version that this
    /// is a bridge; one that does not know that is told no more.
    pub private: bool,
    /// The client that it is at this broker.
    pub local_client_id: String,
    /// The user that it is at this broker, whose rules hold for it; without one
    /// none do.
    pub local_username: Option<String>,
    /// Whether nothing is kept here for it while it is not connected.
    pub local_clean_start: bool,
    /// Where it is said whether it is connected: `1` or `0`, retained.
    pub notification: Option<TopicName>,
    /// Whether that is said at this broker only.
    pub notify_here_only: bool,
    /// When it connects.
    pub start: Start,
    /// The time between attempts to connect.
    pub pause: Pause,
    /// How long connecting may take, from the name to CONNACK.
    pub connect_timeout: Duration,
    /// Whether messages go out with their RETAIN flag.
    pub outgoing_retain: bool,
    /// Whether what only goes out is unsubscribed from at the other broker, in
    /// case it came in on an earlier day.
    pub unsubscribe: bool,
    /// Whether it connects anew when the configuration is read again; otherwise
    /// what has changed holds from its next connection on.
    pub reload_at_once: bool,
}

/// When a bridge connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// With the broker, and again when it was lost.
    #[default]
    Automatic,
    /// With the broker, and not again.
    Once,
    /// When messages wait for it.
    Lazy {
        /// So many.
        threshold: usize,
        /// And it parts when nothing was carried for so long.
        idle: Duration,
    },
}

impl Bridge {
    /// A bridge of this name to a broker, with the defaults of mosquitto; the
    /// client it is there has the identifier `client_id`. It carries nothing yet.
    #[must_use]
    pub fn new(name: &str, endpoint: Endpoint, client_id: &str) -> Self {
        Self {
            name: name.to_owned(),
            endpoints: vec![endpoint],
            round_robin: false,
            routes: Routes::default(),
            remote: ClientConfig {
                version: Version::V311,
                client_id: client_id.to_owned(),
                clean_start: false,
                session_expiry_interval: Some(u32::MAX),
                ..ClientConfig::default()
            },
            private: true,
            local_client_id: format!("local.{client_id}"),
            local_username: None,
            local_clean_start: false,
            notification: state_topic(client_id),
            notify_here_only: false,
            start: Start::Automatic,
            pause: Pause::default(),
            connect_timeout: Duration::from_secs(10),
            outgoing_retain: true,
            unsubscribe: true,
            reload_at_once: false,
        }
    }

    /// What is said at the other broker: `1` or `0`.
    pub(super) fn notice_there(&self, connected: bool) -> Option<Message> {
        self.notice(connected).filter(|_| !self.notify_here_only)
    }

    /// What is said at this broker: `1` or `0`.
    pub(super) fn notice(&self, connected: bool) -> Option<Message> {
        let topic = self.notification.as_ref()?.as_str();
        let payload: &[u8] = if connected { b"1" } else { b"0" };
        let qos = QoS::AtLeastOnce;
        let publish = Publish { topic, payload, qos, retain: true, ..Publish::default() };
        // A topic name that was checked makes a message.
        Message::new(&publish).ok()
    }
}

/// Where a bridge with this identifier says by default whether it is connected.
#[must_use]
pub fn state_topic(client_id: &str) -> Option<TopicName> {
    format!("$SYS/broker/connection/{client_id}/state").parse().ok()
}

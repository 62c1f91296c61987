//! How hard it is tried to bring the messages to the broker.

use crate::client::Retries;
use std::num::NonZeroU16;

/// What is done about connections that fail, and messages meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// How often connecting is tried again.
    pub retries: Retries,
    /// Messages with QoS 0 that wait for a connection at most.
    pub buffer: usize,
    /// What becomes of messages with QoS 0 while there is no connection.
    pub on_disconnect: OnDisconnect,
    /// Messages with QoS 1 and 2 in flight at most; without it 1024 or as many as the
    /// broker takes, and 20 before MQTT 5, in which it cannot say.
    pub max_in_flight: Option<NonZeroU16>,
    /// Whether it is a failure that nobody is subscribed.
    pub wants_subscriber: bool,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            retries: Retries::default(),
            buffer: 100_000,
            on_disconnect: OnDisconnect::default(),
            max_in_flight: None,
            wants_subscriber: false,
        }
    }
}

/// What becomes of messages with QoS 0 while there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDisconnect {
    /// They are read on; as many as the buffer takes wait, older ones are
    /// lost, which is a failure in the end.
    #[default]
    Buffer,
    /// No more are read; usual where the input is a file, which does not run away.
    Wait,
    /// That is the end.
    Fail,
    /// As with a buffer, but a loss is no failure.
    Drop,
}

impl OnDisconnect {
    /// Each with its name on the command line.
    pub const ALL: [(&'static str, Self); 4] = [
        ("buffer", Self::Buffer),
        ("wait", Self::Wait),
        ("fail", Self::Fail),
        ("drop", Self::Drop),
    ];

    pub(super) const fn reads_on(self) -> bool {
        matches!(self, Self::Buffer | Self::Drop)
    }
}

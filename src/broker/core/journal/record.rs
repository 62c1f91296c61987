//! The records of a [`super::Journal`]: plain data, with times as the calendar
//! has them, so that they mean the same after a restart.

use crate::broker::core::Realm;
use crate::mqtt::{Message, PacketId, QoS, SubscribeOptions, SubscriptionId};
use crate::session::Stage;
use std::sync::Arc;

/// Milliseconds since the beginning of 1970 in UTC.
pub type Moment = u64;

/// One change of what must outlive the broker. The first number is the key of
/// the session, which no later session gets again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A session begins, or its connection does or ends.
    Session(u64, Profile),
    /// A session ends, with all that belongs to it.
    Ended(u64),
    /// A subscription is made or replaced.
    Subscribed(u64, Box<str>, Subscription),
    /// A subscription ends.
    Unsubscribed(u64, Box<str>),
    /// A message is owed to a session, or how it is changes. The second number
    /// orders what one session is owed.
    Owed(u64, u64, Owed),
    /// It is owed no more: acknowledged, expired, or too large for the client.
    Settled(u64, u64),
    /// A QoS 2 message with this identifier came from the client.
    Received(u64, PacketId),
    /// The client may use the identifier for another.
    Freed(u64, PacketId),
    /// The topic's retained message is the one with this number.
    Retained(Box<str>, u64),
    /// The topic has no retained message.
    Cleared(Box<str>),
    /// A message, for all records that name its number.
    Message(u64, StoredMessage),
    /// No record that counts names it any more.
    Forgotten(u64),
}

impl Record {
    /// The session it is about, if it is about one.
    #[must_use]
    pub const fn session(&self) -> Option<u64> {
        match self {
            Self::Session(session, _)
            | Self::Ended(session)
            | Self::Subscribed(session, ..)
            | Self::Unsubscribed(session, _)
            | Self::Owed(session, ..)
            | Self::Settled(session, _)
            | Self::Received(session, _)
            | Self::Freed(session, _) => Some(*session),
            Self::Retained(..) | Self::Cleared(_) | Self::Message(..) | Self::Forgotten(_) => None,
        }
    }
}

/// Whose session it is and when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The client identifier.
    pub client_id: Box<str>,
    /// The user the session belongs to, where that makes a difference.
    pub user: Option<Box<str>>,
    /// What is different for it at the listener its client came in at.
    pub realm: Option<Realm>,
    /// Seconds it outlives a connection; all ones is for ever.
    pub expiry_interval: u32,
    /// Whether there is a connection.
    pub presence: Presence,
    /// The will of the present or the last connection, if it is still to come.
    pub will: Option<StoredWill>,
}

/// Whether a client is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is; after a crash it was.
    Online,
    /// It is not, and the session ends then; `None` is never.
    Offline(Option<Moment>),
}

/// A will that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWill {
    /// What is published.
    pub message: Message,
    /// Seconds after the end of the connection.
    pub delay: u32,
    /// When, once the connection has ended.
    pub due: Option<Moment>,
}

/// How a client has subscribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// Its options.
    pub options: SubscribeOptions,
    /// Its identifier.
    pub id: Option<SubscriptionId>,
    /// Whether there are retained messages that it brings and that were neither
    /// sent nor queued.
    pub replaying: bool,
}

/// A message on its way to one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// The number of the message; `None` when only PUBREL is owed.
    pub message: Option<u64>,
    /// Quality of service it is delivered with: 1 or 2.
    pub qos: QoS,
    /// The RETAIN flag it is delivered with.
    pub retain: bool,
    /// Whether a subscription brought it, so that it counts against no limit.
    pub replayed: bool,
    /// The identifiers of the subscriptions that matched.
    pub subscription_ids: Option<Arc<[SubscriptionId]>>,
    /// Its packet identifier and what it waits for, once it was sent.
    pub in_flight: Option<(PacketId, Stage)>,
}

/// A message and when it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// The message.
    pub message: Message,
    /// When it is worth nothing any more.
    pub expires: Option<Moment>,
}

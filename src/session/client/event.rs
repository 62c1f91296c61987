//! What a client session tells its owner: what happened and what went wrong.

use super::Fault;
use crate::mqtt::{self, ConnAck, Disconnect, Publish, ReasonCode};
use std::fmt;

/// The owner's name for an operation; comes back in the event that ends it.
pub type Token = u64;

/// The session's name for a message that the owner has to acknowledge; never 0
/// and never used again.
pub type Receipt = u64;

/// What happened to a session.
#[derive(Debug)]
pub enum Event<'a> {
    /// The server accepted the connection.
    Connected(&'a ConnAck<'a>),
    /// A message arrived, its topic resolved; each once per session.
    Message(Publish<'a>),
    /// A QoS 1 or 2 message arrived that the owner has to acknowledge, where
    /// the configuration leaves that to it. Sent again on a later connection it
    /// is handed over once.
    Entrusted {
        /// The message, its topic resolved.
        publish: Publish<'a>,
        /// What the owner acknowledges it by.
        receipt: Receipt,
    },
    /// The server answered a PINGREQ.
    Pong,
    /// A QoS 1 or 2 message was taken or rejected by the server.
    Published {
        /// The owner's name for the publish.
        token: Token,
        /// Success, no matching subscribers, or why the server refused.
        reason: ReasonCode,
    },
    /// The server answered a SUBSCRIBE.
    Subscribed {
        /// The owner's name for the request.
        token: Token,
        /// What came of each filter.
        reasons: &'a [ReasonCode],
    },
    /// The server answered an UNSUBSCRIBE.
    Unsubscribed {
        /// The owner's name for the request.
        token: Token,
        /// What came of each filter; empty before version 5.
        reasons: &'a [ReasonCode],
    },
}

/// Why a session cannot go on or will not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The server broke the protocol.
    Protocol(mqtt::Error),
    /// The server refused the connection.
    Refused(ReasonCode, Option<String>),
    /// The server did not do its part of enhanced authentication.
    Authentication(Fault),
    /// The server ended the connection.
    Disconnected(ReasonCode, Option<String>),
    /// The server did not answer a PINGREQ in time.
    Silent,
    /// Nothing can be sent before the server has accepted the connection.
    NotConnected,
    /// As many QoS 1 and 2 messages as the server takes are in flight.
    WindowFull,
    /// The packet is larger than the server takes: its size and the limit in bytes.
    TooLarge(usize, usize),
    /// The server announced that it does not support this.
    Unsupported(&'static str),
    /// What was to be sent cannot be said in MQTT.
    Invalid(mqtt::Error),
}

impl Failure {
    /// That the server refuses the connection with this.
    pub(crate) fn refused(connack: &ConnAck<'_>) -> Self {
        let properties = &connack.properties;
        let words = words(properties.reason_string, properties.server_reference);
        Self::Refused(connack.reason, words)
    }

    /// That the server ends the connection with this.
    pub(crate) fn disconnected(end: &Disconnect<'_>) -> Self {
        let properties = &end.properties;
        let words = words(properties.reason_string, properties.server_reference);
        Self::Disconnected(end.reason, words)
    }
}

/// What a server says of its reason, and which other server it names (§4.13.2).
fn words(reason: Option<&str>, other: Option<&str>) -> Option<String> {
    let other = other.map(|other| format!("it names {other}"));
    let said = reason.map(str::to_owned).into_iter().chain(other);
    Some(said.collect::<Vec<_>>().join("; ")).filter(|words| !words.is_empty())
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => write!(f, "the broker broke the protocol: {error}"),
            Self::Refused(reason, words) => {
                write!(f, "the broker refused the connection: {reason}")?;
                words.iter().try_for_each(|words| write!(f, " ({words})"))
            }
            Self::Disconnected(reason, words) => {
                write!(f, "the broker ended the connection: {reason}")?;
                words.iter().try_for_each(|words| write!(f, " ({words})"))
            }
            Self::Authentication(fault) => write!(f, "authentication failed: {fault}"),
            Self::Silent => f.write_str("the broker does not answer"),
            Self::NotConnected => f.write_str("not connected"),
            Self::WindowFull => f.write_str("too many messages in flight"),
            Self::TooLarge(size, limit) => {
                write!(f, "a packet of {size} bytes is over the broker's limit of {limit}")
            }
            Self::Unsupported(what) => write!(f, "the broker does not support {what}"),
            Self::Invalid(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_server_have_the_other_server_that_it_names() {
        assert_eq!(words(None, None), None);
        assert_eq!(words(Some("a"), None).as_deref(), Some("a"));
        assert_eq!(words(None, Some("b:1")).as_deref(), Some("it names b:1"));
        assert_eq!(words(Some("a"), Some("b:1")).as_deref(), Some("a; it names b:1"));
    }
}

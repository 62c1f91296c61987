//! Reasons in words (Reason String, MQTT 5.0 §3.2.2.3.9 and its like): what is
//! wrong and, where it helps, what would not be. They are made only when
//! something is refused.

use super::connection::{End, Open};
use super::counters::Counters;
use super::event::Refusal;
use super::session::Hot;
use super::worker::Worker;
use crate::mqtt::{
    ConnAck, ConnAckProperties, Connect, Disconnect, DisconnectProperties, Error, Packet,
    ReasonCode, Version,
};
use std::borrow::Cow;

/// A request that is refused while the connection stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The reason a client is told.
    pub reason: ReasonCode,
    /// The same in words.
    pub words: Cow<'static, str>,
}

impl Denial {
    pub(super) fn new(reason: ReasonCode, words: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, words: words.into() }
    }
}

impl From<Error> for Denial {
    fn from(error: Error) -> Self {
        Self::new(error.reason, of_violation(error))
    }
}

fn of_violation(error: Error) -> String {
    format!("{} [{}]", error.what, error.statement)
}

impl Refusal {
    /// What the client is told in words, where it is told something.
    #[must_use]
    pub fn words(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Violation(error) => return of_violation(error).into(),
            Self::Transport(obstacle) => obstacle.what,
            Self::Lost => "the connection was lost",
            Self::Silent => "no CONNECT came in time",
            Self::Anonymous => "a user name and a password are needed here",
            Self::Password => "the user name or the password is wrong",
            Self::Certificate => "a client certificate is needed here",
            Self::Method => "this authentication method is not offered",
            Self::Exchange => "the authentication has failed",
            Self::ClientIdentifier => "a session that is kept needs a client identifier",
            Self::Version => "this version of MQTT is not taken here",
            Self::Identifier => "this client identifier is not taken here",
            Self::LargeWill => "the will is larger than a message may be",
            Self::Will => "the client may not publish to the topic of its will",
            Self::Unwanted(_) => "this client is not wanted here",
            Self::Full => "no more connections are taken at present",
        })
    }
}

impl End {
    /// What the client is told in words, if it is told something.
    #[must_use]
    pub fn words(self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Violation(error) => return Some(of_violation(error).into()),
            Self::Cut(ReasonCode::SESSION_TAKEN_OVER) => {
                "a client with the same identifier has connected"
            }
            Self::Cut(ReasonCode::KEEP_ALIVE_TIMEOUT) => {
                "no packet came for one and a half times the keep alive"
            }
            Self::Cut(ReasonCode::NOT_AUTHORIZED) => "the authentication has failed",
            Self::Cut(ReasonCode::MAXIMUM_CONNECT_TIME) => "the token has run out",
            Self::Cut(ReasonCode::QUOTA_EXCEEDED) => "messages come faster than they are read",
            Self::Cut(ReasonCode::SERVER_SHUTTING_DOWN) => "the broker stops",
            Self::Cut(_) | Self::Goodbye { .. } | Self::Lost | Self::Refused => return None,
        }))
    }
}

/// Bytes of the largest packet the client takes.
pub(super) fn maximum_packet_size(connect: &Connect<'_>) -> usize {
    connect.properties.maximum_packet_size.map_or(usize::MAX, |size| size.get() as usize)
}

/// Bytes up to which an answer other than CONNACK and DISCONNECT may grow by a
/// reason in words: none if the client does not want them (MQTT-3.1.2-29).
pub(super) fn room_for_words(connect: &Connect<'_>) -> usize {
    match connect.properties.request_problem_information {
        Some(false) => 0,
        _ => maximum_packet_size(connect),
    }
}

/// Appends a packet with `words`, if there are any, or without where that would
/// be larger than `maximum` bytes (MQTT-3.2.2-19, -3.4.2-2, -3.5.2-2, -3.9.2-2,
/// -3.11.2-2, -3.14.2-3).
fn put_with_words<'a>(
    words: Option<&'a str>,
    maximum: usize,
    out: &mut Vec<u8>,
    mut encode: impl FnMut(Option<&'a str>, &mut Vec<u8>) -> Result<(), Error>,
) {
    let start = out.len();
    if words.is_some() && encode(words, out).is_ok() && out.len() - start <= maximum {
        return;
    }
    out.truncate(start);
    let encoded = encode(None, out);
    debug_assert!(encoded.is_ok(), "without words every answer is short");
}

/// Appends an acknowledgement of `open`, with `words` if it wants them and there
/// is room.
pub(super) fn put_answer<'a>(
    worker: &mut Worker,
    open: &Open,
    words: Option<&'a str>,
    encode: impl FnMut(Option<&'a str>, &mut Vec<u8>) -> Result<(), Error>,
) {
    worker.counters.answers_sent.add(1);
    put_with_words(words, open.room_for_words, &mut worker.replies, encode);
}

/// Appends the CONNACK that refuses a client which takes packets of `maximum`
/// bytes.
pub(super) fn put_connack(why: Refusal, version: Version, maximum: usize, out: &mut Vec<u8>) {
    put_with_words(Some(&why.words()), maximum, out, |reason_string, out| {
        let properties = ConnAckProperties { reason_string, ..ConnAckProperties::default() };
        let packet = ConnAck { properties, ..ConnAck::refuse(why.reason()) };
        Packet::ConnAck(packet).encode(version, out)
    });
}

impl Hot {
    /// Appends the DISCONNECT that tells a client of version 5 why it is cut
    /// off, if it is; before, a server just closes.
    pub(super) fn put_disconnect(&self, end: End, out: &mut Vec<u8>, counters: &Counters) {
        let Some(reason) = end.reason().filter(|_| self.version.is_v5()) else {
            return;
        };
        counters.answers_sent.add(1);
        let words = end.words();
        put_with_words(words.as_deref(), self.maximum_packet_size, out, |reason_string, out| {
            let properties =
                DisconnectProperties { reason_string, ..DisconnectProperties::default() };
            Packet::Disconnect(Disconnect { reason, properties }).encode(self.version, out)
        });
    }
}

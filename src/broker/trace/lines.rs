//! What is said of packets, and of what becomes of connections and messages.

use super::item::{Close, Dropped, RawPacket};
use super::links::Link;
use crate::broker::core::Direction;
use crate::broker::log;
use crate::describe::{Preview, Record, Value};
use crate::mqtt::{Error, Packet};
use std::time::Duration;

impl Preview {
    /// What is said of a packet behind who, when and which.
    pub(super) fn line(
        self,
        link: &Link,
        decoded: &Result<Packet<'_>, Error>,
        raw: &RawPacket,
    ) -> Record {
        let mut said = Record::default();
        said.put("direction", if raw.direction == Direction::In { "in" } else { "out" });
        said.put("delta-us", micros(link.delta));
        said.put("bytes", raw.bytes.len() as u64);
        match decoded {
            Ok(packet) => {
                said = said.and(self.describe(packet));
                said.put_some("after-us", link.after.map(micros));
                put_topics(&mut said, packet, link);
            }
            Err(error) => put_violation(&mut said, error),
        }
        said
    }
}

/// Adds the topics of what is answered, and the one an alias stands for.
fn put_topics(said: &mut Record, packet: &Packet<'_>, link: &Link) {
    let elsewhere = match packet {
        Packet::Publish(publish) => publish.topic.is_empty(),
        Packet::Ack(_) | Packet::SubAck(_) | Packet::UnsubAck(_) => true,
        _ => false,
    };
    if elsewhere && !link.topics.is_empty() {
        let topics = link.topics.iter().map(|topic| Value::from(topic.as_str()));
        said.put("for", Value::List(topics.collect()));
    }
}

fn put_violation(said: &mut Record, error: &Error) {
    said.put("violates", error.statement);
    said.put("what", error.what);
}

/// Why a message does not reach a client.
pub(super) fn dropped(dropped: &Dropped) -> Record {
    let mut said = Record::default();
    said.put("topic", dropped.topic.as_str());
    said.put("qos", u64::from(dropped.qos));
    said.put_some("from", dropped.from.as_deref());
    said.put("why", log::dropped(dropped.why));
    said
}

/// How a connection has ended.
pub(super) fn closed(close: Close) -> Record {
    let mut said = Record::default();
    let (why, reason) = match close {
        Close::Goodbye => ("the client said goodbye", None),
        Close::Lost => ("the connection was lost", None),
        Close::Refused(reason) => ("the client was not let in", Some(reason)),
        Close::Cut(reason) => ("the broker has cut it off", Some(reason)),
        Close::Violation(error) => ("the client has broken the standard", Some(error.reason)),
    };
    said.put("why", why);
    said.put_some("reason", reason.map(|reason| reason.to_string()));
    if let Close::Violation(error) = close {
        put_violation(&mut said, &error);
    }
    said
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

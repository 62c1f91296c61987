//! What the trace keeps of an event until its thread comes to it.

use super::secrets;
use crate::broker::core::{Direction, End, Event, Fate, Refusal, Why};
use crate::mqtt::{Error, ReasonCode, Version};
use crate::session::Time;
use std::net::SocketAddr;

/// An event that the trace is about.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) at: Time,
    pub(super) connection: u64,
    pub(super) what: What,
}

/// What has happened on a connection.
#[derive(Debug)]
pub(super) enum What {
    Opened(Option<SocketAddr>),
    Packet(RawPacket),
    Dropped(Dropped),
    Closed(Close),
}

/// A packet as it was on the wire, its secrets blotted out.
#[derive(Debug)]
pub(super) struct RawPacket {
    pub(super) client: Option<String>,
    pub(super) version: Version,
    pub(super) direction: Direction,
    pub(super) bytes: Vec<u8>,
}

/// A message that does not reach a client.
#[derive(Debug)]
pub(super) struct Dropped {
    pub(super) client: String,
    pub(super) from: Option<String>,
    pub(super) topic: String,
    pub(super) qos: u8,
    pub(super) why: Why,
}

/// How a connection has ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Close {
    Goodbye,
    Lost,
    Refused(ReasonCode),
    Violation(Error),
    Cut(ReasonCode),
}

impl Item {
    /// What is to be kept of an event, if the trace is about it.
    pub(super) fn new(at: Time, event: &Event<'_>) -> Option<Self> {
        let (connection, what) = match event {
            Event::Accepted { connection, from } => (*connection, What::Opened(from.address())),
            Event::Refused(refused) => (refused.connection, What::Closed(refusal(refused.why))),
            Event::Disconnected { client, end } => (client.connection, What::Closed(ending(*end))),
            Event::Packet { connection, who, version, direction, bytes } => {
                let packet = RawPacket {
                    client: who.map(|who| who.client_id.to_owned()),
                    version: *version,
                    direction: *direction,
                    bytes: secrets::blot_out(bytes, *version),
                };
                (*connection, What::Packet(packet))
            }
            Event::Delivery { to, from, publish, fate: Fate::Dropped(why) } => {
                let dropped = Dropped {
                    client: to.who.client_id.to_owned(),
                    from: from.map(str::to_owned),
                    topic: publish.topic.to_owned(),
                    qos: publish.qos as u8,
                    why: *why,
                };
                (to.connection, What::Dropped(dropped))
            }
            _ => return None,
        };
        Some(Self { at, connection, what })
    }

    /// Bytes it keeps.
    pub(super) fn size(&self) -> usize {
        match &self.what {
            What::Packet(packet) => packet.bytes.len(),
            What::Dropped(dropped) => dropped.topic.len(),
            What::Opened(_) | What::Closed(_) => 0,
        }
    }
}

const fn refusal(why: Refusal) -> Close {
    match why {
        Refusal::Lost => Close::Lost,
        Refusal::Violation(error) => Close::Violation(error),
        why => Close::Refused(why.reason()),
    }
}

const fn ending(end: End) -> Close {
    match end {
        End::Goodbye { .. } => Close::Goodbye,
        End::Lost | End::Refused => Close::Lost,
        End::Violation(error) => Close::Violation(error),
        End::Cut(reason) => Close::Cut(reason),
    }
}

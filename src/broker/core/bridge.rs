//! What becomes of bridges, which the shell looks after: to the core they are
//! clients, and it passes on the news of them.

use super::Core;
use super::event::Event;
use crate::mqtt::ReasonCode;
use crate::session::Time;
use std::time::Duration;

/// A bridge to another broker, and what has become of it.
#[derive(Debug, Clone, Copy)]
pub struct BridgeNews<'a> {
    /// Its name.
    pub name: &'a str,
    /// The other broker.
    pub to: &'a str,
    /// What has happened.
    pub turn: BridgeTurn<'a>,
}

/// What has become of a bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BridgeTurn<'a> {
    /// It is connected.
    Connected {
        /// Whether the other broker goes on with an earlier session.
        session_present: bool,
    },
    /// It could not connect, or is connected no more.
    Lost {
        /// Why.
        cause: &'a str,
        /// When it tries again; `None` is never.
        retry: Option<Duration>,
    },
    /// It has parted in order.
    Parted {
        /// Why.
        cause: &'a str,
    },
    /// A broker does not let it subscribe.
    Denied {
        /// Whether that is the other one.
        there: bool,
        /// To what.
        filter: &'a str,
        /// Why.
        reason: ReasonCode,
    },
    /// It has not passed a message on.
    Dropped {
        /// The topic that the message has here.
        topic: &'a str,
        /// Why the other broker cannot be given it.
        cause: &'a str,
    },
}

impl Core {
    /// Tells of a bridge, which the shell looks after.
    pub fn tell_bridge(&self, now: Time, news: BridgeNews<'_>) {
        self.events.lifecycle(now, || Event::Bridge(news));
    }
}

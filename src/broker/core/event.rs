//! What happens in the broker, for whoever wants to know: the log, the trace,
//! a program that the broker is a part of.

use super::acl::Who;
use super::bridge::BridgeNews;
use super::connection::End;
use super::obstacle::Obstacle;
use super::peer::Origin;
use crate::mqtt::{Error, Publish, ReasonCode, SubscribeRequest, Version};
use crate::session::Time;
use std::fmt;
use std::sync::Arc;

/// Somebody who is told what happens.
///
/// An observer is called where the thing happens, often with locks of the core
/// held, so that what it hears of one client comes in the order in which it
/// happened. So it must not call the core, must not wait, and should do no
/// more than copy what it needs.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Which kinds of events it wants; asked once, when the core is made.
    fn interest(&self) -> Interest;

    /// Something has happened in the batch that began at `now`.
    fn event(&self, now: Time, event: &Event<'_>);
}

/// Which kinds of events somebody wants. What nobody wants costs a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interest {
    /// Connections, sessions, subscriptions and wills.
    pub lifecycle: bool,
    /// What becomes of each message.
    pub messages: bool,
    /// Every packet, both ways.
    pub packets: bool,
}

/// A client on one of its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client<'a> {
    /// The number of the connection, unique as long as the broker runs; the
    /// last one while the client is offline.
    pub connection: u64,
    /// Its identifier, and its user name where rules depend on it.
    pub who: Who<'a>,
}

/// Something that has happened.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// A transport is there, and CONNECT is awaited.
    Accepted {
        /// The number of the connection.
        connection: u64,
        /// Where it comes from.
        from: Origin,
    },
    /// A connection has ended without having been let in.
    Refused(Refused<'a>),
    /// A client was let in.
    Connected(Connected<'a>),
    /// A client's connection has ended.
    Disconnected {
        /// Whose.
        client: Client<'a>,
        /// Why.
        end: End,
    },
    /// A session has ended, and with it its subscriptions.
    SessionEnded {
        /// Whose.
        who: Who<'a>,
        /// Why.
        why: SessionEnd,
        /// Messages in flight and queued that went with it.
        undelivered: usize,
    },
    /// The will of a client is being published.
    WillPublished {
        /// Whose.
        who: Who<'a>,
        /// The will.
        publish: &'a Publish<'a>,
    },
    /// A client has asked for a subscription.
    Subscribed {
        /// Who.
        client: Client<'a>,
        /// What for, with the QoS it may have at most.
        request: &'a SubscribeRequest<'a>,
        /// What was granted, or why nothing was.
        reason: ReasonCode,
    },
    /// A client has ended a subscription.
    Unsubscribed {
        /// Who.
        client: Client<'a>,
        /// The filter of the subscription.
        filter: &'a str,
        /// Whether there was one.
        reason: ReasonCode,
    },
    /// A client's message was judged and, where that was good, routed.
    Published {
        /// Who sent it.
        client: Client<'a>,
        /// The message, its topic resolved.
        publish: &'a Publish<'a>,
        /// What the sender is told, if it asked for an answer.
        reason: ReasonCode,
    },
    /// A message goes one step further to one client.
    Delivery {
        /// To whom.
        to: Client<'a>,
        /// The identifier of the client that it comes from, where that is known.
        from: Option<&'a str>,
        /// The message as this client gets it, without a packet identifier.
        publish: &'a Publish<'a>,
        /// What became of it.
        fate: Fate,
    },
    /// Something has become of a bridge.
    Bridge(BridgeNews<'a>),
    /// A packet arrives, or is on its way to the transport.
    Packet {
        /// The number of the connection.
        connection: u64,
        /// The client, once it was let in.
        who: Option<Who<'a>>,
        /// How to read the packet; a CONNECT says it itself.
        version: Version,
        /// Which way it goes.
        direction: Direction,
        /// The whole packet.
        bytes: &'a [u8],
    },
}

/// A connection that was not let in.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    /// The number of the connection.
    pub connection: u64,
    /// Where it came from.
    pub from: Origin,
    /// Who it said it was, if it came to that.
    pub who: Option<Who<'a>>,
    /// Why.
    pub why: Refusal,
    /// What led to it, where more is known than `why` says.
    pub cause: Option<&'a str>,
}

/// Why a connection is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It ended before it was let in.
    Lost,
    /// No CONNECT came in time.
    Silent,
    /// What it sent breaks the standard.
    Violation(Error),
    /// It has no user name, and here it needs one.
    Anonymous,
    /// There is no such user, or the password is not the user's.
    Password,
    /// It has shown no certificate that says who it is, and here it needs one.
    Certificate,
    /// The method of enhanced authentication is not known here.
    Method,
    /// By that method it has not proved to be who it says it is.
    Exchange,
    /// A session without a client identifier was to be kept (MQTT-3.1.3-8).
    ClientIdentifier,
    /// It speaks a version of MQTT that is not taken here.
    Version,
    /// It has a client identifier that is not taken here, or none.
    Identifier,
    /// It may not send its will to the topic of that.
    Will,
    /// Its will is larger than a message may be.
    LargeWill,
    /// The program that the broker is a part of does not want it.
    Unwanted(ReasonCode),
    /// There are as many connections as there may be.
    Full,
    /// It has not come as far as MQTT.
    Transport(Obstacle),
}

/// A client that was let in.
#[derive(Debug, Clone, Copy)]
pub struct Connected<'a> {
    /// The client.
    pub client: Client<'a>,
    /// The user name it came with, whether anything depends on it or not.
    pub user: Option<&'a str>,
    /// Where it comes from.
    pub from: Origin,
    /// What it speaks.
    pub version: Version,
    /// Seconds of silence it allows itself; 0 is any.
    pub keep_alive: u16,
    /// Whether it wanted a new session.
    pub clean_start: bool,
    /// Whether it goes on with an earlier session.
    pub session_present: bool,
    /// Seconds its session outlives the connection; all ones is for ever.
    pub session_expiry: u32,
}

/// Why a session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnd {
    /// It was to end with its connection.
    Connection,
    /// Its time offline has run out.
    Expired,
    /// Its client, or another user under its identifier, began a new one.
    Discarded,
}

/// What became of a message on its way to one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was put behind what the client is being sent.
    Sent,
    /// It waits: for the client, for room or for an acknowledgement.
    Queued,
    /// The client does not get it.
    Dropped(Why),
    /// The client has answered it: PUBACK, or PUBREC for QoS 2.
    Acknowledged(ReasonCode),
}

/// Why a client does not get a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Its output is full: it reads too slowly for QoS 0.
    OutputFull,
    /// Its output is full, and a newer message of QoS 0 took the place of this.
    Displaced,
    /// Its queue is full.
    QueueFull,
    /// It takes no packets so large (MQTT-3.1.2-24).
    TooLarge,
    /// It is offline, and QoS 0 is not kept.
    Offline,
    /// The time of the message has run out (MQTT-3.3.2-5).
    Expired,
    /// It is the sender, and its subscriptions say No Local (MQTT-3.8.3-3).
    NoLocal,
    /// No rule lets it read the topic.
    Barred,
    /// The program that the broker is a part of withholds it.
    Withheld,
}

/// Which way a packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the broker.
    In,
    /// From the broker to the client.
    Out,
}

impl Why {
    /// Whether the broker had no room for the message, rather than no reason
    /// to deliver it.
    #[must_use]
    pub const fn is_for_room(self) -> bool {
        matches!(self, Self::OutputFull | Self::Displaced | Self::QueueFull)
    }
}

impl Refusal {
    /// What the client is told, where it is told something.
    #[must_use]
    pub const fn reason(self) -> ReasonCode {
        match self {
            Self::Violation(error) => error.reason,
            Self::Unwanted(reason) => reason,
            Self::Anonymous | Self::Certificate | Self::Exchange | Self::Will => {
                ReasonCode::NOT_AUTHORIZED
            }
            Self::Password => ReasonCode::BAD_USER_NAME_OR_PASSWORD,
            Self::Method => ReasonCode::BAD_AUTHENTICATION_METHOD,
            Self::ClientIdentifier | Self::Identifier => ReasonCode::CLIENT_IDENTIFIER_NOT_VALID,
            Self::Version => ReasonCode::UNSUPPORTED_PROTOCOL_VERSION,
            Self::LargeWill => ReasonCode::PACKET_TOO_LARGE,
            Self::Full => ReasonCode::SERVER_BUSY,
            Self::Lost | Self::Silent | Self::Transport(_) => ReasonCode::UNSPECIFIED_ERROR,
        }
    }
}

impl Event<'_> {
    /// Whether an observer with this interest is told.
    #[must_use]
    pub const fn concerns(&self, interest: Interest) -> bool {
        match self {
            Self::Packet { .. } => interest.packets,
            Self::Published { .. } | Self::Delivery { .. } => interest.messages,
            _ => interest.lifecycle,
        }
    }
}

/// Several observers as one.
#[derive(Debug, Default)]
pub struct Observers(Vec<(Interest, Arc<dyn Observer>)>);

impl Observers {
    /// Adds one.
    pub fn add(&mut self, observer: Arc<dyn Observer>) {
        self.0.push((observer.interest(), observer));
    }

    /// Itself as an observer, if there is any in it.
    #[must_use]
    pub fn into_observer(self) -> Option<Arc<dyn Observer>> {
        (!self.0.is_empty()).then(|| Arc::new(self) as Arc<dyn Observer>)
    }
}

impl Observer for Observers {
    fn interest(&self) -> Interest {
        let any = |wants: fn(&Interest) -> bool| self.0.iter().any(|(interest, _)| wants(interest));
        Interest {
            lifecycle: any(|interest| interest.lifecycle),
            messages: any(|interest| interest.messages),
            packets: any(|interest| interest.packets),
        }
    }

    fn event(&self, now: Time, event: &Event<'_>) {
        for (interest, observer) in &self.0 {
            if event.concerns(*interest) {
                observer.event(now, event);
            }
        }
    }
}

/// Where the core says what happens.
#[derive(Debug)]
pub(super) struct Events {
    interest: Interest,
    observer: Option<Arc<dyn Observer>>,
}

impl Events {
    pub(super) fn new(observer: Option<Arc<dyn Observer>>) -> Self {
        let interest = observer.as_ref().map(|observer| observer.interest()).unwrap_or_default();
        Self { interest, observer }
    }

    /// Whether anybody wants to know what becomes of messages.
    #[inline]
    pub(super) const fn want_messages(&self) -> bool {
        self.interest.messages
    }

    /// Whether anybody wants to see packets.
    #[inline]
    pub(super) const fn want_packets(&self) -> bool {
        self.interest.packets
    }

    /// Tells of an event of the lifecycle, which is made only if it is wanted.
    #[inline]
    pub(super) fn lifecycle<'a>(&self, now: Time, event: impl FnOnce() -> Event<'a>) {
        if self.interest.lifecycle {
            self.tell(now, &event());
        }
    }

    /// Tells of an event that is wanted.
    #[cold]
    pub(super) fn tell(&self, now: Time, event: &Event<'_>) {
        if let Some(observer) = &self.observer {
            observer.event(now, event);
        }
    }
}

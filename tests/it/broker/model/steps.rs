//! The random steps: what clients do, and what happens to them and the broker.

use mqx::mqtt::{QoS, RetainHandling, SubscribeOptions, Version};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// How many clients there are.
pub(super) const CLIENTS: usize = 4;

/// What is published to.
const TOPICS: [&str; 6] = ["a", "b", "a/b", "b/c", "$x/y", "a//"];

/// What is cleared of its retained message. No shared subscription matches it:
/// empty messages look alike, and which group got which could not be told.
const CLEARED: [&str; 2] = ["b", "b/c"];

/// What the wills of the clients are published to: a topic each, since of two
/// that are due in one instant either may be the one that is retained.
const WILLS: [&str; CLIENTS] = ["a/will-0", "a/will-1", "a/will-2", "a/will-3"];

/// What is subscribed to. No two shared subscriptions match the same topic, so
/// that a message goes to one member of one group.
const FILTERS: [&str; 13] = [
    "a",
    "b",
    "#",
    "+",
    "a/#",
    "a/+",
    "+/b",
    "b/c",
    "$x/#",
    "+/+/+",
    "$share/g/a",
    "$share/h/a/+",
    "$share/g/+/+/+",
];

/// How many messages may be in flight to a client that can not say how many it
/// takes, unless the broker is told otherwise.
const IN_FLIGHT_IN_3_1_1: u16 = 1024;

/// One thing that happens; most of them to the client of this number.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// It connects, and takes its session over if it is connected.
    Connect(usize, Connecting),
    /// Its connection breaks.
    Lose(usize),
    /// It sends DISCONNECT.
    Disconnect(usize, Leaving),
    /// It subscribes to this filter.
    Subscribe(usize, &'static str, Wanted),
    /// It takes a subscription back, which it may not have.
    Unsubscribe(usize, &'static str),
    /// It publishes.
    Publish(usize, Publishing),
    /// It sends the PUBREL that it owes longest.
    Release(usize),
    /// It sends the PUBLISH again whose PUBREL it owes longest.
    Repeat(usize),
    /// It answers in this manner from now on.
    Answer(usize, Manner),
    /// So many seconds pass.
    Pass(u64),
    /// The broker is gone, and another goes on with what it has stored.
    Crash,
}

/// What a CONNECT says. Of this and all that follows, a client of version
/// 3.1.1 says only what it can.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connecting {
    pub(super) clean_start: bool,
    pub(super) session_expiry: u32,
    pub(super) receive_maximum: u16,
    pub(super) maximum_packet_size: Option<u32>,
    pub(super) topic_alias_maximum: u16,
    pub(super) will: Option<(Publishing, u32)>,
}

/// What a DISCONNECT says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaving {
    pub(super) with_will: bool,
    pub(super) session_expiry: Option<u32>,
}

/// What a SUBSCRIBE says of its filter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) options: SubscribeOptions,
    pub(super) identifier: Option<u32>,
}

/// A message, and whether its PUBREL follows at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Publishing {
    pub(super) topic: &'static str,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) size: Size,
    pub(super) message_expiry: Option<u32>,
    pub(super) release: bool,
}

/// How large a payload is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Size {
    /// Nothing, which clears what is retained.
    Empty,
    /// Less than any limit.
    Small,
    /// More than some clients take.
    Large,
}

/// How a client answers the messages that it gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Manner {
    /// As it should.
    Promptly,
    /// Not at all.
    Never,
    /// As it should, but without the PUBCOMP of QoS 2.
    HalfWay,
    /// With an error, where its version has one.
    Refusing,
}

impl Connecting {
    /// What a client of this version says of it, and of the rest what it means.
    pub(super) fn said_in(self, version: Version) -> Self {
        if version.is_v5() {
            return self;
        }
        Self {
            session_expiry: if self.clean_start { 0 } else { u32::MAX },
            receive_maximum: IN_FLIGHT_IN_3_1_1,
            maximum_packet_size: None,
            topic_alias_maximum: 0,
            will: self.will.map(|(will, _)| (will.said_in(version), 0)),
            ..self
        }
    }
}

impl Leaving {
    pub(super) fn said_in(self, version: Version) -> Self {
        if version.is_v5() { self } else { Self { with_will: false, session_expiry: None } }
    }
}

impl Wanted {
    pub(super) fn said_in(self, version: Version) -> Self {
        if version.is_v5() {
            return self;
        }
        let options = SubscribeOptions { qos: self.options.qos, ..SubscribeOptions::default() };
        Self { options, identifier: None }
    }
}

impl Publishing {
    pub(super) fn said_in(self, version: Version) -> Self {
        let message_expiry = self.message_expiry.filter(|_| version.is_v5());
        Self { message_expiry, ..self }
    }
}

/// A history; crashes are for a broker that stores.
pub(super) fn history(crashes: bool) -> impl Strategy<Value = Vec<Step>> {
    vec(step(crashes), 1..250)
}

fn step(crashes: bool) -> impl Strategy<Value = Step> {
    prop_oneof![
        94 => step_of_a_client(),
        5 => (1..=12_u64).prop_map(Step::Pass),
        u32::from(crashes) * 2 => Just(Step::Crash),
    ]
}

fn step_of_a_client() -> impl Strategy<Value = Step> {
    let who = 0..CLIENTS;
    let manner = [Manner::Promptly, Manner::Never, Manner::HalfWay, Manner::Refusing];
    let subscribe = (who.clone(), select(&FILTERS[..]), wanted());
    let unsubscribe = (who.clone(), select(&FILTERS[..]));
    let publish = (who.clone(), publishing(&TOPICS));
    prop_oneof![
        16 => connect(),
        8 => who.clone().prop_map(Step::Lose),
        4 => (who.clone(), leaving()).prop_map(|(who, how)| Step::Disconnect(who, how)),
        16 => subscribe.prop_map(|(who, filter, mut wanted)| {
            // The two together are an error.
            wanted.options.no_local &= !filter.starts_with("$share/");
            Step::Subscribe(who, filter, wanted)
        }),
        5 => unsubscribe.prop_map(|(who, filter)| Step::Unsubscribe(who, filter)),
        32 => publish.prop_map(|(who, what)| Step::Publish(who, what)),
        2 => clear(),
        4 => who.clone().prop_map(Step::Release),
        3 => who.clone().prop_map(Step::Repeat),
        8 => (who, select(manner.to_vec())).prop_map(|(who, manner)| Step::Answer(who, manner)),
    ]
}

fn connect() -> impl Strategy<Value = Step> {
    let clean_start = prop::bool::weighted(0.2);
    let expiry = select(&[0, 7, 31, u32::MAX][..]);
    let receive_maximum = select(&[1, 2, 3, 1000][..]);
    let maximum_packet_size = option::weighted(0.35, Just(200));
    let will = (publishing(&WILLS), select(&[0, 2, 9, 40][..]));
    let limits = (receive_maximum, maximum_packet_size, 0..3_u16);
    (0..CLIENTS, clean_start, expiry, limits, option::weighted(0.6, will)).prop_map(
        |(who, clean_start, session_expiry, limits, will)| {
            let (receive_maximum, maximum_packet_size, topic_alias_maximum) = limits;
            let will = will.map(|(will, delay)| (Publishing { topic: WILLS[who], ..will }, delay));
            let connecting = Connecting {
                clean_start,
                session_expiry,
                receive_maximum,
                maximum_packet_size,
                topic_alias_maximum,
                will,
            };
            Step::Connect(who, connecting)
        },
    )
}

fn leaving() -> impl Strategy<Value = Leaving> {
    (any::<bool>(), select(&[None, Some(0), Some(5)][..]))
        .prop_map(|(with_will, session_expiry)| Leaving { with_will, session_expiry })
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let handling = [RetainHandling::Send, RetainHandling::SendIfNew, RetainHandling::DoNotSend];
    let no_local = prop::bool::weighted(0.25);
    let identifier = option::of(1..=300_u32);
    (qos(), no_local, any::<bool>(), select(handling.to_vec()), identifier).prop_map(
        |(qos, no_local, retain_as_published, retain_handling, identifier)| Wanted {
            options: SubscribeOptions { qos, no_local, retain_as_published, retain_handling },
            identifier,
        },
    )
}

fn publishing(topics: &'static [&'static str]) -> impl Strategy<Value = Publishing> {
    let size = prop_oneof![3 => Just(Size::Small), 1 => Just(Size::Large)];
    let expiry = option::of(select(&[1, 4, 1000][..]));
    let retain = prop::bool::weighted(0.3);
    let release = prop::bool::weighted(0.7);
    (select(topics), qos(), retain, size, expiry, release).prop_map(
        |(topic, qos, retain, size, message_expiry, release)| Publishing {
            topic,
            qos,
            retain,
            size,
            message_expiry,
            release,
        },
    )
}

fn clear() -> impl Strategy<Value = Step> {
    (0..CLIENTS, publishing(&CLEARED)).prop_map(|(who, publishing)| {
        Step::Publish(who, Publishing { retain: true, size: Size::Empty, ..publishing })
    })
}

fn qos() -> impl Strategy<Value = QoS> {
    select(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][..])
}

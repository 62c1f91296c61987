//! Clients that send anything, beside clients that behave: valid sessions of
//! all versions, and such whose bytes were changed, cut, doubled and mixed with
//! others, under a virtual clock. Nothing panics, the good clients do not
//! notice, and when the time of the others is over nothing of them is left.

use super::lab::{Client, Lab, message, retained};
use super::soak::{PEERS, Soak, Step as GoodStep, step as good_step};
use mqx::broker::core::{Limits, QueueLimits};
use mqx::mqtt::{
    Ack, AckKind, Auth, AuthProperties, Connect, ConnectProperties, Disconnect, Packet, PacketId,
    Publish, PublishProperties, QoS, ReasonCode, Subscribe, SubscribeOptions, SubscribeProperties,
    SubscribeRequest, TopicAlias, Unsubscribe, UnsubscribeProperties, Version, Will,
    WillProperties, next_frame,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

/// Connections of bad clients at once.
const SLOTS: usize = 4;

/// Seconds that a session may outlive its connection.
const EXPIRY: u32 = 100_000;

/// What bad clients publish to and subscribe to; the good ones publish below
/// `good/`, to where these do not come by chance.
const TOPICS: [&str; 4] = ["bad/1", "bad/2", "bad", "x/bad/1"];
const FILTERS: [&str; 7] =
    ["bad/+", "#", "+/+", "good/#", "$share/g/#", "$share/h/good/+", "bad/#/wrong"];

/// One packet of a bad client: which one, and numbers that say how it looks.
type Seed = (u8, u16, u16);

/// What is done to the bytes of a session.
#[derive(Debug, Clone)]
enum Change {
    /// One byte becomes another.
    Flip(Index, u8),
    /// The rest is missing.
    Cut(Index),
    /// A part comes twice.
    Double(Index, Index),
    /// The rest is that of another session.
    Splice(Index, Index),
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// To the good clients.
    Good(GoodStep),
    /// A bad client comes in this place with a session to send.
    Come(usize, Session),
    /// It sends so many bytes more.
    Send(usize, usize),
    /// It stops to read.
    Deafen(usize),
    /// It reads so many bytes.
    Hear(usize, usize),
    /// Its transport breaks.
    Go(usize),
}

/// What a bad client sends.
#[derive(Debug, Clone)]
struct Session {
    version: Version,
    bytes: Vec<u8>,
}

/// A bad client on its connection.
struct Bad {
    client: Client,
    bytes: Vec<u8>,
    /// How many of the bytes are packets that the broker has taken.
    taken: usize,
    /// How many it has been shown.
    shown: usize,
    /// What it has got and not understood yet.
    unread: Vec<u8>,
}

fn pick<T: Copy>(from: &[T], number: u16) -> T {
    from[usize::from(number) % from.len()]
}

fn connect(version: Version, a: u16, b: u16) -> Packet<'static> {
    let properties = ConnectProperties {
        session_expiry_interval: pick(&[None, Some(0), Some(7), Some(u32::MAX)], a),
        receive_maximum: NonZeroU16::new(pick(&[0, 1, 5], b)),
        maximum_packet_size: NonZeroU32::new(pick(&[0, 30, 10_000], a / 4)),
        topic_alias_maximum: pick(&[None, Some(2)], b / 3),
        ..ConnectProperties::default()
    };
    let will = Will {
        topic: pick(&TOPICS, b),
        payload: b"will",
        qos: pick(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce], a),
        retain: b.is_multiple_of(2),
        properties: WillProperties {
            will_delay_interval: pick(&[None, Some(3)], a),
            ..WillProperties::default()
        },
    };
    Packet::Connect(Connect {
        version,
        bridge: !version.is_v5() && b.is_multiple_of(3),
        clean_start: a.is_multiple_of(2),
        keep_alive: pick(&[0, 1, 10, u16::MAX], a / 2),
        properties: if version.is_v5() { properties } else { ConnectProperties::default() },
        client_id: pick(&["bad-1", "bad-2", "bad-3", ""], b),
        will: a.is_multiple_of(3).then(|| Will {
            properties: if version.is_v5() { will.properties } else { WillProperties::default() },
            ..will
        }),
        username: pick(&[None, Some("user")], a),
        password: pick(&[None, Some(&b"word"[..])], a),
    })
}

fn publish(version: Version, a: u16, b: u16) -> Packet<'static> {
    let alias = NonZeroU16::new(a % 4).map(TopicAlias).filter(|_| version.is_v5());
    let expiry = pick(&[None, Some(1), Some(600)], b);
    let publish = message(
        if alias.is_some() && b.is_multiple_of(5) { "" } else { pick(&TOPICS, a) },
        pick(&["", "payload", "a payload that is somewhat longer"], b),
        pick(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce], b),
        a % 6 + 1,
    );
    let properties = PublishProperties {
        topic_alias: alias,
        message_expiry_interval: expiry.filter(|_| version.is_v5()),
        ..PublishProperties::default()
    };
    Packet::Publish(Publish { retain: a.is_multiple_of(3), properties, ..publish })
}

fn subscribe(version: Version, packet_id: PacketId, a: u16, b: u16) -> Packet<'static> {
    let options = SubscribeOptions {
        qos: pick(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce], a),
        no_local: version.is_v5() && b.is_multiple_of(4),
        ..SubscribeOptions::default()
    };
    let requests =
        [a, b].map(|number| SubscribeRequest { filter: pick(&FILTERS, number), options });
    let properties = SubscribeProperties::default();
    Packet::Subscribe(Subscribe { packet_id, properties, requests: requests.to_vec() })
}

fn packet(version: Version, (kind, a, b): Seed) -> Packet<'static> {
    let id = PacketId::new(a % 6 + 1).unwrap();
    let ack = |kind| Packet::Ack(Ack::new(kind, id, ReasonCode::SUCCESS));
    match kind {
        0..=3 => publish(version, a, b),
        4..=5 => subscribe(version, id, a, b),
        6 => Packet::Unsubscribe(Unsubscribe {
            packet_id: id,
            properties: UnsubscribeProperties::default(),
            filters: vec![pick(&FILTERS, b)],
        }),
        7 => ack(AckKind::PubAck),
        8 => ack(AckKind::PubRec),
        9 => ack(AckKind::PubRel),
        10 => ack(AckKind::PubComp),
        11 => Packet::PingReq,
        12 if version.is_v5() => Packet::Auth(Auth {
            reason: ReasonCode::SUCCESS,
            properties: AuthProperties::default(),
        }),
        13 => connect(version, a, b),
        _ => Packet::Disconnect(Disconnect::new(ReasonCode::SUCCESS)),
    }
}

/// The bytes of a CONNECT and of packets behind it that a client may send.
fn valid(version: Version, (a, b): (u16, u16), seeds: &[Seed]) -> Vec<u8> {
    let mut bytes = Vec::new();
    connect(version, a, b).encode(version, &mut bytes).unwrap();
    for seed in seeds {
        let start = bytes.len();
        // What this version cannot say is left out.
        if packet(version, *seed).encode(version, &mut bytes).is_err() {
            bytes.truncate(start);
        }
    }
    bytes
}

fn sessions() -> impl Strategy<Value = Session> {
    let version = prop_oneof![Just(Version::V31), Just(Version::V311), Just(Version::V5)];
    // A DISCONNECT or a second CONNECT ends a session, so they are rare.
    let kind = prop_oneof![20 => 0..12_u8, 1 => 12..15_u8];
    let stream = (version, any::<(u16, u16)>(), vec((kind, any::<u16>(), any::<u16>()), 0..25));
    let stream = stream.prop_map(|(version, how, seeds)| (version, valid(version, how, &seeds)));
    (stream.clone(), stream, vec(changes(), 0..4)).prop_map(|((version, bytes), other, changes)| {
        let change = |bytes, change: &Change| changed(bytes, &other.1, change);
        Session { version, bytes: changes.iter().fold(bytes, change) }
    })
}

fn changes() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        4 => (place(), 1..=255_u8).prop_map(|(at, by)| Change::Flip(at, by)),
        1 => place().prop_map(Change::Cut),
        1 => (place(), place()).prop_map(|(from, to)| Change::Double(from, to)),
        1 => (place(), place()).prop_map(|(from, to)| Change::Splice(from, to)),
    ]
}

fn changed(mut bytes: Vec<u8>, other: &[u8], change: &Change) -> Vec<u8> {
    // One more than there are, so that there is always a place.
    let within = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
    match change {
        Change::Flip(at, by) => {
            let at = within(at, &bytes);
            bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= by);
        }
        Change::Cut(at) => bytes.truncate(within(at, &bytes)),
        Change::Double(from, to) => {
            let (from, to) = (within(from, &bytes), within(to, &bytes));
            let part = bytes[from.min(to)..from.max(to)].to_vec();
            let behind = bytes.split_off(from.max(to));
            bytes.extend(part);
            bytes.extend(behind);
        }
        Change::Splice(from, to) => {
            bytes.truncate(within(from, &bytes));
            bytes.extend(&other[within(to, other)..]);
        }
    }
    bytes
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let slot = 0..SLOTS;
    let step = prop_oneof![
        8 => good_step(0, 0).prop_map(Step::Good),
        4 => (slot.clone(), sessions()).prop_map(|(slot, session)| Step::Come(slot, session)),
        8 => (slot.clone(), 1..400_usize).prop_map(|(slot, count)| Step::Send(slot, count)),
        1 => slot.clone().prop_map(Step::Deafen),
        1 => (slot.clone(), 1..200_usize).prop_map(|(slot, count)| Step::Hear(slot, count)),
        1 => slot.prop_map(Step::Go),
    ];
    vec(step, 1..120)
}

impl Bad {
    fn come(lab: &mut Lab, session: Session) -> Self {
        let Session { version, bytes } = session;
        Self { client: lab.accept(version), bytes, taken: 0, shown: 0, unread: Vec::new() }
    }

    /// Sends `count` bytes more; returns whether the connection lasts.
    fn send(&mut self, lab: &mut Lab, count: usize) -> bool {
        self.shown = self.bytes.len().min(self.shown + count);
        let taken = lab.receive(&mut self.client, &self.bytes[self.taken..self.shown]);
        self.taken += taken.unwrap_or(0);
        self.listen();
        taken.is_some() && !self.client.is_closed()
    }

    /// What the broker sends are packets, whatever it was sent.
    fn listen(&mut self) {
        self.unread.extend(self.client.take());
        let mut rest = &self.unread[..];
        while let Some(frame) = next_frame(rest, usize::MAX).unwrap() {
            rest = &rest[frame.bytes.len()..];
        }
        self.unread = rest.to_vec();
    }
}

fn run(steps: Vec<Step>) {
    let limits = Limits {
        maximum_session_expiry: Some(EXPIRY),
        queue: QueueLimits {
            messages: 200,
            bytes: 100_000,
            output: 1_000,
            ..Limits::default().queue
        },
        ..Limits::default()
    };
    let queue = limits.queue;
    let mut soak = Soak::new(Lab::with(limits));
    let mut slots: [Option<Bad>; SLOTS] = Default::default();
    for step in steps {
        act(&mut soak, &mut slots, step);
        let census = soak.lab.census();
        assert!(census.queued <= census.sessions * queue.messages);
        assert!(census.queued_bytes <= census.sessions * queue.bytes);
    }
    for bad in slots.iter_mut().filter_map(Option::take) {
        go(&mut soak.lab, bad);
    }
    soak.finish();
    nothing_is_left(&mut soak);
}

fn act(soak: &mut Soak, slots: &mut [Option<Bad>; SLOTS], step: Step) {
    let lab = &mut soak.lab;
    match step {
        Step::Good(step) => soak.step(step),
        Step::Come(slot, session) => {
            if let Some(old) = slots[slot].replace(Bad::come(lab, session)) {
                go(lab, old);
            }
        }
        Step::Send(slot, count) => {
            if let Some(mut bad) = slots[slot].take() {
                if bad.send(lab, count) {
                    slots[slot] = Some(bad);
                } else {
                    go(lab, bad);
                }
            }
        }
        Step::Deafen(slot) => slots[slot].iter_mut().for_each(|bad| bad.client.stop_reading()),
        Step::Hear(slot, count) => {
            if let Some(bad) = &mut slots[slot] {
                lab.make_room(&mut bad.client, count);
                bad.listen();
            }
        }
        Step::Go(slot) => slots[slot].take().into_iter().for_each(|bad| go(lab, bad)),
    }
}

fn go(lab: &mut Lab, mut bad: Bad) {
    lab.lose(&mut bad.client);
    bad.listen();
}

/// What bad clients have left behind has its time, or can be taken away.
fn nothing_is_left(soak: &mut Soak) {
    // No interval that can be asked for is longer, and to those without end the
    // limit of sessions puts one.
    soak.lab.pass(Duration::from_secs(u64::from(u32::MAX) + 60));
    assert_eq!(soak.lab.deadline(), None, "no timer is left");
    clear_retained(&mut soak.lab);
    soak.settle();
    soak.lab.pass(Duration::from_mins(1));
    let census = soak.lab.census();
    assert_eq!((census.connected, census.sessions), (PEERS, PEERS));
    assert_eq!((census.subscriptions, census.shared_subscriptions), (PEERS, 0));
    assert_eq!((census.retained, census.retained_bytes), (0, 0));
    assert_eq!((census.queued, census.queued_bytes), (0, 0));
    assert_eq!((census.in_flight, census.in_flight_bytes), (0, 0), "no identifier leaks");
    assert_eq!((census.unread, census.unread_bytes), (0, 0));
    assert_eq!(soak.lab.deadline(), None, "no timer is left");
}

/// Removes every retained message there is, as anybody may.
fn clear_retained(lab: &mut Lab) {
    let mut cleaner = lab.client(Version::V311, "cleaner");
    lab.subscribe_with(
        &mut cleaner,
        "#",
        SubscribeOptions::default(),
        SubscribeProperties::default(),
    );
    let arrived = cleaner.take();
    let mut rest = &arrived[..];
    while let Some(frame) = next_frame(rest, usize::MAX).unwrap() {
        if let Packet::Publish(publish) = Packet::decode(&frame, Version::V311).unwrap() {
            lab.publish(&mut cleaner, &retained(publish.topic, ""));
        }
        rest = &rest[frame.bytes.len()..];
    }
    lab.disconnect(&mut cleaner, ReasonCode::SUCCESS);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        rng_seed: RngSeed::Fixed(0x6d71_7474),
        ..ProptestConfig::default()
    })]
    #[test]
    fn good_clients_lose_nothing_beside_mutants_and_nothing_of_those_is_left(steps in steps()) {
        run(steps);
    }
}

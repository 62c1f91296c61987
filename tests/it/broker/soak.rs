//! Client sessions against the whole broker core, with links that are cut at
//! any byte and a broker that is killed at any moment, under a virtual clock:
//! nothing acknowledged is lost, nothing of QoS 2 is doubled, order is kept,
//! and nothing is left behind.

use super::lab::{Client, Lab};
use mqx::mqtt::{Publish, QoS, SubscribeOptions, SubscribeProperties, SubscribeRequest, Version};
use mqx::session::{ClientConfig, ClientSession, Event, Token};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;
use std::time::Duration;

/// A client with a session that is kept, and its link if it has one.
struct Peer {
    session: ClientSession,
    version: Version,
    link: Option<Client>,
    /// Bytes of the broker that have not been brought to the session.
    incoming: Vec<u8>,
    received: Vec<(String, Token)>,
    published: BTreeSet<Token>,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// A client publishes with this quality of service.
    Publish(usize, QoS),
    /// A link breaks after so many of the bytes on their way were delivered.
    Cut(usize, usize),
    /// A client that has no link gets one.
    Connect(usize),
    /// Bytes move for a client, so many each way at most.
    Move(usize, usize),
    /// Time passes.
    Pass(u64),
    /// What the broker has recorded is stored.
    Store,
    /// The broker is killed, and its clients lose their links, when so many of
    /// the bytes on their way were delivered.
    Crash(usize),
}

/// How many clients there are.
pub(super) const PEERS: usize = 4;

/// The broker and the clients, and what these have published.
pub(super) struct Soak {
    pub(super) lab: Lab,
    peers: Vec<Peer>,
    accepted: BTreeMap<Token, QoS>,
    token: Token,
}

/// One step, a store and a crash as often as these weights say.
pub(super) fn step(store: u32, crash: u32) -> impl Strategy<Value = Step> {
    let peer = 0..PEERS;
    let qos = prop_oneof![Just(QoS::AtLeastOnce), Just(QoS::ExactlyOnce)];
    prop_oneof![
        4 => (peer.clone(), qos).prop_map(|(peer, qos)| Step::Publish(peer, qos)),
        1 => (peer.clone(), 0..60_usize).prop_map(|(peer, bytes)| Step::Cut(peer, bytes)),
        2 => peer.clone().prop_map(Step::Connect),
        6 => (peer, 1..200_usize).prop_map(|(peer, bytes)| Step::Move(peer, bytes)),
        1 => (1..5_000_u64).prop_map(Step::Pass),
        store => Just(Step::Store),
        crash => (0..60_usize).prop_map(Step::Crash),
    ]
}

impl Peer {
    fn new(number: usize) -> Self {
        let version = if number.is_multiple_of(2) { Version::V5 } else { Version::V311 };
        let config = ClientConfig {
            version,
            client_id: format!("peer-{number}"),
            clean_start: false,
            keep_alive: 0,
            session_expiry_interval: version.is_v5().then_some(u32::MAX),
            receive_maximum: if version.is_v5() { NonZeroU16::new(3) } else { None },
            ..ClientConfig::default()
        };
        Self {
            session: ClientSession::new(config),
            version,
            link: None,
            incoming: Vec::new(),
            received: Vec::new(),
            published: BTreeSet::new(),
        }
    }

    fn connect(&mut self, lab: &mut Lab) {
        if self.link.is_none() {
            self.session.connect(lab.now()).unwrap();
            self.link = Some(lab.accept(self.version));
        }
    }

    fn cut(&mut self, lab: &mut Lab, bytes: usize) {
        self.move_bytes(lab, bytes);
        if let Some(mut link) = self.link.take() {
            lab.lose(&mut link);
            self.incoming.clear();
            self.session.output().clear();
        }
    }

    /// Brings at most `limit` bytes each way.
    fn move_bytes(&mut self, lab: &mut Lab, limit: usize) {
        let Some(link) = &mut self.link else {
            return;
        };
        let count = self.session.output().len().min(limit);
        let bytes: Vec<u8> = self.session.output().drain(..count).collect();
        lab.trickle(link, &bytes);
        self.incoming.extend(link.take_some(limit));
        let Self { session, incoming, received, published, .. } = self;
        let consumed = session.receive(incoming, lab.now(), |event| match event {
            Event::Message(message) => {
                let payload = std::str::from_utf8(message.payload).unwrap();
                received.push((message.topic.to_owned(), payload.parse().unwrap()));
            }
            Event::Published { token, reason } => {
                assert!(!reason.is_error(), "{reason}");
                assert!(published.insert(token), "{token} is published twice");
            }
            _ => {}
        });
        let consumed = consumed.unwrap();
        self.incoming.drain(..consumed);
    }

    fn is_idle(&mut self) -> bool {
        self.session.is_connected()
            && self.session.in_flight() == 0
            && self.session.output().is_empty()
            && self.incoming.is_empty()
            && self.link.as_ref().is_none_or(Client::has_seen_all)
    }
}

impl Soak {
    /// Clients that are subscribed to what each of them publishes.
    pub(super) fn new(lab: Lab) -> Self {
        let peers = (0..PEERS).map(Peer::new).collect();
        let mut soak = Self { lab, peers, accepted: BTreeMap::new(), token: 0 };
        soak.settle();
        for peer in &mut soak.peers {
            let options = SubscribeOptions { qos: QoS::ExactlyOnce, ..SubscribeOptions::default() };
            let request = SubscribeRequest { filter: "good/+", options };
            let properties = SubscribeProperties::default();
            peer.session.subscribe(&[request], properties, 0, soak.lab.now()).unwrap();
        }
        soak.settle();
        soak
    }

    /// Runs until every client is connected and nothing moves any more; whoever
    /// was asked to has their turn.
    pub(super) fn settle(&mut self) {
        let Self { lab, peers, .. } = self;
        for _ in 0..2_000 {
            let before: usize = peers.iter().map(|peer| peer.received.len()).sum();
            for peer in &mut *peers {
                peer.connect(lab);
                peer.link.iter_mut().for_each(|link| lab.turns(link));
                peer.move_bytes(lab, usize::MAX);
            }
            lab.store();
            let after: usize = peers.iter().map(|peer| peer.received.len()).sum();
            if before == after && peers.iter_mut().all(Peer::is_idle) {
                return;
            }
        }
        panic!("the clients do not come to rest");
    }

    pub(super) fn step(&mut self, step: Step) {
        let Self { lab, peers, .. } = self;
        match step {
            Step::Publish(number, qos) => self.publish(number, qos),
            Step::Cut(number, bytes) => peers[number].cut(lab, bytes),
            Step::Connect(number) => peers[number].connect(lab),
            Step::Move(number, bytes) => peers[number].move_bytes(lab, bytes),
            Step::Pass(millis) => lab.pass(Duration::from_millis(millis)),
            Step::Store => lab.store(),
            Step::Crash(bytes) => {
                for peer in peers {
                    peer.cut(lab, bytes);
                }
                lab.crash(Duration::ZERO);
            }
        }
    }

    fn publish(&mut self, number: usize, qos: QoS) {
        self.token += 1;
        let (topic, payload) = (format!("good/{number}"), self.token.to_string());
        let publish =
            Publish { topic: &topic, qos, payload: payload.as_bytes(), ..Publish::default() };
        let session = &mut self.peers[number].session;
        if session.publish(&publish, self.token, self.lab.now()).is_ok() {
            self.accepted.insert(self.token, qos);
        }
    }

    /// Lets all of it come to its end, and looks whether that is the right one.
    pub(super) fn finish(&mut self) {
        self.settle();
        check(&self.peers, &self.accepted);
    }
}

fn run(lab: Lab, steps: Vec<Step>) {
    let mut soak = Soak::new(lab);
    for step in steps {
        soak.step(step);
    }
    soak.finish();
    assert_eq!(soak.lab.summary().dropped, 0);
    assert_eq!(soak.lab.summary().sessions, PEERS);
}

fn check(peers: &[Peer], accepted: &BTreeMap<Token, QoS>) {
    let published: BTreeSet<Token> =
        peers.iter().flat_map(|peer| peer.published.iter().copied()).collect();
    assert_eq!(published, accepted.keys().copied().collect(), "each ends once");
    for peer in peers {
        let mut counts: BTreeMap<Token, usize> = BTreeMap::new();
        // The first arrivals of each publisher and QoS are in its order.
        let mut last: BTreeMap<(&str, QoS), Token> = BTreeMap::new();
        for (topic, token) in &peer.received {
            let count = counts.entry(*token).or_default();
            *count += 1;
            let latest = last.entry((topic, accepted[token])).or_default();
            if *count == 1 {
                assert!(*latest < *token, "{token} overtakes {latest}");
                *latest = *token;
            }
        }
        for (token, qos) in accepted {
            let count = counts.get(token).copied().unwrap_or(0);
            match qos {
                QoS::ExactlyOnce => assert_eq!(count, 1, "{token} with QoS 2"),
                _ => assert!(count >= 1, "{token} is lost"),
            }
        }
    }
}

#[test]
fn what_acknowledgements_make_room_for_follows_output_that_waited_for_the_store() {
    let publish = Step::Publish(0, QoS::AtLeastOnce);
    // Three messages fill the window of the client; the fourth waits for room.
    let three = Step::Move(0, 42);
    run(Lab::with_journal(), vec![publish, publish, publish, three, Step::Store, publish, three]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn nothing_acknowledged_is_lost_or_doubled_whatever_breaks(steps in vec(step(0, 0), 1..120)) {
        run(Lab::new(), steps);
    }

    #[test]
    fn nor_whenever_a_broker_with_a_store_is_killed(steps in vec(step(4, 1), 1..120)) {
        run(Lab::with_journal(), steps);
    }
}

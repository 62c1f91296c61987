//! The session of a client as the model sees it: what it is subscribed to, what
//! it must get, and how far each delivery has come.

use super::message::{Message, Owed, Terms};
use super::steps::{Publishing, Wanted};
use mqx::mqtt::QoS;
use std::collections::BTreeMap;

/// What the broker must know of a client, connected or not.
#[derive(Debug)]
pub(super) struct Session {
    /// Its own among all sessions of all clients.
    pub(super) number: u32,
    pub(super) subscriptions: BTreeMap<&'static str, Wanted>,
    pub(super) expiry_interval: u32,
    /// The second in which it ends, unless its client comes again.
    pub(super) ends: Option<u64>,
    pub(super) will: Option<Will>,
    /// QoS 0, which only a connected client is owed.
    pub(super) at_most_once: Vec<Owed>,
    /// QoS 1 and 2, in the order in which they must come.
    pub(super) owed: Vec<Owed>,
    pub(super) in_flight: Vec<InFlight>,
    /// The client's own messages of QoS 2 that wait for its PUBREL.
    pub(super) unreleased: BTreeMap<u16, Unreleased>,
}

/// The will of the present connection or of the last one.
#[derive(Debug)]
pub(super) struct Will {
    pub(super) number: u32,
    pub(super) publishing: Publishing,
    pub(super) delay: u64,
    /// The second in which it is published, once the connection is lost.
    pub(super) due: u64,
}

/// A message of QoS 1 or 2 that has come and is not acknowledged.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) packet_id: u16,
    pub(super) owed: Owed,
    pub(super) progress: Progress,
    /// Whether the broker must send it again on this connection.
    pub(super) again: bool,
}

/// How far a delivery to the client has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Progress {
    /// It has got the PUBLISH.
    Published,
    /// It has sent PUBREC.
    Received,
    /// It has got the PUBREL.
    Released,
}

/// A message of QoS 2 that the client has published.
#[derive(Debug)]
pub(super) struct Unreleased {
    pub(super) message: Message,
    /// Whether its PUBREL follows when the PUBREC comes.
    pub(super) at_once: bool,
}

impl Session {
    pub(super) fn new(number: u32) -> Self {
        Self {
            number,
            subscriptions: BTreeMap::new(),
            expiry_interval: 0,
            ends: None,
            will: None,
            at_most_once: Vec::new(),
            owed: Vec::new(),
            in_flight: Vec::new(),
            unreleased: BTreeMap::new(),
        }
    }

    /// The client must get this, which is of QoS 0 only when it is connected.
    pub(super) fn owe(&mut self, owed: Owed, connected: bool) {
        if owed.message.qos > QoS::AtMostOnce {
            self.owed.push(owed);
        } else if connected {
            self.at_most_once.push(owed);
        }
    }

    /// The client has connected, and the session is to outlive it for so long.
    pub(super) fn resume(&mut self, expiry_interval: u32) {
        self.expiry_interval = expiry_interval;
        self.ends = None;
        self.at_most_once.clear();
        self.in_flight.iter_mut().for_each(|flight| flight.again = true);
    }

    /// The connection is over at `now`.
    pub(super) fn suspend(&mut self, now: u64) {
        if self.expiry_interval < u32::MAX {
            self.ends = Some(now + u64::from(self.expiry_interval));
        }
        if let Some(will) = &mut self.will {
            will.due = now + will.delay;
        }
    }

    /// How much of the receive maximum is taken.
    pub(super) fn sent(&self) -> usize {
        self.in_flight.iter().filter(|flight| !flight.again).count()
    }

    /// Takes the owed message that `fits` what has come, if there is one.
    pub(super) fn take_owed(
        &mut self,
        qos: QoS,
        terms: Terms,
        fits: impl Fn(&Owed) -> bool,
    ) -> Option<Owed> {
        let ordered = qos > QoS::AtMostOnce;
        let owed = if ordered { &mut self.owed } else { &mut self.at_most_once };
        let place = owed.iter().position(fits)?;
        let taken = owed.remove(place);
        let overtaken = owed[..place].iter().find(|earlier| {
            // QoS 0 has an order within its topic only.
            (ordered || earlier.message.topic == taken.message.topic)
                && earlier.moment != taken.moment
                && !earlier.optional
                && !earlier.is_useless(terms)
        });
        assert!(overtaken.is_none(), "{taken:?} overtakes {overtaken:?}");
        Some(taken)
    }

    /// The delivery of this packet identifier, of which a packet has come. What
    /// is sent again comes in its first order.
    pub(super) fn continued(&mut self, packet_id: u16, terms: Terms) -> &mut InFlight {
        let place = self.in_flight.iter().position(|flight| flight.packet_id == packet_id);
        let rest = self.in_flight.split_off(place.expect("a delivery that was begun"));
        self.give_up_too_large(terms);
        let overtaken = self.in_flight.iter().find(|earlier| earlier.again);
        assert!(overtaken.is_none(), "{packet_id} overtakes {overtaken:?}");
        let place = self.in_flight.len();
        self.in_flight.extend(rest);
        &mut self.in_flight[place]
    }

    /// A message of QoS 1 or 2 has come for the first time, which is after all
    /// that is sent again.
    pub(super) fn begin(&mut self, packet_id: u16, owed: Owed, terms: Terms) {
        self.give_up_too_large(terms);
        let in_its_way = |flight: &&InFlight| flight.again || flight.packet_id == packet_id;
        let earlier = self.in_flight.iter().find(in_its_way);
        assert!(earlier.is_none(), "{packet_id} comes before the end of {earlier:?}");
        let progress = Progress::Published;
        self.in_flight.push(InFlight { packet_id, owed, progress, again: false });
    }

    /// The broker has come to what is to be sent again, and gives up what is
    /// larger than the client now takes.
    fn give_up_too_large(&mut self, terms: Terms) {
        self.in_flight.retain(|flight| {
            let is_publish = flight.again && flight.progress == Progress::Published;
            !is_publish || flight.owed.message.fits(terms.maximum_packet_size)
        });
    }

    /// Nothing moves any more, and the client takes `receive_maximum` messages
    /// at a time: while it has room, all must have come.
    pub(super) fn check(&mut self, receive_maximum: usize, terms: Terms) {
        let full = self.sent() >= receive_maximum;
        let mut waiting = self.at_most_once.iter_mut().chain(&mut self.owed);
        if full {
            waiting.for_each(|owed| owed.optional |= owed.is_useless(terms));
            return;
        }
        let missing = waiting.find(|owed| !owed.optional && !owed.is_useless(terms));
        assert!(missing.is_none(), "it does not come: {missing:?}");
        self.owed.clear();
        self.at_most_once.clear();
        self.give_up_too_large(terms);
        let missing = self.in_flight.iter().find(|flight| flight.again);
        assert!(missing.is_none(), "it does not come again: {missing:?}");
    }
}

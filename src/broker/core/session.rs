//! A session: what the broker remembers of a client, connected or not.

use super::acl::Who;
use super::backpressure::Jam;
use super::journal::Diary;
use super::limits::Limits;
use super::link::Link;
use super::message::Delivery;
use super::outflow::Outflow;
use super::own_copy::Tailoring;
use super::queue::Queue;
use super::realm::Realm;
use super::replay::Replays;
use crate::mqtt::{Ack, Message, Version};
use crate::session::{Inbound, Outbound, Time};
use ::core::net::SocketAddr;
use foldhash::quality::RandomState;
use hashbrown::HashSet;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// Seconds from one look through a whole queue to the next: one through a hundred
/// thousand messages takes milliseconds.
const BETWEEN_LOOKS: u32 = 10;

/// A session. Everything that must change together with the output buffer is
/// behind one lock, which a delivery takes once and nobody holds while
/// writing to a socket. That part stands in front, beside the count of those who
/// refer to the session.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Session {
    /// Unique as long as the broker runs, unlike the client identifier.
    pub(super) key: u64,
    pub(super) hot: Mutex<Hot>,
    pub(super) client_id: Box<str>,
    /// Whose session it is, where that makes a difference; it stays so.
    pub(super) user: Option<Box<str>>,
    /// What is different for it at the listener it came in at; it stays so.
    pub(super) realm: Option<Arc<Realm>>,
    pub(super) cold: Mutex<Cold>,
}

/// What only the session's own connection needs; the lock is held while the
/// index is changed, so that an ended session leaves nothing behind.
#[derive(Debug, Default)]
pub(super) struct Cold {
    /// The filters it has subscribed, as they were sent.
    pub(super) filters: HashSet<Box<str>, RandomState>,
    /// Set when the session has ended: nothing may be subscribed any more.
    pub(super) ended: bool,
    pub(super) inbound: Inbound,
}

/// What every publisher needs.
///
/// What a delivery looks at stands first and side by side: where a message goes
/// to a hundred sessions, the lines of the cache that they take are its cost.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Hot {
    /// The present connection's transport; `None` while offline.
    pub(super) link: Option<Arc<dyn Link>>,
    /// Whole packets to write, in order.
    pub(super) out: Outflow,
    /// What is kept for it, and what its next connection may do.
    pub(super) limits: Arc<Limits>,
    /// Bytes of the largest packet the client takes.
    pub(super) maximum_packet_size: usize,
    pub(super) version: Version,
    /// Whether some worker will flush this session at the end of its batch.
    pub(super) touched: bool,
    pub(super) writer: Writer,
    /// Whether the limits are those of the listener its last connection came to.
    pub(super) limits_of_listener: bool,
    /// The silence it asked for, in seconds.
    pub(super) keep_alive: u16,
    /// How its copies differ from everybody's, if they do.
    pub(super) tailoring: Option<Box<Tailoring>>,
    /// Counts the connections of this session, so that what an earlier one
    /// left behind is not taken for the present one's.
    pub(super) connection: u64,
    /// The number of the delivery that came last.
    pub(super) sequence: u64,
    /// Bytes at the front of `out` that were left of an attempt to write:
    /// observers have been told of them, and what they depend on is stored.
    /// Whole packets follow.
    pub(super) told: usize,
    pub(super) queue: Queue,
    /// Retained messages that are owed and not queued.
    pub(super) replays: Replays,
    pub(super) outbound: Outbound<Delivery>,
    /// Where changes are recorded; none if the session ends with its connection.
    pub(super) diary: Option<Diary>,
    /// Who waits for it, if somebody does.
    pub(super) jam: Option<Box<Jam>>,
    /// The last bytes of connections that ended while a worker was writing to
    /// them, for that worker to hand over.
    pub(super) endings: Vec<(u64, Outflow)>,
    pub(super) will: Option<Box<PendingWill>>,
    /// Where the connection comes from, and since when.
    pub(super) address: Option<SocketAddr>,
    pub(super) since: Time,
    /// When an offline session ends; `None` is never.
    pub(super) expires: Option<Time>,
    /// Seconds the session outlives its connection; all ones is for ever.
    pub(super) expiry_interval: u32,
    /// The second before which nobody looks through the whole queue for messages
    /// whose time has run out.
    next_look: u32,
}

/// Who writes a session's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    /// Whoever flushes next.
    Nobody,
    /// A worker is writing right now and looks again when it is done.
    Worker,
    /// The connection's own task, until everything is written.
    Owner,
}

/// A will, and when an offline session publishes it.
#[derive(Debug)]
pub(super) struct PendingWill {
    pub(super) message: Message,
    pub(super) delay: Duration,
    pub(super) due: Option<Time>,
}

impl Session {
    pub(super) fn new(key: u64, who: Who<'_>, limits: Arc<Limits>) -> Self {
        Self {
            key,
            client_id: who.client_id.into(),
            user: who.user.map(Into::into),
            realm: who.realm.cloned(),
            hot: Mutex::new(Hot::new(limits)),
            cold: Mutex::default(),
        }
    }

    /// The client, as rules know it.
    pub(super) fn who(&self) -> Who<'_> {
        let Self { client_id, user, realm, .. } = self;
        Who { client_id, user: user.as_deref(), realm: realm.as_ref() }
    }

    /// Its client's identifier, which the broker itself has none of.
    pub(super) fn name(&self) -> Option<&str> {
        Some(&*self.client_id).filter(|name| !name.is_empty())
    }

    pub(super) fn is_connected(&self) -> bool {
        self.hot.lock().link.is_some()
    }
}

impl Hot {
    fn new(limits: Arc<Limits>) -> Self {
        Self {
            connection: 0,
            limits,
            limits_of_listener: false,
            link: None,
            version: Version::V5,
            address: None,
            since: Time::ZERO,
            keep_alive: 0,
            out: Outflow::default(),
            told: 0,
            writer: Writer::Nobody,
            touched: false,
            endings: Vec::new(),
            maximum_packet_size: usize::MAX,
            outbound: Outbound::new(0),
            tailoring: None,
            queue: Queue::default(),
            replays: Replays::default(),
            jam: None,
            sequence: 0,
            diary: None,
            will: None,
            expiry_interval: 0,
            next_look: 0,
            expires: None,
        }
    }

    /// Whether the connection numbered so is still the session's.
    pub(super) const fn is_current(&self, connection: u64) -> bool {
        self.connection == connection && self.link.is_some()
    }

    /// The number of a delivery that comes now.
    pub(super) const fn number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Messages in flight and queued.
    pub(super) fn undelivered(&self) -> usize {
        self.outbound.len() + self.queue.len()
    }

    /// Whether something waits for room or for quota.
    pub(super) fn is_behind(&self) -> bool {
        self.owes_more() || self.outbound.is_waiting()
    }

    fn owes_more(&self) -> bool {
        !self.queue.is_empty() || !self.replays.is_empty()
    }

    /// Whether messages wait that a newer one of QoS 0 must not overtake.
    pub(super) fn holds_back(&self) -> bool {
        self.queue.holds_back() || !self.replays.is_empty()
    }

    /// Whether its client reads too slowly for what it is sent.
    pub(super) fn is_slow(&self) -> bool {
        self.out.len() >= self.limits.queue.output
    }

    /// Whether nothing more is to be sent to the client or kept for it.
    pub(super) fn is_full(&self) -> bool {
        self.link.is_some() && (self.is_slow() || self.queue.is_full(&self.limits.queue))
    }

    /// Whether a message with acknowledgement can be sent at once.
    pub(super) fn has_room(&self) -> bool {
        !self.owes_more() && !self.is_slow() && self.outbound.has_quota()
    }

    /// Adds a delivery to the queue unless that is full.
    pub(super) fn enqueue(&mut self, delivery: Delivery) -> bool {
        self.queue.push(delivery, &self.limits.queue)
    }

    /// Adds a delivery in place of the oldest that may be dropped for it, which
    /// are `displaced`. Returns whether there was room then.
    pub(super) fn enqueue_newest(
        &mut self,
        delivery: Delivery,
        displaced: &mut Vec<Delivery>,
    ) -> bool {
        self.queue.push_newest(delivery, &self.limits.queue, displaced)
    }

    /// Takes messages out of the queue whose time has run out, to make room: some
    /// of those in front, or else whatever there is, if it was not looked for just
    /// before.
    pub(super) fn take_expired(&mut self, now: Time) -> Vec<Delivery> {
        let expired = self.queue.take_expired(now);
        let second = u32::try_from((now - Time::ZERO).as_secs()).unwrap_or(u32::MAX);
        if !expired.is_empty() || second < self.next_look {
            return expired;
        }
        self.next_look = second.saturating_add(BETWEEN_LOOKS);
        self.queue.take_if(|delivery| delivery.is_expired(now))
    }

    /// Drops from the queue what is not kept for a client that is offline.
    pub(super) fn drop_unkept(&mut self) {
        self.queue.go_offline(&self.limits.queue);
        self.replays.go_offline(&self.limits.queue);
    }
}

/// Appends an acknowledgement; those without properties always encode.
pub(super) fn put_ack(ack: Ack<'_>, version: Version, out: &mut Vec<u8>) {
    let encoded = ack.encode(version, out);
    debug_assert!(encoded.is_ok(), "an acknowledgement without properties is short");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten thousand idle connections have ten thousand of them.
    #[test]
    fn a_session_and_its_two_counts_take_half_a_kilobyte() {
        assert!(size_of::<Session>() + 2 * size_of::<usize>() <= 512);
    }
}

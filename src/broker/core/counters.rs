//! What is counted while the broker runs.
//!
//! Every worker has counters of its own that only it adds to, so counting is
//! a plain addition in memory no other thread writes; whoever wants to know
//! sums them up.

use super::event::{Fate, Why};
use crate::mqtt::Publish;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that one thread adds to and every thread may read.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    /// Adds to it: not as one step, since nobody else does.
    pub(super) fn add(&self, count: usize) {
        let sum = self.get().wrapping_add(count as u64);
        self.0.store(sum, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Notes a message that was received.
    pub(super) fn note_received(&self, publish: &Publish<'_>) {
        self.messages_received.add(1);
        self.payload_received.add(publish.payload.len());
    }

    /// Notes what became of a message on its way to one client.
    pub(super) fn note(&self, fate: Fate, payload: usize) {
        match fate {
            Fate::Sent => {
                self.messages_sent.add(1);
                self.payload_sent.add(payload);
            }
            Fate::Dropped(Why::TooLarge) => self.dropped_large.add(1),
            Fate::Dropped(Why::OutputFull | Why::Displaced) => self.dropped_slow.add(1),
            Fate::Dropped(Why::QueueFull) => self.dropped_full.add(1),
            Fate::Dropped(Why::Expired) => self.dropped_expired.add(1),
            Fate::Dropped(Why::Offline | Why::NoLocal | Why::Barred | Why::Withheld)
            | Fate::Queued
            | Fate::Acknowledged(_) => {}
        }
    }
}

/// Declares each counter once, for the workers and for their sum.
macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What one worker has counted. A cache line is not shared with
        /// another worker's.
        #[derive(Debug, Default)]
        #[repr(align(64))]
        pub(super) struct Counters {
            $(pub(super) $name: Counter,)*
        }

        /// Totals since the broker started.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Totals {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Totals {
            fn add(&mut self, counters: &Counters) {
                $(self.$name = self.$name.wrapping_add(counters.$name.get());)*
            }
        }
    };
}

counters! {
    /// Transports that were there to send CONNECT.
    transports,
    /// Connections that did not come as far as that.
    turned_away,
    /// CONNECT packets received that could be read.
    connects,
    /// Connections accepted with CONNACK.
    connections,
    /// CONNECT packets refused with CONNACK.
    refused,
    /// Connections of sessions that the broker has ended.
    cut_off,
    /// Sessions whose expiry interval has run out.
    sessions_expired,
    /// Packets received.
    packets_received,
    /// Bytes of packets received.
    bytes_received,
    /// Packets sent other than a PUBLISH for the first time.
    answers_sent,
    /// Bytes sent.
    bytes_sent,
    /// Times that a connection was not read, for it publishes for a client that
    /// is behind.
    held_up,
    /// Messages received from clients, wills and those that came by HTTP among
    /// them.
    messages_received,
    /// Bytes of their payloads.
    payload_received,
    /// Messages sent to clients for the first time.
    messages_sent,
    /// Bytes of their payloads.
    payload_sent,
    /// Messages from clients that matched no subscription.
    unmatched,
    /// Messages not taken because their publisher may not send to the topic.
    denied,
    /// Messages of QoS 0 not sent to a session that reads too slowly.
    dropped_slow,
    /// Messages not queued because a session's queue was full.
    dropped_full,
    /// Messages not sent because their time had run out.
    dropped_expired,
    /// Messages not sent because they are larger than the client takes.
    dropped_large,
}

impl Totals {
    /// Packets sent, PUBLISH among them.
    #[must_use]
    pub const fn packets_sent(&self) -> u64 {
        self.answers_sent.wrapping_add(self.messages_sent)
    }

    /// Messages that a session did not get because it was too slow.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped_slow.wrapping_add(self.dropped_full)
    }
}

/// The counters of every worker there has been.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Vec<Arc<Counters>>>);

impl Tally {
    /// Counts what these count from now on.
    pub(super) fn enter(&self, counters: &Arc<Counters>) {
        self.0.lock().push(Arc::clone(counters));
    }

    pub(super) fn sum(&self) -> Totals {
        let mut totals = Totals::default();
        self.0.lock().iter().for_each(|counters| totals.add(counters));
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_totals_are_the_sums_of_all_workers() {
        let tally = Tally::default();
        for (messages, answers) in [(2, 3), (40, 50)] {
            let counters = Arc::new(Counters::default());
            tally.enter(&counters);
            counters.messages_sent.add(messages);
            counters.answers_sent.add(answers);
        }
        assert_eq!(tally.sum().packets_sent(), 95);
        assert_eq!(tally.sum().dropped(), 0);
    }
}

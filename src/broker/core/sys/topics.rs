//! The topics below `$SYS/broker/` that are one number each: mosquitto's, and
//! below `mqx/` those it has no name for.

use super::super::{Census, Totals};

/// What the values are made of.
pub(super) struct Facts {
    pub(super) totals: Totals,
    pub(super) census: Census,
}

type Value = fn(&Facts) -> u64;

/// mosquitto names some twice.
pub(super) const NUMBERS: &[(&str, Value)] = &[
    ("clients/total", |facts| facts.census.sessions as u64),
    ("clients/maximum", |facts| facts.census.most_sessions as u64),
    ("clients/inactive", offline),
    ("clients/disconnected", offline),
    ("clients/active", connected),
    ("clients/connected", connected),
    ("clients/expired", |facts| facts.totals.sessions_expired),
    ("messages/stored", stored),
    ("store/messages/count", stored),
    ("store/messages/bytes", |facts| facts.census.stored_bytes() as u64),
    ("subscriptions/count", |facts| facts.census.subscriptions as u64),
    ("shared_subscriptions/count", |facts| facts.census.shared_subscriptions as u64),
    ("retained messages/count", |facts| facts.census.retained as u64),
    ("messages/received", |facts| facts.totals.packets_received),
    ("messages/sent", |facts| facts.totals.packets_sent()),
    ("bytes/received", |facts| facts.totals.bytes_received),
    ("bytes/sent", |facts| facts.totals.bytes_sent),
    ("publish/bytes/received", |facts| facts.totals.payload_received),
    ("publish/bytes/sent", |facts| facts.totals.payload_sent),
    ("publish/messages/dropped", |facts| facts.totals.dropped()),
    ("publish/messages/received", |facts| facts.totals.messages_received),
    ("publish/messages/sent", |facts| facts.totals.messages_sent),
    // What waits for one client is one piece here, however many packets it is.
    ("packet/out/count", |facts| facts.census.unread as u64),
    ("packet/out/bytes", |facts| facts.census.unread_bytes as u64),
    ("connections/socket/count", |facts| facts.totals.transports),
    ("mqx/clients/refused", |facts| facts.totals.refused),
    ("mqx/clients/cut_off", |facts| facts.totals.cut_off),
    ("mqx/messages/queued", |facts| facts.census.queued as u64),
    ("mqx/messages/in_flight", |facts| facts.census.in_flight as u64),
    ("mqx/messages/unmatched", |facts| facts.totals.unmatched),
    ("mqx/messages/denied", |facts| facts.totals.denied),
    ("mqx/messages/dropped/slow", |facts| facts.totals.dropped_slow),
    ("mqx/messages/dropped/full", |facts| facts.totals.dropped_full),
    ("mqx/messages/dropped/expired", |facts| facts.totals.dropped_expired),
    ("mqx/messages/dropped/large", |facts| facts.totals.dropped_large),
];

const fn connected(facts: &Facts) -> u64 {
    facts.census.connected as u64
}

const fn offline(facts: &Facts) -> u64 {
    facts.census.sessions.saturating_sub(facts.census.connected) as u64
}

const fn stored(facts: &Facts) -> u64 {
    facts.census.stored() as u64
}

//! The table of the probes.
//!
//! # Where do I add a probe?
//! A function in the file of its area and its row here, beside its kin: areas stand
//! together.

use super::answer::Answer;
use super::scene::Scene;
use super::{
    connecting, denied, errors, expiring, limits, messages, properties, retained, sessions,
    subscribing, wills,
};
use crate::error::Result;
use std::pin::Pin;

/// What is asked, and is waited for.
type Asked<'a> = Pin<Box<dyn Future<Output = Result<Answer>> + 'a>>;

/// A probe.
pub(super) struct Probe {
    pub(super) area: &'static str,
    pub(super) name: &'static str,
    /// Whether it is about something that MQTT 3.1.1 does not have.
    pub(super) needs_v5: bool,
    pub(super) pace: Pace,
    pub(super) ask: for<'a> fn(&'a Scene) -> Asked<'a>,
}

/// When a probe is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pace {
    /// First, for it waits for seconds to go by.
    Slow,
    /// As its turn comes, while others are under way.
    Quick,
    /// When all others have ended: it hears them.
    Alone,
}

/// A row: area, name, versions, and the function that asks; the pace behind it, unless
/// that is quick.
macro_rules! probe {
    ($area:literal, $name:literal, $versions:ident, $ask:path) => {
        probe!($area, $name, $versions, $ask, Quick)
    };
    ($area:literal, $name:literal, $versions:ident, $ask:path, $pace:ident) => {
        Probe {
            area: $area,
            name: $name,
            needs_v5: $versions,
            pace: Pace::$pace,
            ask: |scene| Box::pin($ask(scene)),
        }
    };
}

/// For probes that are about MQTT 5, and those about every version.
const V5: bool = true;
const ANY: bool = false;

/// Every probe.
pub(super) const PROBES: &[Probe] = &[
    probe!("connection", "MQTT 5", ANY, connecting::v5),
    probe!("connection", "MQTT 3.1.1", ANY, connecting::v311),
    probe!("connection", "MQTT 3.1", ANY, connecting::v31),
    probe!("connection", "no client identifier", V5, connecting::no_identifier),
    probe!("connection", "no identifier, 3.1.1", ANY, connecting::no_identifier_v311),
    probe!("connection", "taken over", ANY, connecting::take_over),
    probe!("connection", "wrong password", ANY, connecting::wrong_password),
    probe!("connection", "no password", ANY, connecting::nobody),
    probe!("limits", "maximum QoS", V5, limits::maximum_qos),
    probe!("limits", "receive maximum", V5, limits::receive_maximum),
    probe!("limits", "maximum packet size", V5, limits::packet_size),
    probe!("limits", "topic aliases taken", V5, limits::aliases),
    probe!("limits", "keep alive", V5, limits::keep_alive),
    probe!("limits", "session expiry", V5, limits::session_expiry),
    probe!("limits", "retained messages", V5, limits::retained),
    probe!("limits", "wildcards", V5, limits::wildcards),
    probe!("limits", "identifiers", V5, limits::identifiers),
    probe!("limits", "shared subscriptions", V5, limits::shared),
    probe!("messages", "QoS 0", ANY, messages::qos0),
    probe!("messages", "QoS 1", ANY, messages::qos1),
    probe!("messages", "QoS 2", ANY, messages::qos2),
    probe!("messages", "largest payload", ANY, messages::largest_payload, Slow),
    probe!("messages", "longest topic", ANY, messages::longest_topic),
    probe!("messages", "deepest topic", ANY, messages::deepest_topic),
    probe!("messages", "strange topics", ANY, messages::strange_topics),
    probe!("messages", "any bytes", ANY, messages::any_bytes),
    probe!("messages", "order, QoS 1", ANY, messages::order1),
    probe!("messages", "order, QoS 2", ANY, messages::order2),
    probe!("messages", "denied topic", ANY, denied::publishing),
    probe!("messages", "nobody listens", V5, messages::nobody_listens),
    probe!("messages", "expired", V5, expiring::expired, Slow),
    probe!("messages", "time that is left", V5, expiring::remaining, Slow),
    probe!("messages", "properties", V5, properties::of_application),
    probe!("messages", "user properties", V5, properties::of_users),
    probe!("messages", "topic alias", V5, properties::alias),
    probe!("retained", "kept", ANY, retained::kept),
    probe!("retained", "cleared", ANY, retained::cleared),
    probe!("retained", "to who is there", ANY, retained::live),
    probe!("retained", "as published", V5, retained::as_published),
    probe!("retained", "retain handling", V5, retained::handling),
    probe!("subscriptions", "wildcards", ANY, subscribing::wildcards),
    probe!("subscriptions", "$ topics", ANY, subscribing::dollar, Alone),
    probe!("subscriptions", "$SYS", ANY, subscribing::sys),
    probe!("subscriptions", "overlapping", ANY, subscribing::overlap),
    probe!("subscriptions", "identifiers", V5, subscribing::identifiers),
    probe!("subscriptions", "no local", V5, subscribing::no_local),
    probe!("subscriptions", "shared", V5, subscribing::shared),
    probe!("subscriptions", "shared, 3.1.1", ANY, subscribing::shared_before_v5),
    probe!("subscriptions", "end of none", V5, subscribing::unknown_filter),
    probe!("subscriptions", "denied topic", ANY, denied::subscribing),
    probe!("sessions", "kept", ANY, sessions::kept),
    probe!("sessions", "clean start", ANY, sessions::clean_start),
    probe!("sessions", "expiry", V5, sessions::expiry, Slow),
    probe!("wills", "connection lost", ANY, wills::lost),
    probe!("wills", "left in order", ANY, wills::left),
    probe!("wills", "kept", ANY, wills::kept),
    probe!("wills", "delayed", V5, wills::delayed, Slow),
    probe!("errors", "second CONNECT", ANY, errors::second_connect),
    probe!("errors", "reserved packet type", ANY, errors::reserved_type),
    probe!("errors", "QoS 3", ANY, errors::qos3),
    probe!("errors", "wildcard in a topic", ANY, errors::wildcard),
    probe!("errors", "topic alias 0", V5, errors::alias_zero),
];

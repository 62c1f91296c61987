//! The state machine and codec of the rumqttc crate as an engine, so that one
//! sees what an application built on it will see.
//!
//! rumqttc encodes everything that is sent, decodes the messages that arrive,
//! gives packet identifiers and answers the QoS flows. mqx adds what rumqttc
//! leaves to its event loop (keep alive, what is sent again after a
//! reconnect) and reads the reason codes, some of which rumqttc swallows.
//!
//! What differs from the native engine: no MQTT 3.1, no password that is not
//! text, no topic aliases from the server; a QoS 2 message that the server
//! repeats arrives twice, three or more subscription identifiers corrupt the
//! payload, at most [`WINDOW`] messages are in flight, and messages are acknowledged as
//! they come, not when they were kept.

mod client;
mod v4;
mod v5;

use super::Engine;
use crate::mqtt::{
    self, Publish, QoS, SubscribeProperties, SubscribeRequest, UnsubscribeProperties, Version,
};
use crate::session::{ClientConfig, Failure, Secret};
use bytes::BytesMut;

/// Messages in flight at once; rumqttc keeps a slot for each.
const WINDOW: u16 = 100;

/// What differs between rumqttc's two copies of everything.
trait Dialect: Send {
    /// Forgets the connection before, and encodes CONNECT.
    fn connect(&mut self, config: &ClientConfig, out: &mut BytesMut) -> Result<(), Failure>;
    /// Encodes a message; without an identifier it gets the next one, which
    /// is returned. It may be at most `limit` bytes.
    fn publish(
        &mut self,
        publish: &Publish<'_>,
        limit: usize,
        out: &mut BytesMut,
    ) -> Result<u16, Failure>;
    /// Encodes PUBREL.
    fn release(&mut self, packet_id: u16, out: &mut BytesMut) -> Result<(), Failure>;
    /// Encodes SUBSCRIBE and returns its identifier.
    fn subscribe(
        &mut self,
        requests: &[SubscribeRequest<'_>],
        properties: &SubscribeProperties<'_>,
        out: &mut BytesMut,
    ) -> Result<u16, Failure>;
    /// Encodes UNSUBSCRIBE and returns its identifier.
    fn unsubscribe(
        &mut self,
        filters: &[&str],
        properties: &UnsubscribeProperties<'_>,
        out: &mut BytesMut,
    ) -> Result<u16, Failure>;
    /// Encodes PINGREQ.
    fn ping(&mut self, out: &mut BytesMut) -> Result<(), Failure>;
    /// Encodes DISCONNECT.
    fn disconnect(&mut self, out: &mut BytesMut) -> Result<(), Failure>;
    /// Decodes a packet, answers it, and shows the message in it.
    fn receive(
        &mut self,
        frame: BytesMut,
        out: &mut BytesMut,
        on_message: &mut dyn FnMut(Publish<'_>),
    ) -> Result<(), Failure>;
}

/// Something that rumqttc cannot do: whether it is asked for, also by what is to be said in
/// DISCONNECT, and what it is, as words that follow "rumqttc".
type Limit = (fn(&ClientConfig, bool) -> bool, &'static str);

const LIMITS: [Limit; 9] = [
    (|config, _| config.version == Version::V31, "cannot speak MQTT 3.1 (-V)"),
    (
        |config, _| password(config).is_some_and(|bytes| std::str::from_utf8(bytes).is_err()),
        "cannot send a password that is not text (-P)",
    ),
    (
        |config, _| config.username.as_deref() == Some("") || password(config) == Some(b""),
        "cannot send an empty user name or password (-u, -P)",
    ),
    (
        |config, _| config.topic_alias_maximum > 0,
        "cannot resolve topic aliases (--topic-alias-maximum)",
    ),
    (|config, _| config.topic_aliases_sent > 0, "cannot set up topic aliases (--topic-alias)"),
    (
        |config, _| config.authentication.as_ref().is_some_and(|begun| begun.steps.is_some()),
        "cannot write AUTH (--authentication-method SCRAM-SHA-256)",
    ),
    (
        |config, _| config.acknowledged_by_owner,
        "cannot leave messages unacknowledged (--exec with -q 1 or 2, bridges)",
    ),
    (|config, _| config.bridge || config.largest_sent.is_some(), "cannot serve a bridge"),
    (|_, last_words| last_words, "cannot send properties in DISCONNECT (--disconnect-...)"),
];

fn password(config: &ClientConfig) -> Option<&[u8]> {
    config.password.as_ref().map(Secret::expose)
}

/// Why an engine cannot be made of this configuration, as words that follow
/// "--engine rumqttc".
pub(super) fn check(config: &ClientConfig, last_words: bool) -> Result<(), &'static str> {
    let limit = LIMITS.iter().find(|(is_asked_for, _)| is_asked_for(config, last_words));
    limit.map_or(Ok(()), |(_, what)| Err(*what))
}

/// What it cannot do, each as words that follow "rumqttc".
pub(super) fn limits() -> impl Iterator<Item = &'static str> {
    LIMITS.iter().map(|(_, what)| *what)
}

/// An engine that has not connected yet; [`check`] has passed.
pub(super) fn new(config: ClientConfig) -> Box<dyn Engine> {
    match config.version {
        Version::V5 => Box::new(client::Rumqttc::new(config, v5::Dialect::new())),
        Version::V31 | Version::V311 => Box::new(client::Rumqttc::new(config, v4::Dialect::new())),
    }
}

/// A packet that rumqttc cannot read or did not expect.
const NOT_ACCEPTED: Failure =
    Failure::Protocol(mqtt::Error::protocol("rumqttc", "rumqttc does not accept the packet"));

/// Something that rumqttc cannot write.
const NOT_SENT: Failure =
    Failure::Invalid(mqtt::Error::protocol("rumqttc", "rumqttc cannot encode the packet"));

/// Checks the size of a message before rumqttc counts it as in flight. Its
/// size leaves out an identifier that is still to be given.
const fn fits(qos: QoS, size: usize, packet_id: u16, limit: usize) -> Result<(), Failure> {
    let to_be_given = !matches!(qos, QoS::AtMostOnce) && packet_id == 0;
    let size = if to_be_given { size + 2 } else { size };
    if size > limit {
        return Err(Failure::TooLarge(size, limit));
    }
    Ok(())
}

/// User name and password as rumqttc holds them; it sends neither when empty.
fn credentials(config: &ClientConfig) -> Option<(String, String)> {
    let password = config.password.as_ref().map(Secret::expose);
    if config.username.is_none() && password.is_none() {
        return None;
    }
    let password = String::from_utf8_lossy(password.unwrap_or_default());
    let username = config.username.clone().unwrap_or_default();
    Some((username, password.into_owned()))
}

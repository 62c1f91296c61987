//! The steps of an examination, in their order.
//!
//! # Where do I add a step?
//! A function in a file here that takes the patient a layer further or asks something of
//! the broker, and its row in [`STEPS`].

mod connack;
mod messages;
mod name;
mod ping;
mod proxy;
mod retained;
mod shared;
mod tcp;
mod tls;
mod websocket;

pub(super) use tls::certificate_line;

use super::Extent;
use super::finding::Finding;
use super::patient::Patient;
use crate::error::Result;
use std::pin::Pin;

/// What a step does, and is waited for.
type Taken<'a> = Pin<Box<dyn Future<Output = Result<Finding>> + 'a>>;

/// A step.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// The shortest examination that it is a part of.
    pub(super) extent: Extent,
    pub(super) take: for<'a> fn(&'a mut Patient) -> Taken<'a>,
}

/// The step that may turn out only later to have failed.
pub(super) const TLS: &str = "TLS";

/// The step in which the name of the host is looked up.
pub(super) const NAME: &str = "name";

/// The step in which a proxy opens the way.
pub(super) const PROXY: &str = "proxy";

/// The step in which the socket is opened.
pub(super) const TCP: &str = "TCP";

/// The step in which an HTTP server is asked for WebSocket.
pub(super) const WEBSOCKET: &str = "WebSocket";

/// The step in which the broker answers CONNECT.
pub(super) const MQTT: &str = "MQTT";

/// A row: name, extent, and the function that takes the step.
macro_rules! step {
    ($name:expr, $extent:ident, $take:path) => {
        Step { name: $name, extent: Extent::$extent, take: |patient| Box::pin($take(patient)) }
    };
}

/// Every step.
pub(super) const STEPS: &[Step] = &[
    step!(NAME, Ping, name::take),
    step!(TCP, Ping, tcp::take),
    step!(PROXY, Ping, proxy::take),
    step!(TLS, Ping, tls::take),
    step!(WEBSOCKET, Ping, websocket::take),
    step!(MQTT, Ping, connack::take),
    step!("ping", Ping, ping::take),
    step!("QoS 0", Messages, messages::at_most_once),
    step!("QoS 1", Messages, messages::at_least_once),
    step!("QoS 2", Messages, messages::exactly_once),
    step!("retained", Messages, retained::take),
    step!("shared", Messages, shared::take),
];

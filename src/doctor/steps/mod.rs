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

/// Every step.
pub(super) const STEPS: &[Step] = &[
    Step { name: NAME, extent: Extent::Ping, take: |patient| Box::pin(name::take(patient)) },
    Step { name: TCP, extent: Extent::Ping, take: |patient| Box::pin(tcp::take(patient)) },
    Step { name: PROXY, extent: Extent::Ping, take: |patient| Box::pin(proxy::take(patient)) },
    Step { name: TLS, extent: Extent::Ping, take: |patient| Box::pin(tls::take(patient)) },
    Step {
        name: WEBSOCKET,
        extent: Extent::Ping,
        take: |patient| Box::pin(websocket::take(patient)),
    },
    Step { name: MQTT, extent: Extent::Ping, take: |patient| Box::pin(connack::take(patient)) },
    Step { name: "ping", extent: Extent::Ping, take: |patient| Box::pin(ping::take(patient)) },
    Step {
        name: "QoS 0",
        extent: Extent::Messages,
        take: |patient| Box::pin(messages::at_most_once(patient)),
    },
    Step {
        name: "QoS 1",
        extent: Extent::Messages,
        take: |patient| Box::pin(messages::at_least_once(patient)),
    },
    Step {
        name: "QoS 2",
        extent: Extent::Messages,
        take: |patient| Box::pin(messages::exactly_once(patient)),
    },
    Step {
        name: "retained",
        extent: Extent::Messages,
        take: |patient| Box::pin(retained::take(patient)),
    },
    Step {
        name: "shared",
        extent: Extent::Messages,
        take: |patient| Box::pin(shared::take(patient)),
    },
];

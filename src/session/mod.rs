//! What an MQTT session remembers and does, without IO and without a clock of
//! its own: packet identifiers, in-flight windows, the QoS 1 and 2 flows,
//! topic aliases, keep alive.
//!
//! [`Outbound`], [`Inbound`] and [`AliasReceiver`] serve both roles: the client
//! session of this module and the sessions of the broker. Time arrives as a
//! [`Time`], so that tests move it as they like.

mod alias;
mod client;
mod inbound;
mod keepalive;
mod outbound;
mod time;
mod trim;

pub use crate::secret::Secret;
pub use alias::{AliasReceiver, AliasSender, Named};
pub use client::{
    Authentication, ClientConfig, ClientSession, Event, Exchange, Failure, Fault, Method, Receipt,
    ServerLimits, Token,
};
pub use inbound::Inbound;
pub use outbound::{Outbound, Stage, Unexpected};
pub use time::Time;
pub use trim::trim;

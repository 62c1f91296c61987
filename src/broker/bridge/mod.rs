//! Bridges: connections to other brokers that carry messages out, in or both.
//!
//! A bridge is a client of two brokers. Here it is a client without a socket
//! (`home`), on a worker like every other; there it is a client of
//! [`crate::client`] (`abroad`). `crossing` passes on what arrives at one to the
//! other and acknowledges it only when that has taken it, so what is acknowledged
//! is not lost; `span` is the life of a bridge: connecting, waiting, parting. While
//! it is not connected there, it is not connected here either, and its session
//! here keeps what is to be kept for it as that of any client.
//!
//! [`Routes`] says what is carried and under which names, without IO.

mod abroad;
mod carried;
mod config;
mod crossing;
mod home;
mod pause;
mod places;
mod registry;
mod route;
mod span;

pub use config::{Bridge, Start, state_topic};
pub use pause::Pause;
pub use route::{Direction, Route, Routes};

pub(super) use home::WITHOUT_RULES;
pub(super) use registry::Bridges;
pub(super) use span::Span;

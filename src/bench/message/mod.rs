//! What the messages of a run carry: [`Body`] makes payloads, the header in them says
//! which message of whom it is, and [`SignReader`] reads that where they arrive.

mod body;
mod header;
mod sign;

pub use header::HEADER_SIZE;

pub(in crate::bench) use body::Body;
pub(in crate::bench) use header::{Header, Variable};
pub(in crate::bench) use sign::{Sign, SignReader};

//! Packets and events as named values: what the log and the trace of the broker say,
//! and the clients with `--debug`.

mod packet;
mod types;
mod values;

pub use packet::Preview;
pub use types::{type_name, type_named};
pub use values::{Record, Value};

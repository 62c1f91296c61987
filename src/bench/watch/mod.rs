//! What watches a run while it goes, once a second and never per message: the live view
//! of a terminal, the numbers for Prometheus, the series of the report, and what the
//! broker's process takes.

mod chronicle;
mod live;
mod prometheus;
mod sparkline;
mod terminal;
mod usage;

pub use usage::{BrokerUsage, Watched};

pub(in crate::bench) use chronicle::Chronicle;
pub(in crate::bench) use live::{Glance, Live};
pub(in crate::bench) use prometheus::Metrics;
pub(in crate::bench) use usage::Watch;

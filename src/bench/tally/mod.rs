//! What a run counts: [`Stats`] are the numbers and times of a worker, an [`Account`]
//! is what arrived at one subscriber, message by message.
//!
//! Nothing here knows of connections or of reports but how a distribution of times is
//! kept in one.

mod account;
mod connecting;
mod failures;
mod measure;
mod stats;
mod track;

pub use failures::{Failures, Faults};
pub use measure::Measure;
pub use stats::Summary;

pub(in crate::bench) use account::{Account, LaneName, Pool, Pools, Tracks};
pub(in crate::bench) use connecting::Connecting;
pub(in crate::bench) use stats::{Stats, Timing};
pub(in crate::bench) use track::Arrivals;

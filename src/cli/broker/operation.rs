//! The options of `mqx broker` that say how it is watched.

use crate::broker::DEFAULT_SYS_SECONDS;
use std::time::Duration;

const OPERATION: &str = "Operation";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct OperationArgs {
    /// Seconds between the values of `$SYS/broker` while somebody is subscribed
    /// to them; 0 is never
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = DEFAULT_SYS_SECONDS,
        help_heading = OPERATION
    )]
    sys_interval: u32,
}

impl OperationArgs {
    pub(super) fn sys_interval(&self) -> Duration {
        Duration::from_secs(self.sys_interval.into())
    }
}

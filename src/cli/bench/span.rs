//! The options that say when a run begins and ends.

use super::super::values;
use crate::bench::load::Scenario;
use clap::{ArgAction, Args};
use std::net::IpAddr;
use std::time::Duration;

/// When a run begins and ends.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub(super) struct SpanArgs {
    /// End after this time, as in 10, 500ms or 2m [default: run until Ctrl-C]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    duration: Option<Duration>,

    /// Do not measure what is due in this time at the beginning
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    warmup: Option<Duration>,

    /// Whether publishing begins when everybody is connected; otherwise each client begins
    /// when it is
    #[arg(
        short, long = "wait-before-publishing", action = ArgAction::Set, value_name = "BOOL",
        value_parser = values::boolean, num_args = 0..=1, require_equals = true,
        default_value = "true", default_missing_value = "true"
    )]
    wait: bool,

    /// Keep the connections open when everything is sent, until the end or Ctrl-C
    #[arg(long)]
    keep_connected: bool,

    /// Connect from these addresses of the machine in turn, as in 10.0.0.1,10.0.0.2: each
    /// has ports of its own
    #[arg(
        long, value_name = "ADDRESSES", value_delimiter = ',', value_parser = values::address
    )]
    local_addresses: Vec<IpAddr>,
}

impl SpanArgs {
    /// Puts them into a scenario.
    pub(super) fn apply(self, scenario: Scenario) -> Scenario {
        Scenario {
            duration: self.duration.or(scenario.duration),
            warmup: self.warmup.unwrap_or(scenario.warmup),
            wait: self.wait && scenario.wait,
            keep_connected: self.keep_connected || scenario.keep_connected,
            binds: if self.local_addresses.is_empty() {
                scenario.binds
            } else {
                self.local_addresses
            },
            ..scenario
        }
    }
}

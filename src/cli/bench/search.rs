//! The options of a search for the greatest load.

use super::super::values;
use super::conclusion::percent;
use crate::bench::Search;
use clap::Args;
use std::time::Duration;

/// Whether the greatest load is looked for, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Greatest load")]
pub(super) struct SearchArgs {
    /// Find the greatest load that holds: double the rate (of conn and sub the clients), from
    /// --rate on, until an --assert breaks, then narrow it down
    /// [default: p99<100ms, loss==0, errors==0]
    #[arg(long)]
    find_max: bool,

    /// How long each step is measured; its --warmup comes before [default of that: 1s]
    #[arg(
        long, value_name = "TIME", value_parser = values::duration, default_value = "5s",
        requires = "find_max"
    )]
    step: Duration,

    /// How close the greatest load that held and the least that did not are in the end
    #[arg(
        long, value_name = "PERCENT", value_parser = percent, default_value = "5%",
        requires = "find_max"
    )]
    precision: f64,
}

impl SearchArgs {
    /// What is looked for, if anything is.
    pub(super) fn into_search(self) -> Option<Search> {
        let Self { step, precision, .. } = self;
        self.find_max.then_some(Search { step, precision })
    }
}

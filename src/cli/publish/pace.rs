//! The options that say how often and how fast `mqx pub` publishes.

use crate::cli::values;
use crate::publish::Pace;
use clap::Args;
use std::num::NonZeroU64;
use std::time::Duration;

/// How messages follow each other.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pace")]
pub(super) struct PaceArgs {
    /// Publish the message so often
    #[arg(
        long, value_name = "NUMBER", value_parser = values::count,
        conflicts_with_all = ["stdin_line", "stdin_nul", "ndjson", "replay"]
    )]
    repeat: Option<NonZeroU64>,

    /// Time from the delivery of a message to the next one, as in 2, 500ms or 1m
    #[arg(
        long, aliases = ["delay", "interval"], value_name = "TIME",
        value_parser = values::duration, conflicts_with = "rate"
    )]
    repeat_delay: Option<Duration>,

    /// Messages in a second at most, as in 100 or 0.5; or 90/m in a minute
    #[arg(long, value_name = "NUMBER", value_parser = values::rate)]
    rate: Option<Duration>,
}

impl PaceArgs {
    /// How often a message is published.
    pub(super) fn repeat(&self) -> NonZeroU64 {
        self.repeat.unwrap_or(NonZeroU64::MIN)
    }

    /// How fast they follow each other.
    pub(super) fn pace(&self) -> Pace {
        match (self.rate, self.repeat_delay) {
            (Some(span), _) => Pace::Every(span),
            (None, Some(span)) => Pace::After(span),
            (None, None) => Pace::Free,
        }
    }
}

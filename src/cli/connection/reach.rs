//! The options that say how hard a broker is looked for; apart because who looks
//! at brokers, or measures them, takes them as they are.

use super::super::values;
use crate::client::{Retries, Retry};
use clap::Args;

/// How a broker is found.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct ReachArgs {
    /// Try a connection again so often in a row, or forever [default: the first once, a
    /// lost one forever]
    #[arg(long, value_name = "NUMBER", value_parser = values::retry)]
    retry: Option<Retry>,
}

impl ReachArgs {
    /// How often connecting is tried again.
    #[must_use]
    pub fn retries(&self) -> Retries {
        self.retry.map_or_else(Retries::default, |retry| Retries { first: retry, again: retry })
    }
}

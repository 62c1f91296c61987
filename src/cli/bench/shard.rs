//! The options of a run on several machines.

use crate::bench::{Party, Shard};
use crate::error::{Error, Result};
use clap::Args;
use jiff::Timestamp;

/// Which part of a run is this process's, and when it begins.
#[derive(Debug, Args)]
#[command(next_help_heading = "Several machines")]
pub(super) struct ShardArgs {
    /// Carry out one of N parts of the run, counted from 0, with the other processes that
    /// are started with the same options; N alone reads I from `JOB_COMPLETION_INDEX`
    /// [default: what `SLURM_PROCID` and `SLURM_NTASKS` or `OMPI_COMM_WORLD_RANK` and
    /// `OMPI_COMM_WORLD_SIZE` say]
    #[arg(long, value_name = "I/N", conflicts_with = "embedded")]
    shard: Option<String>,

    /// What the shards of one run have in common and no other run at this broker
    /// [default: `SLURM_JOB_ID`]
    #[arg(long = "run", value_name = "NAME")]
    name: Option<String>,

    /// Begin at this time, as in 2026-01-31T12:00:00Z [default: when all are connected]
    #[arg(long, value_name = "TIME")]
    start_at: Option<Timestamp>,
}

impl ShardArgs {
    /// The part of this process, if the run has several, and when it begins.
    ///
    /// # Errors
    /// When what was typed or what a scheduler says is no part.
    pub(super) fn into_party(self, embedded: bool) -> Result<(Option<Party>, Option<Timestamp>)> {
        let variable = |name: &str| std::env::var(name).ok();
        let shard = match &self.shard {
            Some(text) => Shard::parse(text, variable).map(Some),
            None if embedded => Ok(None),
            None => Shard::of_scheduler(variable),
        };
        let shard = shard.map_err(|what| Error::usage(format!("--shard: {what}")))?;
        let name = self.name.or_else(|| variable("SLURM_JOB_ID")).unwrap_or_default();
        let several = shard.filter(|shard| shard.count() > 1);
        Ok((several.map(|shard| Party { shard, name }), self.start_at))
    }
}

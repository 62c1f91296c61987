//! The options that all runs have: what is reported, and when that is a failure.

use super::super::values;
use super::conclusion::ConclusionArgs;
use super::search::SearchArgs;
use super::shard::ShardArgs;
use crate::bench::{Config, Watched};
use crate::error::Result;
use clap::Args;
use std::net::SocketAddr;

/// What is reported.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// Fail if the load generator was the limit instead of the broker
    #[arg(long)]
    strict: bool,

    /// Report the processor time and memory of this process, which is the broker's
    #[arg(long, value_name = "PID", conflicts_with = "embedded")]
    broker_pid: Option<u32>,

    /// Start a broker inside this process, on a free port, and measure that
    #[arg(long, conflicts_with_all = [
        "host", "port", "broker", "unix", "ws", "ws_path", "ws_header", "proxy", "bind", "tls",
        "cafile", "capath", "cert", "insecure",
    ])]
    pub(super) embedded: bool,

    /// Serve the numbers of the run at /metrics for Prometheus while it goes; without an
    /// address for this machine only
    #[arg(
        long, alias = "restapi", value_name = "[ADDRESS:]PORT", value_parser = values::socket
    )]
    prometheus: Option<SocketAddr>,

    #[command(flatten)]
    search: SearchArgs,

    #[command(flatten)]
    shard: ShardArgs,

    #[command(flatten)]
    conclusion: ConclusionArgs,
}

impl OutputArgs {
    /// Puts them into `config`.
    ///
    /// # Errors
    /// When the part of the run is none.
    pub(super) fn apply(self, config: Config) -> Result<Config> {
        let (party, start_at) = self.shard.into_party(self.embedded)?;
        Ok(Config {
            strict: self.strict,
            watched: self.broker_pid.map(Watched::Process),
            prometheus: self.prometheus,
            conclusion: self.conclusion.into_config(),
            search: self.search.into_search(),
            party,
            start_at,
            ..config
        })
    }
}

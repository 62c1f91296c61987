//! The arguments of `mqx bench merge`.

use crate::bench::Merge;
use clap::Args;
use std::path::PathBuf;

/// Which reports to add up.
#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// The reports, as --report FILE.json has written them
    #[arg(required = true, value_name = "REPORT.json")]
    reports: Vec<PathBuf>,

    /// Print the sum as one JSON object
    #[arg(long)]
    json: bool,
}

impl MergeArgs {
    /// What is to be added up.
    pub(super) fn into_config(self) -> Merge {
        Merge { reports: self.reports, json: self.json }
    }
}

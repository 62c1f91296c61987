//! The arguments of `mqx bench merge`.

use super::conclusion::ConclusionArgs;
use crate::bench::Merge;
use clap::Args;
use std::path::PathBuf;

/// Which reports to add up.
#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// The reports, as --report FILE.json has written them
    #[arg(required = true, value_name = "REPORT.json")]
    reports: Vec<PathBuf>,

    #[command(flatten)]
    conclusion: ConclusionArgs,
}

impl MergeArgs {
    /// What is to be added up.
    pub(super) fn into_config(self) -> Merge {
        Merge { reports: self.reports, conclusion: self.conclusion.into_config() }
    }
}

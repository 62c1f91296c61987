//! The arguments of `mqx bench compare`.

use crate::bench::{Compare, Comparison, Target};
use clap::Args;
use std::path::PathBuf;

/// Which reports to compare.
#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// The earlier report, as --report FILE.json has written it
    #[arg(value_name = "OLD.json")]
    old: PathBuf,

    /// The later one
    #[arg(value_name = "NEW.json")]
    new: PathBuf,

    /// Write the comparison to this file, too: .md, or .html with charts; may be repeated
    #[arg(
        long = "report", visible_alias = "report-file", value_name = "FILE",
        value_parser = Target::<Comparison>::parse
    )]
    files: Vec<Target<Comparison>>,
}

impl CompareArgs {
    /// What is to be compared.
    pub(super) fn into_config(self) -> Compare {
        Compare { reports: [self.old, self.new], files: self.files }
    }
}

//! The options that say what is to be made of a report.

use crate::bench::{Assertion, Baseline, Conclusion, Report, Target};
use clap::Args;
use std::path::PathBuf;

/// What is to be made of a report.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(super) struct ConclusionArgs {
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,

    /// Write the report to this file, too: .json, .csv (a line for each second), .md,
    /// .html (with charts) or .xml (test results for pipelines); may be repeated
    #[arg(
        long = "report", visible_alias = "report-file", value_name = "FILE",
        value_parser = Target::<Report>::parse
    )]
    files: Vec<Target<Report>>,

    /// End with exit code 9 unless this holds, as in 'p99<5ms' or 'loss==0,rate>=10k'; may
    /// be repeated
    #[arg(long = "assert", value_name = "WHAT", value_parser = assertions)]
    assertions: Vec<Assertions>,

    /// End with exit code 9 if rate, throughput, p50, p99, loss or errors are worse than in
    /// this report
    #[arg(long, value_name = "REPORT.json")]
    baseline: Option<PathBuf>,

    /// How much worse they may be
    #[arg(
        long, value_name = "PERCENT", default_value = "5%", requires = "baseline",
        value_parser = percent
    )]
    max_regression: f64,
}

/// The assertions of one option.
#[derive(Debug, Clone)]
struct Assertions(Vec<Assertion>);

impl ConclusionArgs {
    pub(super) fn into_config(self) -> Conclusion {
        let regression = self.max_regression;
        Conclusion {
            json: self.json,
            files: self.files,
            assertions: self.assertions.into_iter().flat_map(|list| list.0).collect(),
            baseline: self.baseline.map(|path| Baseline { path, regression }),
        }
    }
}

fn assertions(text: &str) -> Result<Assertions, String> {
    Assertion::parse_all(text).map(Assertions)
}

/// Reads a share, from 0 on, as in `5%` or 5.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse();
    let number = number.ok().filter(|number: &f64| *number >= 0.0 && number.is_finite());
    number.map(|number| number / 100.0).ok_or_else(|| "give a percentage, as in 5%".to_owned())
}

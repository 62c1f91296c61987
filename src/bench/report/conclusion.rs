//! What is to be made of a report: where it is written to, and what must hold.

use super::Report;
use super::file::{OpenTarget, Target};
use super::judge::Assertion;
use crate::error::Result;
use crate::output;
use std::io::Write;
use std::path::PathBuf;

/// What is to be made of a report.
#[derive(Debug, Clone, Default)]
pub struct Conclusion {
    /// Whether it is printed as JSON instead of text.
    pub json: bool,
    /// Where else it is written to.
    pub files: Vec<Target<Report>>,
    /// What must hold.
    pub assertions: Vec<Assertion>,
    /// Than what it must not be worse.
    pub baseline: Option<Baseline>,
}

/// An earlier report that another must not be worse than.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// The file it is in.
    pub path: PathBuf,
    /// By what share a number may be worse, from 0 on.
    pub regression: f64,
}

/// The same with everything that can fail before there is a report done.
#[derive(Debug)]
pub(in crate::bench) struct Ready {
    json: bool,
    files: Vec<OpenTarget<Report>>,
    assertions: Vec<Assertion>,
    baseline: Option<(Report, f64)>,
}

impl Conclusion {
    /// Opens the files and reads the baseline.
    ///
    /// # Errors
    /// When one cannot be.
    pub(in crate::bench) fn prepare(&self) -> Result<Ready> {
        let baseline = self.baseline.as_ref();
        let baseline = baseline.map(|old| Ok((Report::read(&old.path)?, old.regression)));
        Ok(Ready {
            json: self.json,
            baseline: baseline.transpose()?,
            files: self.files.iter().map(Target::open).collect::<Result<_>>()?,
            assertions: self.assertions.clone(),
        })
    }
}

impl Ready {
    /// Asserts these, too.
    pub(in crate::bench) fn expect(&mut self, more: Vec<Assertion>) {
        self.assertions.extend(more);
    }

    /// Judges the report, prints it to `out` and writes it to the files.
    ///
    /// # Errors
    /// When it cannot be written, or, after that, what must hold does not.
    pub(in crate::bench) fn conclude(
        mut self,
        mut report: Report,
        out: &mut dyn Write,
    ) -> Result<()> {
        if let Some((old, share)) = &self.baseline {
            self.assertions.extend(old.as_bound(*share));
            let difference = old.difference(&report);
            let warning =
                difference.map(|what| format!("the baseline measured another load: {what}"));
            report.warnings.extend(warning);
        }
        report.judge(&self.assertions);
        let written = if self.json { report.write_json(out) } else { report.write_text(out) };
        output::check(written.and_then(|()| out.flush()))?;
        self.files.into_iter().try_for_each(|file| file.write(&report))?;
        report.verdict()
    }
}

//! The report as `JUnit`'s XML, which pipelines show as tests: one for the run
//! itself and one for each assertion.

use super::Report;
use super::chart::escape;
use super::judge::Verdict;
use std::fmt::Write as _;
use std::io::{self, Write};

impl Report {
    /// Writes the report as `JUnit`'s XML.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_junit(&self, out: &mut dyn Write) -> io::Result<()> {
        let failed = self.assertions.iter().filter(|verdict| !verdict.holds).count();
        let failures = failed + usize::from(!self.errors.is_empty());
        let (tests, seconds) = (self.assertions.len() + 1, self.seconds);
        writeln!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites>\n<testsuite name=\"mqx bench {}\" timestamp=\"{:.0}\" tests=\"{tests}\" \
             failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"{seconds:.3}\">",
            escape(&self.mode),
            self.started
        )?;
        let kinds = self.errors.iter();
        let kinds = kinds.map(|(class, faults)| format!("{} x {class}", faults.count));
        let failure = kinds.collect::<Vec<_>>().join("\n");
        write!(out, "{}", case("no errors", seconds, &failure))?;
        for Verdict { assertion, measured, holds } in &self.assertions {
            let failure = format!("measured: {measured}");
            write!(out, "{}", case(assertion, 0.0, if *holds { "" } else { &failure }))?;
        }
        let mut text = Vec::new();
        self.write_text(&mut text)?;
        let text = escape(&String::from_utf8_lossy(&text));
        writeln!(out, "<system-out>{text}</system-out>\n</testsuite>\n</testsuites>")
    }
}

/// A test; it has passed if there is nothing to say of a `failure`.
fn case(name: &str, seconds: f64, failure: &str) -> String {
    let mut case = format!(
        "<testcase classname=\"mqx.bench\" name=\"{}\" time=\"{seconds:.3}\"",
        escape(name)
    );
    if failure.is_empty() {
        case += "/>\n";
    } else {
        // Writing to a string cannot fail.
        let _ = writeln!(case, ">\n<failure message=\"{}\"/>\n</testcase>", escape(failure));
    }
    case
}

//! Reading the reports of earlier runs.

use super::{FORMAT, Report};
use crate::error::{Class, Error, Result};
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// The one field that every version has.
#[derive(Deserialize)]
struct Version {
    mqx_bench: u32,
}

impl Report {
    /// The report in this file, as `--report` has written it.
    ///
    /// # Errors
    /// When it cannot be read, is something else, or is of another version.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|cause| Error::file("read", path, cause))?;
        Self::parse(&text).map_err(|error| error.at(&path.display().to_string()))
    }

    /// The report in `text`.
    fn parse(text: &str) -> Result<Self> {
        let other = |what: &str| Error::new(Class::File, what);
        let found = serde_json::from_str::<Version>(text).map_err(|cause| {
            other("this is no report of mqx bench")
                .because(cause)
                .hint("`mqx bench --report FILE.json` writes one")
        })?;
        if found.mqx_bench != FORMAT {
            let what = format!(
                "this report is of version {}, and this mqx reads version {FORMAT}",
                found.mqx_bench
            );
            return Err(other(&what).hint("measure again, or use the mqx that has written it"));
        }
        serde_json::from_str(text).map_err(|cause| other("this report is damaged").because(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_of_this_version_is_refused_in_one_line() {
        for (text, wanted) in [
            ("", "this is no report of mqx bench: "),
            ("[]", "this is no report of mqx bench: "),
            ("{\"a\":1}", "this is no report of mqx bench: missing field"),
            ("{\"mqx_bench\":2}", "this report is of version 2, and this mqx reads version 3"),
            ("{\"mqx_bench\":3}", "this report is damaged: missing field"),
        ] {
            let error = Report::parse(text).unwrap_err();
            assert_eq!(error.class(), Class::File);
            let line = crate::error::line(&error.into());
            assert!(line.starts_with(wanted), "{line}");
            assert!(!line.contains('\n'), "{line}");
        }
    }
}

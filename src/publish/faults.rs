//! Payloads of which no message can be made.

use super::Config;
use crate::error::{Class, Error, Result};

/// Counts them, if that is all that is to be done about them.
#[derive(Debug)]
pub(super) struct Faults {
    /// Whether to go on.
    skips: bool,
    /// What a payload is called.
    unit: &'static str,
    count: u64,
    /// What is wrong with the first.
    first: Option<String>,
}

impl Faults {
    pub(super) const fn new(config: &Config) -> Self {
        Self { skips: config.skips_bad, unit: config.source.unit(), count: 0, first: None }
    }

    /// The payload with this number is wrong; 0 is the only one.
    ///
    /// # Errors
    /// What ends the run, if it is to end.
    pub(super) fn add(&mut self, position: u64, why: &str) -> Result<()> {
        let what = match position {
            0 => why.to_owned(),
            position => format!("{} {position}: {why}", self.unit),
        };
        if !self.skips {
            let error = Error::new(Class::Decode, what);
            return Err(if position > 0 { error.hint(SKIP) } else { error });
        }
        self.count += 1;
        self.first.get_or_insert(what);
        Ok(())
    }

    /// Whether there was none.
    ///
    /// # Errors
    /// How many there were.
    pub(super) fn result(self) -> Result<()> {
        let Some(first) = self.first else { return Ok(()) };
        let what = format!("{} {}s were not published; the first, {first}", self.count, self.unit);
        Err(Error::new(Class::Decode, what))
    }
}

const SKIP: &str = "--on-error skip goes on with the next";

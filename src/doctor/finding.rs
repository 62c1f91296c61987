//! What a step has found.

use crate::error::Error;
use serde_json::{Map, Value};

/// What became of a step.
pub(super) enum State {
    /// It was taken, or there was nothing to take.
    Done(Finding),
    /// It failed, and none is taken after it.
    Failed(Error),
    /// One before it has failed.
    NotReached,
}

impl State {
    pub(super) const fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// The word for it in JSON.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Done(Finding { skipped: true, .. }) => "skipped",
            Self::Done(_) => "ok",
            Self::Failed(_) => "failed",
            Self::NotReached => "not reached",
        }
    }
}

/// What a step that was taken has found.
#[derive(Debug, Default)]
pub(super) struct Finding {
    /// In a few words.
    pub(super) said: String,
    /// Further lines for people.
    pub(super) lines: Vec<String>,
    /// The same for programs.
    pub(super) details: Map<String, Value>,
    /// What works and should not stay so.
    pub(super) concerns: Vec<String>,
    /// Whether there was nothing to do.
    pub(super) skipped: bool,
}

impl Finding {
    /// All is well.
    pub(super) fn of(said: impl Into<String>) -> Self {
        Self { said: said.into(), ..Self::default() }
    }

    /// There was nothing to do, and why.
    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self { skipped: true, ..Self::of(why) }
    }

    /// The same with a detail for programs.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// The same with a line for people.
    pub(super) fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// The same with something that should not stay so.
    pub(super) fn concern(mut self, concern: impl Into<String>) -> Self {
        self.concerns.push(concern.into());
        self
    }
}

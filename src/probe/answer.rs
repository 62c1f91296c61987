//! What a broker answers to a probe.

use crate::error::Error;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// In a few words, the same for brokers that do the same.
    pub(super) said: String,
    pub(super) verdict: Verdict,
    /// What happened, where that says more.
    pub(super) note: Option<String>,
}

/// What an answer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is there, and is as it should be.
    Yes,
    /// It is not there, and need not be; or the broker is free to choose.
    No,
    /// It is not as this statement of the standard demands.
    Wrong(&'static str),
}

impl Verdict {
    /// The word for it in JSON.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Wrong(_) => "wrong",
        }
    }
}

impl Answer {
    /// It is there.
    pub(super) fn yes(said: impl Into<String>) -> Self {
        Self { said: said.into(), verdict: Verdict::Yes, note: None }
    }

    /// It is not there.
    pub(super) fn no(said: impl Into<String>) -> Self {
        Self { verdict: Verdict::No, ..Self::yes(said) }
    }

    /// It is not as `statement` demands.
    pub(super) fn wrong(said: impl Into<String>, statement: &'static str) -> Self {
        Self { verdict: Verdict::Wrong(statement), ..Self::yes(said) }
    }

    /// `yes` if it `holds`, and otherwise wrong by `statement`.
    pub(super) fn must(holds: bool, yes: &str, otherwise: &str, statement: &'static str) -> Self {
        if holds { Self::yes(yes) } else { Self::wrong(otherwise, statement) }
    }

    /// The broker did not go along with the question.
    pub(super) fn failed(error: &Error) -> Self {
        Self { note: Some(error.line()), ..Self::no("no") }
    }
}

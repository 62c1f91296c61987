//! What a payload says, and whether that is wanted.

use super::query::{Query, Subject};
use super::{Config, Expectation};
use crate::decode::{Decoded, Decoder};
use crate::error::{Class, Error, Result};
use crate::mqtt::Publish;
use crate::output;
use std::borrow::Cow;

/// What is printed of a message.
pub(super) enum Content {
    /// Nothing: it is as if it had not come.
    Unwanted,
    /// The payload as it is.
    Payload,
    /// Each of these in place of the payload.
    Decoded(Vec<Decoded>),
}

impl Content {
    /// All of it, for who takes one payload of a message: several values are
    /// lines.
    pub(super) fn bytes<'a>(&'a self, publish: &Publish<'a>) -> Cow<'a, [u8]> {
        match self {
            Self::Unwanted => Cow::default(),
            Self::Payload => publish.payload.into(),
            Self::Decoded(contents) => match contents.as_slice() {
                [content] => content.bytes().into(),
                contents => {
                    let lines: Vec<_> = contents.iter().map(Decoded::bytes).collect();
                    lines.join(&b'\n').into()
                }
            },
        }
    }
}

/// Reads payloads: decodes them, and asks the expressions.
pub(super) struct Reading {
    decoder: Decoder,
    filter: Option<Query>,
    select: Option<Query>,
    expect: Option<Expectation>,
    /// Whether a message met the expectation.
    met: bool,
    /// Messages that were not what they should be.
    faults: u64,
}

impl Reading {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            decoder: config.decoder.clone(),
            filter: config.filter.clone(),
            select: config.select.clone(),
            expect: config.expect.clone(),
            met: false,
            faults: 0,
        }
    }

    /// Whether every payload is printed as it is.
    pub(super) const fn is_idle(&self) -> bool {
        let silent = self.filter.is_none() && self.select.is_none() && self.expect.is_none();
        silent && self.decoder.is_idle()
    }

    /// Whether the run may end with success for what came.
    pub(super) const fn is_met(&self) -> bool {
        self.met
    }

    /// What to print of a message. One that cannot be read is told about and
    /// counted.
    pub(super) fn read(&mut self, publish: &Publish<'_>) -> Content {
        self.try_read(publish).unwrap_or_else(|what| {
            self.faults += 1;
            let topic = output::escape(publish.topic);
            output::warn(format!("{topic}: {}", output::escape(&what)));
            Content::Unwanted
        })
    }

    fn try_read(&mut self, publish: &Publish<'_>) -> Result<Content, String> {
        let decoded = self.decoder.decode(publish)?;
        if self.filter.is_none() && self.select.is_none() && self.expect.is_none() {
            return Ok(decoded.map_or(Content::Payload, |decoded| Content::Decoded(vec![decoded])));
        }
        let content = decoded.as_ref().map_or(publish.payload, Decoded::bytes);
        let subject = Subject::new(publish, content);
        if self.filter.as_ref().is_some_and(|filter| !filter.holds(&subject)) {
            return Ok(Content::Unwanted);
        }
        self.met |= self.expect.as_ref().is_some_and(|expect| expect.query.holds(&subject));
        Ok(match (&self.select, decoded) {
            (Some(select), _) => Content::Decoded(select.outputs(&subject)?),
            (None, Some(decoded)) => Content::Decoded(vec![decoded]),
            (None, None) => Content::Payload,
        })
    }

    /// Success, unless what was expected did not come or something could not be
    /// read.
    ///
    /// # Errors
    /// When that is so.
    pub(super) fn verdict(&self) -> Result<()> {
        if let Some(expect) = self.expect.as_ref().filter(|_| !self.met) {
            return Err(expect.failure());
        }
        if self.faults > 0 {
            let what = format!("{} messages could not be read", self.faults);
            return Err(Error::new(Class::Decode, what));
        }
        Ok(())
    }
}

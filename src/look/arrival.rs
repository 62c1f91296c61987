//! A message while it is printed.

use super::run::Run;
use super::text::Text;
use crate::decode::Decoded;
use crate::mqtt::Publish;
use crate::record::Entry;
use jiff::Zoned;
use std::cell::OnceCell;

/// A message that is being printed, and when that began.
pub struct Arrival<'a> {
    pub(super) publish: &'a Publish<'a>,
    pub(super) terminal: bool,
    /// Whether JSON stands in several lines.
    pub(super) pretty: bool,
    pub(super) run: &'a Run,
    /// What is printed in place of the payload.
    content: Option<&'a Decoded>,
    time: OnceCell<Zoned>,
}

impl<'a> Arrival<'a> {
    /// This message, for a terminal or not, in this run.
    #[must_use]
    pub const fn new(publish: &'a Publish<'a>, terminal: bool, run: &'a Run) -> Self {
        Self { publish, terminal, pretty: false, run, content: None, time: OnceCell::new() }
    }

    /// The same with this in place of the payload.
    #[must_use]
    pub fn showing(self, content: &'a Decoded) -> Self {
        Self { content: Some(content), ..self }
    }

    /// What is printed as the payload.
    pub(super) fn payload(&self) -> &'a [u8] {
        self.content.map_or(self.publish.payload, Decoded::bytes)
    }

    /// The message for a line of JSON.
    pub(super) fn entry(&self) -> Entry<'_> {
        let decoded = self.content.map(Decoded::to_json);
        Entry { publish: self.publish, time: self.time(), decoded, mono: None }
    }

    /// The local time, the same wherever it is asked for in one message.
    pub fn time(&self) -> &Zoned {
        self.time.get_or_init(Zoned::now)
    }

    /// Text from the network, as safe as the reader needs it.
    pub(super) const fn text<'b>(&self, bytes: &'b [u8]) -> Text<'b> {
        Text::new(bytes, self.terminal)
    }

    /// As [`Arrival::text`].
    pub(super) const fn text_of<'b>(&self, text: &'b str) -> Text<'b> {
        self.text(text.as_bytes())
    }
}

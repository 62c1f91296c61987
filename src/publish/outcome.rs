//! What the broker said of the messages it was sent.

use crate::error::{Class, Error, Result};
use crate::session::{Event, Token};

/// Counts rejections and keeps the words of the first.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    rejected: u64,
    /// The message that was rejected first, and why.
    first: Option<(Token, String)>,
}

impl Outcome {
    pub(super) fn note(&mut self, event: &Event<'_>) {
        if let Event::Published { token, reason } = event
            && reason.is_error()
        {
            self.reject(*token, reason.to_string());
        }
    }

    pub(super) fn reject(&mut self, token: Token, why: String) {
        self.rejected += 1;
        self.first.get_or_insert((token, why));
    }

    /// Token 0 is a message alone; others are the numbers of lines.
    pub(super) fn result(self) -> Result<()> {
        let what = match self.first {
            None => return Ok(()),
            Some((0, why)) => format!("the broker rejected the message: {why}"),
            Some((line, why)) => format!(
                "{} messages were rejected, the first from line {line}: {why}",
                self.rejected
            ),
        };
        Err(Error::new(Class::PublishRejected, what))
    }
}

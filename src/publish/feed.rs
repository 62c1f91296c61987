//! What is to be published next.

use super::recipe::Recipe;
use super::records::Records;
use super::{Config, READ_AT_MOST, Source};
use crate::error::{Class, Error, Result};
use crate::mqtt::{MAX_REMAINING_LENGTH, Publish};
use crate::session::Token;
use std::path::Path;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The messages of a run, one after the other.
pub(super) struct Feed<R> {
    input: Input<R>,
    recipe: Recipe,
    /// Which of the topics the payload in front is for.
    topic: usize,
    /// The number of the message in front, from 1.
    number: u64,
    /// Why nothing follows, although there would be more.
    stopped: Option<Error>,
}

/// Where the payloads come from.
enum Input<R> {
    /// This one, so many times more.
    Payload(Vec<u8>, u64),
    Records(Records<R>),
}

impl<R: AsyncRead + Unpin> Feed<R> {
    /// The messages that `config` asks for.
    ///
    /// # Errors
    /// When a payload that must be known at the start cannot be had.
    pub(super) async fn open(config: &Config, input: R) -> Result<Self> {
        let input = match &config.source {
            Source::Message(payload) => Input::Payload(payload.clone(), 1),
            Source::Stdin => Input::Payload(read_all(input).await?, 1),
            Source::Records(end_mark) => Input::Records(Records::new(input, *end_mark)),
        };
        let recipe = config.recipe.clone();
        let is_alone = matches!(input, Input::Payload(_, 1)) && recipe.topics.len() == 1;
        let number = u64::from(!is_alone);
        let feed = Self { input, recipe, topic: 0, number, stopped: None };
        feed.check_size()?;
        Ok(feed)
    }

    fn check_size(&self) -> Result<()> {
        match &self.input {
            Input::Payload(payload, _) if payload.len() > MAX_REMAINING_LENGTH => {
                let limit = "the payload is larger than the 268,435,455 bytes MQTT allows";
                Err(Error::new(Class::PublishRejected, limit).hint("publish it in pieces"))
            }
            _ => Ok(()),
        }
    }

    /// The next message and its number, if it is there. The only one of a run
    /// has the number 0.
    pub(super) fn peek(&mut self) -> Option<(Publish<'_>, Token)> {
        if self.stopped.is_some() {
            return None;
        }
        let topic = self.recipe.topics.get(self.topic)?;
        let payload = match &mut self.input {
            Input::Payload(_, 0) => return None,
            Input::Payload(payload, _) => payload.as_slice(),
            Input::Records(records) => records.peek()?,
        };
        Some((self.recipe.publish(topic, payload), self.number))
    }

    /// Goes on to the message behind the one [`Feed::peek`] showed.
    pub(super) fn advance(&mut self) {
        self.number += 1;
        self.topic += 1;
        if self.topic < self.recipe.topics.len() {
            return;
        }
        self.topic = 0;
        match &mut self.input {
            Input::Payload(_, left) => *left = left.saturating_sub(1),
            Input::Records(records) => records.advance(),
        }
    }

    /// Whether there is no message until [`Feed::wait`] has ended.
    pub(super) fn is_waiting(&mut self) -> bool {
        match &mut self.input {
            _ if self.stopped.is_some() => false,
            Input::Payload(..) => false,
            Input::Records(records) => records.wants_input(),
        }
    }

    /// Whether no message follows.
    pub(super) fn is_at_end(&mut self) -> bool {
        match &mut self.input {
            _ if self.stopped.is_some() => true,
            Input::Payload(_, left) => *left == 0,
            Input::Records(records) => records.is_at_end(),
        }
    }

    /// Whether the messages come when they will, and not when they are asked for.
    pub(super) const fn is_live(&self) -> bool {
        matches!(self.input, Input::Records(_))
    }

    /// Waits for the next message; may be dropped without losing anything. An
    /// input that cannot be read has ended.
    pub(super) async fn wait(&mut self) {
        let read = match &mut self.input {
            Input::Payload(..) => return,
            Input::Records(records) => records.read().await,
        };
        if let Err(error) = read {
            self.stop(error);
        }
    }

    /// Ends here, because of `error`.
    pub(super) fn stop(&mut self, error: Error) {
        self.stopped.get_or_insert(error);
    }

    /// Whether everything was shown that there was.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn result(self) -> Result<()> {
        self.stopped.map_or(Ok(()), Err)
    }
}

async fn read_all(input: impl AsyncRead + Unpin) -> Result<Vec<u8>> {
    let mut payload = Vec::new();
    let read = input.take(READ_AT_MOST).read_to_end(&mut payload).await;
    read.map_err(cannot_read)?;
    if payload.is_empty() {
        let error = Error::usage("stdin is empty");
        return Err(error.hint("-n publishes an empty message"));
    }
    Ok(payload)
}

/// The failure to read the input.
pub(super) fn cannot_read(cause: std::io::Error) -> Error {
    Error::file("read", Path::new("stdin"), cause)
}

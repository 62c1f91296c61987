//! What is asked: one request, or one for each line of the input.

use super::{Config, Payload};
use crate::error::{Class, Error, Result};
use crate::mqtt::topic::TopicName;
use crate::payload::{STDIN, Writing, read_all};
use crate::records::Records;
use std::path::Path;
use tokio::io::AsyncRead;

/// A request as it is published.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
    /// Which one of the run it is, from 1.
    number: u64,
}

impl Question {
    /// Where it stands, for whoever has written it.
    pub(super) fn place(&self) -> String {
        format!("line {}", self.number)
    }
}

/// The requests of a run.
pub(super) enum Questions<R> {
    /// This one, until it was asked.
    One(Option<Question>),
    /// Each line is one.
    Lines(Pen, Records<R>, u64),
}

impl<R: AsyncRead + Unpin> Questions<R> {
    /// The requests of `config`.
    ///
    /// # Errors
    /// When the only one cannot be had, or is not what it is said to be written in.
    pub(super) async fn open(config: &Config, input: R) -> Result<Self> {
        let pen = Pen { topic: config.topic.clone(), writing: config.writing };
        let payload = match &config.payload {
            Payload::Known(payload) => payload.clone(),
            Payload::Stdin => read_all(input).await?,
            Payload::Lines => {
                let lines = Records::new(input, Path::new(STDIN), b'\n');
                return Ok(Self::Lines(pen, lines, 0));
            }
        };
        let question = pen.write(&payload, 1).map_err(|what| Error::new(Class::Decode, what))?;
        Ok(Self::One(Some(question)))
    }

    /// The next request, if there is one. May be dropped without losing anything.
    ///
    /// # Errors
    /// When the input cannot be read, or a line is not what it is said to be written in.
    pub(super) async fn next(&mut self) -> Result<Option<Question>> {
        let (pen, lines, number) = match self {
            Self::One(question) => return Ok(question.take()),
            Self::Lines(pen, lines, number) => (pen, lines, number),
        };
        while !lines.is_at_end() {
            let Some(line) = lines.peek() else {
                lines.read().await?;
                continue;
            };
            *number += 1;
            let question = pen.write(line, *number);
            lines.advance();
            let wrong = |what| Error::new(Class::Decode, format!("line {number}: {what}"));
            return question.map(Some).map_err(wrong);
        }
        Ok(None)
    }
}

/// What makes a request of a payload.
#[derive(Debug)]
pub(super) struct Pen {
    topic: TopicName,
    writing: Option<Writing>,
}

impl Pen {
    fn write(&self, payload: &[u8], number: u64) -> Result<Question, String> {
        let topic = self.topic.as_str();
        let Some(writing) = self.writing else {
            return Ok(Question { topic: topic.to_owned(), payload: payload.to_vec(), number });
        };
        Ok(Question {
            topic: writing.topic(topic, number)?,
            payload: writing.payload(payload, number)?,
            number,
        })
    }
}

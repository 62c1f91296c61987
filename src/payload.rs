//! A payload that somebody gives as text or as all of an input, and what is made of it.

use crate::encode::Encoding;
use crate::error::{Error, Result};
use crate::mqtt::MAX_REMAINING_LENGTH;
use crate::template::Template;
use jiff::Timestamp;
use std::path::Path;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes of a payload that are read at most: one more than fits into a packet
/// is enough to know that it does not fit.
pub const READ_AT_MOST: u64 = MAX_REMAINING_LENGTH as u64 + 1;

/// What the usual input is called.
pub const STDIN: &str = "stdin";

/// How the text of a payload stands for other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Writing {
    /// Whether places in it and in the topic are filled in, see [`crate::template`].
    pub template: bool,
    /// What it is written in, or is to become.
    pub encoding: Option<Encoding>,
}

impl Writing {
    /// The bytes that `text` stands for in the message with this number.
    ///
    /// # Errors
    /// In words, when it stands for nothing.
    pub fn payload(self, text: &[u8], number: u64) -> Result<Vec<u8>, String> {
        let text = self.fill(text, number)?;
        match self.encoding {
            Some(encoding) => encoding.encode(&text),
            None => Ok(text),
        }
    }

    /// The topic that `text` stands for in the message with this number.
    ///
    /// # Errors
    /// In words, when it stands for none.
    pub fn topic(self, text: &str, number: u64) -> Result<String, String> {
        let topic = self.fill(text.as_bytes(), number)?;
        String::from_utf8(topic).map_err(|wrong| wrong.to_string())
    }

    fn fill(self, text: &[u8], number: u64) -> Result<Vec<u8>, String> {
        if !self.template {
            return Ok(text.to_vec());
        }
        let text = std::str::from_utf8(text).map_err(|_| "a template is text")?;
        Ok(Template::read(text)?.fill(number, Timestamp::now()).into_bytes())
    }
}

/// All of `input`, which is the usual one.
///
/// # Errors
/// When it cannot be read, or is empty, which is most likely a mistake.
pub async fn read_all(input: impl AsyncRead + Unpin) -> Result<Vec<u8>> {
    let mut payload = Vec::new();
    let read = input.take(READ_AT_MOST).read_to_end(&mut payload).await;
    read.map_err(|cause| Error::file("read", Path::new(STDIN), cause))?;
    if payload.is_empty() {
        let error = Error::usage("stdin is empty");
        return Err(error.hint("-n publishes an empty message"));
    }
    Ok(payload)
}

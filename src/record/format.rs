//! The format of a recording, agreed between who writes and who reads it.
//!
//! A recording is a file of lines. The first may be a header, an object with
//! the member [`HEADER`]; each of the others is a message as `mqx sub -J` prints
//! it, with the member [`MONO`]. When the name of the file ends in `.zst` all of
//! it is compressed by Zstandard (RFC 8878).

use serde::Deserialize;
use std::path::Path;

/// The member of the header that tells a recording from other files; its value
/// is the [`VERSION`].
pub const HEADER: &str = "mqx_record";

/// The version of the format that is described here.
pub const VERSION: u64 = 1;

/// The member that says when a message came: the seconds since the recording
/// began, with nine decimals, by a clock that is never set.
pub const MONO: &str = "mono";

/// The first line of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Header {
    #[serde(rename = "mqx_record")]
    version: u64,
}

impl Header {
    /// Whether a line is a header.
    ///
    /// # Errors
    /// In words, when it is one of a recording that cannot be read.
    pub fn is(line: &[u8]) -> Result<bool, String> {
        match serde_json::from_slice::<Self>(line) {
            Err(_) => Ok(false),
            Ok(Self { version: VERSION }) => Ok(true),
            Ok(Self { version }) => {
                Err(format!("a recording of version {version}; this mqx reads {VERSION}"))
            }
        }
    }
}

/// Whether the file of this name is compressed.
#[must_use]
pub fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "zst")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_told_from_a_message_and_of_another_version_refused() {
        let header = format!("{{\"{HEADER}\":{VERSION},\"began\":\"2026-11-21T12:00:00Z\"}}");
        assert_eq!(Header::is(header.as_bytes()), Ok(true));
        assert_eq!(Header::is(b"{\"topic\":\"a\",\"mono\":0.5}"), Ok(false));
        assert!(Header::is(b"{\"mqx_record\":2}").unwrap_err().contains("version 2"));
    }
}

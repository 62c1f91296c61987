//! Splits an input into records, in the memory of one read and one record.

use crate::error::{Class, Error, Result};
use crate::mqtt::MAX_REMAINING_LENGTH;
use bytes::{Buf as _, BytesMut};
use memchr::memchr;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes asked for at once.
const READ_SIZE: usize = 64 * 1024;

/// The records of an input: what stands between the bytes that end one, every
/// other byte as it is. The last record need not be ended.
#[derive(Debug)]
pub struct Records<R> {
    input: R,
    /// Where it is from.
    name: PathBuf,
    /// The byte that ends a record.
    end_mark: u8,
    buffer: BytesMut,
    /// Where in `buffer` the next record begins.
    start: usize,
    /// Where it ends, behind the byte that ends it, once that is known.
    end: Option<usize>,
    /// Up to where no end was found.
    searched: usize,
    ended: bool,
    /// Bytes of the records that were gone on from.
    taken: u64,
}

impl<R: AsyncRead + Unpin> Records<R> {
    /// Those of `input`, each ended by `end_mark`.
    pub fn new(input: R, name: &Path, end_mark: u8) -> Self {
        Self {
            input,
            name: name.to_owned(),
            end_mark,
            buffer: BytesMut::new(),
            start: 0,
            end: None,
            searched: 0,
            ended: false,
            taken: 0,
        }
    }

    /// The next record without its end, if it has been read whole.
    #[must_use]
    pub fn peek(&mut self) -> Option<&[u8]> {
        if self.end.is_none() {
            self.end = self.find_end();
        }
        let record = self.buffer.get(self.start..self.end?)?;
        Some(record.strip_suffix(&[self.end_mark]).unwrap_or(record))
    }

    fn find_end(&mut self) -> Option<usize> {
        let rest = self.buffer.get(self.searched..)?;
        let length = memchr(self.end_mark, rest).map_or(rest.len(), |end| end + 1);
        self.searched += length;
        let last = self.buffer.get(..self.searched)?.last();
        let is_whole = length > 0 && last == Some(&self.end_mark);
        let is_last = self.ended && self.searched > self.start;
        (is_whole || is_last).then_some(self.searched)
    }

    /// Goes on to the record behind the one [`Records::peek`] showed.
    pub fn advance(&mut self) {
        if let Some(end) = self.end.take() {
            self.taken += (end - self.start) as u64;
            self.start = end;
        }
    }

    /// Bytes of the records that were gone on from.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether there is no more record until [`Records::read`] brings it.
    #[must_use]
    pub fn wants_input(&mut self) -> bool {
        !self.ended && self.peek().is_none()
    }

    /// Whether every record was shown.
    #[must_use]
    pub fn is_at_end(&mut self) -> bool {
        self.ended && self.peek().is_none()
    }

    /// Reads no more and forgets what was not shown.
    pub fn end(&mut self) {
        self.ended = true;
        self.end = None;
        self.buffer.clear();
        (self.start, self.searched) = (0, 0);
    }

    /// Reads more of the input; may be dropped without losing anything.
    ///
    /// # Errors
    /// When the input cannot be read or a record is longer than MQTT allows.
    pub async fn read(&mut self) -> Result<()> {
        self.buffer.advance(self.start);
        self.searched -= self.start;
        self.end = self.end.map(|end| end - self.start);
        self.start = 0;
        if self.buffer.len() > MAX_REMAINING_LENGTH {
            let what = "a line is longer than the 268,435,455 bytes MQTT allows";
            return Err(Error::new(Class::PublishRejected, what));
        }
        self.buffer.reserve(READ_SIZE);
        let read = self.input.read_buf(&mut self.buffer).await;
        self.ended = read.map_err(|cause| Error::file("read", &self.name, cause))? == 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The lines of `input` when it arrives in pieces of `size` bytes.
    fn lines(input: &[u8], size: usize) -> Vec<Vec<u8>> {
        lines_read(input, size, false)
    }

    /// The same, with more read while a line is looked at if it is read `ahead`.
    fn lines_read(input: &[u8], size: usize, ahead: bool) -> Vec<Vec<u8>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut input = in_pieces(input, size);
        let mut lines = Records::new(&mut input, Path::new("stdin"), b'\n');
        let mut found = Vec::new();
        runtime.block_on(async {
            while !lines.is_at_end() {
                if let Some(line) = lines.peek() {
                    found.push(line.to_vec());
                    if ahead {
                        lines.read().await.unwrap();
                    }
                    lines.advance();
                } else {
                    lines.read().await.unwrap();
                }
            }
        });
        found
    }

    /// A reader that gives `size` bytes at a time.
    fn in_pieces(input: &[u8], size: usize) -> impl AsyncRead + Unpin {
        struct Pieces(Vec<u8>, usize);
        impl AsyncRead for Pieces {
            fn poll_read(
                mut self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
                buf: &mut tokio::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let count = self.1.min(self.0.len()).min(buf.remaining());
                let piece: Vec<u8> = self.0.drain(..count).collect();
                buf.put_slice(&piece);
                std::task::Poll::Ready(Ok(()))
            }
        }
        Pieces(input.to_vec(), size.max(1))
    }

    #[test]
    fn blank_lines_are_empty_and_the_last_line_needs_no_line_feed() {
        assert_eq!(lines(b"a\n\nb", 2), [&b"a"[..], b"", b"b"]);
        assert_eq!(lines(b"a\n", 9), [b"a"]);
        assert_eq!(lines(b"\n", 1), [b""]);
        assert!(lines(b"", 1).is_empty());
    }

    #[test]
    fn nul_and_carriage_return_are_part_of_the_line() {
        assert_eq!(lines(b"a\0b\r\nc", 3), [&b"a\0b\r"[..], b"c"]);
    }

    #[test]
    fn what_is_read_while_a_line_is_looked_at_comes_behind_it() {
        for size in 1..9 {
            assert_eq!(lines_read(b"a\nbc\n\nd", size, true), [&b"a"[..], b"bc", b"", b"d"]);
        }
    }

    proptest! {
        #[test]
        fn lines_joined_by_line_feeds_are_the_input(
            input in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200),
            size in 1_usize..50,
        ) {
            let found = lines(&input, size);
            let mut joined = found.join(&b'\n');
            if input.last() == Some(&b'\n') {
                joined.push(b'\n');
            }
            prop_assert_eq!(joined, input);
        }
    }
}

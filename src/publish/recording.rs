//! A file of messages that is read as it is needed, once or for ever.

use crate::error::{Error, Result};
use crate::record::is_compressed;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};

/// A recording, see [`crate::record`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it begins again at its end.
    pub repeats: bool,
}

impl Recording {
    /// Opens the file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(&self, laps: Laps) -> Result<Reader> {
        let input = self.input().map_err(|cause| Error::file("read", &self.path, cause))?;
        Ok(Reader { recording: self.clone(), input, is_empty: true, has_rested: false, laps })
    }

    fn input(&self) -> io::Result<Box<dyn BufRead + Send>> {
        let file = BufReader::new(File::open(&self.path)?);
        if !is_compressed(&self.path) {
            return Ok(Box::new(file));
        }
        Ok(Box::new(BufReader::new(zstd::Decoder::with_buffer(file)?)))
    }
}

/// The bytes of a recording. A file does not keep anybody waiting for long, so
/// that it is read where it is needed.
pub(super) struct Reader {
    recording: Recording,
    input: Box<dyn BufRead + Send>,
    /// Whether nothing was read since it was opened.
    is_empty: bool,
    /// Whether others have had their turn since the last read: a file is
    /// always ready, and they would have none.
    has_rested: bool,
    laps: Laps,
}

/// How often a recording has begun again, for its reader and who reads it.
#[derive(Debug, Clone, Default)]
pub(super) struct Laps(Rc<Cell<u64>>);

impl Laps {
    pub(super) fn get(&self) -> u64 {
        self.0.get()
    }
}

impl Reader {
    fn read_on(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        if count > 0 || self.is_empty || !self.recording.repeats {
            self.is_empty &= count == 0;
            return Ok(count);
        }
        self.input = self.recording.input()?;
        self.is_empty = true;
        self.laps.0.set(self.laps.get() + 1);
        // The last line need not have an end of its own.
        let feed = buffer.first_mut().map(|first| *first = b'\n');
        Ok(usize::from(feed.is_some()))
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.has_rested = !self.has_rested;
        if self.has_rested {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let count = self.read_on(buffer.initialize_unfilled())?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

//! Writes the messages to a file that can be played again.

use crate::error::{Error, Result};
use crate::mqtt::Publish;
use crate::record::{self, Dialect, Entry};
use jiff::Zoned;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zstd::Encoder;

/// How much of a compressed recording a crash may cost.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// The usual level of compression of Zstandard.
const LEVEL: i32 = 3;

/// A recording that goes on.
pub(super) struct Recorder {
    path: PathBuf,
    writer: Writer,
    start: Instant,
    flushed: Instant,
}

enum Writer {
    Plain(BufWriter<File>),
    Compressed(Encoder<'static, BufWriter<File>>),
}

impl Writer {
    fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(64 * 1024, File::create(path)?);
        Ok(if record::is_compressed(path) {
            Self::Compressed(Encoder::new(file, LEVEL)?)
        } else {
            Self::Plain(file)
        })
    }

    fn write_line(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        line.push(b'\n');
        match self {
            Self::Plain(file) => file.write_all(&line),
            Self::Compressed(file) => file.write_all(&line),
        }
    }

    /// Hands on what was written; a compressed recording is only from time to
    /// time, for each part of it costs a few bytes.
    fn flush(&mut self, due: bool) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Compressed(file) if due => file.flush(),
            Self::Compressed(_) => Ok(()),
        }
    }

    fn end(self) -> io::Result<()> {
        match self {
            Self::Plain(mut file) => file.flush(),
            Self::Compressed(file) => file.finish()?.flush(),
        }
    }
}

impl Recorder {
    /// Begins a recording in place of what is in the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let create = || {
            let mut writer = Writer::create(path)?;
            writer.write_line(record::header(&Zoned::now()))?;
            Ok(writer)
        };
        let writer = create().map_err(|cause| Error::file("write", path, cause))?;
        let start = Instant::now();
        Ok(Self { path: path.to_owned(), writer, start, flushed: start })
    }

    /// Adds a message that came now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&mut self, publish: &Publish<'_>, time: &Zoned) -> Result<()> {
        let mono = Some(self.start.elapsed());
        let entry = Entry { publish, time, decoded: None, mono };
        let written = match entry.line(Dialect::Mqx) {
            Some(line) => self.writer.write_line(line),
            None => Ok(()),
        };
        written.map_err(|cause| Error::file("write", &self.path, cause))
    }

    /// Hands what was added to the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn flush(&mut self) -> Result<()> {
        let due = self.flushed.elapsed() >= FLUSH_EVERY;
        if due {
            self.flushed = Instant::now();
        }
        self.writer.flush(due).map_err(|cause| Error::file("write", &self.path, cause))
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn end(self) -> Result<()> {
        let Self { path, writer, .. } = self;
        writer.end().map_err(|cause| Error::file("write", &path, cause))
    }
}

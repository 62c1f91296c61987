//! The file of a trace, and how things are written to it.

use super::capture::Segment;
use super::{Config, Format, pcapng};
use crate::describe::{Record, Value};
use crate::error::{Error, Result};
use crate::session::Time;
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

/// The file, and how it is written.
pub(super) struct Page {
    name: String,
    /// What to open anew; stderr is not.
    file: Option<PathBuf>,
    to: io::BufWriter<Box<dyn Write + Send>>,
    format: Format,
    /// When the broker's time began.
    began: Timestamp,
}

/// When, where and to whom something has happened.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) at: Time,
    pub(super) connection: u64,
    pub(super) client: Option<&'a str>,
}

impl Page {
    pub(super) fn open(config: &Config, began: Timestamp) -> Result<Self> {
        let (name, to): (_, Box<dyn Write + Send>) = match &config.file {
            None => ("the trace to stderr".to_owned(), Box::new(io::stderr())),
            Some(path) => {
                let file = File::create(path).map_err(|cause| Error::file("write", path, cause))?;
                (path.display().to_string(), Box::new(file))
            }
        };
        let (file, to) = (config.file.clone(), io::BufWriter::new(to));
        let mut page = Self { name, file, to, format: config.format, began };
        // It fits into the buffer.
        let _ = page.begin();
        Ok(page)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether connections are captured for Wireshark rather than told in lines.
    pub(super) fn is_capture(&self) -> bool {
        self.format == Format::Pcapng
    }

    /// Goes on in the file that has the name now. Returns whether it is a new
    /// one, since the other was moved away.
    pub(super) fn reopen(&mut self) -> io::Result<bool> {
        self.to.flush()?;
        let Some(path) = &self.file else {
            return Ok(false);
        };
        let file = File::options().create(true).append(true).open(path)?;
        let is_new = file.metadata()?.len() == 0;
        self.to = io::BufWriter::new(Box::new(file));
        if is_new {
            self.begin()?;
        }
        Ok(is_new)
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.is_capture() { self.to.write_all(&pcapng::head()) } else { Ok(()) }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    /// A line about something.
    pub(super) fn line(
        &mut self,
        scene: Scene<'_>,
        what: &'static str,
        said: Record,
    ) -> io::Result<()> {
        let Scene { at, connection, client } = scene;
        let time = format!("{:.6}", self.time(at));
        let line = if self.format == Format::Json {
            let mut head = Record::default();
            head.put("time", time);
            head.put("connection", connection);
            head.put_some("client", client);
            head.put("type", what);
            head.and(said).json()
        } else {
            let client = Value::from(client.unwrap_or("-"));
            format!("{time} {connection} {client} {what} {said}\n")
        };
        self.to.write_all(line.as_bytes())
    }

    /// Says that so many events are missing here.
    pub(super) fn skip(&mut self, count: u64) -> io::Result<()> {
        let mut said = Record::default();
        said.put("type", "missing");
        said.put("events", count);
        match self.format {
            Format::Text => self.to.write_all(format!("{said}\n").as_bytes()),
            Format::Json => self.to.write_all(said.json().as_bytes()),
            // There Wireshark itself says that segments are missing.
            Format::Pcapng => Ok(()),
        }
    }

    /// Segments of a connection.
    pub(super) fn segments(&mut self, at: Time, segments: &[Segment]) -> io::Result<()> {
        let nanos = u64::try_from(self.time(at).as_nanosecond()).unwrap_or(0);
        segments.iter().try_for_each(|segment| {
            let comment = segment.comment.as_deref();
            self.to.write_all(&pcapng::packet(nanos, &segment.bytes, comment))
        })
    }

    fn time(&self, at: Time) -> Timestamp {
        self.began + Duration::from_nanos(at.nanos())
    }
}

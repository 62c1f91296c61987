//! The log: a line for what happens to connections and sessions, and at the
//! lower levels to messages.

mod bridge;
mod line;

pub(super) use line::dropped;

use super::core::{Event, Interest, Observer};
use super::outlet::{Outlet, Writer};
use crate::error::{Error, Result};
use crate::session::Time;
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is logged, how and where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// The least that is worth a line.
    pub level: Level,
    /// How a line looks.
    pub format: Format,
    /// The file that lines are appended to; `None` is stderr.
    pub file: Option<PathBuf>,
    /// Whether it is left out that clients come and go.
    pub no_connections: bool,
}

/// How much something is worth knowing; the first is the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// The broker cannot do what it is there for.
    Error,
    /// A client is refused, cut off or has broken the standard.
    Warn,
    /// Clients come and go.
    #[default]
    Info,
    /// Subscriptions, sessions, and messages that are not delivered.
    Debug,
    /// Every message.
    Trace,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// The time, the level, what has happened, and `name=value` of the rest.
    #[default]
    Text,
    /// A JSON object.
    Json,
}

impl Level {
    /// The name of the level, as it is typed and written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// What an observer must hear to log at this level.
    const fn interest(self) -> Interest {
        let messages = matches!(self, Self::Debug | Self::Trace);
        Interest { lifecycle: true, messages, packets: false }
    }
}

/// An observer that writes a line for each event that is worth it.
#[derive(Debug)]
pub struct Log {
    level: Level,
    format: Format,
    no_connections: bool,
    /// Whether levels have colours.
    color: bool,
    /// When the broker's time began.
    began: Timestamp,
    outlet: Outlet<String>,
}

impl Log {
    /// Opens the file and starts the thread that writes to it. The broker's
    /// time began at `began`.
    ///
    /// # Errors
    /// When the file cannot be opened, or the system gives no thread.
    pub fn start(config: &Config, began: Timestamp) -> Result<Self> {
        let lines = Lines::open(config)?;
        let Config { level, format, no_connections, .. } = *config;
        let color = config.file.is_none() && io::stderr().is_terminal();
        let outlet = Outlet::start("mqx-log", lines)?;
        Ok(Self { level, format, no_connections, color, began, outlet })
    }

    /// Opens its file anew, for one that was moved away: what follows goes to
    /// the file that has the name then. If that fails, which is said, it stays
    /// with the file it has.
    pub fn reopen(&self) {
        self.outlet.reopen();
    }

    /// Waits until every line is written.
    pub fn finish(&self) {
        self.outlet.finish();
    }
}

impl Observer for Log {
    fn interest(&self) -> Interest {
        self.level.interest()
    }

    fn event(&self, now: Time, event: &Event<'_>) {
        let level = line::level(event);
        if level <= self.level && !(self.no_connections && line::is_of_connection(event)) {
            let at = self.began + Duration::from_nanos(now.nanos());
            let line = line::Line { at, level, event };
            let line = match self.format {
                Format::Text => line.text(self.color),
                Format::Json => line.json(),
            };
            let size = line.len();
            self.outlet.offer(line, size);
        }
    }
}

/// Where lines go.
struct Lines {
    name: String,
    /// What to open anew; stderr is not.
    file: Option<PathBuf>,
    format: Format,
    to: io::BufWriter<Box<dyn Write + Send>>,
}

impl Lines {
    fn open(config: &Config) -> Result<Self> {
        let (name, to): (_, Box<dyn Write + Send>) = match &config.file {
            None => ("the log to stderr".to_owned(), Box::new(io::stderr())),
            Some(path) => {
                let file = append(path).map_err(|cause| Error::file("write", path, cause))?;
                (path.display().to_string(), Box::new(file))
            }
        };
        let file = config.file.clone();
        Ok(Self { name, file, format: config.format, to: io::BufWriter::new(to) })
    }
}

fn append(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).open(path)
}

impl Writer<String> for Lines {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn write(&mut self, line: String) -> io::Result<()> {
        self.to.write_all(line.as_bytes())
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        let line = line::missing(Timestamp::now(), count, self.format);
        self.to.write_all(line.as_bytes())
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.to.flush()?;
        if let Some(path) = &self.file {
            self.to = io::BufWriter::new(Box::new(append(path)?));
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

//! The trace: every packet, decoded, both ways, with what belongs together
//! linked, and the reason for what a client does not get.
//!
//! Workers only copy packets; they are decoded, filtered and written by a
//! thread of the trace's own.

mod capture;
mod filter;
mod item;
mod lines;
mod links;
mod page;
mod pcapng;
mod secrets;
mod tcp;
mod writer;

pub use filter::Filter;

use super::core::{Event, Interest, Observer};
use super::outlet::Outlet;
use crate::error::Result;
use crate::session::Time;
use item::Item;
use jiff::Timestamp;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use writer::TraceWriter;

/// What is traced, how and where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// The file to write, which is made anew; `None` is stderr.
    pub file: Option<PathBuf>,
    /// How packets are written.
    pub format: Format,
    /// Which packets are.
    pub filter: Filter,
    /// Bytes of each payload that are shown; pcapng has all of them.
    pub payload: usize,
}

/// How packets are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A line of text each.
    #[default]
    Text,
    /// A line of JSON each.
    Json,
    /// A file that Wireshark opens, the packets in TCP as they would be without
    /// TLS and WebSocket.
    Pcapng,
}

impl Format {
    /// The format that the name of a file asks for.
    #[must_use]
    pub fn of(file: &Path) -> Self {
        match file.extension().and_then(OsStr::to_str) {
            Some("json" | "jsonl" | "ndjson") => Self::Json,
            Some("pcapng" | "pcap") => Self::Pcapng,
            _ => Self::Text,
        }
    }
}

/// An observer that writes every packet.
#[derive(Debug)]
pub struct Trace {
    outlet: Outlet<Item>,
}

impl Trace {
    /// Opens the file and starts the thread that writes to it. The broker's
    /// time began at `began`.
    ///
    /// # Errors
    /// When the file cannot be written, or the system gives no thread.
    pub fn start(config: &Config, began: Timestamp) -> Result<Self> {
        let writer = TraceWriter::open(config, began)?;
        Ok(Self { outlet: Outlet::start("mqx-trace", writer)? })
    }

    /// Goes on in a new file, where the present one was moved away.
    pub fn reopen(&self) {
        self.outlet.reopen();
    }

    /// Waits until every packet is written.
    pub fn finish(&self) {
        self.outlet.finish();
    }
}

impl Observer for Trace {
    fn interest(&self) -> Interest {
        Interest { lifecycle: true, messages: true, packets: true }
    }

    fn event(&self, now: Time, event: &Event<'_>) {
        if let Some(item) = Item::new(now, event) {
            let size = item.size();
            self.outlet.offer(item, size);
        }
    }
}

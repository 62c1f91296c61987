//! The thread of the trace: decodes what workers have copied, and writes what
//! passes the filter.

use super::filter::type_name;
use super::item::{Close, Dropped, Item, RawPacket, What};
use super::links::{Conversation, Link};
use super::packet::Preview;
use super::tcp::{Sender, Stream};
use super::{Config, Filter, Format, lines, pcapng};
use crate::broker::core::Direction;
use crate::broker::outlet::Writer;
use crate::broker::record::{Record, Value};
use crate::error::{Error, Result};
use crate::mqtt::{self, Packet, PacketType};
use crate::session::Time;
use jiff::Timestamp;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

/// Writes the trace.
pub(super) struct TraceWriter {
    page: Page,
    filter: Filter,
    preview: Preview,
    connections: HashMap<u64, Traced>,
}

/// The file, and how it is written.
struct Page {
    name: String,
    to: io::BufWriter<Box<dyn Write + Send>>,
    format: Format,
    /// When the broker's time began.
    began: Timestamp,
}

/// A connection, as both kinds of format see it.
struct Traced {
    conversation: Conversation,
    stream: Stream,
    /// Whether it has been opened in the file.
    opened: bool,
}

/// When, where and to whom something has happened.
#[derive(Clone, Copy)]
struct Scene<'a> {
    at: Time,
    connection: u64,
    client: Option<&'a str>,
}

impl TraceWriter {
    pub(super) fn open(config: &Config, began: Timestamp) -> Result<Self> {
        Ok(Self {
            page: Page::open(config, began)?,
            filter: config.filter.clone(),
            preview: Preview(config.payload),
            connections: HashMap::new(),
        })
    }

    fn packet(&mut self, at: Time, connection: u64, raw: &RawPacket) -> io::Result<()> {
        let Some(traced) = self.connections.get_mut(&connection) else {
            return Ok(());
        };
        let Ok(Some(frame)) = mqtt::next_frame(&raw.bytes, usize::MAX) else {
            return Ok(());
        };
        let conversation = &mut traced.conversation;
        if raw.client.is_some() {
            conversation.client.clone_from(&raw.client);
        }
        let decoded = Packet::decode(&frame, raw.version);
        let link = match &decoded {
            Ok(packet) => conversation.link(at, raw.direction, packet),
            Err(_) => Link::default(),
        };
        let client = conversation.client.as_deref();
        let kind = PacketType::of(frame.header);
        let passes = kind.is_none_or(|kind| self.filter.takes_type(kind))
            && self.filter.takes_client(client)
            && self.filter.takes_topics(link.topics.iter().map(String::as_str));
        if !passes {
            return Ok(());
        }
        if self.page.format == Format::Pcapng {
            return self.page.segments(at, traced, raw);
        }
        let said = self.preview.line(&link, &decoded, raw);
        let kind = kind.map_or("reserved", type_name);
        self.page.line(Scene { at, connection, client }, kind, said)
    }

    fn dropped(&mut self, at: Time, connection: u64, dropped: &Dropped) -> io::Result<()> {
        let client = Some(dropped.client.as_str());
        let passes = self.page.format != Format::Pcapng
            && self.filter.takes_type(PacketType::Publish)
            && self.filter.takes_client(client)
            && self.filter.takes_topics(std::iter::once(dropped.topic.as_str()));
        if !passes {
            return Ok(());
        }
        self.page.line(Scene { at, connection, client }, "dropped", lines::dropped(dropped))
    }

    fn closed(&mut self, at: Time, connection: u64, close: Close) -> io::Result<()> {
        let Some(mut traced) = self.connections.remove(&connection) else {
            return Ok(());
        };
        let said = lines::closed(close);
        if self.page.format == Format::Pcapng {
            let comment = said.to_string();
            let segments = if traced.opened { traced.stream.close().to_vec() } else { Vec::new() };
            let mut segments = segments.iter();
            return segments.try_for_each(|bytes| self.page.segment(at, bytes, Some(&comment)));
        }
        let client = traced.conversation.client.as_deref();
        let anything = self.filter.types.is_empty() && self.filter.topic.is_none();
        if anything && self.filter.takes_client(client) {
            self.page.line(Scene { at, connection, client }, "closed", said)?;
        }
        Ok(())
    }
}

impl Writer<Item> for TraceWriter {
    fn name(&self) -> String {
        self.page.name.clone()
    }

    fn write(&mut self, item: Item) -> io::Result<()> {
        let Item { at, connection, what } = item;
        match what {
            What::Opened(address) => {
                let traced = Traced {
                    conversation: Conversation::default(),
                    stream: Stream::new(address, connection),
                    opened: false,
                };
                self.connections.insert(connection, traced);
                Ok(())
            }
            What::Packet(raw) => self.packet(at, connection, &raw),
            What::Dropped(dropped) => self.dropped(at, connection, &dropped),
            What::Closed(close) => self.closed(at, connection, close),
        }
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        let mut said = Record::default();
        said.put("type", "missing");
        said.put("events", count);
        match self.page.format {
            Format::Text => self.page.to.write_all(format!("{said}\n").as_bytes()),
            Format::Json => self.page.to.write_all(said.json().as_bytes()),
            // There Wireshark itself says that segments are missing.
            Format::Pcapng => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.page.to.flush()
    }
}

impl Page {
    fn open(config: &Config, began: Timestamp) -> Result<Self> {
        let (name, to): (_, Box<dyn Write + Send>) = match &config.file {
            None => ("the trace to stderr".to_owned(), Box::new(io::stderr())),
            Some(path) => {
                let file = File::create(path).map_err(|cause| Error::file("write", path, cause))?;
                (path.display().to_string(), Box::new(file))
            }
        };
        let mut to = io::BufWriter::new(to);
        if config.format == Format::Pcapng {
            // It fits into the buffer.
            let _ = to.write_all(&pcapng::head());
        }
        Ok(Self { name, to, format: config.format, began })
    }

    fn time(&self, at: Time) -> Timestamp {
        self.began + Duration::from_nanos(at.nanos())
    }

    fn line(&mut self, scene: Scene<'_>, what: &'static str, said: Record) -> io::Result<()> {
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

    fn segments(&mut self, at: Time, traced: &mut Traced, raw: &RawPacket) -> io::Result<()> {
        let mut segments = Vec::new();
        if !std::mem::replace(&mut traced.opened, true) {
            segments.extend(traced.stream.open());
        }
        let from = if raw.direction == Direction::In { Sender::Client } else { Sender::Broker };
        segments.extend(traced.stream.send(from, &raw.bytes));
        segments.iter().try_for_each(|bytes| self.segment(at, bytes, None))
    }

    fn segment(&mut self, at: Time, bytes: &[u8], comment: Option<&str>) -> io::Result<()> {
        let nanos = u64::try_from(self.time(at).as_nanosecond()).unwrap_or(0);
        self.to.write_all(&pcapng::packet(nanos, bytes, comment))
    }
}

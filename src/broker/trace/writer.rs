//! The thread of the trace: decodes what workers have copied, and writes what
//! passes the filter.

use super::capture::Capture;
use super::item::{Close, Dropped, Item, RawPacket, What};
use super::links::{Conversation, Link};
use super::page::{Page, Scene};
use super::{Config, Filter, lines};
use crate::broker::outlet::Writer;
use crate::describe::{Preview, type_name};
use crate::error::Result;
use crate::mqtt::{self, Frame, Packet, PacketType};
use crate::session::Time;
use jiff::Timestamp;
use std::collections::HashMap;
use std::io;

/// Writes the trace.
pub(super) struct TraceWriter {
    editor: Editor,
    connections: HashMap<u64, Traced>,
}

/// Who decides what passes, and writes it.
struct Editor {
    page: Page,
    filter: Filter,
    preview: Preview,
}

/// A connection, as both kinds of format see it.
struct Traced {
    number: u64,
    conversation: Conversation,
    capture: Capture,
    /// What came before it was known whose connection it is, where that matters.
    early: Vec<Seen>,
}

/// A packet, and what it has to do with those before it.
struct Seen {
    at: Time,
    raw: RawPacket,
    link: Link,
}

impl TraceWriter {
    pub(super) fn open(config: &Config, began: Timestamp) -> Result<Self> {
        let page = Page::open(config, began)?;
        let (filter, preview) = (config.filter.clone(), Preview(config.payload));
        let editor = Editor { page, filter, preview };
        Ok(Self { editor, connections: HashMap::new() })
    }

    fn packet(&mut self, at: Time, connection: u64, raw: RawPacket) -> io::Result<()> {
        let Self { editor, connections } = self;
        let Some(traced) = connections.get_mut(&connection) else {
            return Ok(());
        };
        let Some(frame) = frame(&raw) else {
            return Ok(());
        };
        let link = traced.conversation.meet(at, &raw, &frame);
        if editor.page.is_capture() {
            traced.capture.note(PacketType::of(frame.header), &raw);
        }
        let seen = Seen { at, raw, link };
        if editor.filter.client.is_some() && traced.conversation.client.is_none() {
            traced.early.push(seen);
            return Ok(());
        }
        for earlier in std::mem::take(&mut traced.early) {
            editor.packet(traced, &earlier)?;
        }
        editor.packet(traced, &seen)
    }

    fn dropped(&mut self, at: Time, connection: u64, dropped: &Dropped) -> io::Result<()> {
        let Self { editor: Editor { page, filter, .. }, connections } = self;
        let client = Some(dropped.client.as_str());
        let passes = filter.takes_type(PacketType::Publish)
            && filter.takes_client(client)
            && filter.takes_topics(std::iter::once(dropped.topic.as_str()));
        if !passes {
            return Ok(());
        }
        let said = lines::dropped(dropped);
        if !page.is_capture() {
            return page.line(Scene { at, connection, client }, "dropped", said);
        }
        let comment = format!("mqx: not delivered to {}: {said}", dropped.client);
        let segments = match connections.get_mut(&connection) {
            Some(traced) => traced.capture.remark(comment),
            // A client that is offline has no stream to stand in.
            None => Capture::new(None, connection).remark(comment),
        };
        page.segments(at, &segments)
    }

    fn closed(&mut self, at: Time, connection: u64, close: Close) -> io::Result<()> {
        let Some(mut traced) = self.connections.remove(&connection) else {
            return Ok(());
        };
        let Editor { page, filter, .. } = &mut self.editor;
        let said = lines::closed(close);
        if page.is_capture() {
            return page.segments(at, &traced.capture.close(format!("mqx: {said}")));
        }
        let client = traced.conversation.client.as_deref();
        let anything = filter.types.is_empty() && filter.topic.is_none();
        if anything && filter.takes_client(client) {
            page.line(Scene { at, connection, client }, "closed", said)?;
        }
        Ok(())
    }
}

impl Editor {
    /// Writes a packet if it passes.
    fn packet(&mut self, traced: &mut Traced, seen: &Seen) -> io::Result<()> {
        let Seen { at, raw, link } = seen;
        let Some(frame) = frame(raw) else {
            return Ok(());
        };
        let client = traced.conversation.client.as_deref();
        let kind = PacketType::of(frame.header);
        let passes = kind.is_none_or(|kind| self.filter.takes_type(kind))
            && self.filter.takes_client(client)
            && self.filter.takes_topics(link.topics.iter().map(String::as_str));
        if !passes {
            return Ok(());
        }
        if self.page.is_capture() {
            return self.page.segments(*at, &traced.capture.packet(raw));
        }
        let said = self.preview.line(link, &Packet::decode(&frame, raw.version), raw);
        let scene = Scene { at: *at, connection: traced.number, client };
        self.page.line(scene, type_name(frame.header), said)
    }
}

/// The packet as the decoder wants it.
fn frame(raw: &RawPacket) -> Option<Frame<'_>> {
    mqtt::next_frame(&raw.bytes, usize::MAX).ok().flatten()
}

impl Writer<Item> for TraceWriter {
    fn name(&self) -> String {
        self.editor.page.name().to_owned()
    }

    fn write(&mut self, item: Item) -> io::Result<()> {
        let Item { at, connection, what } = item;
        match what {
            What::Opened(address) => {
                let traced = Traced {
                    number: connection,
                    conversation: Conversation::default(),
                    capture: Capture::new(address, connection),
                    early: Vec::new(),
                };
                self.connections.insert(connection, traced);
                Ok(())
            }
            What::Packet(raw) => self.packet(at, connection, raw),
            What::Dropped(dropped) => self.dropped(at, connection, &dropped),
            What::Closed(close) => self.closed(at, connection, close),
        }
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        self.editor.page.skip(count)
    }

    fn reopen(&mut self) -> io::Result<()> {
        if self.editor.page.reopen()? {
            self.connections.values_mut().for_each(|traced| traced.capture.begin_again());
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.editor.page.flush()
    }
}

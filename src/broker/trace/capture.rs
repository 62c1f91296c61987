//! One connection as Wireshark is to see it: a TCP stream that begins with its
//! CONNECT, without which the version is not known, and comments on what no
//! packet says.

use super::item::RawPacket;
use super::tcp::{Sender, Stream};
use crate::broker::core::Direction;
use crate::mqtt::PacketType;
use std::net::SocketAddr;

/// What is said of a CONNECT that is not where it was sent.
const EARLIER: &str = "mqx: sent earlier; here so that what follows can be read";

/// A connection in the file.
pub(super) struct Capture {
    stream: Stream,
    /// Whether the file has its beginning.
    is_open: bool,
    /// The CONNECT that came, secrets blotted out.
    connect: Vec<u8>,
}

/// An IP packet, perhaps with a word on it.
pub(super) struct Segment {
    pub(super) bytes: Vec<u8>,
    pub(super) comment: Option<String>,
}

impl Capture {
    /// The connection numbered so, from this address.
    pub(super) fn new(address: Option<SocketAddr>, number: u64) -> Self {
        Self { stream: Stream::new(address, number), is_open: false, connect: Vec::new() }
    }

    /// Keeps the packet if what follows cannot be read without it.
    pub(super) fn note(&mut self, kind: Option<PacketType>, raw: &RawPacket) {
        if kind == Some(PacketType::Connect) && self.connect.is_empty() {
            self.connect.clone_from(&raw.bytes);
        }
    }

    /// Begins again, in another file.
    pub(super) const fn begin_again(&mut self) {
        self.is_open = false;
    }

    /// A packet of the connection.
    pub(super) fn packet(&mut self, raw: &RawPacket) -> Vec<Segment> {
        let from = match raw.direction {
            Direction::In => Sender::Client,
            Direction::Out => Sender::Broker,
        };
        let mut segments = self.begin(Some(&raw.bytes));
        segments.extend(self.stream.send(from, &raw.bytes).into_iter().map(Segment::bare));
        segments
    }

    /// Something that happens to the connection's client and is no packet.
    pub(super) fn remark(&mut self, comment: String) -> Vec<Segment> {
        let mut segments = self.begin(None);
        segments.push(Segment { bytes: self.stream.acknowledge(), comment: Some(comment) });
        segments
    }

    /// The end of the connection, if the file has its beginning.
    pub(super) fn close(&mut self, comment: String) -> Vec<Segment> {
        if !self.is_open {
            return Vec::new();
        }
        let mut segments: Vec<_> = self.stream.close().map(Segment::bare).into();
        if let Some(first) = segments.first_mut() {
            first.comment = Some(comment);
        }
        segments
    }

    /// What comes before the first packet, unless that is the CONNECT itself.
    fn begin(&mut self, first: Option<&[u8]>) -> Vec<Segment> {
        if std::mem::replace(&mut self.is_open, true) {
            return Vec::new();
        }
        let mut segments: Vec<_> = self.stream.open().map(Segment::bare).into();
        if first.is_none_or(|first| first != self.connect) {
            let connect = self.stream.send(Sender::Client, &self.connect).into_iter();
            segments.extend(connect.map(|bytes| Segment { bytes, comment: Some(EARLIER.into()) }));
        }
        segments
    }
}

impl Segment {
    const fn bare(bytes: Vec<u8>) -> Self {
        Self { bytes, comment: None }
    }
}

//! Watches that a sender keeps to the receive maximum of its peer (MQTT 5.0 §4.9).

use mqx::mqtt::{AckKind, Packet, PacketId, Version, next_frame};
use std::collections::BTreeSet;

/// The publishes of one direction that this connection has seen and that have
/// not been acknowledged to their sender.
#[derive(Debug)]
pub(crate) struct Window {
    maximum: usize,
    open: BTreeSet<PacketId>,
}

impl Window {
    pub(crate) fn new(maximum: u16) -> Self {
        Self { maximum: maximum.into(), open: BTreeSet::new() }
    }

    /// Whole packets that the sender wrote.
    pub(crate) fn sent(&mut self, bytes: &[u8], version: Version) {
        for_each_packet(bytes, version, |packet| {
            if let Packet::Publish(publish) = packet {
                self.open.extend(publish.packet_id);
            }
        });
        let Self { maximum, open } = self;
        assert!(open.len() <= *maximum, "{open:?} in flight, {maximum} allowed");
    }

    /// Whole packets that reached the sender.
    pub(crate) fn acknowledged(&mut self, bytes: &[u8], version: Version) {
        for_each_packet(bytes, version, |packet| {
            if let Packet::Ack(ack) = packet
                && matches!(ack.kind, AckKind::PubAck | AckKind::PubComp)
            {
                self.open.remove(&ack.packet_id);
            }
        });
    }
}

/// The packets in `bytes`; a part of one at the end is left out.
pub(crate) fn for_each_packet(
    bytes: &[u8],
    version: Version,
    mut visit: impl FnMut(&Packet<'_>),
) -> usize {
    let mut rest = bytes;
    while let Some(frame) = next_frame(rest, usize::MAX).expect("a frame") {
        visit(&Packet::decode(&frame, version).expect("a packet"));
        rest = &rest[frame.bytes.len()..];
    }
    bytes.len() - rest.len()
}

//! Encodes a publish once for each class of receivers and copies it for each
//! receiver: appending a template costs a copy, encoding costs ten times that.

use super::outflow::Outflow;
use crate::mqtt::{PacketId, PropertyBuf, Publish, QoS, SubscriptionId, Version};
use bytes::Bytes;
use std::ops::Range;

/// Where the packet being forwarded came from: its bytes may serve as they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) version: Version,
    /// The PUBLISH as it was received, with its topic (not an alias) in it.
    pub(super) bytes: &'a [u8],
}

/// A publish and its encodings, made when they are first needed.
///
/// A class is version 5 or older times with or without a packet identifier;
/// QoS, RETAIN, DUP and the identifier are patched in the receiver's buffer.
#[derive(Debug)]
pub(super) struct Templates<'a> {
    publish: &'a Publish<'a>,
    /// The class and the bytes of the packet as it was received.
    source: Option<(usize, &'a [u8])>,
    made: [Option<Range<usize>>; 4],
    scratch: Vec<u8>,
    /// Bytes of the payload, if templates end in front of it.
    left_out: usize,
}

/// How one receiver's copy differs from the template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variant {
    pub(super) version: Version,
    pub(super) qos: QoS,
    pub(super) retain: bool,
}

/// A template on its way into the output of one receiver.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copied<'a> {
    bytes: &'a [u8],
    topic_length: usize,
    variant: Variant,
}

/// The number of a class.
fn class(version: Version, with_id: bool) -> usize {
    usize::from(version.is_v5()) * 2 + usize::from(with_id)
}

impl<'a> Templates<'a> {
    /// Templates of `publish`, kept in `scratch`, which [`Self::into_scratch`]
    /// gives back.
    pub(super) fn new(
        publish: &'a Publish<'a>,
        source: Option<Source<'a>>,
        mut scratch: Vec<u8>,
    ) -> Self {
        scratch.clear();
        let with_id = publish.qos > QoS::AtMostOnce;
        let source = source.map(|source| (class(source.version, with_id), source.bytes));
        Self { publish, source, made: [const { None }; 4], scratch, left_out: 0 }
    }

    /// Ends all templates in front of the payload, which all receivers share. None was
    /// made before.
    pub(super) fn leave_payload_out(&mut self) {
        self.left_out = self.publish.payload.len();
        if let Some((_, bytes)) = &mut self.source {
            *bytes = bytes.get(..bytes.len() - self.left_out).unwrap_or_default();
        }
    }

    /// Whether they end there.
    pub(super) const fn leave_out_payload(&self) -> bool {
        self.left_out > 0
    }

    pub(super) fn into_scratch(self) -> Vec<u8> {
        self.scratch
    }

    /// The packet for one receiver; `None` if it has more than `maximum` bytes.
    pub(super) fn fitting(&mut self, variant: Variant, maximum: usize) -> Option<Copied<'_>> {
        let topic_length = self.publish.topic.len();
        let left_out = self.left_out;
        let bytes = self.bytes(variant);
        let fits = bytes.len() + left_out <= maximum;
        fits.then_some(Copied { bytes, topic_length, variant })
    }

    fn bytes(&mut self, variant: Variant) -> &[u8] {
        let class = class(variant.version, variant.qos > QoS::AtMostOnce);
        match self.source {
            Some((its, bytes)) if its == class => bytes,
            _ => self.encoded(class, variant),
        }
    }

    /// The packet of a class that it was not received in.
    fn encoded(&mut self, class: usize, variant: Variant) -> &[u8] {
        let with_id = variant.qos > QoS::AtMostOnce;
        let made = self.made.get_mut(class);
        let range = made.map(|made| {
            made.get_or_insert_with(|| {
                let start = self.scratch.len();
                let publish = Publish {
                    dup: false,
                    qos: variant.qos,
                    packet_id: with_id.then_some(PacketId::MIN),
                    ..*self.publish
                };
                put(&publish, variant.version, self.left_out > 0, &mut self.scratch);
                start..self.scratch.len()
            })
            .clone()
        });
        range.and_then(|range| self.scratch.get(range)).unwrap_or_default()
    }
}

impl Copied<'_> {
    /// Appends the packet, or what of it is in front of a payload that is left out. `id` goes
    /// with QoS 1 and 2.
    pub(super) fn append(self, id: Option<PacketId>, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(self.bytes);
        let Some(packet) = out.get_mut(start..) else {
            return;
        };
        if let Some(header) = packet.first_mut() {
            *header = Publish::header(false, self.variant.qos, self.variant.retain);
        }
        if let Some(id) = id {
            let length_width = packet.iter().skip(1).take_while(|byte| **byte >= 0x80).count() + 1;
            let at = 1 + length_width + 2 + self.topic_length;
            if let Some(place) = packet.get_mut(at..at + 2) {
                place.copy_from_slice(&id.get().to_be_bytes());
            }
        }
    }
}

/// Appends `publish` with the identifiers of the subscriptions that matched; its `payload`
/// is there if it is shared.
///
/// Every part came out of a packet, so nothing is too long, except that
/// identifiers may lift a packet of 256 MB over the limit: then nothing is
/// appended, as for a packet that is too large for the client.
pub(super) fn encode(
    publish: &Publish<'_>,
    ids: Option<&[SubscriptionId]>,
    version: Version,
    payload: Option<Bytes>,
    out: &mut Outflow,
) {
    let mut buffer = PropertyBuf::default();
    let mut publish = *publish;
    for id in ids.unwrap_or_default() {
        buffer.push_subscription_id(*id);
    }
    publish.properties.subscription_identifiers = buffer.subscription_ids();
    if put(&publish, version, payload.is_some(), out.bytes_mut())
        && let Some(payload) = payload
    {
        out.share(payload);
    }
}

/// Appends a packet, or all of it in front of its payload; returns whether it did.
fn put(publish: &Publish<'_>, version: Version, ends_early: bool, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let encoded =
        if ends_early { publish.encode_head(version, out) } else { publish.encode(version, out) };
    if encoded.is_err() {
        out.truncate(start);
    }
    encoded.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_receiver_gets_its_own_flags_and_identifier() {
        let publish = Publish {
            topic: "a/b",
            qos: QoS::AtLeastOnce,
            packet_id: PacketId::new(9),
            payload: &[b'x'; 200],
            ..Publish::default()
        };
        let mut bytes = Vec::new();
        publish.encode(Version::V311, &mut bytes).unwrap();
        let source = Source { version: Version::V311, bytes: &bytes };
        for source in [Some(source), None] {
            let mut templates = Templates::new(&publish, source, Vec::new());
            for (version, qos, id) in [
                (Version::V311, QoS::AtLeastOnce, PacketId::new(0x1234)),
                (Version::V5, QoS::AtLeastOnce, PacketId::new(7)),
                (Version::V5, QoS::AtMostOnce, None),
                (Version::V31, QoS::AtMostOnce, None),
            ] {
                let variant = Variant { version, qos, retain: true };
                let mut out = vec![0xff];
                templates.fitting(variant, usize::MAX).unwrap().append(id, &mut out);
                let mut expected = vec![0xff];
                let copy = Publish { qos, packet_id: id, retain: true, ..publish };
                copy.encode(version, &mut expected).unwrap();
                assert_eq!(out, expected);
            }
        }
    }
}

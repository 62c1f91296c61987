//! What a message of a run carries: a header by which the receiving side
//! recognises it. It stands at the start of the payload, or in MQTT 5 in the
//! correlation data of messages whose payload is somebody else's.
//!
//! All numbers are big-endian. The header is the same for every mode, so that
//! any subscriber of a run can check any message of it.

use crate::mqtt::wire::{self, Reader};
use std::time::Duration;

/// Bytes of the header.
pub const HEADER_SIZE: usize = 32;

/// Bytes at the start of the header that are the same in all messages of a
/// lane: magic, run and lane.
const FIXED_SIZE: usize = 12;

/// The first bytes of every header: "mqx bench, header 2".
const MAGIC: u32 = 0x6d71_7802;

/// The lateness is carried in units of so many nanoseconds, which takes it to
/// four and a half minutes in four bytes.
const LATE_UNIT: u64 = 64;

/// Who sent a message, which one it is and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bench) struct Header {
    /// The run; messages of others are not counted.
    pub(in crate::bench) run: u32,
    /// The number of the stream of the client, among all of the run.
    pub(in crate::bench) lane: u32,
    /// Counts the messages of the lane from zero.
    pub(in crate::bench) sequence: u64,
    /// When the message was due, in nanoseconds since 1970.
    pub(in crate::bench) due: u64,
    /// How much later than that it was sent, to 64 ns, at most 274 s.
    pub(in crate::bench) late: Duration,
}

/// The part of the header that differs from message to message.
pub(in crate::bench) type Variable = [u8; HEADER_SIZE - FIXED_SIZE];

impl Header {
    /// The header at the start of a payload, if it is one of a run.
    #[must_use]
    pub(in crate::bench) fn read(payload: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(payload);
        if reader.u32().ok()? != MAGIC {
            return None;
        }
        Some(Self {
            run: reader.u32().ok()?,
            lane: reader.u32().ok()?,
            late: Duration::from_nanos(u64::from(reader.u32().ok()?) * LATE_UNIT),
            sequence: read_u64(&mut reader)?,
            due: read_u64(&mut reader)?,
        })
    }

    /// The bytes that differ from message to message.
    #[must_use]
    pub(in crate::bench) fn variable(sequence: u64, due: u64, late: Duration) -> Variable {
        let late = u64::try_from(late.as_nanos()).unwrap_or(u64::MAX) / LATE_UNIT;
        let late = u32::try_from(late).unwrap_or(u32::MAX);
        let mut bytes = Variable::default();
        let (head, tail) = bytes.split_at_mut(4);
        let (middle, end) = tail.split_at_mut(8);
        head.copy_from_slice(&late.to_be_bytes());
        middle.copy_from_slice(&sequence.to_be_bytes());
        end.copy_from_slice(&due.to_be_bytes());
        bytes
    }
}

/// The start of the header, which never changes in a lane.
#[must_use]
pub(super) fn fixed_part(run: u32, lane: u32) -> Vec<u8> {
    let mut start = Vec::with_capacity(FIXED_SIZE);
    for number in [MAGIC, run, lane] {
        wire::put_u32(&mut start, number);
    }
    start
}

/// Reads a number of eight bytes.
pub(super) fn read_u64(reader: &mut Reader<'_>) -> Option<u64> {
    let (high, low) = (reader.u32().ok()?, reader.u32().ok()?);
    Some(u64::from(high) << 32 | u64::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(header: Header) -> Vec<u8> {
        let mut bytes = fixed_part(header.run, header.lane);
        bytes.extend_from_slice(&Header::variable(header.sequence, header.due, header.late));
        bytes
    }

    proptest! {
        #[test]
        fn a_header_is_read_as_it_was_written(
            run: u32, lane: u32, sequence: u64, due: u64, late in 0..270_000_000_000_u64,
        ) {
            let late = Duration::from_nanos(late / LATE_UNIT * LATE_UNIT);
            let header = Header { run, lane, sequence, due, late };
            let bytes = written(header);
            prop_assert_eq!(bytes.len(), HEADER_SIZE);
            prop_assert_eq!(Header::read(&bytes), Some(header));
            prop_assert_eq!(Header::read(&bytes[..HEADER_SIZE - 1]), None);
        }

        #[test]
        fn foreign_payloads_are_no_header(payload: Vec<u8>) {
            prop_assert_eq!(Header::read(&payload), None);
        }
    }

    #[test]
    fn a_lateness_beyond_the_field_is_its_largest() {
        let variable = Header::variable(0, 0, Duration::from_secs(1_000));
        assert_eq!(variable[..4], [0xff; 4]);
    }
}

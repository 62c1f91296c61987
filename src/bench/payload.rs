//! What a payload of a run carries: a header by which the receiving side
//! recognises the message, and filling up to the wanted size.
//!
//! All numbers are big-endian. The header is the same for every mode, so that
//! any subscriber of a run can check any message of it.

use crate::mqtt::wire::{self, Reader};
use crate::session::Time;
use std::time::Duration;

/// Bytes of the header, which every payload starts with.
pub const HEADER_SIZE: usize = 32;

/// Bytes at the start of the header that are the same in all messages of a
/// publisher: magic, run and publisher.
const FIXED_SIZE: usize = 12;

/// The first bytes of every payload: "mqx bench, header 1".
const MAGIC: u32 = 0x6d71_7801;

/// The lateness is carried in units of so many nanoseconds, which takes it to
/// four and a half minutes in four bytes.
const LATE_UNIT: u64 = 64;

/// Who sent a message, which one it is and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// The run; messages of others are not counted.
    pub(super) run: u32,
    /// The publisher's number.
    pub(super) publisher: u32,
    /// Counts the publisher's messages from zero.
    pub(super) sequence: u64,
    /// When the message was due, counted from the start of the run.
    pub(super) due: Time,
    /// How much later than that it was sent, to 64 ns, at most 274 s.
    pub(super) late: Duration,
}

/// The part of the header that differs from message to message.
pub(super) type Variable = [u8; HEADER_SIZE - FIXED_SIZE];

impl Header {
    /// The header at the start of a payload, if it is one of a run.
    #[must_use]
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(payload);
        if reader.u32().ok()? != MAGIC {
            return None;
        }
        Some(Self {
            run: reader.u32().ok()?,
            publisher: reader.u32().ok()?,
            late: Duration::from_nanos(u64::from(reader.u32().ok()?) * LATE_UNIT),
            sequence: read_u64(&mut reader)?,
            due: Time::from_nanos(read_u64(&mut reader)?),
        })
    }

    /// The bytes that differ from message to message.
    #[must_use]
    pub(super) fn variable(sequence: u64, due: Time, late: Duration) -> Variable {
        let late = u64::try_from(late.as_nanos()).unwrap_or(u64::MAX) / LATE_UNIT;
        let late = u32::try_from(late).unwrap_or(u32::MAX);
        let mut bytes = Variable::default();
        let (head, tail) = bytes.split_at_mut(4);
        let (middle, end) = tail.split_at_mut(8);
        head.copy_from_slice(&late.to_be_bytes());
        middle.copy_from_slice(&sequence.to_be_bytes());
        end.copy_from_slice(&due.nanos().to_be_bytes());
        bytes
    }
}

fn read_u64(reader: &mut Reader<'_>) -> Option<u64> {
    let (high, low) = (reader.u32().ok()?, reader.u32().ok()?);
    Some(u64::from(high) << 32 | u64::from(low))
}

/// The parts of a publisher's payloads that never change.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// What comes before the variable part.
    pub(super) start: Vec<u8>,
    /// What comes behind it.
    pub(super) filling: Vec<u8>,
}

impl Frame {
    /// The frame of payloads of `size` bytes, at least [`HEADER_SIZE`].
    #[must_use]
    pub(super) fn new(run: u32, publisher: u32, size: usize) -> Self {
        let mut start = Vec::with_capacity(FIXED_SIZE);
        for number in [MAGIC, run, publisher] {
            wire::put_u32(&mut start, number);
        }
        Self { start, filling: vec![b'.'; size.saturating_sub(HEADER_SIZE)] }
    }

    /// A whole payload, in a buffer that is used again.
    pub(super) fn fill(&self, variable: &Variable, payload: &mut Vec<u8>) {
        payload.clear();
        for part in [&self.start[..], variable, &self.filling] {
            payload.extend_from_slice(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_header_is_read_as_it_was_written(
            run: u32, publisher: u32, sequence: u64, due: u64, late in 0..270_000_000_000_u64,
            size in HEADER_SIZE..200,
        ) {
            let late = late / LATE_UNIT * LATE_UNIT;
            let (due, late) = (Time::from_nanos(due), Duration::from_nanos(late));
            let mut payload = Vec::new();
            let variable = Header::variable(sequence, due, late);
            Frame::new(run, publisher, size).fill(&variable, &mut payload);
            prop_assert_eq!(payload.len(), size);
            let header = Header { run, publisher, sequence, due, late };
            prop_assert_eq!(Header::read(&payload), Some(header));
        }

        #[test]
        fn foreign_payloads_are_no_header(payload: Vec<u8>) {
            prop_assert_eq!(Header::read(&payload), None);
        }
    }

    #[test]
    fn a_lateness_beyond_the_field_is_its_largest() {
        let variable = Header::variable(0, Time::ZERO, Duration::from_secs(1_000));
        assert_eq!(variable[..4], [0xff; 4]);
    }

    #[test]
    fn a_truncated_header_is_no_header() {
        let mut payload = Vec::new();
        let variable = Header::variable(0, Time::ZERO, Duration::ZERO);
        Frame::new(1, 2, HEADER_SIZE).fill(&variable, &mut payload);
        assert_eq!(Header::read(&payload[..HEADER_SIZE - 1]), None);
    }
}

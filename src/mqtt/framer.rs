//! Splits a stream of bytes into whole packets.

use super::{Error, ReasonCode, wire};

/// The largest remaining length a fixed header can say (MQTT 5.0 §2.1.4).
pub const MAX_REMAINING_LENGTH: usize = 268_435_455;

/// A whole packet as it was received, not yet decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The first byte: packet type and flags.
    pub header: u8,
    /// Everything behind the remaining length.
    pub body: &'a [u8],
    /// The packet from its first byte to its last.
    pub bytes: &'a [u8],
}

/// The packet at the start of `buffer`, or `None` when it is not whole yet.
///
/// The size of the packet is checked against `maximum_packet_size` (in bytes,
/// counted as MQTT 5.0 §3.1.2.11.4 counts) as soon as its header is there.
///
/// # Errors
/// When the remaining length is malformed or the packet is too large.
pub fn next_frame(buffer: &[u8], maximum_packet_size: usize) -> Result<Option<Frame<'_>>, Error> {
    let Some((header, after)) = buffer.split_first() else {
        return Ok(None);
    };
    let Some((length, width)) = wire::varint(after)? else {
        return Ok(None);
    };
    let size = 1 + width + length as usize;
    if size > maximum_packet_size {
        return Err(Error::protocol(
            "MQTT-3.1.2-24, MQTT-3.2.2-15",
            "the packet is larger than announced as the maximum",
        )
        .with_reason(ReasonCode::PACKET_TOO_LARGE));
    }
    let Some(bytes) = buffer.get(..size) else {
        return Ok(None);
    };
    let body = bytes.get(1 + width..).unwrap_or_default();
    Ok(Some(Frame { header: *header, body, bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_not_whole_until_its_last_byte() {
        let bytes = [0x30, 0x05, 0, 1, b'a', b'h', b'i', 0xc0];
        for cut in 0..7 {
            assert_eq!(next_frame(&bytes[..cut], 100), Ok(None), "{cut} bytes");
        }
        let frame = next_frame(&bytes, 100).unwrap().unwrap();
        assert_eq!((frame.header, frame.body), (0x30, &bytes[2..7]));
        assert_eq!(frame.bytes, &bytes[..7]);
    }

    #[test]
    fn a_packet_over_the_limit_is_refused_from_its_header() {
        let error = next_frame(&[0x30, 0xff, 0xff, 0xff, 0x7f], 1_000).unwrap_err();
        assert_eq!(error.reason, ReasonCode::PACKET_TOO_LARGE);
        assert_eq!(next_frame(&[0xc0, 0x00], 2).unwrap().unwrap().bytes.len(), 2);
        assert!(next_frame(&[0xc0, 0x00], 1).is_err());
    }
}

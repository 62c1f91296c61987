//! What is read from the bytes of a frame: its header (RFC 6455 §5.2) and the
//! code of a close frame.

/// The longest header: two bytes, a long length and the mask.
pub(super) const LONGEST: usize = 14;

/// The largest payload of a control frame, in bytes (§5.5).
pub(super) const MAX_CONTROL: u8 = 125;

pub(super) const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
pub(super) const MASKED: u8 = 0x80;

/// Who makes frames: clients mask them, servers must not (§5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// The one who asked for the connection.
    Client,
    /// The one who was asked.
    Server,
}

/// What a frame is (§11.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// More of a message.
    Continuation = 0x0,
    /// A message of text, which MQTT does not use.
    Text = 0x1,
    /// A message of bytes.
    Binary = 0x2,
    /// The end of the connection.
    Close = 0x8,
    /// A question whether the peer is there.
    Ping = 0x9,
    /// The answer to it.
    Pong = 0xa,
}

impl Opcode {
    const ALL: [Self; 6] =
        [Self::Continuation, Self::Text, Self::Binary, Self::Close, Self::Ping, Self::Pong];

    pub(super) const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// Why a connection was closed (§7.4.1).
pub mod code {
    /// All is done.
    pub const NORMAL: u16 = 1000;
    /// The peer, or the page it was, goes away.
    pub const GOING_AWAY: u16 = 1001;
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// The peer sent a kind of data that is not taken.
    pub const UNSUPPORTED: u16 = 1003;
    /// The peer sent text that is not UTF-8.
    pub const INVALID_TEXT: u16 = 1007;
}

/// What a peer did that it must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// The code to close the connection with, one of [`code`].
    pub code: u16,
    /// What is wrong, in at most 100 bytes.
    pub what: &'static str,
}

impl Violation {
    pub(super) const fn protocol(what: &'static str) -> Self {
        Self { code: code::PROTOCOL_ERROR, what }
    }
}

/// A whole header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) opcode: Opcode,
    /// Whether the message ends with this frame.
    pub(super) fin: bool,
    /// The bytes of payload that follow.
    pub(super) length: u64,
    pub(super) mask: [u8; 4],
}

/// The header by `maker` that `bytes` are, or `None` while they are too few.
///
/// What the first two bytes show is judged as soon as they are there.
pub(super) fn header(bytes: &[u8], maker: Maker) -> Result<Option<Header>, Violation> {
    let Some(([first, second], rest)) = bytes.split_first_chunk() else {
        return Ok(None);
    };
    let (fin, opcode) = (first & FIN != 0, opcode(*first)?);
    match (maker, second & MASKED != 0) {
        (Maker::Client, true) | (Maker::Server, false) => {}
        (Maker::Client, false) => {
            return Err(Violation::protocol("frames of a client must be masked"));
        }
        (Maker::Server, true) => {
            return Err(Violation::protocol("frames of a server must not be masked"));
        }
    }
    let short = second & !MASKED;
    if opcode.is_control() && (!fin || short > MAX_CONTROL) {
        return Err(Violation::protocol("a control frame is in parts or over 125 bytes"));
    }
    let Some((length, rest)) = length(short, rest)? else {
        return Ok(None);
    };
    let mask = match maker {
        Maker::Client => rest.first_chunk().copied(),
        Maker::Server => Some(NO_MASK),
    };
    Ok(mask.map(|mask| Header { opcode, fin, length, mask }))
}

/// What changes nothing.
const NO_MASK: [u8; 4] = [0; 4];

/// Masks `payload`, or unmasks it; afterwards `mask` begins with the byte for
/// what follows (§5.3).
pub(super) fn apply(mask: &mut [u8; 4], payload: &mut [u8]) {
    if *mask == NO_MASK {
        return;
    }
    let (whole, rest) = payload.as_chunks_mut::<4>();
    for chunk in whole {
        for (byte, mask) in chunk.iter_mut().zip(*mask) {
            *byte ^= mask;
        }
    }
    for (byte, mask) in rest.iter_mut().zip(*mask) {
        *byte ^= mask;
    }
    mask.rotate_left(rest.len());
}

fn opcode(first: u8) -> Result<Opcode, Violation> {
    if first & RESERVED != 0 {
        return Err(Violation::protocol("a reserved bit is set, but no extension is in use"));
    }
    let found = Opcode::ALL.into_iter().find(|opcode| *opcode as u8 == first & 0x0f);
    found.ok_or(Violation::protocol("a frame is of no known kind"))
}

/// The length of the payload, and the bytes behind it if it is all there.
fn length(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, Violation> {
    let (whole, least) = match short {
        126 => {
            (rest.split_first_chunk().map(|(b, rest)| (u16::from_be_bytes(*b).into(), rest)), 126)
        }
        127 => (rest.split_first_chunk().map(|(b, rest)| (u64::from_be_bytes(*b), rest)), 0x1_0000),
        _ => (Some((short.into(), rest)), 0),
    };
    let allowed = least..1 << 63;
    match whole {
        Some((length, _)) if !allowed.contains(&length) => {
            Err(Violation::protocol("the length of a frame is not as short as it can be"))
        }
        whole => Ok(whole),
    }
}

/// The code in the payload of a close frame, if it has one (§5.5.1).
pub(super) fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    if payload.is_empty() {
        return Ok(None);
    }
    let Some((code, reason)) = payload.split_first_chunk() else {
        return Err(Violation::protocol("a close frame has half a code"));
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Violation::protocol("a close frame has a code that is not for sending"));
    }
    match std::str::from_utf8(reason) {
        Ok(_) => Ok(Some(code)),
        Err(_) => Err(Violation {
            code: code::INVALID_TEXT,
            what: "the reason of a close frame is not UTF-8",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(bytes: &[u8]) -> &'static str {
        header(bytes, Maker::Client).unwrap_err().what
    }

    #[test]
    fn a_header_is_unknown_until_its_last_byte() {
        let headers: [(&[u8], u64); 3] = [
            (&[0x82, 0x85, 1, 2, 3, 4], 5),
            (&[0x82, 0xfe, 0x01, 0x00, 1, 2, 3, 4], 256),
            (&[0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4], 0x1_0000_0000),
        ];
        for (bytes, length) in headers {
            for cut in 0..bytes.len() {
                assert_eq!(header(&bytes[..cut], Maker::Client), Ok(None), "{cut} bytes");
            }
            let whole = Header { opcode: Opcode::Binary, fin: true, length, mask: [1, 2, 3, 4] };
            assert_eq!(header(bytes, Maker::Client), Ok(Some(whole)));
        }
    }

    #[test]
    fn what_is_wrong_with_a_header_shows_as_early_as_it_can() {
        assert!(what(&[0x82, 0x05]).contains("masked"));
        assert!(what(&[0xc2, 0x85]).contains("reserved"));
        assert!(what(&[0x83, 0x85]).contains("known"));
        assert!(what(&[0x09, 0x85]).contains("control"), "a ping in parts");
        assert!(what(&[0x89, 0xfe]).contains("control"), "a ping of 126 bytes");
        for long in [&[0x82, 0xfe, 0, 125][..], &[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff]] {
            assert!(what(long).contains("short"));
        }
        assert!(what(&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]).contains("short"));
    }

    #[test]
    fn a_server_has_the_same_headers_without_a_mask() {
        let read = |bytes| header(bytes, Maker::Server);
        let whole = Header { opcode: Opcode::Binary, fin: true, length: 5, mask: NO_MASK };
        assert_eq!(read(&[0x82, 5]), Ok(Some(whole)));
        assert_eq!(read(&[0x82, 126, 1]), Ok(None));
        assert!(read(&[0x82, 0x85]).unwrap_err().what.contains("must not be masked"));
    }

    #[test]
    fn only_codes_for_sending_are_taken_in_a_close_frame() {
        assert_eq!(close_code(&[]), Ok(None));
        assert_eq!(close_code(&[0x03, 0xe8, b'b']), Ok(Some(1000)));
        assert_eq!(close_code(&[0x0f, 0xa0]), Ok(Some(4000)));
        // Half a code, 999, 1005, 1006, 5000.
        let bad: [&[u8]; 5] = [&[3], &[3, 0xe7], &[3, 0xed], &[3, 0xee], &[0x13, 0x88]];
        for bytes in bad {
            assert_eq!(close_code(bytes).unwrap_err().code, code::PROTOCOL_ERROR);
        }
        assert_eq!(close_code(&[3, 0xe8, 0xff]).unwrap_err().code, code::INVALID_TEXT);
    }
}

//! Makes frames: those of a server, which are not masked, and those of a client,
//! which are (RFC 6455 §5.1).

use super::wire::{self, FIN, LONGEST, MASKED, MAX_CONTROL, Opcode};

/// Appends a whole message of one frame, as a server sends it.
pub fn put_frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    put_head(out, opcode, payload.len(), 0);
    out.extend_from_slice(payload);
}

/// Appends a whole message of one frame, as a client sends it; `mask` is not
/// to be foreseen by whoever chose the payload (§10.3).
pub fn put_masked_frame(out: &mut Vec<u8>, opcode: Opcode, mut mask: [u8; 4], payload: &[u8]) {
    put_head(out, opcode, payload.len(), MASKED);
    out.extend_from_slice(&mask);
    let start = out.len();
    out.extend_from_slice(payload);
    wire::apply(&mut mask, out.get_mut(start..).unwrap_or_default());
}

/// What stands for a length of two bytes that follows, and for one of eight.
const MEDIUM: u8 = 0x7e;
const LONG: u8 = 0x7f;

fn put_head(out: &mut Vec<u8>, opcode: Opcode, length: usize, masked: u8) {
    out.reserve(length + LONGEST);
    out.push(FIN | opcode as u8);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..=MAX_CONTROL), _) => out.push(masked | short),
        (_, Ok(medium)) => {
            out.push(masked | MEDIUM);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(masked | LONG);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// Appends a close frame, without a code if the peer gave none. The reason,
/// at most 123 bytes, is for whoever looks into it.
pub fn put_close(out: &mut Vec<u8>, code: Option<u16>, reason: &str) {
    let mut payload = Vec::with_capacity(2 + reason.len());
    if let Some(code) = code {
        payload.extend_from_slice(&code.to_be_bytes());
        payload.extend_from_slice(reason.as_bytes());
    }
    put_frame(out, Opcode::Close, &payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(length: usize) -> Vec<u8> {
        let mut out = Vec::new();
        put_frame(&mut out, Opcode::Binary, &vec![0x55; length]);
        let end = out.len() - length;
        assert!(out.split_off(end).iter().all(|byte| *byte == 0x55));
        out
    }

    #[test]
    fn a_length_takes_as_few_bytes_as_it_can() {
        assert_eq!(start(0), [0x82, 0]);
        assert_eq!(start(125), [0x82, 125]);
        assert_eq!(start(126), [0x82, 126, 0, 126]);
        assert_eq!(start(65_535), [0x82, 126, 0xff, 0xff]);
        assert_eq!(start(65_536), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn the_masked_frame_of_the_standard_is_made_as_there() {
        let mut out = Vec::new();
        put_masked_frame(&mut out, Opcode::Text, [0x37, 0xfa, 0x21, 0x3d], b"Hello");
        let wanted = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(out, wanted, "RFC 6455 §5.7");
    }

    #[test]
    fn a_close_frame_has_its_code_and_reason_or_neither() {
        let mut out = Vec::new();
        put_close(&mut out, Some(1002), "no");
        assert_eq!(out, [0x88, 4, 0x03, 0xea, b'n', b'o']);
        out.clear();
        put_close(&mut out, None, "");
        assert_eq!(out, [0x88, 0]);
    }
}

//! Makes the frames of a server, which are not masked (RFC 6455 §5.1).

use super::wire::{FIN, MAX_CONTROL, Opcode};

/// Appends a whole message of one frame.
pub fn put_frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    out.reserve(payload.len() + 10);
    out.push(FIN | opcode as u8);
    let length = payload.len();
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..=MAX_CONTROL), _) => out.push(short),
        (_, Ok(medium)) => {
            out.push(126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
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
    fn a_close_frame_has_its_code_and_reason_or_neither() {
        let mut out = Vec::new();
        put_close(&mut out, Some(1002), "no");
        assert_eq!(out, [0x88, 4, 0x03, 0xea, b'n', b'o']);
        out.clear();
        put_close(&mut out, None, "");
        assert_eq!(out, [0x88, 0]);
    }
}

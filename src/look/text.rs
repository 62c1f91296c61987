//! Text from the network on its way to a reader: untouched into a pipe, with
//! control characters escaped on a terminal.

use crate::output;

/// Bytes that should be text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    bytes: &'a [u8],
    terminal: bool,
}

impl<'a> Text<'a> {
    pub(super) const fn new(bytes: &'a [u8], terminal: bool) -> Self {
        Self { bytes, terminal }
    }

    /// Appends the text.
    pub(super) fn put(self, out: &mut Vec<u8>) {
        if self.terminal {
            let text = String::from_utf8_lossy(self.bytes);
            out.extend_from_slice(output::escape(&text).as_bytes());
        } else {
            out.extend_from_slice(self.bytes);
        }
    }

    /// Appends the text of a payload, which may have lines and columns.
    pub(super) fn put_payload(self, out: &mut Vec<u8>) {
        if !self.terminal {
            out.extend_from_slice(self.bytes);
            return;
        }
        for piece in self.bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\t')) {
            let (text, end) = match piece.split_last() {
                Some((b'\n' | b'\t', text)) => (text, piece.last()),
                _ => (piece, None),
            };
            Self::new(text, true).put(out);
            out.extend(end);
        }
    }
}

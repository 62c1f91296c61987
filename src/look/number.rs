//! Width, precision and padding as C's printf has them.

use std::fmt::Display;

/// The flags between `%` and the letter of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape {
    /// Padding goes behind, not before.
    pub(super) left: bool,
    /// Padding is made of zeros, not blanks.
    pub(super) zero: bool,
    /// The least number of bytes; 0 is any.
    pub(super) width: usize,
    /// The greatest number of bytes of a text, the decimals of a number, or
    /// the hexadecimal digits in a group.
    pub(super) precision: Option<usize>,
    /// What stands between groups of hexadecimal digits.
    pub(super) separator: Option<u8>,
}

impl Shape {
    /// A number, or blanks where there is none.
    pub(super) fn put_number(self, number: Option<impl Display>, out: &mut Vec<u8>) {
        match number {
            Some(number) => self.put_padded(number.to_string().as_bytes(), out),
            // As C pads what is nothing: zeros count, and the side does not.
            None => Self { left: false, ..self }.put_padded(b"", out),
        }
    }

    /// A number with decimals, six unless the precision says otherwise.
    pub(super) fn put_float(self, number: f64, out: &mut Vec<u8>) {
        let text = format!("{number:.*}", self.precision.unwrap_or(6));
        self.put_padded(text.as_bytes(), out);
    }

    /// Text, cut to the precision without breaking a character.
    pub(super) fn put_text(self, text: &[u8], out: &mut Vec<u8>) {
        let cut = match self.precision {
            Some(limit) if limit < text.len() => cut_before(text, limit),
            _ => text,
        };
        Self { zero: false, ..self }.put_padded(cut, out);
    }

    /// Bytes as they are, cut to the width if they are longer.
    pub(super) fn put_bytes(self, bytes: &[u8], out: &mut Vec<u8>) {
        self.put_padded(self.cut(bytes), out);
    }

    /// Bytes in hexadecimal digits, cut to as many bytes as the width.
    pub(super) fn put_hex(self, bytes: &[u8], digits: &[u8; 16], out: &mut Vec<u8>) {
        let group = self.precision.unwrap_or_default();
        let separator = self.separator.unwrap_or(b' ');
        let mut text = Vec::with_capacity(bytes.len() * 2);
        let nibbles = self.cut(bytes).iter().flat_map(|byte| [byte >> 4, byte & 15]);
        for (index, nibble) in nibbles.enumerate() {
            if group > 0 && index > 0 && index % group == 0 {
                text.push(separator);
            }
            text.extend(digits.get(usize::from(nibble)));
        }
        self.put_padded(&text, out);
    }

    fn cut(self, bytes: &[u8]) -> &[u8] {
        match self.width {
            0 => bytes,
            width => bytes.get(..width).unwrap_or(bytes),
        }
    }

    fn put_padded(self, text: &[u8], out: &mut Vec<u8>) {
        let padding = self.width.saturating_sub(text.len());
        let pad = if self.zero { b'0' } else { b' ' };
        if self.left {
            out.extend_from_slice(text);
            out.extend(std::iter::repeat_n(b' ', padding));
        } else {
            out.extend(std::iter::repeat_n(pad, padding));
            out.extend_from_slice(text);
        }
    }
}

/// The longest part of `text` of at most `limit` bytes that does not end
/// within a character.
fn cut_before(text: &[u8], limit: usize) -> &[u8] {
    let continues = |at: usize| text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let end = (0..=limit).rev().find(|end| !continues(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

//! The primitive types of the wire (MQTT 5.0 §1.5) and the only place where
//! integers are read from foreign bytes.

use super::Error;

/// Reads primitive values from a slice; never past its end.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

/// The error of a field that does not fit in the bytes that are there.
const TRUNCATED: Error = Error::malformed("§2.1.4", "the packet ends inside a field");

/// The error of a string that holds what none may.
pub(super) const HOLDS_NULL: Error = Error::malformed("MQTT-1.5.4-2", "a string holds U+0000");

impl<'a> Reader<'a> {
    /// A reader at the start of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes that have not been read.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rest.len()
    }

    /// Whether everything has been read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that has not been read; the reader is empty afterwards.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(TRUNCATED)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(TRUNCATED)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A byte.
    ///
    /// # Errors
    /// When none is left.
    pub fn u8(&mut self) -> Result<u8, Error> {
        self.array().map(|[byte]| byte)
    }

    /// A Two Byte Integer (§1.5.2).
    ///
    /// # Errors
    /// When fewer than two bytes are left.
    pub fn u16(&mut self) -> Result<u16, Error> {
        self.array().map(u16::from_be_bytes)
    }

    /// A Four Byte Integer (§1.5.3).
    ///
    /// # Errors
    /// When fewer than four bytes are left.
    pub fn u32(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_be_bytes)
    }

    /// A Variable Byte Integer (§1.5.5): at most 268,435,455.
    ///
    /// # Errors
    /// When it is cut short, longer than four bytes or not minimal.
    pub fn varint(&mut self) -> Result<u32, Error> {
        let (value, length) = varint(self.rest)?.ok_or(TRUNCATED)?;
        self.take(length)?;
        Ok(value)
    }

    /// Binary Data (§1.5.6): at most 65,535 bytes.
    ///
    /// # Errors
    /// When its length overruns the bytes that are left.
    pub fn binary(&mut self) -> Result<&'a [u8], Error> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// A UTF-8 Encoded String (§1.5.4): at most 65,535 bytes.
    ///
    /// # Errors
    /// When it overruns the bytes that are left, is not UTF-8 or holds U+0000.
    pub fn string(&mut self) -> Result<&'a str, Error> {
        let text = self.unchecked_string()?;
        if text.as_bytes().contains(&0) {
            return Err(HOLDS_NULL);
        }
        Ok(text)
    }

    /// A UTF-8 Encoded String that may hold U+0000, for whoever looks at each
    /// character anyway.
    ///
    /// # Errors
    /// When it overruns the bytes that are left or is not UTF-8.
    pub fn unchecked_string(&mut self) -> Result<&'a str, Error> {
        std::str::from_utf8(self.binary()?)
            .map_err(|_| Error::malformed("MQTT-1.5.4-1", "a string is not UTF-8"))
    }

    /// The bytes that follow their length as a Variable Byte Integer.
    ///
    /// # Errors
    /// When the length is malformed or overruns the bytes that are left.
    pub fn block(&mut self) -> Result<&'a [u8], Error> {
        let length = self.varint()?;
        self.take(length as usize)
    }

    /// What `read` makes of all the bytes that are left. It is looked at here, before
    /// it becomes a packet, which is large to move.
    ///
    /// # Errors
    /// Those of `read`, and when it leaves bytes behind.
    pub fn to_end<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let value = read(self)?;
        self.finish()?;
        Ok(value)
    }

    /// Refuses bytes that nothing has read.
    ///
    /// # Errors
    /// When there are any.
    pub fn finish(&self) -> Result<(), Error> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Error::malformed("§2.1.4", "bytes follow the end of the packet"))
        }
    }
}

/// The Variable Byte Integer at the start of `bytes` and how many bytes it
/// takes, or `None` when more bytes are needed to tell.
///
/// # Errors
/// When it is longer than four bytes or not minimal (MQTT-1.5.5-1).
pub fn varint(bytes: &[u8]) -> Result<Option<(u32, usize)>, Error> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            if *byte == 0 && index > 0 {
                return Err(Error::malformed("MQTT-1.5.5-1", "a length is not minimal"));
            }
            return Ok(Some((value, index + 1)));
        }
    }
    if bytes.len() < 4 {
        return Ok(None);
    }
    Err(Error::malformed("§1.5.5", "a length takes more than four bytes"))
}

/// How many bytes the Variable Byte Integer of `value` takes.
#[must_use]
pub const fn varint_size(value: usize) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        _ => 4,
    }
}

/// Appends a Two Byte Integer.
pub fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends a Four Byte Integer.
pub fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends a Variable Byte Integer.
///
/// # Errors
/// When the value is above 268,435,455.
pub fn put_varint(out: &mut Vec<u8>, value: usize) -> Result<(), Error> {
    if value > super::MAX_REMAINING_LENGTH {
        return Err(Error::protocol("§1.5.5", "a packet is larger than MQTT allows")
            .with_reason(super::ReasonCode::PACKET_TOO_LARGE));
    }
    let mut rest = value;
    loop {
        let [low, ..] = rest.to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            out.push(low);
            return Ok(());
        }
        out.push(low | 0x80);
    }
}

/// Appends Binary Data or a UTF-8 Encoded String.
///
/// # Errors
/// When there are more than 65,535 bytes.
pub fn put_binary(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    let length = u16::try_from(bytes.len()).map_err(|_| {
        Error::protocol("§1.5.4", "a field is longer than 65,535 bytes")
            .with_reason(super::ReasonCode::PACKET_TOO_LARGE)
    })?;
    put_u16(out, length);
    out.extend_from_slice(bytes);
    Ok(())
}

/// Inserts at `start` the length of what follows it, plus `further` bytes
/// that the caller will append, as a Variable Byte Integer.
///
/// # Errors
/// When the length is above 268,435,455.
pub fn insert_length(out: &mut Vec<u8>, start: usize, further: usize) -> Result<(), Error> {
    let end = out.len();
    let length = end.saturating_sub(start) + further;
    if let Some(byte) = u8::try_from(length).ok().filter(|byte| *byte < 0x80 && start <= end) {
        // The usual message; a byte is quicker put in than turned around.
        out.insert(start, byte);
        return Ok(());
    }
    put_varint(out, length)?;
    let width = out.len() - end;
    if let Some(tail) = out.get_mut(start..) {
        tail.rotate_right(width);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_every_width_come_back() {
        for value in [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value).unwrap();
            assert_eq!(bytes.len(), varint_size(value));
            let (read, width) = varint(&bytes).unwrap().unwrap();
            assert_eq!((read as usize, width), (value, bytes.len()));
        }
        assert!(put_varint(&mut Vec::new(), 268_435_456).is_err());
    }

    #[test]
    fn a_length_is_unknown_until_its_last_byte_is_there() {
        assert_eq!(varint(&[]), Ok(None));
        assert_eq!(varint(&[0x80, 0x80, 0x80]), Ok(None));
        assert!(varint(&[0x80, 0x80, 0x80, 0x80]).is_err());
        assert!(varint(&[0x80, 0x00]).is_err());
    }

    #[test]
    fn a_length_is_inserted_before_what_it_counts() {
        let mut out = vec![0x10, b'a', b'b'];
        insert_length(&mut out, 1, 200).unwrap();
        assert_eq!(out, [0x10, 0xca, 0x01, b'a', b'b']);
    }
}

//! gzip (RFC 1952).

use super::{Decoded, MAX_SIZE};
use flate2::read::MultiGzDecoder;
use std::io::Read as _;

/// What is inside, up to [`MAX_SIZE`] bytes: a few compressed bytes may stand
/// for any number.
pub(super) fn decode(payload: &[u8]) -> Result<Decoded, String> {
    let mut inside = Vec::new();
    let limit = MAX_SIZE as u64 + 1;
    let read = MultiGzDecoder::new(payload).take(limit).read_to_end(&mut inside);
    read.map_err(|cause| cause.to_string())?;
    if inside.len() > MAX_SIZE {
        return Err(format!("it would be more than {MAX_SIZE} bytes"));
    }
    Ok(Decoded::Bytes(inside))
}

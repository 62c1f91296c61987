//! The blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian.

/// What an interface carries: IP packets and nothing before them.
const LINKTYPE_RAW: u16 = 101;

/// Nanoseconds: the time is counted in ten to the power of minus nine.
const RESOLUTION: u8 = 9;

mod block {
    pub(super) const SECTION: u32 = 0x0a0d_0d0a;
    pub(super) const INTERFACE: u32 = 1;
    pub(super) const PACKET: u32 = 6;
}

mod option {
    pub(super) const COMMENT: u16 = 1;
    pub(super) const RESOLUTION: u16 = 9;
}

/// What a file begins with.
pub(super) fn head() -> Vec<u8> {
    let mut section = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    // Version 1.0, and the length of the section is not known.
    section.extend([1, 0, 0, 0]);
    section.extend([0xff; 8]);
    let mut interface = LINKTYPE_RAW.to_le_bytes().to_vec();
    // Reserved, and packets are not cut.
    interface.extend([0; 6]);
    put_option(&mut interface, option::RESOLUTION, &[RESOLUTION]);
    end_options(&mut interface);
    [wrap(block::SECTION, section), wrap(block::INTERFACE, interface)].concat()
}

/// A packet at this many nanoseconds since 1970, perhaps with a word on it.
pub(super) fn packet(nanos: u64, bytes: &[u8], comment: Option<&str>) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    // The first interface; the upper half of the time comes first.
    let mut body = vec![0; 4];
    let (low, high) = (nanos & u64::from(u32::MAX), nanos >> 32);
    for half in [high, low] {
        body.extend(u32::try_from(half).unwrap_or(u32::MAX).to_le_bytes());
    }
    body.extend(length);
    body.extend(length);
    put_padded(&mut body, bytes);
    if let Some(comment) = comment {
        put_option(&mut body, option::COMMENT, comment.as_bytes());
        end_options(&mut body);
    }
    wrap(block::PACKET, body)
}

/// A block: its type, and its length in front and behind.
fn wrap(kind: u32, mut body: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(body.len() + 12).unwrap_or(u32::MAX).to_le_bytes();
    let mut block = kind.to_le_bytes().to_vec();
    block.extend(length);
    block.append(&mut body);
    block.extend(length);
    block
}

fn put_option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    out.extend(code.to_le_bytes());
    out.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    put_padded(out, value);
}

fn end_options(out: &mut Vec<u8>) {
    out.extend([0; 4]);
}

/// Appends bytes up to a multiple of four.
fn put_padded(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(4), 0);
}

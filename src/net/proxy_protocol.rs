//! The header that a proxy puts before a connection it passes on, to say who
//! has connected to it: the PROXY protocol, version 1 (a line) and 2 (binary).
//!
//! Only where it ends is found here, and that it is well-formed. Whom it names
//! nobody asks yet, so it is not kept.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The most bytes that are needed to tell how long a header is: the longest
/// line of version 1.
pub const LONGEST_LINE: usize = 107;

const LINE: &[u8] = b"PROXY ";

/// The first bytes of version 2, which no line of text begins with.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// What version 2 says of addresses: its byte, and the bytes they take at least.
const FAMILIES: [(u8, u16); 4] = [(0x00, 0), (0x11, 12), (0x21, 36), (0x31, 216)];

/// The version and a proxy's own connection, which has no addresses.
const LOCAL: u8 = 0x20;

/// The version and a connection that is passed on.
const PROXIED: u8 = 0x21;

/// How many bytes the header at the start of `bytes` has, as soon as that can
/// be told: behind them the client speaks. `None` asks for more bytes.
///
/// # Errors
/// What is wrong, when no header begins like this.
pub fn header_length(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    if begins(bytes, SIGNATURE) {
        binary_length(bytes.get(SIGNATURE.len()..).unwrap_or_default())
    } else if begins(bytes, LINE) {
        line_length(bytes)
    } else {
        Err("no header of the PROXY protocol comes first")
    }
}

/// Whether `bytes`, as far as they go, begin with `start`.
fn begins(bytes: &[u8], start: &[u8]) -> bool {
    bytes.iter().zip(start).all(|(byte, wanted)| byte == wanted)
}

fn binary_length(behind_signature: &[u8]) -> Result<Option<usize>, &'static str> {
    let Some(&[command, family, high, low]) = behind_signature.first_chunk() else {
        return Ok(None);
    };
    let length = u16::from_be_bytes([high, low]);
    let fits = |&(known, least): &(u8, u16)| known == family && length >= least;
    match command {
        LOCAL => {}
        PROXIED if FAMILIES.iter().any(fits) => {}
        PROXIED => return Err("a PROXY header has addresses of an unknown kind or too few bytes"),
        _ => return Err("a PROXY header has an unknown version or command"),
    }
    Ok(Some(SIGNATURE.len() + 4 + usize::from(length)))
}

fn line_length(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    let line = bytes.get(..bytes.len().min(LONGEST_LINE)).unwrap_or_default();
    let Some(end) = line.windows(2).position(|pair| pair == b"\r\n") else {
        let too_long = bytes.len() >= LONGEST_LINE;
        return if too_long { Err("a PROXY line has no end") } else { Ok(None) };
    };
    let text = line.get(LINE.len()..end).and_then(|text| std::str::from_utf8(text).ok());
    if text.is_some_and(names_addresses) {
        Ok(Some(end + 2))
    } else {
        Err("a PROXY line does not name two addresses and two ports")
    }
}

fn names_addresses(text: &str) -> bool {
    let words: Vec<_> = text.split(' ').collect();
    match words.as_slice() {
        // Whatever follows this word is to be ignored.
        ["UNKNOWN", ..] => true,
        ["TCP4", from, to, ports @ ..] => are::<Ipv4Addr>(from, to) && are_ports(ports),
        ["TCP6", from, to, ports @ ..] => are::<Ipv6Addr>(from, to) && are_ports(ports),
        _ => false,
    }
}

fn are<T: FromStr>(from: &str, to: &str) -> bool {
    from.parse::<T>().is_ok() && to.parse::<T>().is_ok()
}

fn are_ports(words: &[&str]) -> bool {
    let is_port = |word: &&str| !word.starts_with('+') && word.parse::<u16>().is_ok();
    words.len() == 2 && words.iter().all(is_port)
}

//! The header of the PROXY protocol, bytes against bytes.

use super::hex::bytes as hex;
use mqx::net::proxy_protocol::{LONGEST_LINE, header_length};
use proptest::collection::vec;
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};

const SIGNATURE: &str = "0d0a0d0a000d0a515549540a";

fn binary(rest: &str) -> Vec<u8> {
    hex(&format!("{SIGNATURE}{rest}"))
}

/// What is told of `header` with a CONNECT behind it, however little of it is there.
#[track_caller]
fn check(header: &[u8]) {
    let bytes = [header, &hex("10 0d 0004 4d515454")].concat();
    assert_eq!(header_length(&bytes), Ok(Some(header.len())));
    for cut in 0..header.len() {
        let early = header_length(&bytes[..cut]);
        assert!(early == Ok(None) || early == Ok(Some(header.len())), "{cut}: {early:?}");
    }
}

#[test]
fn the_lines_of_version_1_are_taken() {
    for line in [
        "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n",
        "PROXY TCP6 2001:db8::1 ::1 65535 0\r\n",
        "PROXY UNKNOWN\r\n",
        "PROXY UNKNOWN ffff::1 whatever 65535 65535\r\n",
    ] {
        check(line.as_bytes());
    }
}

#[test]
fn the_headers_of_version_2_are_taken() {
    // TCP over IPv4, with and without a TLV; over IPv6; a Unix socket; unknown; local.
    check(&binary("21 11 000c 7f000001 7f000001 1111 2222"));
    check(&binary("21 11 0010 7f000001 7f000001 1111 2222 04 0001 00"));
    check(&[binary("21 21 0024"), vec![0; 36]].concat());
    check(&[binary("21 31 00d8"), vec![0; 216]].concat());
    check(&binary("21 00 0000"));
    check(&[binary("20 ff ffff"), vec![0; 65_535]].concat());
}

#[test]
fn what_is_no_header_is_known_by_its_first_wrong_byte() {
    for start in ["GET /mqtt", "\u{10}", "PROXIES", "\r\n\r\nx"] {
        assert!(header_length(start.as_bytes()).is_err(), "{start:?}");
    }
    for line in [
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 127.0.0.1 127.0.0.1 1 2\r\n",
        "PROXY TCP4 127.0.0.1 127.0.0.1 1 65536\r\n",
        "PROXY TCP4 127.0.0.1 127.0.0.1 1 +2\r\n",
        "PROXY TCP4 127.0.0.1 127.0.0.1 1\r\n",
        "PROXY TCP4  127.0.0.1 127.0.0.1 1 2\r\n",
        "PROXY UDP4 127.0.0.1 127.0.0.1 1 2\r\n",
        "PROXY \r\n",
    ] {
        assert!(header_length(line.as_bytes()).is_err(), "{line:?}");
    }
    // Version 1 and 3, an unknown command, a datagram, too few bytes for addresses.
    for rest in ["11 11 000c", "31 11 000c", "22 11 000c", "21 12 000c", "21 11 000b"] {
        assert!(header_length(&binary(rest)).is_err(), "{rest}");
    }
}

#[test]
fn a_line_ends_within_107_bytes_or_is_refused() {
    let line = format!("PROXY UNKNOWN {}", "x".repeat(LONGEST_LINE));
    assert_eq!(header_length(&line.as_bytes()[..LONGEST_LINE - 1]), Ok(None));
    assert!(header_length(&line.as_bytes()[..LONGEST_LINE]).is_err());
}

proptest! {
    #[test]
    fn any_addresses_of_version_1_are_taken(
        four in any::<[u32; 2]>(), six in any::<[u128; 2]>(), ports in any::<[u16; 2]>(),
    ) {
        let [from, to] = four.map(Ipv4Addr::from);
        check(format!("PROXY TCP4 {from} {to} {} {}\r\n", ports[0], ports[1]).as_bytes());
        let [from, to] = six.map(Ipv6Addr::from);
        check(format!("PROXY TCP6 {from} {to} {} {}\r\n", ports[0], ports[1]).as_bytes());
    }

    #[test]
    fn what_is_judged_of_a_beginning_holds_for_what_follows(
        start in prop_oneof![Just(b"PROXY TCP4 ".to_vec()), Just(binary("21")), Just(Vec::new())],
        rest in vec(any::<u8>(), 0..150),
    ) {
        let bytes = [start, rest].concat();
        let whole = header_length(&bytes);
        for cut in 0..bytes.len().min(LONGEST_LINE) {
            let early = header_length(&bytes[..cut]);
            prop_assert!(early == Ok(None) || early == whole, "{cut}: {early:?}, {whole:?}");
        }
    }
}

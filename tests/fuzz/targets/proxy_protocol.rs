//! Any bytes as a header of the PROXY protocol: no panic, and what is judged of a
//! beginning holds for what follows.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqx::net::proxy_protocol::{LONGEST_LINE, header_length};

fuzz_target!(|bytes: &[u8]| {
    let whole = header_length(bytes);
    assert!(bytes.len() < LONGEST_LINE || whole != Ok(None));
    for cut in 0..bytes.len().min(LONGEST_LINE) {
        let early = header_length(&bytes[..cut]);
        assert!(early == Ok(None) || early == whole);
    }
});

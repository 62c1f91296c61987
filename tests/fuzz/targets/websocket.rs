//! Any bytes as frames and as the request before them: no panic, and frames mean
//! the same however their bytes are cut.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqx::net::websocket::{Decoder, End, Origins, answer};

/// Payload, last ping and end of `bytes` that come in pieces of `size`.
fn decode(bytes: &[u8], size: usize) -> (Vec<u8>, Vec<u8>, Option<End>) {
    let mut decoder = Decoder::new();
    let (mut payload, mut ping) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(size) {
        let mut piece = piece.to_vec();
        let kept = decoder.decode(&mut piece);
        payload.extend_from_slice(&piece[..kept]);
        if let Some(last) = decoder.take_ping() {
            ping = last.as_bytes().to_vec();
        }
    }
    (payload, ping, decoder.end())
}

fuzz_target!(|bytes: &[u8]| {
    let whole = decode(bytes, usize::MAX);
    for size in [1, 2, 7] {
        assert_eq!(decode(bytes, size), whole);
    }
    let _ = answer(bytes, "/mqtt", &Origins::Near);
});

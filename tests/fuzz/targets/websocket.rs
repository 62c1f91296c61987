//! Any bytes as frames and as the request or response before them: no panic, and frames mean
//! the same however their bytes are cut.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqx::net::websocket::{Decoder, End, Maker, Origins, answer, judge_response};

/// Payload, last ping and end of `bytes` by `maker` that come in pieces of `size`.
fn decode(bytes: &[u8], maker: Maker, size: usize) -> (Vec<u8>, Vec<u8>, Option<End>) {
    let mut decoder = Decoder::of(maker);
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
    for maker in [Maker::Client, Maker::Server] {
        let whole = decode(bytes, maker, usize::MAX);
        for size in [1, 2, 7] {
            assert_eq!(decode(bytes, maker, size), whole);
        }
    }
    let _ = answer(bytes, "/mqtt", &Origins::Near);
    if let Some(Ok(length)) = judge_response(bytes, "") {
        assert!(length <= bytes.len());
    }
});

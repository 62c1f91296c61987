//! Any bytes as what a proxy says, whole and in two pieces: no panic, and no more
//! is taken than was said.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqx::net::proxy::{Dialogue, HttpConnect, Socks5, Step, Target};

fn hear(dialogue: &mut dyn Dialogue, mut bytes: &[u8]) {
    loop {
        match dialogue.hear(bytes) {
            Ok(Step::Say(taken, _)) if taken > 0 => bytes = &bytes[taken..],
            Ok(Step::Done(taken)) => return assert!(taken <= bytes.len()),
            Ok(Step::Say(..) | Step::More) | Err(_) => return,
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let target = || Target::Name("broker.lan".to_owned(), 1883);
    for login in [None, Some(("me", &b"pw"[..]))] {
        hear(&mut Socks5::new(target(), login), bytes);
        hear(&mut HttpConnect::new(target(), login), bytes);
    }
});

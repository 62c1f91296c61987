//! Any bytes as a certificate, a request, a revocation list or a key, in PEM and in
//! DER: no panic, whatever `mqx certs inspect` and a CA that is loaded look at.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqx::certs::look_at_bytes;

fuzz_target!(|bytes: &[u8]| look_at_bytes(bytes));

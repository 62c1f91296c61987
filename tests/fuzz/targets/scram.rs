//! Any messages of a client of SCRAM-SHA-256: no panic, and nobody is let in who
//! does not know the password.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqx::broker::access::{Authenticator, Scram, load_passwords};
use mqx::broker::core::Outcome;
use std::sync::LazyLock;

/// A user `ann` whose password is in no corpus.
static SCRAM: LazyLock<Scram> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("mqx-fuzz-scram-{}", std::process::id()));
    let keys = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
    let line = format!("ann:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==${keys}\n");
    std::fs::write(&path, line).expect("a temporary file");
    let (passwords, _) = load_passwords(&path).expect("a password file");
    std::fs::remove_file(&path).expect("it is there");
    Scram::new(&passwords).expect("there is a verifier")
});

fuzz_target!(|messages: (Vec<u8>, Vec<u8>, Vec<u8>)| {
    let mut exchange = SCRAM.begin();
    for message in [messages.0, messages.1, messages.2] {
        assert!(!matches!(exchange.step(&message), Outcome::Admitted { .. }));
    }
});

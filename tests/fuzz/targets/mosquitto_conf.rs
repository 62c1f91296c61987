//! Any text as mosquitto.conf: no panic, and what is wrong is said with its line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqx::cli::broker::check_mosquitto_conf;

/// The options that ask the network for a name or read a directory.
const REACHING_OUT: [&str; 3] = ["bind_address", "include_dir", "listener"];

fuzz_target!(|text: &str| {
    let stays = |line: &&str| {
        let name = line.split_whitespace().next().unwrap_or_default();
        !REACHING_OUT.contains(&name) || (name == "listener" && line.split_whitespace().count() == 2)
    };
    let text = text.lines().filter(stays).collect::<Vec<_>>().join("\n");
    if let Err(error) = check_mosquitto_conf(&text) {
        assert!(error.to_string().starts_with("mosquitto.conf:"), "{error}");
    }
});

//! `mqx certs` needs no other program and no network.

use crate::support::program::{mqx, run};
use serde_json::Value;

/// All that can be done with certificates, each with what is there by then.
const LINES: &[&str] = &[
    "init --key-type rsa2048",
    "ca --dir other --path-length 1",
    "intermediate --dir below --ca other/ca.crt",
    "server a.lan 10.0.0.1 --key-type p384",
    "client ann bob --key-type ed25519 --key-password p",
    "csr c.lan",
    "sign c.lan.csr",
    "renew server.crt",
    "revoke bob.crt --reason keyCompromise",
    "crl",
    "bundle ann.crt --key-password p --password q",
    "bundle client.crt -f header",
    "bundle client.crt -f der",
    "bundle client.crt -f pem",
    "bad --dir bad --ca ca.crt",
    "inspect server.crt",
    "inspect ca.crl",
    "verify server.crt --cafile ca.crt --host localhost",
    "needs-renewal server.crt --within 30d",
];

/// Does all of it in a new folder, each line with these words behind it, and returns what
/// was said to stdout.
fn done_with(more: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut said = String::new();
    for line in LINES {
        let mut command =
            mqx(["certs"].into_iter().chain(line.split(' ')).chain(more.split_whitespace()));
        // Nothing is found by its name, and no proxy, trust store or home by a variable.
        command.current_dir(dir.path()).env_clear().env("PATH", "");
        let ended = run(command);
        assert_eq!(ended.code, Some(0), "{line}: {}", ended.err);
        said += &ended.out;
    }
    said
}

#[test]
fn everything_works_without_any_other_program() {
    done_with("");
}

#[test]
fn every_command_says_in_json_what_it_has_done() {
    let said = done_with("--json");
    assert!(said.lines().count() >= LINES.len());
    for line in said.lines() {
        let told: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(told.is_object(), "{line}");
    }
}

//! `mqx certs` needs no other program and no network.

use crate::support::program::mqx;
use std::fs;

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
    "inspect ca.crl --json",
    "verify server.crt --cafile ca.crt --host localhost",
    "needs-renewal server.crt --within 30d",
];

#[test]
fn everything_works_without_any_other_program() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["other", "below", "bad"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
    }
    for line in LINES {
        let mut command = mqx(["certs"].into_iter().chain(line.split(' ')));
        // Nothing is found by its name, and no proxy, trust store or home by a variable.
        command.current_dir(dir.path()).env_clear().env("PATH", "");
        let ended = crate::support::program::run(command);
        assert_eq!(ended.code, Some(0), "{line}: {}", ended.err);
    }
}

//! Clients that show certificates of their own.

use crate::support::program::{Ended, Running, mqx, run};
use serde_json::Value;
use std::path::Path;

/// Runs mqx with these words in this folder.
fn mqx_in(folder: &Path, line: &str) -> Ended {
    let mut command = mqx(line.split(' '));
    command.current_dir(folder);
    run(command)
}

/// A broker that lets in whoever has a certificate, by the name in it, and its port.
fn broker(folder: &Path) -> (Running, u16) {
    let line = "broker --port 0 --tls-port 0 --cert server.crt --key server.key --cafile ca.crt \
                --require-client-cert --use-identity-as-username --acl-file acl";
    std::fs::write(folder.join("acl"), "pattern readwrite of/%u/#\n").unwrap();
    let mut command = mqx(line.split_whitespace());
    command.current_dir(folder);
    let broker = Running::start(command);
    let line = broker.out_line();
    let port = line.split("mqtts://127.0.0.1:").nth(1).and_then(|rest| rest.split(' ').next());
    let port = port.and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("{line}"));
    (broker, port)
}

#[test]
fn each_client_shows_the_certificate_that_its_number_or_its_row_names() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for line in ["certs init", "certs client dev-0", "certs client dev-1", "certs client dev-2"] {
        let made = mqx_in(folder, line);
        assert_eq!(made.code, Some(0), "{}", made.err);
    }
    std::fs::write(folder.join("rows.csv"), "file\ndev-0\ndev-1\ndev-2\n").unwrap();
    let (broker, port) = broker(folder);
    // Whoever has another name in its certificate may not publish to this topic.
    let load = format!(
        "bench pub -c 3 -L 30 -q 1 -t of/dev-%i/x -h localhost -p {port} --cafile ca.crt --json"
    );
    for own in [
        "--cert dev-%i.crt --key dev-%i.key",
        "--rows rows.csv --cert {row.file}.crt --key {row.file}.key",
    ] {
        let ended = mqx_in(folder, &format!("{load} {own}"));
        assert_eq!(ended.code, Some(0), "{own}: {}", ended.err);
        let report: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(
            (&report["acknowledged"], &report["errors"]),
            (&30.into(), &serde_json::json!({}))
        );
    }
    let missing = mqx_in(folder, &format!("{load} --cert no-%i.crt --key dev-%i.key"));
    assert_eq!(missing.code, Some(11), "{}", missing.err);
    assert!(missing.err.contains("cannot read no-"), "{}", missing.err);
    drop(broker);
}

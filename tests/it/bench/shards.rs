//! A run carried out by several processes is one run.

use crate::support::program::{Running, mqx};
use mqx::bench::{Conclusion, Merge};
use mqx::broker;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// How many processes carry out the run.
const SHARDS: usize = 4;

/// The words of the run that all processes carry out together.
const RUN: [&str; 10] =
    ["bench", "-c", "6", "--subscribers", "5", "--rate", "1000", "-L", "1200", "--mqtt-version"];

/// Carries out the run at the broker on this port, as this shard or alone.
fn start(port: u16, shard: Option<usize>, report: &Path) -> Running {
    let mut words: Vec<_> = RUN.map(str::to_owned).to_vec();
    words.extend(["5".to_owned(), "-p".to_owned(), port.to_string()]);
    words.extend(["--report".to_owned(), report.to_string_lossy().into_owned()]);
    if let Some(index) = shard {
        words.extend(["--run", "test", "--shard"].map(str::to_owned));
        words.push(format!("{index}/{SHARDS}"));
    }
    Running::start(mqx(words))
}

fn merged(reports: Vec<PathBuf>) -> Value {
    let mut out = Vec::new();
    let conclusion = Conclusion { json: true, ..Conclusion::default() };
    mqx::bench::merge(&Merge { reports, conclusion }, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn four_processes_find_what_one_does() {
    let broker = broker::start(&broker::Config::on_port(0)).unwrap();
    let port = broker.address().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).with_extension("json");

    let alone = path("alone");
    assert_eq!(start(port, None, &alone).end().code, Some(0));
    let reports: Vec<_> = (0..SHARDS).map(|index| path(&index.to_string())).collect();
    // The first comes last: the others wait for it.
    let shards = (0..SHARDS).rev().map(|index| start(port, Some(index), &reports[index]));
    for running in shards.collect::<Vec<_>>() {
        let ended = running.end();
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
    broker.blocking_shutdown().unwrap();

    let (one, all) = (merged(vec![alone]), merged(reports));
    for field in [
        "/published/messages",
        "/received/messages",
        "/arrived",
        "/lost",
        "/duplicated",
        "/reordered",
        "/load/publishers",
        "/load/subscribers",
        "/times_ns/latency/count",
    ] {
        let of = |report: &Value| report.pointer(field).and_then(Value::as_u64);
        assert_eq!(of(&all), of(&one), "{field} of {all}");
        assert!(of(&one).is_some(), "{field}");
    }
    assert_eq!(all["lost"], 0);
    let parts = all["parts"].as_array().unwrap();
    assert_eq!(parts.len(), SHARDS);
    assert_eq!(parts[0]["offset_ns"], 0, "the first one's clock is everybody's");
    // All run on this machine: what they found is within what they say it may be wrong.
    for part in parts {
        let offset = part["offset_ns"].as_i64().unwrap().unsigned_abs();
        assert!(offset <= part["error_ns"].as_u64().unwrap(), "{part}");
    }
}

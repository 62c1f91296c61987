//! A run carried out by several processes is one run.

use crate::support::program::{Running, mqx};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use mqx::bench::{Conclusion, Merge};
use rustix::process::Signal;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many processes carry out the run.
const SHARDS: usize = 4;

/// The words of the run that all processes carry out together.
const RUN: [&str; 9] = ["bench", "-c", "6", "--subscribers", "5", "--rate", "1000", "-L", "2000"];

/// How long the broker stands still during the run: next to that, nothing else takes long.
const STALL: Duration = Duration::from_millis(1_500);

/// Messages that arrive before it does.
const BEFORE: &str = "300";

/// The figures of a distribution that a stall decides, and their shares.
const FIGURES: [(&str, f64); 5] =
    [("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99_9", 0.999), ("max", 1.0)];

/// A broker that can stand still, and its port.
fn broker() -> (Running, String) {
    let broker = Running::start(mqx(["broker", "--port", "0"]));
    let line = broker.out_line();
    let port = line.split("mqtt://127.0.0.1:").nth(1).and_then(|rest| rest.split(' ').next());
    let port = port.unwrap_or_else(|| panic!("{line}")).to_owned();
    (broker, port)
}

/// Carries out the run at the broker on this port, as this shard or alone.
fn start(port: &str, shard: Option<usize>, report: &Path) -> Running {
    let mut words: Vec<_> = RUN.map(str::to_owned).to_vec();
    words.extend(["--mqtt-version", "5", "-p", port].map(str::to_owned));
    words.extend(["--report".to_owned(), report.to_string_lossy().into_owned()]);
    if let Some(index) = shard {
        words.extend(["--run", "test", "--shard"].map(str::to_owned));
        words.push(format!("{index}/{SHARDS}"));
    }
    Running::start(mqx(words))
}

/// Waits for the processes of a run, during which the broker stands still for a while.
fn carried_out(broker: &Running, port: &str, run: impl FnOnce() -> Vec<Running>) {
    let witness = ["sub", "-p", port, "-t", "mqx/bench/+/+", "-C", BEFORE];
    let witness = Running::start(mqx(witness));
    let processes = run();
    assert_eq!(witness.end().code, Some(0));
    broker.signal(Signal::STOP);
    std::thread::sleep(STALL);
    broker.signal(Signal::CONT);
    for running in processes {
        let ended = running.end();
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn merged(reports: &[PathBuf]) -> Value {
    let mut out = Vec::new();
    let conclusion = Conclusion { json: true, ..Conclusion::default() };
    mqx::bench::merge(&Merge { reports: reports.to_vec(), conclusion }, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn histogram(report: &Value) -> Histogram<u64> {
    let text = report["times_ns"]["latency"]["hdr"].as_str().unwrap();
    let bytes = STANDARD.decode(text).unwrap();
    Deserializer::new().deserialize(&mut &*bytes).unwrap()
}

fn latency(report: &Value, figure: &str) -> u64 {
    report["times_ns"]["latency"][figure].as_u64().unwrap()
}

#[test]
fn four_processes_find_what_one_does() {
    let (broker, port) = broker();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).with_extension("json");

    let alone = path("alone");
    carried_out(&broker, &port, || vec![start(&port, None, &alone)]);
    let reports: Vec<_> = (0..SHARDS).map(|index| path(&index.to_string())).collect();
    carried_out(&broker, &port, || {
        // The first comes last: the others wait for it.
        let shards = (0..SHARDS).rev();
        shards.map(|index| start(&port, Some(index), &reports[index])).collect()
    });

    let (one, all) = (read(&alone), merged(&reports));
    check_counts(&one, &all);
    check_times(&one, &all, &reports);
    check_parts(&all);
}

fn check_counts(one: &Value, all: &Value) {
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
        assert_eq!(of(all), of(one), "{field} of {all}");
        assert!(of(one).is_some(), "{field}");
    }
    assert_eq!(all["lost"], 0);
}

/// The percentiles of all are exactly those of everything that the shards recorded, and
/// as far from those of one process as machines are from run to run.
fn check_times(one: &Value, all: &Value, reports: &[PathBuf]) {
    let mut sum = Histogram::<u64>::new(3).unwrap();
    for report in reports {
        sum.add(histogram(&read(report))).unwrap();
    }
    for (name, share) in FIGURES {
        let (of_all, of_one) = (latency(all, name), latency(one, name));
        assert_eq!(of_all, sum.value_at_quantile(share), "{name}");
        assert!(of_all.abs_diff(of_one) <= of_one / 10, "{name}: {of_all} and {of_one}");
    }
}

fn check_parts(all: &Value) {
    let parts = all["parts"].as_array().unwrap();
    assert_eq!(parts.len(), SHARDS);
    assert_eq!(parts[0]["offset_ns"], 0, "the first one's clock is everybody's");
    // All run on this machine: what they found is within what they say it may be wrong.
    for part in parts {
        let offset = part["offset_ns"].as_i64().unwrap().unsigned_abs();
        assert!(offset <= part["error_ns"].as_u64().unwrap(), "{part}");
    }
}

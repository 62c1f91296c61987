//! What `mqx bench` reports, as others read it.

use super::load::Load;
use super::{config, number, peer, report};
use crate::support::program::{Running, mqx};
use boon::{Compiler, Draft, SchemaIndex, Schemas};
use mqx::bench::{Assertion, Baseline, Compare, Conclusion, Merge, Report, SCHEMA, Target, run};
use mqx::error::Class;
use mqx::mqtt::QoS;
use peer::Fate;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::future::pending;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// The schema that is shipped with the source.
fn schema() -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.set_default_draft(Draft::V2020_12);
    compiler.enable_format_assertions();
    compiler.add_resource("report.json", serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let index = compiler.compile("report.json", &mut schemas).unwrap();
    (schemas, index)
}

/// Fails where `report` is not what the schema says.
#[track_caller]
pub(super) fn assert_valid(report: &Value) {
    let (schemas, index) = schema();
    if let Err(error) = schemas.validate(report, index) {
        panic!("{error:#}\n{report}");
    }
}

#[tokio::test]
async fn every_report_is_as_its_schema_says() {
    let port = peer::start(|_| Fate::Pass);
    let brief = Load { limit: Some(200), ..Load::default() };
    for load in [
        brief.clone(),
        Load { qos: QoS::AtLeastOnce, rate: Some(1_000.0), ..brief.clone() },
        Load { subscribers: 0, ..brief.clone() },
        Load { subscribers: 0, qos: QoS::AtLeastOnce, ..brief },
    ] {
        assert_valid(&report(port, load).await);
    }
}

#[tokio::test]
async fn the_schema_refuses_what_is_no_report() {
    let port = peer::start(|_| Fate::Pass);
    let whole = report(port, Load { limit: Some(10), ..Load::default() }).await;
    let (schemas, index) = schema();
    for (field, value) in [
        ("/mqx_bench", json!(1)),
        ("/lost", json!(-1)),
        ("/started", json!("yesterday")),
        ("/times_ns/latency/hdr", json!("?")),
        ("/published", json!({ "messages": 1, "bytes": 1, "rate": 1, "more": 1 })),
    ] {
        let mut report = whole.clone();
        *report.pointer_mut(field).unwrap() = value;
        assert!(schemas.validate(&report, index).is_err(), "{field}");
    }
}

#[tokio::test]
async fn the_seconds_of_a_run_add_up_to_all_of_it() {
    let port = peer::start(|_| Fate::Pass);
    let duration = Some(Duration::from_millis(2_500));
    let load = Load { rate: Some(400.0), duration, qos: QoS::AtLeastOnce, ..Load::default() };
    let report = report(port, load).await;
    let points = report["series"]["points"].as_array().unwrap();
    assert!(points.len() >= 2, "{report}");
    let sum = |field: &str| points.iter().map(|point| number(point, field)).sum::<u64>();
    assert_eq!(sum("/published"), 1_000);
    assert_eq!(sum("/received"), 1_000);
    assert_eq!(sum("/acknowledged"), 1_000);
    let timed = points.iter().filter_map(|point| point.pointer("/times_ns/count"));
    assert_eq!(timed.filter_map(Value::as_u64).sum::<u64>(), 1_000);
}

#[tokio::test]
async fn a_report_is_read_back_as_it_was_written() {
    let port = peer::start(|_| Fate::Pass);
    let load = Load { rate: Some(1_000.0), limit: Some(200), ..Load::default() };
    let mut out = Vec::new();
    run(&config(port, load), &mut out, pending::<()>()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    std::fs::write(&path, &out).unwrap();
    let mut again = Vec::new();
    Report::read(&path).unwrap().write_json(&mut again).unwrap();
    let [out, again] = [out, again].map(|json| rounded(serde_json::from_slice(&json).unwrap()));
    assert_eq!(again, out);
}

/// The value with its fractions as text of so many digits: the last one of all may
/// change on the way through a file.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            format!("{:.9e}", number.as_f64().unwrap()).into()
        }
        Value::Array(values) => values.into_iter().map(rounded).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, rounded(value))).collect()
        }
        other => other,
    }
}

fn as_json() -> Conclusion {
    Conclusion { json: true, ..Conclusion::default() }
}

#[tokio::test]
async fn what_is_asserted_is_judged_printed_and_written_to_every_file() {
    let port = peer::start(|number| if number == 10 { Fate::Drop } else { Fate::Pass });
    let mut config =
        config(port, Load { rate: Some(2_000.0), limit: Some(100), ..Load::default() });
    let folder = tempfile::tempdir().unwrap();
    let paths = ["json", "csv", "md", "html", "xml"]
        .map(|end| folder.path().join("out").with_extension(end));
    config.conclusion = Conclusion {
        files: paths.iter().map(|path| Target::parse(path.to_str().unwrap()).unwrap()).collect(),
        assertions: Assertion::parse_all("published==100,loss==0").unwrap(),
        ..Conclusion::default()
    };
    let mut out = Vec::new();
    let error = run(&config, &mut out, pending::<()>()).await.unwrap_err();
    assert_eq!(error.class(), Class::Expectation);
    assert_eq!(error.to_string(), "1 of 2 assertions did not hold: loss==0 (1)");
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("\nholds       published==100   measured 100\n"), "{text}");
    assert!(text.contains("\nFAILS       loss==0   measured 1\n"), "{text}");
    let written = paths.map(|path| std::fs::read_to_string(path).unwrap());
    assert_valid(&serde_json::from_str(&written[0]).unwrap());
    let begin = ["{", "seconds,", "## mqx bench", "<!DOCTYPE html>", "<?xml"];
    for (text, begin) in written.iter().zip(begin) {
        assert!(text.starts_with(begin), "{text}");
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_written_or_read_is_found_before_the_run() {
    let mut config = config(1, Load::default());
    config.conclusion.files = vec![Target::parse("/no/such/folder/report.json").unwrap()];
    let error = run(&config, &mut Vec::new(), pending::<()>()).await.unwrap_err();
    assert_eq!(error.class(), Class::File);
    config.conclusion = as_json();
    config.conclusion.baseline =
        Some(Baseline { path: "/no/such/old.json".into(), regression: 0.05 });
    let error = run(&config, &mut Vec::new(), pending::<()>()).await.unwrap_err();
    assert_eq!(error.class(), Class::File);
}

#[tokio::test]
async fn two_reports_are_compared_number_by_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut reports = ["old.json", "new.json"].map(|name| folder.path().join(name));
    for (path, size) in reports.iter().zip([64, 65]) {
        let port = peer::start(|_| Fate::Pass);
        let report = report(port, Load { limit: Some(100), size, ..Load::default() }).await;
        std::fs::write(path, report.to_string()).unwrap();
    }
    let page = folder.path().join("both.html");
    let files = vec![Target::parse(page.to_str().unwrap()).unwrap()];
    let mut out = Vec::new();
    mqx::bench::compare(&Compare { reports: reports.clone(), files }, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    for words in
        ["A  old.json: ", "B  new.json: ", "latency_p99.9", "payload size 64 and payload size 65"]
    {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert!(text.lines().all(|line| line.len() <= 80 || line.contains(": ")), "{text}");
    assert_eq!(std::fs::read_to_string(page).unwrap().matches("<svg").count(), 2);
    reports[1] = folder.path().join("none.json");
    let wrong = Compare { reports, files: Vec::new() };
    assert_eq!(mqx::bench::compare(&wrong, &mut Vec::new()).unwrap_err().class(), Class::File);
}

#[tokio::test]
async fn merged_reports_are_what_one_run_would_have_found() {
    let folder = tempfile::tempdir().unwrap();
    let (mut reports, mut sum) = (Vec::new(), 0);
    for limit in [150, 350] {
        let port = peer::start(|number| if number == 10 { Fate::Drop } else { Fate::Pass });
        let path = folder.path().join(limit.to_string());
        let report = report(port, Load { limit: Some(limit), ..Load::default() }).await;
        std::fs::write(&path, report.to_string()).unwrap();
        sum += number(&report, "/times_ns/latency/count");
        reports.push(path);
    }
    let mut out = Vec::new();
    mqx::bench::merge(&Merge { reports, conclusion: as_json() }, &mut out).unwrap();
    let merged: Value = serde_json::from_slice(&out).unwrap();
    assert_valid(&merged);
    assert_eq!(number(&merged, "/published/messages"), 500);
    assert_eq!(number(&merged, "/lost"), 2);
    assert_eq!((number(&merged, "/times_ns/latency/count"), sum), (498, 498));
    assert_eq!(number(&merged, "/load/publishers"), 2);
}

#[tokio::test]
async fn reports_of_different_loads_are_not_added() {
    let port = peer::start(|_| Fate::Pass);
    let folder = tempfile::tempdir().unwrap();
    let reports = [64, 65].map(|size| (size, folder.path().join(size.to_string()))).to_vec();
    for (size, path) in &reports {
        let load = Load { limit: Some(10), size: *size, ..Load::default() };
        std::fs::write(path, report(port, load).await.to_string()).unwrap();
    }
    let reports = reports.into_iter().map(|(_, path)| path).collect();
    let error =
        mqx::bench::merge(&Merge { reports, conclusion: as_json() }, &mut Vec::new()).unwrap_err();
    assert!(error.to_string().ends_with("payload size 64 and payload size 65"), "{error}");
}

#[test]
fn every_second_has_its_times_and_what_the_broker_took() {
    let words = ["bench", "--embedded", "--rate", "500", "--duration", "2500ms", "--json"];
    let ended = Running::start(mqx(words)).end();
    let report: Value = serde_json::from_str(&ended.out).expect(&ended.err);
    assert_valid(&report);
    assert_eq!(report["broker_usage"]["embedded"], true, "{report}");
    assert!(report["broker_usage"]["cores"].as_f64().unwrap() > 0.0, "{report}");
    let points = report["series"]["points"].as_array().unwrap();
    for point in points {
        assert!(point["times_ns"]["count"].as_u64() > Some(0), "{report}");
        assert!(point["broker_cores"].as_f64() > Some(0.0), "{report}");
    }
}

#[test]
fn prometheus_is_served_while_a_run_goes() {
    let words = ["bench", "--embedded", "--rate", "500", "--prometheus", "127.0.0.1:0"];
    let running = Running::start(mqx(words));
    let line = running.err_line_with("metrics are at http://");
    let place = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
    let ask = |path: &str| {
        let mut stream = TcpStream::connect(place).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(ask("/").starts_with("HTTP/1.1 404"));
    let numbers = ask("/metrics");
    assert!(numbers.starts_with("HTTP/1.1 200 OK\r\n"), "{numbers}");
    assert!(numbers.contains("content-type: text/plain; version=0.0.4"), "{numbers}");
    assert!(numbers.contains("\n# TYPE mqx_bench_messages_total counter\n"), "{numbers}");
    assert!(numbers.contains("\nmqx_bench_messages_total{what=\"published\"} "), "{numbers}");
    // It may not have begun to publish yet.
    running.signal(Signal::INT);
    assert!([Some(0), Some(130)].contains(&running.end().code));
}

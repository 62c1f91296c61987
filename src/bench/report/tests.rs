//! A report for the tests of what is made of reports.

use super::*;
use crate::bench::tally::Measure;
use hdrhistogram::Histogram;

/// 1,000 messages published in a second, 990 of which arrived in 1 to 990 us.
pub(in crate::bench) fn sample() -> Report {
    let mut times = Histogram::new(3).unwrap();
    for micros in 1..=990 {
        times.record(micros * 1_000).unwrap();
    }
    let times = Distribution::of(&times).unwrap();
    let mut series = Series::new(Measure::Latency);
    series.push(Point {
        at: 1.0,
        published: 1_000,
        received: 990,
        acknowledged: 0,
        errors: 0,
        broker_cores: Some(0.25),
        times_ns: Some(times.clone()),
    });
    Report {
        mqx_bench: FORMAT,
        mqx: "0.0.0".to_owned(),
        run: "00000001".to_owned(),
        mode: "pubsub".to_owned(),
        broker: "localhost:1883".to_owned(),
        started: Timestamp::UNIX_EPOCH,
        parts: Vec::new(),
        load: AskedFor {
            connections: 2,
            publishers: 1,
            subscribers: 1,
            qos: 0,
            size: 64,
            rate: Some(1_000.0),
            inflight: 100,
        },
        seconds: 1.0,
        published: Flow::new(1_000, 64_000, 1.0),
        received: Flow::new(990, 63_360, 1.0),
        arrived: 990,
        acknowledged: 0,
        unsent: 0,
        lost: Some(10),
        duplicated: 0,
        reordered: 0,
        foreign: 0,
        overrun: 0,
        connections: None,
        shares: None,
        broker_usage: None,
        find_max: None,
        times_ns: [(Measure::Latency, times)].into(),
        errors: Failures::default(),
        generator: Generator { workers: 1, cores: 0.5, busiest: 0.5, blocked: 0 },
        series,
        assertions: Vec::new(),
        warnings: Vec::new(),
    }
}

fn written(report: &Report, form: &str) -> String {
    let (_, form) = Report::FORMS.iter().find(|(name, _)| *name == form).unwrap();
    let mut out = Vec::new();
    form(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A sample with words that would break its form.
fn nasty() -> Report {
    let mut report = sample();
    let faults = r#"{"a|b <i> & \"c\"\u001b":{"count":3,"examples":["<x>"]}}"#;
    report.errors = serde_json::from_str(faults).unwrap();
    report.judge(&Assertion::parse_all("p99<5ms,loss==0").unwrap());
    report
}

#[test]
fn seconds_are_lines_of_csv() {
    let csv = written(&sample(), "csv");
    let lines: Vec<Vec<_>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0][..3], ["seconds", "published", "received"]);
    assert_eq!(lines[1][..3], ["1.000", "1000", "990"]);
    assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{csv}");
}

#[test]
fn foreign_words_do_not_break_the_tables_of_markdown() {
    let text = written(&nasty(), "md");
    assert!(text.contains("| a\\|b <i> & \"c\"  | 3 |"), "{text}");
    assert!(text.contains("| `loss==0` | 10 | **fails** |"), "{text}");
}

#[test]
fn a_page_holds_everything_and_nothing_from_elsewhere() {
    let page = written(&nasty(), "html");
    assert_eq!(page.matches("<svg").count(), 4);
    assert!(page.contains("a|b &lt;i&gt; &amp; &quot;c&quot;"), "{page}");
    assert!(!page.contains("http") && !page.contains("<script"), "{page}");
}

#[test]
fn every_assertion_is_a_test_of_junit() {
    let xml = written(&nasty(), "xml");
    assert!(xml.contains("tests=\"3\" failures=\"2\""), "{xml}");
    assert!(xml.contains("name=\"p99&lt;5ms\" time=\"0.000\"/>"), "{xml}");
    assert!(xml.contains("<failure message=\"measured: 10\"/>"), "{xml}");
    assert!(!xml.contains('\u{1b}'));
}

#[test]
fn a_report_is_as_good_as_itself_and_worse_than_a_better_one() {
    let (mut report, mut old) = (sample(), sample());
    report.judge(&old.as_bound(0.0));
    report.verdict().unwrap();
    assert_eq!(report.assertions.len(), 6);
    old.published.rate = 1_060.0;
    report.judge(&old.as_bound(0.05));
    let error = report.verdict().unwrap_err();
    let wanted = "1 of 6 assertions did not hold: rate>=1.01k/s (baseline 1.06k/s) (1.00k/s)";
    assert_eq!(error.to_string(), wanted);
}

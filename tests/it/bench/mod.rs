//! `mqx bench` against brokers whose faults are known: the report says them.

mod certificates;
mod greatest;
mod load;
mod modes;
mod peer;
mod report;
mod shards;

use crate::support::peer::Peer;
use load::Load;
use mqx::bench::{Config, Scenario, run};
use mqx::client::EngineKind;
use mqx::error::{Class, Error};
use mqx::mqtt::QoS;
use mqx::net::Endpoint;
use peer::Fate;
use serde_json::Value;
use std::future::{pending, ready};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

fn config(port: u16, load: impl Into<Scenario>) -> Config {
    let mut config = Config { load: load.into(), live: false, cores: 2, ..Config::default() };
    config.conclusion.json = true;
    config.connect.endpoint = Endpoint::tcp(Ipv4Addr::LOCALHOST.to_string(), port);
    config
}

/// The report of a run that ends by itself.
async fn report(port: u16, load: impl Into<Scenario>) -> Value {
    let mut out = Vec::new();
    run(&config(port, load), &mut out, pending::<()>()).await.unwrap();
    serde_json::from_slice(&out).unwrap()
}

async fn failure(port: u16, load: impl Into<Scenario>) -> Error {
    run(&config(port, load), &mut Vec::new(), pending::<()>()).await.unwrap_err()
}

fn number(report: &Value, field: &str) -> u64 {
    let found = report.pointer(field).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("no number at {field} in {report}"))
}

#[tokio::test]
async fn what_is_published_arrives_and_nothing_else_is_reported() {
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let port = peer::start(|_| Fate::Pass);
        let load =
            Load { publishers: 3, subscribers: 2, qos, limit: Some(2_000), ..Load::default() };
        let report = report(port, load).await;
        assert_eq!(number(&report, "/published/messages"), 2_000);
        assert_eq!(number(&report, "/received/messages"), 4_000);
        assert_eq!(number(&report, "/times_ns/latency/count"), 4_000);
        let acknowledged = if qos == QoS::AtMostOnce { 0 } else { 2_000 };
        assert_eq!(number(&report, "/acknowledged"), acknowledged);
        for field in ["/lost", "/duplicated", "/reordered", "/foreign", "/unsent"] {
            assert_eq!(number(&report, field), 0, "{field}");
        }
        assert!(report["errors"].as_object().unwrap().is_empty());
    }
}

#[tokio::test]
async fn another_engine_carries_the_same_load() {
    let port = peer::start(|_| Fate::Pass);
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let load = Load { qos, limit: Some(1_000), ..Load::default() };
        let mut config = config(port, load);
        config.connect.engine = EngineKind::Rumqttc;
        let mut out = Vec::new();
        run(&config, &mut out, pending::<()>()).await.unwrap();
        let report: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(number(&report, "/received/messages"), 1_000, "{report}");
        assert_eq!(number(&report, "/lost"), 0);
    }
}

#[tokio::test]
async fn loss_duplication_and_reordering_are_counted_exactly() {
    let port = peer::start(|number| match (number % 100, number % 150, number % 200) {
        (7, ..) => Fate::Drop,
        (_, 11, _) => Fate::Duplicate,
        (.., 13) => Fate::Overtaken,
        _ => Fate::Pass,
    });
    let load = Load { rate: Some(20_000.0), limit: Some(6_000), ..Load::default() };
    let report = report(port, load).await;
    assert_eq!(number(&report, "/published/messages"), 6_000);
    assert_eq!(number(&report, "/lost"), 60);
    assert_eq!(number(&report, "/duplicated"), 40);
    assert_eq!(number(&report, "/reordered"), 30);
    assert_eq!(number(&report, "/received/messages"), 6_000 - 60 + 40);
}

#[tokio::test]
async fn a_run_without_a_rate_goes_on_when_messages_are_lost() {
    let port = peer::start(|number| if number > 50 { Fate::Pass } else { Fate::Drop });
    let load = Load { limit: Some(2_000), ..Load::default() };
    let report = report(port, load).await;
    assert_eq!(number(&report, "/lost"), 50);
    assert_eq!(number(&report, "/published/messages"), 2_000);
}

#[tokio::test]
async fn a_broker_that_stalls_cannot_hide_it() {
    let port = peer::start(|number| if number == 300 { Fate::Stall(300) } else { Fate::Pass });
    let load = Load { rate: Some(1_000.0), limit: Some(1_000), ..Load::default() };
    let report = report(port, load).await;
    // The messages due during the stall waited for its end, 150 ms on average.
    let (p90, max) =
        (number(&report, "/times_ns/latency/p90"), number(&report, "/times_ns/latency/max"));
    assert!(max >= 295_000_000, "{max}");
    assert!(p90 >= 150_000_000, "{p90}");
    assert_eq!(number(&report, "/lost"), 0);
}

#[tokio::test]
async fn a_run_without_an_end_reports_when_it_is_stopped() {
    let enough = Arc::new(Notify::new());
    let seen = enough.clone();
    let port = peer::start(move |number| {
        if number == 300 {
            seen.notify_one();
        }
        Fate::Pass
    });
    let load = Load { rate: Some(1_000.0), ..Load::default() };
    let mut out = Vec::new();
    run(&config(port, load), &mut out, enough.notified()).await.unwrap();
    let report: Value = serde_json::from_slice(&out).unwrap();
    let sent = number(&report, "/published/messages");
    assert!(sent >= 300, "{sent}");
    assert_eq!(sent, number(&report, "/received/messages"), "{report}");
}

#[tokio::test]
async fn a_duration_at_a_rate_publishes_exactly_what_was_due() {
    let port = peer::start(|_| Fate::Pass);
    let duration = Some(Duration::from_millis(500));
    let load = Load { publishers: 7, rate: Some(3_000.0), duration, ..Load::default() };
    let report = report(port, load).await;
    assert_eq!(number(&report, "/published/messages"), 1_500);
    let rate = report["published"]["rate"].as_f64().unwrap();
    assert!((rate - 3_000.0).abs() < 150.0, "{rate}");
}

#[tokio::test]
async fn without_subscribers_the_acknowledgements_are_measured() {
    let port = peer::start(|_| Fate::Pass);
    let load = Load { subscribers: 0, qos: QoS::AtLeastOnce, limit: Some(500), ..Load::default() };
    let report = report(port, load).await;
    assert_eq!(number(&report, "/times_ns/acknowledgement/count"), 500);
    assert!(report["times_ns"]["latency"].is_null());
}

#[tokio::test]
async fn without_a_broker_the_hint_names_two() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = failure(port, Load::default()).await;
    assert_eq!(error.class(), Class::Connect);
    let error = error.into();
    let hint = mqx::error::hint(&error).unwrap();
    assert!(hint.contains("mqx broker") && hint.contains("--embedded"), "{hint}");
    assert_eq!(mqx::error::exit_code(&error), 3);
}

#[tokio::test]
async fn an_impossible_load_is_refused_before_anything_is_opened() {
    let error = failure(1, Load { size: 8, ..Load::default() }).await;
    assert_eq!(error.class(), Class::Usage);
}

#[tokio::test]
async fn a_run_that_is_stopped_while_connecting_ends_as_interrupted() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let config = config(port, Load::default());
    let error = run(&config, &mut Vec::new(), ready(())).await.unwrap_err();
    assert_eq!(error.class(), Class::Interrupted);
}

#[tokio::test]
async fn a_connection_lost_during_the_run_is_reported_and_fails_it() {
    let port = peer::start(|number| match number {
        100 => panic!("the broker of this test gives up here"),
        _ => Fate::Pass,
    });
    let mut out = Vec::new();
    let load = Load { rate: Some(1_000.0), limit: Some(200), ..Load::default() };
    let result = run(&config(port, load), &mut out, pending::<()>()).await;
    let error = result.unwrap_err();
    assert_eq!(error.class(), Class::ConnectionLost);
    let line = mqx::error::line(&error.into());
    assert!(line.starts_with("1 of 2 connections were lost: "), "{line}");
    let report: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(report["errors"].as_object().unwrap().len(), 1, "{report}");
}

#[tokio::test]
async fn a_broker_that_no_longer_reads_cannot_keep_the_run_from_ending() {
    let port = peer::start(|_| Fate::Stall(600_000));
    let duration = Some(Duration::from_millis(100));
    let load = Load { subscribers: 0, size: 65_536, duration, ..Load::default() };
    let ended = timeout(Duration::from_secs(20), report(port, load)).await;
    assert!(number(&ended.expect("the run does not end"), "/published/messages") > 0);
}

#[tokio::test]
async fn a_broker_of_mqtt_3_1_1_is_measured_with_that() {
    for engine in EngineKind::ALL {
        let peer = Peer::bind().await;
        let load = Load { subscribers: 0, limit: Some(1), ..Load::default() };
        let mut config = config(peer.port(), load);
        config.connect.engine = engine;
        let broker = async {
            let mut caller = peer.accept().await;
            assert_eq!(caller.packet().await[8], 5);
            caller.send(&[0x20, 2, 0, 1]).await;
            let mut caller = peer.accept().await;
            assert_eq!(caller.packet().await[8], 4);
            caller.send(&[0x20, 2, 0, 0]).await;
            assert_eq!(caller.packet().await[0], 0x30);
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let mut out = Vec::new();
        let (ended, ()) = tokio::join!(run(&config, &mut out, pending::<()>()), broker);
        ended.unwrap();
        let report: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(number(&report, "/published/messages"), 1);
    }
}

#[tokio::test]
async fn a_version_that_was_asked_for_is_not_changed() {
    let peer = Peer::bind().await;
    let mut config = config(peer.port(), Load { subscribers: 0, ..Load::default() });
    config.connect.fall_back = false;
    let broker = async {
        let mut caller = peer.accept().await;
        caller.packet().await;
        caller.send(&[0x20, 2, 0, 1]).await;
    };
    let mut out = Vec::new();
    let (ended, ()) = tokio::join!(run(&config, &mut out, pending::<()>()), broker);
    assert_eq!(ended.unwrap_err().class(), Class::Refused);
}

#[tokio::test]
async fn the_report_for_people_has_every_figure_and_fits_80_columns() {
    let port = peer::start(|_| Fate::Pass);
    let load =
        Load { qos: QoS::AtLeastOnce, rate: Some(2_000.0), limit: Some(200), ..Load::default() };
    let mut config = config(port, load);
    config.conclusion.json = false;
    let mut out = Vec::new();
    run(&config, &mut out, pending::<()>()).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    for words in [
        "1 publisher, 1 subscriber, QoS 1, 64 bytes",
        "published",
        "received",
        "lost 0",
        "duplicated 0",
        "reordered 0",
        "errors 0",
        "p99.9",
        "latency",
        "service time",
        "acknowledged",
        "sent late",
        "generator:",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    // On a busy machine there may be warnings, which are sentences.
    let mut lines = text.lines().filter(|line| !line.starts_with("warning: "));
    assert!(lines.all(|line| line.chars().count() <= 80), "{text}");
}

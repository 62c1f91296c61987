//! The modes of `mqx bench` against mqx's own broker, which treats everyone well.

use super::{number, report};
use mqx::bench::load::{Churn, Comeback, Content, Group, Headers, Load, Mode, Pattern};
use mqx::bench::load::{Scenario, Sizes, Stream, Tempo};
use mqx::broker;
use mqx::mqtt::QoS;
use serde_json::Value;
use std::time::Duration;

/// The report of a run against a broker of its own.
async fn measured(load: impl Into<Scenario>) -> Value {
    let broker = broker::start(&broker::Config::on_port(0)).unwrap();
    let report = report(broker.address().unwrap().port(), load).await;
    tokio::task::spawn_blocking(|| broker.blocking_shutdown()).await.unwrap().unwrap();
    report
}

fn load(mode: Mode, publishers: u32, subscribers: u32, stream: Stream) -> Load {
    Load { mode, publishers, subscribers, stream, ..Load::default() }
}

fn limit(limit: u64) -> Stream {
    Stream { limit: Some(limit), ..Stream::default() }
}

fn check_clean(report: &Value) {
    for field in ["/lost", "/duplicated", "/foreign", "/unsent", "/overrun"] {
        assert_eq!(number(report, field), 0, "{field} in {report}");
    }
    assert!(report["errors"].as_object().unwrap().is_empty(), "{report}");
}

#[tokio::test]
async fn connecting_is_measured_step_by_step() {
    let report = measured(load(Mode::Conn, 20, 0, Stream::default())).await;
    assert_eq!(report["mode"], "conn");
    assert_eq!(number(&report, "/connections/accepted"), 20);
    for step in ["tcp", "connack", "connect"] {
        assert_eq!(number(&report, &format!("/times_ns/{step}/count")), 20, "{report}");
    }
    assert!(report["times_ns"].get("tls").is_none());
    assert_eq!(number(&report, "/published/messages"), 0);
}

#[tokio::test]
async fn connections_come_at_the_rate_that_was_asked_for() {
    let clients = Group { connect_rate: Some(100.0), ..Group::default() };
    let load = Load { clients, ..load(Mode::Conn, 21, 0, Stream::default()) };
    let rate = measured(load).await["connections"]["rate"].as_f64().unwrap();
    assert!(rate <= 21.0 / 0.2, "{rate}");
}

#[tokio::test]
async fn a_request_counts_when_its_answer_is_back() {
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let stream = Stream { qos, ..limit(300) };
        let report = measured(load(Mode::RequestResponse, 3, 2, stream)).await;
        assert_eq!(number(&report, "/received/messages"), 300);
        assert_eq!(number(&report, "/times_ns/latency/count"), 300);
        check_clean(&report);
    }
}

#[tokio::test]
async fn each_message_of_a_shared_subscription_is_for_one_of_its_members() {
    let report = measured(load(Mode::Shared, 2, 4, limit(400))).await;
    assert_eq!(number(&report, "/received/messages"), 400);
    check_clean(&report);
    let members = report["shares"]["members"].as_array().unwrap();
    let sum: u64 = members.iter().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!((members.len(), sum), (4, 400));
    assert!(report["shares"]["jain"].as_f64().unwrap() > 0.9, "{report}");
}

#[tokio::test]
async fn everybody_receives_what_one_publishes_and_one_what_everybody_does() {
    let out = measured(load(Mode::FanOut, 1, 10, limit(20))).await;
    assert_eq!(number(&out, "/received/messages"), 200);
    check_clean(&out);
    let fan_in = measured(load(Mode::FanIn, 10, 1, limit(200))).await;
    assert_eq!(number(&fan_in, "/received/messages"), 200);
    check_clean(&fan_in);
}

#[tokio::test]
async fn whatever_the_payload_is_the_messages_are_recognised() {
    let emqtt = Headers::Emqtt { counter: true, time: true };
    let range = Sizes { least: 32, most: 5_000 };
    for content in [
        Content::Filling { sizes: range, headers: Headers::Mqx },
        Content::Filling { sizes: 40.into(), headers: emqtt },
        Content::Bytes(b"{}".to_vec()),
        Content::Text(Pattern::read("{\"client\":\"%c\",\"n\":%s,\"at\":{{unix_ms}}}")),
    ] {
        for qos in [QoS::AtMostOnce, QoS::ExactlyOnce] {
            let shown = format!("{content:?}");
            let stream = Stream { content: content.clone(), qos, ..limit(100) };
            let report = measured(load(Mode::PubSub, 2, 1, stream)).await;
            assert_eq!(number(&report, "/received/messages"), 100, "{shown} {report}");
            check_clean(&report);
        }
    }
}

#[tokio::test]
async fn what_is_due_in_the_warm_up_is_sent_and_not_measured() {
    let stream = Stream { tempo: Tempo::Rate(200.0), ..Stream::default() };
    let (duration, warmup) = (Some(Duration::from_secs(1)), Duration::from_millis(500));
    let run = Scenario { duration, warmup, ..Scenario::default() };
    let report = measured(Load { run, ..load(Mode::PubSub, 2, 1, stream) }).await;
    assert_eq!(number(&report, "/published/messages"), 100);
    assert_eq!(number(&report, "/arrived"), 200);
    assert_eq!(number(&report, "/times_ns/latency/count"), 100);
    check_clean(&report);
}

#[tokio::test]
async fn clients_that_leave_come_back_and_lose_nothing_with_qos_1() {
    let stream = Stream { tempo: Tempo::Rate(500.0), qos: QoS::AtLeastOnce, ..limit(500) };
    let churn = Churn { rate: Some(20.0), storm: Some(Duration::from_millis(300)) };
    let comeback = Comeback::default();
    let publishing = Group { churn, comeback, ..Group::default() };
    let load = load(Mode::PubSub, 4, 1, stream);
    let mut scenario = Scenario::from(load);
    // Who subscribes stays.
    let first = scenario.groups.first_mut().unwrap();
    (first.churn, first.comeback) = (publishing.churn, publishing.comeback);
    let report = measured(scenario).await;
    assert!(number(&report, "/connections/accepted") > 10, "{report}");
    assert_eq!(number(&report, "/published/messages"), 500);
    assert_eq!(number(&report, "/lost"), 0);
    assert_eq!(number(&report, "/arrived"), 500);
}

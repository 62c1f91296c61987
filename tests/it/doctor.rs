//! `mqx doctor` and `mqx ping` at brokers that work and at everything that does not.

use crate::bad_input::scene::Scene;
use crate::support::program::{Ended, Running, mqx, run};
use crate::support::proxy::{FakeProxy, Kind};
use mqx::broker::{Config, start};
use serde_json::Value;
use std::fs;

/// A set-up, the exit code, the step that fails, and what is said of it.
type Row = (&'static str, i32, &'static str, &'static [&'static str]);

const BROKEN: &[Row] = &[
    (
        "-h nowhere.invalid -p {refused}",
        3,
        "name",
        &[
            "unknown host nowhere.invalid",
            "try: check the spelling",
            "run: mqx doctor -h ADDRESS -p {refused}",
        ],
    ),
    (
        "-h localhost:{plain} -V 5",
        3,
        "name",
        &["unknown host localhost:", "run: mqx doctor -h localhost -p {plain} -V 5"],
    ),
    (
        "-h 127.0.0.2 -p {refused}",
        3,
        "TCP",
        &["cannot connect to 127.0.0.2:{refused}", "run: mqx broker -p {refused} --bind 127.0.0.2"],
    ),
    (
        "-h 127.0.0.1 -p {tls}",
        3,
        "MQTT",
        &[
            "did not accept",
            "found: the port speaks TLS; CA stands for the certificate of CN=mqx CA",
            "run: mqx doctor -h 127.0.0.1 -p {tls} --tls CA",
        ],
    ),
    (
        "-h 127.0.0.1 -p {plain} --tls {ca}",
        4,
        "TLS",
        &[
            "does not seem to speak TLS",
            "found: the port speaks MQTT without TLS",
            "run: mqx doctor -h 127.0.0.1 -p {plain}\n",
        ],
    ),
    (
        "-h 127.0.0.1 -p {tls} --tls {other}/ca.crt",
        4,
        "TLS",
        &[
            "not signed by a CA in {other}/ca.crt but by CN=mqx CA",
            "found: certificate 1: CN=",
            "run: mqx doctor -h 127.0.0.1 -p {tls} --tls CA\n",
        ],
    ),
    (
        "-h 127.0.0.1 -p {tls} --tls {other}/ca.crt --cert {dir}/client.crt --key {dir}/client.key",
        4,
        "TLS",
        &["found: the CA of the server is in {ca}", "-p {tls} --tls {ca} --cert {dir}/client.crt"],
    ),
    (
        "-h 127.0.0.1 -p {foreign} --tls {far}/ca.crt",
        4,
        "TLS",
        &[
            "is for a.example, not for 127.0.0.1",
            "run: mqx doctor -h 127.0.0.1 -p {foreign} --tls {far}/ca.crt --sni a.example",
        ],
    ),
    (
        "-h 127.0.0.1 -p {expired} --tls {old}/ca.crt",
        4,
        "TLS",
        &["expired on 2020-02-03", "until 2020-02-03", "run: mqx certs renew server.crt\n"],
    ),
    (
        "-h 127.0.0.1 -p {mutual} --tls {ca}",
        4,
        "TLS",
        &[
            "asks for a client certificate",
            "run: mqx doctor -h 127.0.0.1 -p {mutual} --tls {ca} --cert {dir}/client.crt \
             --key {dir}/client.key",
        ],
    ),
    (
        "-h 127.0.0.1 -p {refusing} -u me -P no",
        5,
        "MQTT",
        &[
            "Bad User Name or Password",
            "try: give the right user name and password",
            "run: mqx doctor -h 127.0.0.1 -p {refusing} -u me --ask-password",
        ],
    ),
    (
        "-b ws://127.0.0.1:{plain}/wrong",
        3,
        "WebSocket",
        &[
            "404",
            "found: MQTT over WebSocket is spoken at the path /mqtt",
            "run: mqx doctor -h 127.0.0.1 -p {plain} --ws\n",
        ],
    ),
    (
        "-h 127.0.0.1 -p {tls} --ws",
        3,
        "WebSocket",
        &["found: the port speaks TLS", "-p {tls} --ws --tls CA"],
    ),
    (
        "-h 127.0.0.1 -p {ws}",
        3,
        "MQTT",
        &[
            "found: the port speaks MQTT over WebSocket",
            "run: mqx doctor -h 127.0.0.1 -p {ws} --ws\n",
        ],
    ),
];

fn examine(command: &str, line: &str) -> Ended {
    run(mqx(std::iter::once(command).chain(line.split(' '))))
}

#[test]
fn what_is_broken_fails_at_its_step_with_the_cause_and_the_cure() {
    let mut scene = Scene::set();
    scene.websocket_only("ws");
    for (line, code, step, words) in BROKEN {
        let ended = examine("doctor", &scene.fill(line));
        let said = &ended.out;
        assert_eq!(ended.code, Some(*code), "{line}: {said}{}", ended.err);
        let failed = said.lines().find(|line| line.contains("FAILED"));
        let failed = failed.unwrap_or_else(|| panic!("{line}: {said}"));
        assert_eq!(failed.split_whitespace().nth(1), Some(*step), "{line}: {said}");
        for words in *words {
            let words = scene.fill(words);
            let found = said.to_lowercase().contains(&words.to_lowercase());
            assert!(found, "{line}: {said} lacks {words}");
        }
        assert_eq!(said.matches(" run: ").count(), 1, "{line}: {said}");
        assert!(!said.contains(" -P "), "{said}");
        let last = said.lines().rfind(|line| line.contains("shared")).unwrap();
        assert!(last.contains("not reached"), "{line}: {said}");
        assert!(ended.err.contains(&format!("has failed at the step {step}")), "{}", ended.err);
    }
}

#[test]
fn a_ping_that_fails_says_why_in_one_line_with_the_cure_that_was_found() {
    let scene = Scene::set();
    for (line, code, words) in [
        ("-h 127.0.0.1 -p {refused}", 3, "cannot connect"),
        (
            "-h 127.0.0.1 -p {plain} --tls {ca}",
            4,
            "hint: mqx ping -h 127.0.0.1 -p {plain}  (the port",
        ),
        ("-h 127.0.0.1 -p {refusing}", 5, "-u USER --ask-password"),
    ] {
        let ended = examine("ping", &scene.fill(line));
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{}", ended.err);
        assert!(ended.err.contains(&scene.fill(words)), "{}", ended.err);
    }
}

#[test]
fn a_broker_that_works_passes_every_step() {
    let scene = Scene::set();
    for (line, said) in [
        ("-h 127.0.0.1 -p {plain}", "MQTT"),
        ("-h localhost -p {tls} --tls {ca}", "TLS 1.3, TLS13_"),
        ("-b wss://localhost:{tls}/mqtt --tls {ca}", "101 Switching Protocols at /mqtt"),
        (
            "-h localhost -p {mutual} --tls {ca} --cert {dir}/client.crt --key {dir}/client.key",
            "was shown the one of --cert",
        ),
    ] {
        for engine in ["native", "rumqttc"] {
            let line = format!("{} --engine {engine}", scene.fill(line));
            let ended = examine("doctor", &line);
            assert_eq!(ended.code, Some(0), "{line}: {}{}", ended.out, ended.err);
            assert!(ended.out.contains(said), "{line}: {}", ended.out);
            assert!(!ended.out.contains("warning"), "{}", ended.out);
            let passed = ended.out.lines().filter(|line| line.starts_with("  ok ")).count();
            assert!(passed >= 9, "{}", ended.out);
        }
    }
    let ended = examine("ping", &scene.fill("-h 127.0.0.1 -p {plain}"));
    assert_eq!(ended.code, Some(0));
    assert!(ended.out.starts_with(&scene.fill("127.0.0.1:{plain}: ok in ")), "{}", ended.out);
    assert_eq!(ended.out.lines().count(), 1);
}

#[test]
fn in_json_every_step_has_its_state_and_what_it_found() {
    let scene = Scene::set();
    let document = |line: &str| -> Value {
        let ended = examine("doctor", &(scene.fill(line) + " --json"));
        serde_json::from_str(&ended.out).unwrap()
    };
    let good = document("-h localhost -p {tls} --tls {ca}");
    assert_eq!((&good["ok"], &good["failed_step"]), (&true.into(), &Value::Null));
    let step = |document: &Value, name: &str| {
        let steps = document["steps"].as_array().unwrap();
        steps.iter().find(|step| step["step"] == name).unwrap().clone()
    };
    assert_eq!(step(&good, "TLS")["version"], "TLS 1.3");
    assert!(step(&good, "TLS")["chain"][0]["days_left"].as_i64().unwrap() > 800);
    assert_eq!(step(&good, "MQTT")["announced"]["maximum_qos"], 2);
    assert_eq!(step(&good, "proxy")["state"], "skipped");
    assert!(step(&good, "QoS 2")["ms"].as_f64().is_some());
    let bad = document("-h 127.0.0.1 -p {refusing}");
    assert_eq!((&bad["ok"], &bad["failed_step"]), (&false.into(), &"MQTT".into()));
    assert!(step(&bad, "MQTT")["hint"].as_str().unwrap().contains("-u and -P"));
    assert_eq!(step(&bad, "ping")["state"], "not reached");
    assert!(bad["command"].as_str().unwrap().ends_with("-u USER --ask-password"));
    assert!(bad["note"].as_str().unwrap().starts_with("USER stands for"));
}

/// A broker that runs with these words, and its port.
fn broker(words: &[&str]) -> (Running, String) {
    let words = ["broker", "-p", "0"].iter().chain(words);
    let broker = Running::start(mqx(words));
    let ready = broker.out_line();
    let port = ready.split("127.0.0.1:").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    (broker, port)
}

#[test]
fn a_certificate_that_ends_soon_is_a_concern() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (ca, cert, key) = (path("ca.crt"), path("soon.crt"), path("soon.key"));
    let folder = dir.path().to_str().unwrap();
    for words in [&["ca"] as &[_], &["server", "localhost", "--name", "soon", "--days", "10"]] {
        assert_eq!(run(mqx(["certs"].iter().chain(words).chain(&["--dir", folder]))).code, Some(0));
    }
    let words = ["broker", "-p", "0", "--tls-port", "0", "--cert", &cert, "--key", &key];
    let broker = Running::start(mqx(words));
    let ready = broker.out_line();
    let port = ready.split("mqtts://127.0.0.1:").nth(1).unwrap().split(' ').next().unwrap();
    let ended = examine("doctor", &format!("-h localhost -p {port} --tls {ca}"));
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    let warning = ended.out.lines().find(|line| line.contains("warning:")).unwrap();
    assert!(warning.contains("the certificate of CN=localhost ends in"), "{warning}");
    assert!(warning.contains("days: `mqx certs renew`"), "{warning}");
}

#[test]
fn a_broker_without_mqtt_5_is_a_concern_unless_version_5_is_insisted_on() {
    let (_broker, port) = broker(&["--accept-versions", "3.1.1"]);
    let ended = examine("doctor", &format!("-h 127.0.0.1 -p {port}"));
    assert_eq!(ended.code, Some(0), "{}", ended.out);
    assert!(ended.out.contains("warning: the broker refuses MQTT 5"), "{}", ended.out);
    assert!(ended.out.contains("accepts MQTT 3.1.1"), "{}", ended.out);
    let ended = examine("doctor", &format!("-h 127.0.0.1 -p {port} -V 5"));
    assert_eq!(ended.code, Some(5));
    assert!(
        ended.out.contains(&format!("run: mqx doctor -h 127.0.0.1 -p {port} -V 3.1.1")),
        "{}",
        ended.out
    );
}

#[test]
fn what_the_broker_does_not_offer_is_skipped_and_what_its_rules_deny_fails() {
    let narrow = ["--max-qos", "0", "--no-retain"];
    let (_broker, port) = broker(&narrow);
    let ended = examine("doctor", &format!("-h 127.0.0.1 -p {port}"));
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert_eq!(ended.out.matches("QoS up to 0 only").count(), 2, "{}", ended.out);
    assert!(ended.out.contains("does without retained messages"));

    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules");
    fs::write(&rules, "topic readwrite mine/#\n").unwrap();
    let (_broker, port) = broker(&["--acl-file", rules.to_str().unwrap()]);
    let ended = examine("doctor", &format!("-h 127.0.0.1 -p {port}"));
    assert_eq!(ended.code, Some(6), "{}", ended.out);
    assert!(ended.out.contains("try: name a topic that is allowed with --topic"), "{}", ended.out);
    let command = format!("run: mqx doctor -h 127.0.0.1 -p {port} -t TOPIC");
    assert!(ended.out.contains(&command), "{}", ended.out);
    let ended = examine("doctor", &format!("-h 127.0.0.1 -p {port} --topic mine"));
    assert_eq!(ended.code, Some(0), "{}", ended.out);
}

#[tokio::test]
async fn a_proxy_is_a_step_of_its_own() {
    let broker = start(&Config::on_port(0)).unwrap();
    let port = broker.address().unwrap().port();
    for (kind, code, said) in [
        (Kind::Http(None), 0, "has opened a way to"),
        (Kind::Http(Some("403 Forbidden")), 3, "FAILED  proxy"),
    ] {
        let proxy = FakeProxy::start(kind, port).await;
        let line = format!("-h 127.0.0.1 -p {port} --proxy {}", proxy.url("http://"));
        let examined = tokio::task::spawn_blocking(move || examine("doctor", &line));
        let ended = examined.await.unwrap();
        assert_eq!(ended.code, Some(code), "{}{}", ended.out, ended.err);
        assert!(ended.out.contains(said), "{}", ended.out);
    }
    broker.shutdown().await.unwrap();
}

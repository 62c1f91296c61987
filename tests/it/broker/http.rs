//! The broker's HTTP over sockets, with requests written by hand.

use super::lab::{hello, hex, message};
use mqx::broker::{Address, Broker, Config, Listen, start};
use mqx::mqtt::{Connect, ConnectProperties, Packet, Publish, QoS, Version};
use mqx::session::Secret;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Long enough for anything that is going to happen.
const PATIENCE: Duration = Duration::from_secs(20);

fn running(config: Config) -> (Broker, SocketAddr) {
    let broker = start(&Config { workers: 1, ..config }).unwrap();
    let address = broker.address().unwrap();
    (broker, address)
}

fn dial(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// An answer: its status, the fields of its head and its body.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        assert!(self.head.contains("content-type: application/json"), "{}", self.head);
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Asks with these fields beside Host and reads the answer.
fn ask_with(address: SocketAddr, request: &str, fields: &str, body: &str) -> Answer {
    let mut stream = dial(address);
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

fn ask(address: SocketAddr, request: &str) -> Answer {
    ask_with(address, request, "", "")
}

#[track_caller]
fn get(address: SocketAddr, path: &str) -> Value {
    let answer = ask(address, &format!("GET {path}"));
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

/// A client of version 5 whose CONNACK has been read.
fn client(address: SocketAddr, connect: &Connect<'_>) -> TcpStream {
    let mut stream = dial(address);
    send(&mut stream, &Packet::Connect(connect.clone()));
    assert_eq!(packet(&mut stream)[0], 0x20);
    stream
}

fn send(stream: &mut TcpStream, packet: &Packet<'_>) {
    let mut bytes = Vec::new();
    packet.encode(Version::V5, &mut bytes).unwrap();
    stream.write_all(&bytes).unwrap();
}

/// The next packet, which is shorter than 128 bytes.
fn packet(stream: &mut TcpStream) -> Vec<u8> {
    let mut packet = vec![0; 2];
    stream.read_exact(&mut packet).unwrap();
    packet.resize(2 + usize::from(packet[1]), 0);
    stream.read_exact(&mut packet[2..]).unwrap();
    packet
}

fn lasting(client_id: &str) -> Connect<'_> {
    let properties =
        ConnectProperties { session_expiry_interval: Some(600), ..ConnectProperties::default() };
    Connect { properties, ..hello(Version::V5, client_id) }
}

#[test]
fn the_port_of_mqtt_serves_http_too() {
    let (broker, address) = running(Config::on_port(0));
    assert_eq!(get(address, "/healthz"), json!({ "status": "ok" }));
    let metrics = ask(address, "GET /metrics");
    assert!(metrics.head.contains("content-type: text/plain; version=0.0.4"), "{}", metrics.head);
    assert!(metrics.body.contains("\nmqx_clients_connected 0\n"), "{}", metrics.body);
    let head = ask(address, "HEAD /metrics");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(ask(address, "GET /nothing").status, 404);
    let wrong = ask(address, "GET /api/v1/publish");
    assert_eq!(wrong.status, 405);
    assert!(wrong.head.contains("allow: POST"), "{}", wrong.head);
    assert_eq!(wrong.json()["status"], 405);
    assert_eq!(ask(address, "DELETE /api/v1/stats").status, 405);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_port_of_its_own_serves_http_and_nothing_else() {
    let (broker, _) = running(Config::at(Listen { http_port: Some(0), ..Listen::on_port(0) }));
    let addresses: Vec<_> = broker.addresses().to_vec();
    let http = addresses.iter().find(|address| matches!(address, Address::Http { .. })).unwrap();
    assert!(http.to_string().starts_with("http://127.0.0.1:"));
    let address = http.socket().unwrap();
    assert_eq!(get(address, "/healthz")["status"], "ok");
    let mut mqtt = dial(address);
    send(&mut mqtt, &Packet::Connect(hello(Version::V5, "c")));
    let mut rest = Vec::new();
    mqtt.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty(), "no MQTT is spoken here");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn several_requests_pass_over_one_connection() {
    let (broker, address) = running(Config::on_port(0));
    let mut stream = dial(address);
    for _ in 0..3 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut text = String::new();
        while !text.ends_with("{\"status\":\"ok\"}\n") {
            let mut bytes = [0; 512];
            let count = stream.read(&mut bytes).unwrap();
            assert!(count > 0, "{text}");
            text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    }
    broker.blocking_shutdown().unwrap();
}

#[test]
fn what_begins_like_a_request_and_is_none_gets_no_mqtt_and_harms_nobody() {
    let (broker, address) = running(Config::on_port(0));
    for bytes in ["POST\u{0}\u{1}\r\n\r\n", "PPPP", "GET / HTTP/9.9\r\n\r\n", "DELETE\r\n\r\n"] {
        let mut stream = dial(address);
        stream.write_all(bytes.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 400"), "{rest:?}");
    }
    let mut pubrec = dial(address);
    pubrec.write_all(&hex("50 02 0001")).unwrap();
    let mut rest = Vec::new();
    pubrec.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty(), "MQTT that is no CONNECT is closed without a word");
    assert_eq!(get(address, "/healthz")["status"], "ok");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_published_message_reaches_subscribers_and_is_retained() {
    let (broker, address) = running(Config::on_port(0));
    let mut subscriber = client(address, &hello(Version::V5, "s"));
    subscriber.write_all(&hex("82 08 0001 00 0002 742f 01")).unwrap();
    assert_eq!(packet(&mut subscriber)[0], 0x90);
    let body = r#"{"topic":"t/","payload":"hello","qos":1,"retain":true,
        "properties":{"user_properties":[["a","b"]]}}"#;
    let answer = ask_with(address, "POST /api/v1/publish", "", body);
    assert_eq!(answer.json(), json!({ "matched": 1, "refused": 0 }));
    let arrived = packet(&mut subscriber);
    assert_eq!(arrived[0], 0x32);
    assert!(arrived.ends_with(&hex("07 26 0001 61 0001 62 68656c6c6f")), "{arrived:02x?}");

    assert_eq!(broker.summary().received, 1);
    let kept = get(address, "/api/v1/retained?filter=t/%2B");
    let item = json!({ "topic": "t/", "qos": 1, "payload": "hello", "expires_in": null });
    assert_eq!(kept, json!({ "items": [item] }));
    for (filter, cleared) in [("u", 0), ("t/%23", 1), ("%23", 0)] {
        let answer = ask(address, &format!("DELETE /api/v1/retained?filter={filter}"));
        assert_eq!(answer.json(), json!({ "cleared": cleared }), "{filter}");
    }
    assert_eq!(ask(address, "DELETE /api/v1/retained").status, 400);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn what_cannot_be_published_is_refused_with_the_reason() {
    let (broker, address) = running(Config::on_port(0));
    for (body, word) in [
        (r#"{"topic":"a/+"}"#, "wildcard"),
        (r#"{"topic":""}"#, "topic"),
        (r#"{"topic":"$SYS/broker/version","payload":"x"}"#, "$SYS"),
        (r#"{"topic":"a","qos":3}"#, "qos"),
        (r#"{"topic":"a","payload_b64":"%"}"#, "payload_b64"),
        (r#"{"topic":"a","colour":"red"}"#, "colour"),
        ("not json", "body"),
    ] {
        let answer = ask_with(address, "POST /api/v1/publish", "", body);
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(answer.status == 400 && error.contains(word), "{body}: {error}");
    }
    let large = format!(r#"{{"topic":"a","payload":"{}"}}"#, "x".repeat(2_000_000));
    let mut stream = dial(address);
    let _ = write!(
        stream,
        "POST /api/v1/publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{large}",
        large.len()
    );
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn clients_sessions_and_subscriptions_are_listed_a_page_at_a_time() {
    let (broker, address) = running(Config::on_port(0));
    let mut clients: Vec<_> =
        (0..5).map(|number| client(address, &lasting(&format!("c{number}")))).collect();
    clients[1].write_all(&hex("82 07 0001 00 0001 62 01  82 07 0002 00 0001 61 00")).unwrap();
    packet(&mut clients[1]);
    packet(&mut clients[1]);
    send(
        &mut clients[4],
        &Packet::Disconnect(mqx::mqtt::Disconnect::new(mqx::mqtt::ReasonCode::SUCCESS)),
    );
    let mut rest = Vec::new();
    clients[4].read_to_end(&mut rest).unwrap();

    let ids = |path: &str| -> (Vec<String>, Option<String>) {
        let page = get(address, path);
        let items = page["items"].as_array().unwrap();
        let id = |item: &Value| item["client_id"].as_str().unwrap().to_owned();
        (items.iter().map(id).collect(), page["next"].as_str().map(str::to_owned))
    };
    let (first, next) = ids("/api/v1/sessions?limit=3");
    assert_eq!(
        (first.as_slice(), next.as_deref()),
        (&["c0", "c1", "c2"].map(str::to_owned)[..], Some("c2"))
    );
    let (second, next) = ids("/api/v1/sessions?limit=3&cursor=c2");
    assert_eq!((second.join(" ").as_str(), next), ("c3 c4", None));
    let (connected, next) = ids("/api/v1/clients?limit=4");
    assert_eq!((connected.join(" ").as_str(), next.as_deref()), ("c0 c1 c2 c3", Some("c3")));
    assert_eq!(ids("/api/v1/clients?cursor=c3"), (Vec::new(), None));

    let one = get(address, "/api/v1/clients/c1");
    assert_eq!((&one["version"], &one["subscriptions"]), (&json!("5.0"), &json!(2)));
    assert!(one["address"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert_eq!(get(address, "/api/v1/sessions/c4")["connected"], false);
    assert_eq!(ask(address, "GET /api/v1/clients/c4").status, 404);
    assert_eq!(ask(address, "GET /api/v1/sessions?limit=0").status, 400);
    assert_eq!(ask(address, "GET /api/v1/sessions?color=red").status, 400);

    let page = get(address, "/api/v1/subscriptions?limit=1");
    assert_eq!(page["items"][0]["filter"], "a");
    let cursor = page["next"].as_str().unwrap().as_bytes();
    let cursor: String = form_urlencoded::byte_serialize(cursor).collect();
    let page = get(address, &format!("/api/v1/subscriptions?limit=1&cursor={cursor}"));
    assert_eq!((&page["items"][0]["filter"], &page["items"][0]["qos"]), (&json!("b"), &json!(1)));
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_kicked_client_is_told_why_and_keeps_its_session() {
    let (broker, address) = running(Config::on_port(0));
    let mut kicked = client(address, &lasting("k/1"));
    let answer = ask(address, "DELETE /api/v1/clients/k%2F1");
    assert_eq!(answer.json(), json!({ "disconnected": "k/1", "reason": 0x98 }));
    assert_eq!(packet(&mut kicked), hex("e0 01 98"));
    assert_eq!(ask(address, "DELETE /api/v1/clients/k%2F1").status, 404);
    let mut again = client(address, &Connect { clean_start: false, ..lasting("k/1") });
    assert_eq!(ask(address, "DELETE /api/v1/clients/k%2F1?reason=0x9c").status, 200);
    assert_eq!(packet(&mut again), hex("e0 01 9c"));
    assert_eq!(ask(address, "DELETE /api/v1/clients/k%2F1?reason=1").status, 400);
    assert_eq!(ask(address, "DELETE /api/v1/sessions/k%2F1").status, 200);
    assert_eq!(ask(address, "GET /api/v1/sessions/k%2F1").status, 404);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_reset_leaves_nothing_and_nobody() {
    let (broker, address) = running(Config::on_port(0));
    let mut online = client(address, &lasting("online"));
    let kept = Publish { retain: true, ..message("a", "x", QoS::AtLeastOnce, 1) };
    send(&mut online, &Packet::Publish(kept));
    packet(&mut online);
    drop(client(address, &lasting("offline")));
    let answer = ask(address, "POST /api/v1/reset");
    assert_eq!(answer.json(), json!({ "sessions": 2, "retained": 1 }));
    assert_eq!(packet(&mut online), hex("e0 01 98"));
    let stats = get(address, "/api/v1/stats");
    assert_eq!((&stats["sessions"], &stats["retained_messages"]), (&json!(0), &json!(0)));
    assert_eq!(stats["messages_total"]["in"], 1);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn with_a_token_only_health_is_open() {
    let token = Some(Secret::new("s3cret"));
    let (broker, address) = running(Config { http_token: token, ..Config::on_port(0) });
    assert_eq!(get(address, "/healthz")["status"], "ok");
    let refused = ask(address, "GET /metrics");
    assert_eq!(refused.status, 401);
    assert!(refused.head.contains("www-authenticate: Bearer"), "{}", refused.head);
    let shown = "Authorization: Bearer s3cret\r\n";
    assert_eq!(ask_with(address, "GET /metrics", shown, "").status, 200);
    assert_eq!(ask_with(address, "POST /api/v1/reset", "", "").status, 401);
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_page_in_a_browser_cannot_ask_in_its_users_place() {
    let (broker, address) = running(Config::on_port(0));
    let foreign = "Origin: http://evil.example\r\n";
    assert_eq!(ask_with(address, "POST /api/v1/reset", foreign, "").status, 403);
    let mut stream = dial(address);
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 403"), "{text}");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn too_many_connections_are_turned_away_and_mqtt_goes_on() {
    let (broker, address) = running(Config::on_port(0));
    // Of each the answer is read, so that it has its place.
    let kept: Vec<_> = (0..64)
        .map(|_| {
            let mut stream = dial(address);
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            stream.read_exact(&mut [0; 15]).unwrap();
            stream
        })
        .collect();
    let turned_away = ask(address, "GET /healthz");
    assert_eq!(turned_away.status, 503);
    assert_eq!(turned_away.json()["status"], 503);
    client(address, &hello(Version::V5, "c"));
    drop(kept);
    broker.blocking_shutdown().unwrap();
}

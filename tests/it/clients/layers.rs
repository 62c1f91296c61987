//! What can lie between MQTT and the socket: proxies, TLS and WebSocket, alone
//! and over each other, with the broker of mqx at the other end.

use super::reaching::there_and_back;
use super::{Page, Speaker, block_on, never, speaker, subscribing, with_everybody, words_of};
use crate::certs::{made, server_options, trusting};
use crate::support::peer::Peer;
use crate::support::proxy::{FakeProxy, Kind};
use mqx::broker::{self, Broker};
use mqx::client::{ConnectOptions, EngineKind};
use mqx::mqtt::Version;
use mqx::net::proxy::Proxy;
use mqx::net::websocket::{HeaderField, Request};
use mqx::net::{Endpoint, TlsClient, tls_server};
use mqx::subscribe;
use std::path::Path;
use tokio_rustls::TlsAcceptor;

/// A broker that tells MQTT, TLS and WebSocket apart at one port.
fn running(dir: &Path) -> (Broker, u16) {
    let (tls, _) = tls_server(&server_options(dir)).unwrap();
    let listen = broker::Listen {
        port: Some(0),
        tls_port: Some(0),
        tls: Some(tls.into()),
        ..broker::Listen::default()
    };
    let config = broker::Config::at(listen);
    let broker = broker::start(&config).unwrap();
    let port = broker.address().unwrap().port();
    (broker, port)
}

fn tls_port(broker: &Broker) -> u16 {
    let of_tls = |at: &&broker::Address| matches!(at, broker::Address::Mqtt { tls: true, .. });
    let address = broker.addresses().iter().find(of_tls);
    address.and_then(broker::Address::socket).unwrap().port()
}

fn tls(dir: &Path) -> TlsClient {
    TlsClient::new(&trusting(dir)).unwrap().0
}

fn websocket() -> Request {
    Request { path: "/mqtt".to_owned(), headers: Vec::new() }
}

fn to(speaker: Speaker, endpoint: Endpoint) -> ConnectOptions {
    ConnectOptions { endpoint, ..speaker.connect(0) }
}

const NATIVE: Speaker = speaker(EngineKind::Native, Version::V5);

#[test]
fn websocket_carries_mqtt_bare_and_under_tls() {
    let dir = made();
    let (broker, port) = running(dir.path());
    let secure = tls_port(&broker);
    with_everybody(|speaker| {
        let bare = Endpoint { websocket: Some(websocket()), ..Endpoint::tcp("localhost", port) };
        let tls = Some(tls(dir.path()));
        let under =
            Endpoint { tls, websocket: Some(websocket()), ..Endpoint::tcp("localhost", secure) };
        async move {
            there_and_back(to(speaker, bare)).await;
            there_and_back(to(speaker, under)).await;
        }
    });
    broker.blocking_shutdown().unwrap();
}

/// What a subscriber is told when it cannot get through.
async fn refusal(endpoint: Endpoint) -> String {
    let config = subscribe::Config { connect: to(NATIVE, endpoint), ..subscribing(NATIVE, 0) };
    words_of(subscribe::run(config, Page::default().sink(), never()).await)
}

#[test]
fn a_path_the_broker_does_not_have_is_named_with_its_status() {
    let dir = made();
    let (_broker, port) = running(dir.path());
    let request = Request { path: "/other".to_owned(), headers: Vec::new() };
    let endpoint = Endpoint { websocket: Some(request), ..Endpoint::tcp("localhost", port) };
    let said = block_on(refusal(endpoint));
    assert!(said.contains("answers 404 Not Found") && said.contains("--ws-path"), "{said}");
}

#[test]
fn what_does_not_speak_websocket_is_said() {
    block_on(async {
        for (answer, what) in [
            (&b""[..], "closed the connection"),
            (&[0x20, 2, 0, 1], "not HTTP"),
            (b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "Accept"),
            (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "--ws-header"),
        ] {
            let peer = Peer::bind().await;
            let header: HeaderField = "Authorization: Bearer x".parse().unwrap();
            let request = Request { path: "/a?b".to_owned(), headers: vec![header] };
            let port = peer.port();
            let endpoint =
                Endpoint { websocket: Some(request), ..Endpoint::tcp("127.0.0.1", port) };
            let serve = async {
                let mut caller = peer.accept().await;
                let request = caller.head().await;
                assert!(request.starts_with("GET /a?b HTTP/1.1\r\n"), "{request}");
                assert!(request.contains(&format!("\r\nHost: 127.0.0.1:{port}\r\n")));
                assert!(request.contains("\r\nAuthorization: Bearer x\r\n"));
                caller.send(answer).await;
            };
            let (said, ()) = tokio::join!(refusal(endpoint), serve);
            assert!(said.contains(what), "{said}");
        }
    });
}

#[test]
fn a_proxy_is_asked_for_the_broker_and_passes_everything_on() {
    let dir = made();
    let (broker, port) = running(dir.path());
    with_everybody(|speaker| async move {
        for (kind, scheme, asked) in [
            (Kind::Socks, "socks5h://", "broker.invalid 1883"),
            (Kind::SocksWithLogin, "socks5h://me:pw@", "broker.invalid 1883"),
            (Kind::Http(None), "http://", "CONNECT broker.invalid:1883 HTTP/1.1\r\n"),
            (Kind::Http(None), "http://me:pw@", "\r\nProxy-Authorization: Basic bWU6cHc=\r\n"),
        ] {
            let fake = FakeProxy::start(kind, port).await;
            let proxy = Some(Proxy::new(&fake.url(scheme)).unwrap());
            let endpoint = Endpoint { proxy, ..Endpoint::tcp("broker.invalid", 1883) };
            there_and_back(to(speaker, endpoint)).await;
            assert!(fake.asked().contains(asked), "{scheme}");
        }
    });
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_proxy_that_is_to_get_addresses_is_not_told_the_name() {
    let dir = made();
    let (broker, port) = running(dir.path());
    block_on(async {
        let fake = FakeProxy::start(Kind::Socks, port).await;
        let proxy = Some(Proxy::new(&fake.url("socks5://")).unwrap());
        let endpoint = Endpoint { proxy, ..Endpoint::tcp("localhost", 7) };
        there_and_back(to(NATIVE, endpoint)).await;
        let asked = fake.asked();
        assert!(["127.0.0.1 7", "::1 7"].contains(&asked.as_str()), "{asked}");
    });
    broker.blocking_shutdown().unwrap();
}

#[test]
fn websocket_lies_over_tls_over_a_proxy_over_tls() {
    let dir = made();
    let (broker, _) = running(dir.path());
    let secure = tls_port(&broker);
    block_on(async {
        let (config, _) = tls_server(&server_options(dir.path())).unwrap();
        let fake = FakeProxy::start(Kind::Https(TlsAcceptor::from(config)), secure).await;
        let own = tls(dir.path());
        let proxy = Some(Proxy::new(&fake.url("https://")).unwrap().with_tls(own));
        let tls = Some(tls(dir.path()));
        let endpoint = Endpoint {
            tls,
            proxy,
            websocket: Some(websocket()),
            ..Endpoint::tcp("localhost", 8883)
        };
        there_and_back(to(NATIVE, endpoint)).await;
        assert!(fake.asked().starts_with("CONNECT localhost:8883"));
    });
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_proxy_that_refuses_says_why_and_its_password_is_not_shown() {
    block_on(async {
        for (kind, scheme, what) in [
            (Kind::SocksWithLogin, "socks5h://me:hunter2@", "this user and password"),
            (Kind::Http(Some("407 Who are you")), "http://me:hunter2@", "407 Who are you"),
            (Kind::Http(Some("503 ")), "http://me:hunter2@", "answers 503"),
        ] {
            let fake = FakeProxy::start(kind, 1).await;
            let proxy = Some(Proxy::new(&fake.url(scheme)).unwrap());
            let said = refusal(Endpoint { proxy, ..Endpoint::tcp("h", 1) }).await;
            assert!(said.contains(what) && !said.contains("hunter2"), "{said}");
            assert!(said.contains("the proxy"), "{said}");
        }
    });
}

#[test]
fn the_address_to_connect_from_can_be_chosen() {
    block_on(async {
        let peer = Peer::bind().await;
        let bind = Some("127.0.0.7".parse().unwrap());
        let endpoint = Endpoint { bind, ..Endpoint::tcp("127.0.0.1", peer.port()) };
        let serve = async {
            let caller = peer.accept().await;
            assert_eq!(caller.address().ip().to_string(), "127.0.0.7");
        };
        let (_, ()) = tokio::join!(refusal(endpoint), serve);
        let bind = Some("192.0.2.1".parse().unwrap());
        let said = refusal(Endpoint { bind, ..Endpoint::tcp("127.0.0.1", peer.port()) }).await;
        assert!(said.contains("cannot connect from 192.0.2.1"), "{said}");
        let bind = Some("::1".parse().unwrap());
        let said = refusal(Endpoint { bind, ..Endpoint::tcp("127.0.0.1", peer.port()) }).await;
        assert!(said.contains("no address of the kind"), "{said}");
    });
}

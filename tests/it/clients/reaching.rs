//! The ways to a broker: where it listens, what carries the bytes, and which
//! of several is taken.

use super::subscribing::accept;
use super::{
    Page, block_on, class_of, never, publishing, speaker, subscribing, with_everybody, words_of,
};
use crate::support::dns::Dns;
use crate::support::peer::Peer;
use mqx::broker;
use mqx::client::{ConnectOptions, EngineKind};
use mqx::error::{Class, Result};
use mqx::mqtt::{QoS, Version};
use mqx::net::{Directory, Domain, Endpoint, Place};
use mqx::{publish, subscribe};
use std::num::NonZeroU64;
use tokio::io::empty;
use tokio::net::TcpSocket;

/// Publishes a retained message and prints it, both over this connection.
pub(super) async fn there_and_back(connect: ConnectOptions) {
    let speaker = speaker(connect.engine, connect.session.version);
    let source = publish::Source::Message(b"hello".to_vec());
    let config = publishing(speaker, 0, source, QoS::AtLeastOnce);
    let mut config = publish::Config { connect: connect.clone(), ..config };
    config.recipe.retain = true;
    publish::run(config, empty(), never()).await.unwrap();
    let page = Page::default();
    let config =
        subscribe::Config { connect, count: NonZeroU64::new(1), ..subscribing(speaker, 0) };
    subscribe::run(config, page.sink(), never()).await.unwrap();
    assert_eq!(page.text(), "a/b hello\n");
}

#[test]
fn a_socket_in_the_file_system_is_as_good_as_a_port() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mqx.sock");
    let listen = broker::Listen { unix: Some(path.clone()), ..broker::Listen::default() };
    let config = broker::Config::at(listen);
    let broker = broker::start(&config).unwrap();
    with_everybody(|speaker| {
        let place = Place::Unix(path.clone());
        let endpoint = Endpoint { place, ..Endpoint::tcp("", 0) };
        there_and_back(ConnectOptions { endpoint, ..speaker.connect(0) })
    });
    broker.blocking_shutdown().unwrap();
    let connect = ConnectOptions {
        endpoint: Endpoint { place: Place::Unix(path), ..Endpoint::tcp("", 0) },
        ..ConnectOptions::default()
    };
    let speaker = speaker(EngineKind::Native, Version::V5);
    let config = subscribe::Config { connect, ..subscribing(speaker, 0) };
    let ended = block_on(subscribe::run(config, Page::default().sink(), never()));
    assert_eq!(class_of(ended), Class::Connect, "the socket is gone");
}

/// A port that refuses connections as long as the socket lives.
fn refusing() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

#[test]
fn of_several_brokers_the_next_is_tried_when_one_fails() {
    with_everybody(|speaker| async move {
        let (_socket, dead) = refusing();
        let (busy, good) = (Peer::bind().await, Peer::bind().await);
        let others = [busy.port(), good.port()].map(|port| Endpoint::tcp("127.0.0.1", port));
        let connect = ConnectOptions { others: others.to_vec(), ..speaker.connect(dead) };
        let source = publish::Source::Message(b"x".to_vec());
        let config = publishing(speaker, 0, source, QoS::AtMostOnce);
        let config = publish::Config { connect, ..config };
        let serve = async {
            let mut caller = busy.accept().await;
            caller.packet().await;
            caller.send(speaker.pick(&[0x20, 3, 0, 0x89, 0], &[0x20, 2, 0, 3])).await;
            let mut caller = speaker.accept(&good).await;
            assert_eq!(caller.packet().await[0], 0x30);
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (published, ()) = tokio::join!(publish::run(config, empty(), never()), serve);
        published.unwrap();
    });
}

#[test]
fn a_client_that_is_refused_for_who_it_is_does_not_ask_the_next_broker() {
    with_everybody(|speaker| async move {
        let (first, second) = (Peer::bind().await, Peer::bind().await);
        let others = vec![Endpoint::tcp("127.0.0.1", second.port())];
        let connect = ConnectOptions { others, ..speaker.connect(first.port()) };
        let config = subscribe::Config { connect, ..subscribing(speaker, 0) };
        let serve = async {
            let mut caller = first.accept().await;
            caller.packet().await;
            caller.send(speaker.pick(&[0x20, 3, 0, 0x87, 0], &[0x20, 2, 0, 5])).await;
            caller.expect_end().await;
        };
        let page = Page::default();
        let subscribed = subscribe::run(config, page.sink(), never());
        let (subscribed, ()) = tokio::join!(subscribed, serve);
        assert_eq!(class_of(subscribed), Class::Refused);
    });
}

#[test]
fn a_client_whose_broker_goes_away_comes_back_to_another() {
    let speaker = speaker(EngineKind::Native, Version::V5);
    block_on(async {
        let (first, second) = (Peer::bind().await, Peer::bind().await);
        let others = vec![Endpoint::tcp("127.0.0.1", second.port())];
        let connect = ConnectOptions { others, ..speaker.connect(first.port()) };
        let config =
            subscribe::Config { connect, count: NonZeroU64::new(1), ..subscribing(speaker, 0) };
        let serve = async {
            let mut caller = speaker.accept(&first).await;
            caller.packet().await;
            drop(first);
            caller.reset();
            let mut caller = speaker.accept(&second).await;
            let subscribe = caller.packet().await;
            caller.send(&[0x90, 4, subscribe[2], subscribe[3], 0, 0]).await;
            caller.send(&[0x30, 7, 0, 3, b'a', b'/', b'b', 0, b'x']).await;
            caller.packet().await;
        };
        let page = Page::default();
        let subscribed = subscribe::run(config, page.sink(), never());
        let (subscribed, ()) = tokio::join!(subscribed, serve);
        subscribed.unwrap();
        assert_eq!(page.text(), "a/b x\n");
    });
}

/// A subscriber to the brokers that a server of the DNS knows, and what was asked of it.
async fn with_domain(
    records: Vec<(u16, u16, u16, &'static str)>,
    questions: usize,
    broker: impl AsyncFnOnce(&Peer),
    peer: &Peer,
) -> (Result<()>, Vec<String>) {
    let dns = Dns::bind(records).await;
    let mut config = subscribing(speaker(EngineKind::Native, Version::V5), 1);
    let directory = Directory::Server(dns.address());
    config.connect.domain = Some(Domain { name: "lab.example".to_owned(), directory });
    config.exit_after_sub = true;
    let ask = async {
        let mut asked = Vec::new();
        for _ in 0..questions {
            asked.push(dns.answer().await);
        }
        asked
    };
    let run = subscribe::run(config, Page::default().sink(), never());
    let (done, asked, ()) = tokio::join!(run, ask, broker(peer));
    (done, asked)
}

#[test]
fn the_brokers_of_a_domain_are_tried_by_their_priority() {
    block_on(async {
        let peer = Peer::bind().await;
        let gone = Peer::bind().await.port();
        let records = vec![(20, 1, peer.port(), "127.0.0.1"), (10, 0, gone, "127.0.0.1")];
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker(EngineKind::Native, Version::V5), peer, &[0]).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, asked) = with_domain(records, 1, broker, &peer).await;
        done.unwrap();
        assert_eq!(asked, ["_mqtt._tcp.lab.example"]);
    });
}

#[test]
fn a_domain_without_brokers_cannot_be_connected_to() {
    block_on(async {
        let peer = Peer::bind().await;
        let (done, _) = with_domain(Vec::new(), 1, async |_: &Peer| {}, &peer).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::Connect);
        let words = words_of(done);
        assert!(words.contains("no SRV record _mqtt._tcp.lab.example"), "{words}");
    });
}

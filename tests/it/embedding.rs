//! The broker inside another program. The first test is the README's example,
//! word for word.

use mqx::broker::access::load_passwords;
use mqx::broker::core::{Hooks, Limits};
use mqx::broker::{self, InlineClient, Listen, Messages};
use mqx::client::{ConnectOptions, Connection};
use mqx::error::Class;
use mqx::mqtt::{Publish, QoS, ReasonCode, SubscribeOptions};
use mqx::net::Endpoint;
use mqx::session::{ClientConfig, Secret};
use std::io::Write as _;
use std::sync::{Arc, mpsc};

// README: begin
/// Starts a broker in this process, talks to it and stops it.
async fn embed() -> mqx::error::Result<()> {
    let config = broker::Config::on_port(0);
    let broker = broker::start(&config)?;
    let address = broker.address().expect("it listens on TCP");
    assert_ne!(address.port(), 0, "where other programs find it");

    let client = broker.client(ClientConfig::default()).await?;
    let mut messages = client.subscribe("rooms/+/temperature", QoS::AtLeastOnce).await?;
    let publish = Publish {
        topic: "rooms/kitchen/temperature",
        payload: b"21.5",
        qos: QoS::AtLeastOnce,
        ..Publish::default()
    };
    client.publish(&publish).await?;
    let message = messages.recv().await.expect("the broker runs");
    assert_eq!((message.topic(), message.payload()), (publish.topic, publish.payload));

    broker.shutdown().await?;
    Ok(())
}
// README: end

#[tokio::test]
async fn the_example_runs() {
    embed().await.unwrap();
}

#[test]
fn the_readme_shows_the_example_as_it_is_tested() {
    let source = include_str!("embedding.rs");
    let (_, rest) = source.split_once("// README: begin\n").unwrap();
    let (example, _) = rest.split_once("// README: end").unwrap();
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&format!("```rust\n{example}```\n")), "{example}");
}

async fn broker_and_client() -> (broker::Broker, InlineClient) {
    let config = broker::Config::on_port(0);
    let broker = broker::start(&config).unwrap();
    let client = broker.client(ClientConfig::default()).await.unwrap();
    (broker, client)
}

fn message<'a>(topic: &'a str, payload: &'a [u8], qos: QoS) -> Publish<'a> {
    Publish { topic, payload, qos, ..Publish::default() }
}

async fn next(messages: &mut Messages) -> String {
    let message = messages.recv().await.unwrap();
    String::from_utf8(message.payload().to_vec()).unwrap()
}

#[tokio::test]
async fn each_subscription_gets_its_own_messages_and_a_retained_one_first() {
    let (broker, client) = broker_and_client().await;
    let retained = Publish { retain: true, ..message("a/1", b"old", QoS::AtLeastOnce) };
    let reason = client.publish(&retained).await.unwrap();
    assert_eq!(reason, ReasonCode::NO_MATCHING_SUBSCRIBERS);
    let mut all = client.subscribe("#", QoS::ExactlyOnce).await.unwrap();
    let mut other = client.subscribe("b/+", QoS::AtMostOnce).await.unwrap();
    let reason = client.publish(&message("b/1", b"new", QoS::ExactlyOnce)).await.unwrap();
    assert_eq!(reason, ReasonCode::SUCCESS);
    assert_eq!(next(&mut all).await, "old");
    assert_eq!(next(&mut all).await, "new");
    assert_eq!(next(&mut other).await, "new");
    assert!(other.try_recv().is_none());
    client.unsubscribe("b/+").await.unwrap();
    assert!(other.recv().await.is_none(), "it has ended");
    broker.shutdown().await.unwrap();
    assert!(all.recv().await.is_none(), "the broker has stopped");
    let error = client.publish(&message("a", b"", QoS::AtLeastOnce)).await.unwrap_err();
    assert_eq!(error.class(), Class::ConnectionLost);
}

#[tokio::test]
async fn a_broker_that_is_dropped_stops() {
    let (broker, client) = broker_and_client().await;
    let mut all = client.subscribe("#", QoS::AtMostOnce).await.unwrap();
    drop(broker);
    assert!(all.recv().await.is_none(), "the broker has stopped");
}

#[tokio::test]
async fn a_callback_may_publish_and_nothing_is_lost_on_the_way() {
    let (broker, client) = broker_and_client().await;
    let (sender, received) = mpsc::channel();
    let on_message = move |message: mqx::mqtt::Message| sender.send(message).unwrap();
    client.on("count", SubscribeOptions::default(), on_message).await.unwrap();
    for number in 0..10_000_u32 {
        let payload = number.to_be_bytes();
        client.publish(&message("count", &payload, QoS::AtMostOnce)).await.unwrap();
    }
    for number in 0..10_000_u32 {
        assert_eq!(received.recv().unwrap().payload(), number.to_be_bytes());
    }
    broker.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_class() {
    let (broker, client) = broker_and_client().await;
    let error = client.publish(&message("a/+", b"", QoS::AtMostOnce)).await.unwrap_err();
    assert_eq!(error.class(), Class::PublishRejected);
    let error = client.publish(&message("$SYS/a", b"", QoS::AtLeastOnce)).await.unwrap_err();
    assert_eq!(error.class(), Class::PublishRejected);
    let error = client.subscribe("a/#/b", QoS::AtMostOnce).await.unwrap_err();
    assert_eq!(error.class(), Class::SubscribeDenied);
    client.publish(&message("a", b"", QoS::AtLeastOnce)).await.expect("it goes on");
    broker.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_client_that_is_not_let_in_is_told_why() {
    let limits = Limits { maximum_connections: 1, ..Limits::default() };
    let config = broker::Config { limits, ..broker::Config::on_port(0) };
    let broker = broker::start(&config).unwrap();
    let first = broker.client(ClientConfig::default()).await.unwrap();
    let error = broker.client(ClientConfig::default()).await.unwrap_err();
    assert_eq!(error.class(), Class::Refused);
    drop(first);
    broker.shutdown().await.unwrap();
}

#[test]
fn a_thread_without_a_runtime_can_stop_it_and_the_port_is_free_again() {
    // At an address where no other test could take the port before it is tried.
    let bind = Some("127.0.0.9".parse().unwrap());
    let config = broker::Config::at(Listen { bind, ..Listen::on_port(0) });
    let broker = broker::start(&config).unwrap();
    let address = broker.address().unwrap();
    broker.blocking_shutdown().unwrap();
    std::net::TcpListener::bind(address).unwrap();
}

/// Knows ann.
#[derive(Debug)]
struct Bouncer;

impl Hooks for Bouncer {
    fn authenticate(&self, user: &str, password: &[u8]) -> Option<bool> {
        (user == "ann").then_some(password == b"right")
    }
}

/// Whether the broker lets in whoever says this.
async fn is_let_in(broker: &broker::Broker, user: &str, password: &str) -> bool {
    let mut options = ConnectOptions::default();
    let address = broker.address().unwrap();
    options.endpoint = Endpoint::tcp(address.ip().to_string(), address.port());
    options.session.username = Some(user.to_owned());
    options.session.password = Some(Secret::new(password));
    match Connection::open(options, &mut |_| {}).await {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.class(), Class::Refused, "{error}");
            false
        }
    }
}

#[tokio::test]
async fn a_hook_knows_passwords_before_any_file_does() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"ann:wrong\nbob:secret\n").unwrap();
    let passwords = Some(load_passwords(file.path()).unwrap().0);
    let hooks: Option<Arc<dyn Hooks>> = Some(Arc::new(Bouncer));
    for (passwords, bob) in [(passwords, false), (None, true)] {
        let listen = Listen { passwords, ..Listen::on_port(0) };
        let config = broker::Config { hooks: hooks.clone(), ..broker::Config::at(listen) };
        let broker = broker::start(&config).unwrap();
        assert!(is_let_in(&broker, "ann", "right").await);
        assert!(!is_let_in(&broker, "ann", "wrong").await);
        assert_eq!(is_let_in(&broker, "bob", "wrong").await, bob, "as without the hook");
        broker.shutdown().await.unwrap();
    }
}

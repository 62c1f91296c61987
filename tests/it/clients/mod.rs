//! `mqx pub`, `mqx sub` and `mqx rr` in process, against a peer whose every byte is
//! scripted, with both engines and both versions of MQTT.

mod answering;
mod ending;
mod keeping;
mod keeping_on;
mod layers;
mod lines;
mod making;
mod profiles;
mod properties;
mod publishing;
mod reaching;
mod reading;
mod replaying;
mod requesting;
mod running;
mod signing_in;
mod subscribing;

use crate::support::peer::{Caller, Peer};
use mqx::client::{ConnectOptions, EngineKind, Retries, Retry};
use mqx::error::{Class, Result};
use mqx::look::{Layout, Look};
use mqx::mqtt::topic::TopicFilter;
use mqx::mqtt::{MessageProperties, QoS, SubscribeOptions, Version};
use mqx::net::Endpoint;
use mqx::output::Sink;
use mqx::session::ClientConfig;
use mqx::signals::Signal;
use mqx::{publish, subscribe};
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tokio::io::AsyncRead;

/// Who speaks, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Speaker {
    engine: EngineKind,
    version: Version,
}

impl Speaker {
    fn is_v5(self) -> bool {
        self.version == Version::V5
    }

    /// The bytes of version 5 or of 3.1.1.
    fn pick<'a>(self, v5: &'a [u8], v4: &'a [u8]) -> &'a [u8] {
        if self.is_v5() { v5 } else { v4 }
    }

    fn connect(self, port: u16) -> ConnectOptions {
        ConnectOptions {
            endpoint: Endpoint::tcp("127.0.0.1", port),
            session: ClientConfig { version: self.version, ..ClientConfig::default() },
            engine: self.engine,
            ..ConnectOptions::default()
        }
    }

    /// Accepts a connection: hears CONNECT and answers CONNACK.
    async fn accept(self, peer: &Peer) -> Caller {
        let mut caller = peer.accept().await;
        let connect = caller.packet().await;
        assert_eq!(connect[0], 0x10);
        assert_eq!(connect[8], if self.is_v5() { 5 } else { 4 });
        caller.send(self.pick(&[0x20, 3, 0, 0, 0], &[0x20, 2, 0, 0])).await;
        caller
    }
}

const SPEAKERS: [Speaker; 4] = [
    speaker(EngineKind::Native, Version::V5),
    speaker(EngineKind::Native, Version::V311),
    speaker(EngineKind::Rumqttc, Version::V5),
    speaker(EngineKind::Rumqttc, Version::V311),
];

const fn speaker(engine: EngineKind, version: Version) -> Speaker {
    Speaker { engine, version }
}

/// Runs a test once for everybody who can speak.
fn with_everybody<F: Future<Output = ()>>(test: impl Fn(Speaker) -> F) {
    for speaker in SPEAKERS {
        eprintln!("{speaker:?}");
        block_on(test(speaker));
    }
}

fn block_on<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test)
}

fn never() -> std::future::Pending<Signal> {
    std::future::pending()
}

fn class_of<T: std::fmt::Debug>(result: Result<T>) -> Class {
    result.unwrap_err().class()
}

/// What a failure says, causes and cure included.
fn words_of(result: Result<()>) -> String {
    let error = anyhow::Error::from(result.unwrap_err());
    let hint = mqx::error::hint(&error).unwrap_or_default();
    format!("{} | {hint}", mqx::error::line(&error))
}

fn publishing(speaker: Speaker, port: u16, source: publish::Source, qos: QoS) -> publish::Config {
    publish::Config {
        connect: speaker.connect(port),
        source,
        recipe: publish::Recipe {
            topics: vec!["a/b".parse().unwrap()],
            qos,
            retain: false,
            properties: MessageProperties::default(),
            making: publish::Making::AsIs,
        },
        repeat: NonZeroU64::MIN,
        batch: None,
        skips_bad: false,
        pace: publish::Pace::Free,
        store: None,
        progress: None,
        verifies: false,
        delivery: publish::Delivery {
            retries: Retries { first: Retry::NEVER, again: Retry::NEVER },
            ..publish::Delivery::default()
        },
    }
}

/// The same with as many attempts as it takes.
fn stubborn(mut config: publish::Config) -> publish::Config {
    config.delivery.retries = Retries { first: Retry::Forever, again: Retry::Forever };
    config
}

fn subscribing(speaker: Speaker, port: u16) -> subscribe::Config {
    let filter = "a/#".parse().unwrap();
    subscribe::Config {
        connect: speaker.connect(port),
        subscriptions: vec![subscription(filter)],
        look: Look { layout: Layout::TopicAndPayload, ..Look::default() },
        ..subscribe::Config::default()
    }
}

/// How a publisher ends that reads `input`, with `broker` at the other end.
async fn published(
    config: impl FnOnce(u16) -> publish::Config,
    input: impl AsyncRead + Unpin,
    broker: impl AsyncFnOnce(&Peer),
) -> Result<()> {
    let peer = Peer::bind().await;
    let run = publish::run(config(peer.port()), input, never());
    let (done, ()) = tokio::join!(run, broker(&peer));
    done
}

/// How a subscriber ends, and what it prints, with what `change` makes of its
/// configuration and `broker` at the other end.
async fn subscribed(
    speaker: Speaker,
    change: impl FnOnce(&mut subscribe::Config),
    broker: impl AsyncFnOnce(&Peer),
) -> (Result<()>, String) {
    let peer = Peer::bind().await;
    let page = Page::default();
    let mut config = subscribing(speaker, peer.port());
    change(&mut config);
    let run = subscribe::run(config, page.sink(), never());
    let (done, ()) = tokio::join!(run, broker(&peer));
    (done, page.text())
}

fn subscription(filter: TopicFilter) -> subscribe::Subscription {
    subscribe::Subscription { filter, options: SubscribeOptions::default() }
}

/// A sink whose content can be looked at.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn sink(&self) -> Sink {
        Box::new(self.clone())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An input that a test feeds while the command runs.
fn pipe() -> (tokio::io::DuplexStream, Pin<Box<tokio::io::DuplexStream>>) {
    let (writer, reader) = tokio::io::duplex(1 << 20);
    (writer, Box::pin(reader))
}

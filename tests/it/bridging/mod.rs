//! Bridges between two brokers in this process, and to a peer that does as it
//! is told.

mod scripted;
mod standing;
mod together;

use mqx::broker::bridge::{Bridge, Direction, Pause, Route, Routes};
use mqx::broker::{Broker, Config, InlineClient, Messages, start};
use mqx::mqtt::{Message, Publish, QoS};
use mqx::net::Endpoint;
use mqx::session::ClientConfig;
use std::time::Duration;
use tokio::time::timeout;

/// A test that waits longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A bridge to this port of this machine that tries again soon.
fn bridge_to(port: u16, routes: Vec<Route>) -> Bridge {
    let moment = Duration::from_millis(20);
    Bridge {
        routes: Routes::new(routes),
        pause: Pause { base: moment, cap: moment },
        ..Bridge::new("edge", Endpoint::tcp("127.0.0.1", port), "edge.host")
    }
}

fn route(pattern: &str, direction: Direction, local: &str, remote: &str) -> Route {
    Route::new(pattern, direction, QoS::ExactlyOnce, local, remote).unwrap()
}

/// A broker with these bridges.
fn bridged(bridges: Vec<Bridge>) -> Broker {
    start(&Config { bridges, workers: 2, ..Config::on_port(0) }).unwrap()
}

fn plain() -> Broker {
    bridged(Vec::new())
}

fn port(broker: &Broker) -> u16 {
    broker.address().unwrap().port()
}

async fn client(broker: &Broker) -> InlineClient {
    broker.client(ClientConfig::default()).await.unwrap()
}

async fn listen(client: &InlineClient, filter: &str) -> Messages {
    client.subscribe(filter, QoS::ExactlyOnce).await.unwrap()
}

async fn next(messages: &mut Messages) -> Message {
    timeout(PATIENCE, messages.recv()).await.expect("no message arrives").expect("it is open")
}

/// The next message as `topic=payload`, with a star if it is retained.
async fn shown(messages: &mut Messages) -> String {
    let message = next(messages).await;
    let payload = String::from_utf8_lossy(message.payload()).into_owned();
    format!("{}={payload}{}", message.topic(), if message.retain { "*" } else { "" })
}

fn message<'a>(topic: &'a str, payload: &'a str, qos: QoS) -> Publish<'a> {
    Publish { topic, payload: payload.as_bytes(), qos, ..Publish::default() }
}

/// Waits until the bridge says at this broker that it is connected, or not.
async fn state(broker: &Broker, wanted: &str) {
    let watcher = client(broker).await;
    let mut states = listen(&watcher, "$SYS/broker/connection/edge.host/state").await;
    while next(&mut states).await.payload() != wanted.as_bytes() {}
}

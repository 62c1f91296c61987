//! What would have worked instead: tried, not guessed. Nobody's password is sent for
//! that.

use super::steps::{MQTT, TCP, TLS, WEBSOCKET, certificate_line};
use crate::client::{ConnectOptions, Conversation};
use crate::error::{Class, Error, Result};
use crate::net::facts::Facts;
use crate::net::websocket::Request;
use crate::net::{self, Endpoint, Place, TlsClient, TlsClientOptions};
use crate::output::escape;
use crate::session::ClientConfig;
use jiff::Timestamp;
use std::pin::Pin;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long each trial may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a trial has found, a line each.
type Found<'a> = Pin<Box<dyn Future<Output = Vec<String>> + 'a>>;

/// Something to try when this step has failed; of several the first that finds
/// something is told, for it is the least change.
struct Trial {
    step: &'static str,
    run: for<'a> fn(&'a Endpoint) -> Found<'a>,
}

const TRIALS: &[Trial] = &[
    Trial { step: TCP, run: |endpoint| Box::pin(other_ports(endpoint)) },
    Trial { step: TLS, run: |endpoint| Box::pin(chain(endpoint)) },
    Trial { step: TLS, run: |endpoint| Box::pin(without_tls(endpoint)) },
    Trial { step: WEBSOCKET, run: |endpoint| Box::pin(other_paths(endpoint)) },
    Trial { step: WEBSOCKET, run: |endpoint| Box::pin(with_tls(endpoint)) },
    Trial { step: WEBSOCKET, run: |endpoint| Box::pin(without_websocket(endpoint)) },
    Trial { step: MQTT, run: |endpoint| Box::pin(with_tls(endpoint)) },
    Trial { step: MQTT, run: |endpoint| Box::pin(with_websocket(endpoint)) },
];

/// What helps where this step has failed with `error`.
pub(super) async fn on(step: &str, error: &Error, options: &ConnectOptions) -> Vec<String> {
    // A broker that has answered is the right one, spoken to in the right way.
    if error.class() == Class::Refused {
        return Vec::new();
    }
    for trial in TRIALS.iter().filter(|trial| trial.step == step) {
        let found = (trial.run)(&options.endpoint).await;
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// The ports that brokers are usually at.
const PORTS: &[(u16, &str)] = &[
    (1883, "MQTT"),
    (8883, "MQTT over TLS"),
    (8083, "WebSocket, with EMQX"),
    (8084, "WebSocket over TLS, with EMQX"),
    (9001, "WebSocket, with mosquitto"),
];

/// Where else on that host somebody accepts connections; all ports are tried at once.
async fn other_ports(endpoint: &Endpoint) -> Vec<String> {
    let (Place::Tcp { host, port }, None) = (&endpoint.place, &endpoint.proxy) else {
        return Vec::new();
    };
    let mut trials = JoinSet::new();
    for (other, usual) in PORTS.iter().filter(|(other, _)| other != port) {
        let there = (host.clone(), *other);
        trials.spawn(async move {
            let opened = timeout(PATIENCE, TcpStream::connect(there)).await;
            opened.is_ok_and(|opened| opened.is_ok()).then_some((*other, *usual))
        });
    }
    let mut found: Vec<_> = trials.join_all().await.into_iter().flatten().collect();
    found.sort_unstable();
    let line =
        |(port, usual)| format!("somebody answers at port {port}, usually {usual}: -p {port}");
    found.into_iter().map(line).collect()
}

/// What the server shows, whoever believes it.
async fn chain(endpoint: &Endpoint) -> Vec<String> {
    let now = Timestamp::now();
    let Ok(chain) = shown_by(endpoint).await else {
        return Vec::new();
    };
    let facts: Vec<_> = chain.iter().filter_map(|one| Facts::of(one, now).ok()).collect();
    let lines = facts.iter().zip(1..).map(|(facts, number)| certificate_line(number, facts));
    lines.chain(facts.first().and_then(too_short)).collect()
}

/// What is said of a key that is too short, which is seen only as a bad signature.
fn too_short(own: &Facts) -> Option<String> {
    let short = own.key.is_too_short();
    short.then(|| format!("its RSA key of {} bits is too short for TLS", own.key.bits))
}

/// Whether the port speaks MQTT as it is.
async fn without_tls(endpoint: &Endpoint) -> Vec<String> {
    let plain = Endpoint { tls: None, ..endpoint.clone() };
    let said = "the port speaks MQTT without TLS: leave out --tls, or write mqtt:// for mqtts://";
    speaks_mqtt(&plain).await.then(|| said.to_owned()).into_iter().collect()
}

/// Whether the port speaks MQTT without WebSocket.
async fn without_websocket(endpoint: &Endpoint) -> Vec<String> {
    let bare = Endpoint { websocket: None, ..endpoint.clone() };
    let said = "the port speaks MQTT without WebSocket: leave out --ws, or write mqtt:// for ws://";
    speaks_mqtt(&bare).await.then(|| said.to_owned()).into_iter().collect()
}

/// Whether the port speaks TLS.
async fn with_tls(endpoint: &Endpoint) -> Vec<String> {
    if endpoint.tls.is_some() {
        return Vec::new();
    }
    let Ok(chain) = shown_by(endpoint).await else {
        return Vec::new();
    };
    let top = chain.last().and_then(|last| Facts::of(last, Timestamp::now()).ok());
    let ca =
        top.map_or_else(String::new, |top| format!(", the certificate of {}", escape(&top.issuer)));
    vec![format!("the port speaks TLS: add --tls CA{ca}")]
}

/// The paths that brokers usually have.
const PATHS: &[&str] = &["/mqtt", "/", "/ws", "/websocket"];

/// At which other path the server speaks WebSocket.
async fn other_paths(endpoint: &Endpoint) -> Vec<String> {
    let mut found = Vec::new();
    for path in PATHS {
        if endpoint.websocket.as_ref().is_some_and(|asked| asked.path == *path) {
            continue;
        }
        if speaks_websocket(endpoint, path).await {
            found.push(format!(
                "MQTT over WebSocket is spoken at the path {path}: --ws-path {path}"
            ));
        }
    }
    found
}

/// Whether the port speaks WebSocket.
async fn with_websocket(endpoint: &Endpoint) -> Vec<String> {
    if endpoint.websocket.is_some() || !speaks_websocket(endpoint, "/mqtt").await {
        return Vec::new();
    }
    vec!["the port speaks MQTT over WebSocket: add --ws, or write ws:// for mqtt://".to_owned()]
}

async fn speaks_websocket(endpoint: &Endpoint, path: &str) -> bool {
    let request = Request { path: path.to_owned(), headers: Vec::new() };
    let there = Endpoint { websocket: Some(request), ..endpoint.clone() };
    net::connect(&there, PATIENCE).await.is_ok()
}

/// Whether a broker answers, even if with a refusal.
async fn speaks_mqtt(endpoint: &Endpoint) -> bool {
    let options = ConnectOptions {
        endpoint: endpoint.clone(),
        session: ClientConfig::default(),
        connect_timeout: PATIENCE,
        ..ConnectOptions::default()
    };
    match Conversation::open(options).await {
        Ok(conversation) => {
            // That it answers is known; how this ends no longer matters.
            let _ = conversation.close().await;
            true
        }
        Err(error) => error.class() == Class::Refused,
    }
}

/// The certificates of the server, none of them checked.
async fn shown_by(endpoint: &Endpoint) -> Result<Vec<rustls::pki_types::CertificateDer<'static>>> {
    let server_name = Some(endpoint.server_name().to_owned());
    let options = TlsClientOptions { insecure: true, server_name, ..TlsClientOptions::default() };
    let (tls, _) = TlsClient::new(&options)?;
    net::chain_of(&Endpoint { tls: Some(tls), ..endpoint.clone() }, PATIENCE).await
}

//! What is spoken at the port in place of what was asked for.

use super::{Case, PATIENCE, Way, answers, certificates, speaks, with_tls_options};
use crate::client::is_about_version;
use crate::mqtt::Version;
use crate::net::websocket::Request;
use crate::net::{self, Endpoint, TlsClientOptions};
use crate::output::escape;

/// Whatever else is spoken there than what was asked for.
pub(super) async fn otherwise_spoken(case: &Case<'_>) -> Vec<Way> {
    let mut ways = with_tls(case).await;
    if ways.is_empty() {
        ways = without_tls(case).await;
    }
    if ways.is_empty() {
        ways = with_websocket(case).await;
    }
    ways
}

/// MQTT as it is.
pub(super) async fn without_tls(case: &Case<'_>) -> Vec<Way> {
    let plain = Endpoint { tls: None, ..case.endpoint.clone() };
    if case.endpoint.tls.is_none() || !answers(&plain).await {
        return Vec::new();
    }
    vec![Way::new("the port speaks MQTT without TLS", case.line(&plain))]
}

/// TLS, with the CA that it takes if that is at hand.
pub(super) async fn with_tls(case: &Case<'_>) -> Vec<Way> {
    if case.endpoint.tls.is_some() || case.chain().await.is_empty() {
        return Vec::new();
    }
    let said = "the port speaks TLS";
    if let Some(trust) = certificates::fitting(case).await
        && let Some(there) = with_tls_options(&case.endpoint, |options| options.ca = trust)
    {
        return vec![Way::new(said, case.line(&there))];
    }
    let issuer = certificates::issuer(case).await.unwrap_or_default();
    let said = format!("{said}; CA stands for the certificate of {}", escape(&issuer));
    vec![Way::new(said, case.line(&case.endpoint).with("--tls", "CA"))]
}

/// TLS without the versions, ciphers and protocols that were insisted on.
pub(super) async fn fewer_demands(case: &Case<'_>) -> Vec<Way> {
    let demands = case.endpoint.tls.as_ref().is_some_and(|tls| {
        let TlsClientOptions { version, ciphers, alpn, .. } = tls.options();
        version.is_some() || ciphers.is_some() || !alpn.is_empty()
    });
    let there = with_tls_options(&case.endpoint, |options| {
        (options.version, options.ciphers) = (None, None);
        options.alpn.clear();
    });
    match there.filter(|_| demands) {
        Some(there) if answers(&there).await => {
            let said = "TLS works without --tls-version, --ciphers and --tls-alpn";
            vec![Way::new(said, case.line(&there))]
        }
        _ => Vec::new(),
    }
}

/// MQTT without WebSocket.
pub(super) async fn without_websocket(case: &Case<'_>) -> Vec<Way> {
    let bare = Endpoint { websocket: None, ..case.endpoint.clone() };
    if !answers(&bare).await {
        return Vec::new();
    }
    vec![Way::new("the port speaks MQTT without WebSocket", case.line(&bare))]
}

/// The paths that brokers usually have.
const PATHS: &[&str] = &["/mqtt", "/", "/ws", "/websocket"];

/// WebSocket at another path.
pub(super) async fn other_paths(case: &Case<'_>) -> Vec<Way> {
    let asked = case.endpoint.websocket.as_ref().map(|asked| asked.path.as_str());
    let mut ways = Vec::new();
    for path in PATHS.iter().filter(|path| asked != Some(**path)) {
        let there = at_path(&case.endpoint, path);
        if net::connect(&there, PATIENCE).await.is_ok() {
            let said = format!("MQTT over WebSocket is spoken at the path {path}");
            ways.push(Way::new(said, case.line(&there)));
        }
    }
    ways
}

/// WebSocket.
pub(super) async fn with_websocket(case: &Case<'_>) -> Vec<Way> {
    let there = at_path(&case.endpoint, "/mqtt");
    if case.endpoint.websocket.is_some() || net::connect(&there, PATIENCE).await.is_err() {
        return Vec::new();
    }
    vec![Way::new("the port speaks MQTT over WebSocket", case.line(&there))]
}

fn at_path(endpoint: &Endpoint, path: &str) -> Endpoint {
    let headers = endpoint.websocket.as_ref().map(|asked| asked.headers.clone());
    let request = Request { path: path.to_owned(), headers: headers.unwrap_or_default() };
    Endpoint { websocket: Some(request), ..endpoint.clone() }
}

/// Another version of MQTT, where the one that was asked for is refused.
pub(super) async fn other_version(case: &Case<'_>) -> Vec<Way> {
    if !is_about_version(case.error) {
        return Vec::new();
    }
    let asked = case.config.connect.session.version;
    for version in [Version::V5, Version::V311].into_iter().filter(|version| *version != asked) {
        if speaks(&case.endpoint, version).await {
            let line = case.line(&case.endpoint).with("-V", &version.to_string());
            return vec![Way::new(format!("the broker speaks MQTT {version}"), line)];
        }
    }
    Vec::new()
}

//! Where else the broker may be.

use super::{Case, PATIENCE, Way, answers, layers};
use crate::net::url::Url;
use crate::net::{Endpoint, Place};
use crate::output::escape;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What a host may mean that nobody knows: a URL, a host with its port, this machine.
pub(super) async fn meant(case: &Case<'_>) -> Vec<Way> {
    let (Place::Tcp { host, port }, None) = (&case.endpoint.place, &case.endpoint.proxy) else {
        return Vec::new();
    };
    let split = in_url(host, *port).or_else(|| with_port(host));
    if let Some((host, port)) = split {
        let there = at(&case.endpoint, &host, port);
        let said = format!("the host is {}, and its port is given with -p", escape(&host));
        return vec![Way::new(said, case.line(&there))];
    }
    let here = at(&case.endpoint, "localhost", *port);
    if !answers(&here).await {
        return Vec::new();
    }
    vec![Way::new(format!("a broker answers at port {port} of this machine"), case.line(&here))]
}

fn at(endpoint: &Endpoint, host: &str, port: u16) -> Endpoint {
    Endpoint { place: Place::Tcp { host: host.to_owned(), port }, ..endpoint.clone() }
}

/// The host and the port in a URL.
fn in_url(text: &str, port: u16) -> Option<(String, u16)> {
    let url = Url::parse(text).ok().filter(|url| !url.host.is_empty())?;
    Some((url.host, url.port.unwrap_or(port)))
}

/// The host and the port of `HOST:PORT`.
fn with_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.split_once(':').filter(|(host, _)| !host.is_empty())?;
    Some((host.to_owned(), port.parse().ok()?))
}

/// The ports that brokers are usually at.
const PORTS: &[(u16, &str)] = &[
    (1883, "MQTT"),
    (8883, "MQTT over TLS"),
    (8083, "WebSocket, with EMQX"),
    (8084, "WebSocket over TLS, with EMQX"),
    (9001, "WebSocket, with mosquitto"),
];

/// Where else on that host a broker answers.
pub(super) async fn other_ports(case: &Case<'_>) -> Vec<Way> {
    let (Place::Tcp { host, port }, None) = (&case.endpoint.place, &case.endpoint.proxy) else {
        return Vec::new();
    };
    let mut ways = Vec::new();
    for (other, usual) in open_ports(host, *port).await {
        let said = format!("somebody answers at port {other}, usually {usual}");
        let there = case.at(at(&case.endpoint, host, other));
        if answers(&there.endpoint).await {
            ways.push(Way::new(said, there.line(&there.endpoint)));
        } else {
            ways.push(Way::fact(said));
            ways.extend(layers::otherwise_spoken(&there).await);
        }
    }
    ways
}

/// The usual ports of `host` but for `tried` where somebody accepts connections, all
/// tried at once.
async fn open_ports(host: &str, tried: u16) -> Vec<(u16, &'static str)> {
    let mut trials = JoinSet::new();
    for (other, usual) in PORTS.iter().filter(|(other, _)| *other != tried) {
        let there = (host.to_owned(), *other);
        trials.spawn(async move {
            let opened = timeout(PATIENCE, TcpStream::connect(there)).await;
            opened.is_ok_and(|opened| opened.is_ok()).then_some((*other, *usual))
        });
    }
    let mut found: Vec<_> = trials.join_all().await.into_iter().flatten().collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_with_a_scheme_or_a_port_is_taken_apart() {
        assert_eq!(in_url("mqtt://h", 1883), Some(("h".to_owned(), 1883)));
        assert_eq!(in_url("ws://h:1/x", 1883), Some(("h".to_owned(), 1)));
        assert_eq!(with_port("h:1884"), Some(("h".to_owned(), 1884)));
        for neither in ["h", "h:", ":1", "h:x", "h:70000", "a::b"] {
            assert_eq!((in_url(neither, 1), with_port(neither)), (None, None), "{neither}");
        }
    }
}

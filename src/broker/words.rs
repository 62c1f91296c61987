//! What the command says to people, on stderr.

use super::Config;
use super::core::Summary;
use crate::output;

/// Says that a broker can be run with `config`, and what it would do.
pub fn say_good(config: &Config) {
    let place = |name: &str, at: Option<String>| at.map(|at| format!("{name} {at}"));
    let places = [
        place("port", Some(config.port.to_string())),
        place("TLS port", config.tls.as_ref().map(|(port, _)| port.to_string())),
        place("WebSocket port", config.ws_port.map(|port| port.to_string())),
        place("Unix socket", config.unix.as_ref().map(|path| path.display().to_string())),
    ];
    let places: Vec<_> = places.into_iter().flatten().collect();
    let who = who_may_connect(config);
    output::note(format!("the configuration is good: {}; {who}", places.join(", ")));
}

pub(super) fn who_may_connect(config: &Config) -> String {
    let from = match config.bind {
        None => "from this machine only (--bind 0.0.0.0 lets others in)".to_owned(),
        Some(address) if address.is_loopback() => {
            format!("from this machine only, on {address}")
        }
        Some(address) if address.is_unspecified() => "from anywhere".to_owned(),
        Some(address) => format!("from wherever {address} can be reached"),
    };
    let who = match (config.entrance().passwords, config.anonymous) {
        _ if config.identity.is_some() => "who shows a certificate may connect under its name",
        (false, _) => "anyone may connect without a password",
        (true, false) => "who has a user name and its password may connect",
        (true, true) => "anyone may connect, under a user name with its password only",
    };
    let certificates = if config.client_certificates && config.identity.is_none() {
        "; the TLS port asks for a client certificate"
    } else {
        ""
    };
    let how = format!("{who}{certificates}");
    format!("{how}, {from}")
}

pub(super) fn farewell(summary: &Summary) -> String {
    format!(
        "stopped after {} connections: {} messages received, {} sent, {} dropped, {} expired",
        summary.connections, summary.received, summary.sent, summary.dropped, summary.expired,
    )
}

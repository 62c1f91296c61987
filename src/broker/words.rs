//! What the command says to people, on stderr.

use super::address::Address;
use super::config::{Config, Listen};
use super::core::Summary;
use crate::{error, output};

/// Says that a broker can be run with `config`, and what it would do.
pub(super) fn say_good(config: &Config) {
    let bridges = config.bridges.iter().map(|bridge| {
        let to = bridge.endpoints.iter().map(ToString::to_string).collect::<Vec<_>>();
        format!("bridge {} to {}", bridge.name, to.join(", "))
    });
    let places: Vec<_> = config.listeners.iter().flat_map(places).chain(bridges).collect();
    let who = who_may_connect(config);
    output::note(format!("the configuration is good: {}; {who}", places.join(", ")));
}

/// Why a configuration that was read again is not in force.
pub(super) fn not_reloaded(error: &anyhow::Error) -> String {
    let line = error::line(error);
    let hint = error::hint(error).map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("the configuration was read again and stays as it was: {line}{hint}")
}

/// Where `listen` listens, as a configuration names it.
fn places(listen: &Listen) -> Vec<String> {
    let port = |name: &str, port: Option<u16>| port.map(|port| format!("{name} {port}"));
    let places = [
        port("port", listen.port),
        port("TLS port", listen.tls_port),
        port("WebSocket port", listen.ws_port),
        port("HTTP port", listen.http_port),
        listen.unix.as_ref().map(|path| format!("Unix socket {}", path.display())),
    ];
    places.into_iter().flatten().collect()
}

/// Says that it can be connected to, and where.
pub(super) fn ready(addresses: &[Address]) -> String {
    let addresses = addresses.iter().map(|address| format!(" {address}"));
    format!("ready{}", addresses.collect::<String>())
}

/// Who may connect from where: of several listeners, at each.
pub(super) fn who_may_connect(config: &Config) -> String {
    let all: Vec<_> = config.listeners.iter().filter(|listen| !listen.is_lab()).collect();
    match all.as_slice() {
        [listen] => who_may_connect_at(listen),
        all => {
            let each = |listen: &&Listen| {
                format!("{}: {}", places(listen).join(", "), who_may_connect_at(listen))
            };
            all.iter().map(each).collect::<Vec<_>>().join("; ")
        }
    }
}

fn who_may_connect_at(listen: &Listen) -> String {
    let from = match listen.bind {
        None => "from this machine only (--bind 0.0.0.0 lets others in)".to_owned(),
        Some(address) if address.is_loopback() => {
            format!("from this machine only, on {address}")
        }
        Some(address) if address.is_unspecified() => "from anywhere".to_owned(),
        Some(address) => format!("from wherever {address} can be reached"),
    };
    let entrance = listen.entrance();
    let who = match (entrance.passwords, entrance.anonymous) {
        _ if entrance.certificates => "who shows a certificate may connect under its name",
        (false, false) => "who says a user name may connect, without a password",
        (false, true) => "anyone may connect without a password",
        (true, false) => "who has a user name and its password may connect",
        (true, true) => "anyone may connect, under a user name with its password only",
    };
    let certificates = if listen.client_certificates && !entrance.certificates {
        "; TLS asks for a client certificate"
    } else {
        ""
    };
    format!("{who}{certificates}, {from}")
}

pub(super) fn farewell(summary: &Summary) -> String {
    format!(
        "stopped after {} connections: {} messages received, {} sent, {} dropped, {} expired",
        summary.connections, summary.received, summary.sent, summary.dropped, summary.expired,
    )
}

//! The broker in numbers: for Prometheus and as JSON.

use super::answer::{Answer, Fault};
use super::route::{Call, Numbers};
use crate::broker::core::{Core, Worker};
use crate::exposition::Kind::{Counter, Gauge};
use crate::exposition::{Exposition, Kind, MEDIA_TYPE};
use serde_json::{Map, Value, json};

/// Says that the broker is there.
pub(super) fn health(call: &Call<'_>, _: &Core, _: &mut Worker) -> Result<Answer, Fault> {
    call.query.finish()?;
    Ok(Answer::json(&json!({ "status": "ok" })))
}

type Number = fn(&Numbers) -> u64;

/// A name with its numbers; those of one name differ by a label.
type Metric = (&'static str, Kind, &'static str, &'static [(&'static str, Number)]);

/// Every metric. A label stands as it is printed.
const METRICS: &[Metric] = &[
    ("uptime_seconds", Gauge, "Seconds since the broker started.", &[("", |n| n.uptime.as_secs())]),
    ("clients_connected", Gauge, "Clients connected.", &[("", |n| n.census.connected as u64)]),
    ("sessions", Gauge, "Sessions, connected or not.", &[("", |n| n.census.sessions as u64)]),
    (
        "sessions_maximum",
        Gauge,
        "The most sessions there have been at once.",
        &[("", |n| n.census.most_sessions as u64)],
    ),
    (
        "subscriptions",
        Gauge,
        "Subscriptions.",
        &[
            ("{shared=\"false\"}", |n| n.census.subscriptions as u64),
            ("{shared=\"true\"}", |n| n.census.shared_subscriptions as u64),
        ],
    ),
    ("retained_messages", Gauge, "Retained messages.", &[("", |n| n.census.retained as u64)]),
    ("retained_bytes", Gauge, "Bytes of them.", &[("", |n| n.census.retained_bytes as u64)]),
    (
        "queued_messages",
        Gauge,
        "Messages that wait for a client, for room or for quota.",
        &[("", |n| n.census.queued as u64)],
    ),
    ("queued_bytes", Gauge, "Bytes of them.", &[("", |n| n.census.queued_bytes as u64)]),
    (
        "in_flight_messages",
        Gauge,
        "Messages of QoS 1 and 2 sent and not acknowledged.",
        &[("", |n| n.census.in_flight as u64)],
    ),
    (
        "unread_bytes",
        Gauge,
        "Bytes that clients have not read yet.",
        &[("", |n| n.census.unread_bytes as u64)],
    ),
    ("transports_total", Counter, "Connections opened.", &[("", |n| n.totals.transports)]),
    (
        "turned_away_total",
        Counter,
        "Connections that failed before MQTT: in TLS, WebSocket or the PROXY header.",
        &[("", |n| n.totals.turned_away)],
    ),
    (
        "connections_total",
        Counter,
        "Connections by the answer to CONNECT.",
        &[
            ("{answer=\"accepted\"}", |n| n.totals.connections),
            ("{answer=\"refused\"}", |n| n.totals.refused),
        ],
    ),
    ("cut_off_total", Counter, "Connections the broker has ended.", &[("", |n| n.totals.cut_off)]),
    (
        "sessions_expired_total",
        Counter,
        "Sessions whose expiry interval has run out.",
        &[("", |n| n.totals.sessions_expired)],
    ),
    (
        "packets_total",
        Counter,
        "Packets of every kind.",
        &[
            ("{direction=\"in\"}", |n| n.totals.packets_received),
            ("{direction=\"out\"}", |n| n.totals.packets_sent()),
        ],
    ),
    (
        "bytes_total",
        Counter,
        "Bytes of packets.",
        &[
            ("{direction=\"in\"}", |n| n.totals.bytes_received),
            ("{direction=\"out\"}", |n| n.totals.bytes_sent),
        ],
    ),
    (
        "messages_total",
        Counter,
        "Messages published by clients and delivered to them.",
        &[
            ("{direction=\"in\"}", |n| n.totals.messages_received),
            ("{direction=\"out\"}", |n| n.totals.messages_sent),
        ],
    ),
    (
        "payload_bytes_total",
        Counter,
        "Bytes of the payloads of these messages.",
        &[
            ("{direction=\"in\"}", |n| n.totals.payload_received),
            ("{direction=\"out\"}", |n| n.totals.payload_sent),
        ],
    ),
    (
        "messages_unmatched_total",
        Counter,
        "Messages that nobody was subscribed to.",
        &[("", |n| n.totals.unmatched)],
    ),
    (
        "publishers_held_up_total",
        Counter,
        "Times that a connection was not read, for it publishes for a client that is behind.",
        &[("", |n| n.totals.held_up)],
    ),
    (
        "messages_dropped_total",
        Counter,
        "Messages not taken from a client or not delivered to one, by the reason.",
        &[
            ("{reason=\"denied\"}", |n| n.totals.denied),
            ("{reason=\"expired\"}", |n| n.totals.dropped_expired),
            ("{reason=\"queue_full\"}", |n| n.totals.dropped_full),
            ("{reason=\"slow_consumer\"}", |n| n.totals.dropped_slow),
            ("{reason=\"too_large\"}", |n| n.totals.dropped_large),
        ],
    ),
];

/// Everything in Prometheus' text format.
pub(super) fn metrics(numbers: &Numbers) -> Answer {
    Answer::text(MEDIA_TYPE, exposition(numbers))
}

fn exposition(numbers: &Numbers) -> String {
    let mut metrics = Exposition::default();
    metrics.metric("mqx_info", Gauge, "The version of the broker.");
    metrics.sample("mqx_info", concat!("{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1);
    for (name, kind, help, values) in METRICS {
        let name = format!("mqx_{name}");
        metrics.metric(&name, *kind, help);
        for (label, value) in *values {
            metrics.sample(&name, label, value(numbers));
        }
    }
    metrics.into_text()
}

/// Everything as one JSON object: the names of the metrics, and where there
/// are labels an object with their values.
pub(super) fn stats(numbers: &Numbers) -> Answer {
    let mut object = Map::new();
    object.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    for (name, _, _, values) in METRICS {
        let labelled = |(label, value): &(&str, Number)| {
            (label.split('"').nth(1).unwrap_or_default().to_owned(), value(numbers).into())
        };
        let value = match values {
            [("", value)] => value(numbers).into(),
            values => Value::Object(values.iter().map(labelled).collect()),
        };
        object.insert((*name).to_owned(), value);
    }
    Answer::json(&Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::core::{Census, Totals};
    use std::collections::BTreeSet;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let numbers = Numbers {
            totals: Totals { denied: 7, ..Totals::default() },
            census: Census { connected: 3, ..Census::default() },
            uptime: std::time::Duration::from_secs(90),
        };
        let text = exposition(&numbers);
        assert!(text.contains("\nmqx_clients_connected 3\n"), "{text}");
        assert!(text.contains("\nmqx_messages_dropped_total{reason=\"denied\"} 7\n"), "{text}");
        let names = |prefix: &str| -> Vec<_> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(prefix));
            lines.map(|line| line.split([' ', '{']).next().unwrap().to_owned()).collect()
        };
        let types = names("# TYPE ");
        assert_eq!(types.len(), types.iter().collect::<BTreeSet<_>>().len(), "each name once");
        assert_eq!(types, names("# HELP "));
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let name = name.split('{').next().unwrap();
            assert!(types.contains(&name.to_owned()) && value.parse::<u64>().is_ok(), "{line}");
        }
        for (name, kind, help, _) in METRICS {
            assert_eq!(name.ends_with("_total"), matches!(kind, Counter), "{name}");
            assert!(help.ends_with('.'), "{name}");
        }
    }
}

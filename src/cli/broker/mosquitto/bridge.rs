//! The options of a bridge in mosquitto.conf, which stand below its
//! `connection`.

use super::line::Line;
use super::options::Meaning::{Each, Idle, Is, Missing, Switch, Unless};
use super::options::{LIBRARY, NO_PSK, Row, Scope, Value, no_zero, text};
use crate::cli::broker::sources::{Entries, Section};

const LOCAL: &str = "nobody here asks a bridge of this broker for its password";
const PINGS: &str = "whether the other broker is there is found out with PINGREQ";

/// The options, sorted by name.
#[rustfmt::skip]
pub(super) const OPTIONS: &[Row] = &[
    ("address", Scope::Bridge, Is(&["address"], address)),
    ("addresses", Scope::Bridge, Is(&["address"], address)),
    ("bridge_alpn", Scope::Bridge, Is(&["tls-alpn"], text)),
    ("bridge_attempt_unsubscribe", Scope::Bridge, Switch("", "no-unsubscribe")),
    ("bridge_bind_address", Scope::Bridge, Is(&["bind"], text)),
    ("bridge_cafile", Scope::Bridge, Is(&["cafile"], text)),
    ("bridge_capath", Scope::Bridge, Is(&["capath"], text)),
    ("bridge_certfile", Scope::Bridge, Is(&["cert"], text)),
    ("bridge_ciphers", Scope::Bridge, Idle(LIBRARY)),
    ("bridge_ciphers_tls1.3", Scope::Bridge, Idle(LIBRARY)),
    ("bridge_identity", Scope::Bridge, Missing(NO_PSK)),
    ("bridge_insecure", Scope::Bridge, Switch("insecure", "")),
    ("bridge_keyfile", Scope::Bridge, Is(&["key"], text)),
    ("bridge_max_packet_size", Scope::Bridge, Is(&["max-packet-size"], no_zero)),
    ("bridge_max_topic_alias", Scope::Bridge, Is(&["topic-alias-maximum"], text)),
    ("bridge_outgoing_retain", Scope::Bridge, Switch("", "no-outgoing-retain")),
    ("bridge_protocol_version", Scope::Bridge, Is(&["mqtt-version"], version)),
    ("bridge_psk", Scope::Bridge, Missing(NO_PSK)),
    ("bridge_receive_maximum", Scope::Bridge, Is(&["receive-maximum"], text)),
    ("bridge_reload_type", Scope::Bridge, Is(&["reload"], text)),
    ("bridge_require_ocsp", Scope::Bridge, Unless("mqx does not ask whether a certificate is revoked")),
    ("bridge_session_expiry_interval", Scope::Bridge, Is(&["session-expiry"], text)),
    ("bridge_tcp_keepalive", Scope::Bridge, Idle(PINGS)),
    ("bridge_tcp_user_timeout", Scope::Bridge, Idle(PINGS)),
    ("bridge_tls_use_os_certs", Scope::Bridge, Switch("tls", "")),
    ("bridge_tls_version", Scope::Bridge, Is(&["tls-version"], tls_version)),
    ("cleansession", Scope::Bridge, Switch("clean-start", "")),
    ("clientid", Scope::Bridge, Is(&["client-id"], text)),
    ("idle_timeout", Scope::Bridge, Is(&["idle-timeout"], text)),
    ("keepalive_interval", Scope::Bridge, Is(&["keepalive"], text)),
    ("local_cleansession", Scope::Bridge, Is(&["local-clean-start"], text)),
    ("local_clientid", Scope::Bridge, Is(&["local-client-id"], text)),
    ("local_password", Scope::Bridge, Idle(LOCAL)),
    ("local_username", Scope::Bridge, Is(&["local-username"], text)),
    ("notification_topic", Scope::Bridge, Is(&["notification-topic"], text)),
    ("notifications", Scope::Bridge, Switch("", "no-notifications")),
    ("notifications_local_only", Scope::Bridge, Switch("notifications-local-only", "")),
    ("password", Scope::Bridge, Is(&["password"], text)),
    ("remote_clientid", Scope::Bridge, Is(&["client-id"], text)),
    ("remote_password", Scope::Bridge, Is(&["password"], text)),
    ("remote_username", Scope::Bridge, Is(&["username"], text)),
    ("restart_timeout", Scope::Bridge, Is(&["retry"], text)),
    ("round_robin", Scope::Bridge, Switch("round-robin", "")),
    ("start_type", Scope::Bridge, Is(&["start"], text)),
    ("threshold", Scope::Bridge, Is(&["threshold"], text)),
    ("topic", Scope::Bridge, Each("topic")),
    ("try_private", Scope::Bridge, Switch("", "no-private")),
    ("username", Scope::Bridge, Is(&["username"], text)),
];

/// The bridge that `connection NAME` begins.
pub(super) fn begin(line: &Line<'_>) -> Section {
    let mut entries = Entries::default();
    entries.say("name", line.value, &line.place);
    Section { place: line.place.clone(), complete: true, entries }
}

/// Addresses in the words of mqx; several are separated by spaces.
fn address(value: &str) -> Value {
    let with_port = |word: &str| match word.rsplit_once(':') {
        Some((host, port)) if host.contains(':') && !host.starts_with('[') => {
            format!("[{host}]:{port}")
        }
        Some(_) => word.to_owned(),
        // Also with TLS.
        None => format!("{word}:1883"),
    };
    Value::Are(value.split_whitespace().map(with_port).collect())
}

fn version(value: &str) -> Value {
    text(if value == "mqttv50" { "5" } else { value })
}

/// The oldest version of TLS; mqx speaks 1.2 and 1.3 if it may.
fn tls_version(value: &str) -> Value {
    if value == "tlsv1.2" { Value::Usual } else { text(value) }
}

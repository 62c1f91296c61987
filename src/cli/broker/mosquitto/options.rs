//! The options of mosquitto.conf and what each is here.
//!
//! Nothing is read and then forgotten: an option is an option of mqx, or it
//! changes nothing that a client could see and a warning says so, or it is
//! refused.

use super::bridge;
use Meaning::{Each, Idle, IdleUnless, Is, Missing, Only, Plugin, Switch, Unless};
use Scope::{Access, Broker, Everywhere, Listener, Rules};

/// What an option of mosquitto is here.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    /// The options of these names, with the value that the function makes of
    /// it.
    Is(&'static [&'static str], Reading),
    /// The option of this name, with one more of its values in each line.
    Each(&'static str),
    /// The switch of the first name where it is on and the one of the second
    /// where it is off; an empty name is nothing to say.
    Switch(&'static str, &'static str),
    /// Something for the reader itself.
    Special(Special),
    /// Taken with this value, which changes nothing; refused with another.
    Only(&'static [&'static str], &'static str),
    /// Refused, whatever it says, with the reason.
    Missing(&'static str),
    /// Refused unless it is off.
    Unless(&'static str),
    /// Without effect here unless it is off, with the reason.
    IdleUnless(&'static str),
    /// Without effect here, with the reason.
    Idle(&'static str),
    /// For a plugin of mosquitto.
    Plugin,
}

/// What the reader itself has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    Anonymous,
    BindAddress,
    Connection,
    IncludeDir,
    Listener,
    LogDest,
    LogType,
    MountPoint,
    PerListener,
    Persistence,
    PersistenceLocation,
    Port,
    Protocol,
    SocketDomain,
}

/// What an option is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The whole broker.
    Broker,
    /// The bridge it stands below.
    Bridge,
    /// The listener it stands below.
    Listener,
    /// That listener with `per_listener_settings`, all of them without.
    Access,
    /// That listener with `per_listener_settings`, the whole broker without.
    Rules,
    /// All listeners, wherever it stands.
    Everywhere,
}

/// What becomes of the text of a value.
pub(super) type Reading = fn(&str) -> Value;

/// A value in the words of mqx.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// This.
    Is(String),
    /// These.
    Are(Vec<String>),
    /// What holds anyway.
    Usual,
    /// None, for this reason.
    Wrong(&'static str),
}

/// An option of mosquitto.
pub(super) type Row = (&'static str, Scope, Meaning);

/// What is different in mosquitto where its file says nothing.
pub(super) const DEFAULTS: &[(&str, &str)] = &[
    ("acl-subscribe-check", "false"),
    ("max-inflight", "20"),
    ("max-packet-size", "2000000"),
    ("max-queued", "1000"),
    ("receive-maximum", "20"),
    ("topic-alias-maximum", "10"),
    ("topic-aliases-sent", "10"),
];

/// The types of log lines and the level of mqx that has them, the quietest
/// first.
pub(super) const LOG_TYPES: &[(&str, &str)] = &[
    ("none", "error"),
    ("error", "error"),
    ("warning", "warn"),
    ("notice", "info"),
    ("information", "info"),
    ("websockets", "debug"),
    ("subscribe", "debug"),
    ("unsubscribe", "debug"),
    ("debug", "debug"),
    ("all", "debug"),
];

const ONE_COPY: &str = "a client gets one copy of a message, whatever it is subscribed to";
const DURABLE: &str = "there is no file to save now and then";
const FOREGROUND: &str = "mqx stays in the foreground, as the user that starts it";
const TIMES: &str = "the lines of mqx have times in a form of their own";
const EXPIRED: &str = "a message is forgotten when its time has run out";
const RETAIN_SOURCE: &str = "mqx asks who may send a message when it comes, not again when it is \
    retained and somebody subscribes";
const DATES: &str = "a client certificate that is out of date is none";
const CONTROL: &str = "mqx is administered over HTTP, not by $CONTROL topics";
const IN_FLIGHT: &str = "mqx counts messages in flight, not their bytes: max_inflight_messages";
const MEMORY: &str = "mqx bounds what it keeps for each client: max_queued_bytes, max_connections";
const ENGINE: &str = "mqx reads private keys from PEM files only";
const UPGRADE: &str = "a message is never delivered with more than the QoS it was sent with";
const PROXY_TLS: &str = "mqx takes no word of the proxy's for it that a client came by TLS";
pub(super) const NO_PSK: &str = "mqx has no keys that are shared beforehand: use certificates";
pub(super) const LIBRARY: &str = "mqx chooses good ciphers itself";

/// The options, sorted by name.
#[rustfmt::skip]
pub(super) const OPTIONS: &[Row] = &[
    ("accept_protocol_versions", Listener, Is(&["accept-versions"], versions)),
    ("acl_file", Rules, Is(&["acl-file"], text)),
    ("allow_anonymous", Access, Meaning::Special(Special::Anonymous)),
    ("allow_duplicate_messages", Broker, Idle(ONE_COPY)),
    ("allow_zero_length_clientid", Access, Switch("", "no-empty-client-id")),
    ("auth_plugin", Access, Plugin),
    ("auth_plugin_deny_special_chars", Access, Plugin),
    ("auto_id_prefix", Access, Is(&["auto-id-prefix"], text)),
    ("autosave_interval", Broker, Idle(DURABLE)),
    ("autosave_on_changes", Broker, Idle(DURABLE)),
    ("bind_address", Listener, Meaning::Special(Special::BindAddress)),
    ("bind_interface", Listener, Is(&["bind-interface"], text)),
    ("cafile", Listener, Is(&["cafile"], text)),
    ("capath", Listener, Is(&["capath"], text)),
    ("certfile", Listener, Is(&["cert"], text)),
    ("check_retain_source", Broker, IdleUnless(RETAIN_SOURCE)),
    ("ciphers", Listener, Idle(LIBRARY)),
    ("ciphers_tls1.3", Listener, Idle(LIBRARY)),
    ("clientid_prefixes", Everywhere, Is(&["client-id-prefix"], text)),
    ("connection", Broker, Meaning::Special(Special::Connection)),
    ("connection_messages", Broker, Switch("", "no-log-connections")),
    ("crlfile", Listener, Is(&["crlfile"], text)),
    ("dhparamfile", Listener, Idle(LIBRARY)),
    ("disable_client_cert_date_checks", Listener, Unless(DATES)),
    ("enable_control_api", Broker, Unless(CONTROL)),
    ("enable_proxy_protocol", Listener, Is(&["proxy-protocol"], proxy)),
    ("global_max_clients", Broker, Is(&["max-connections"], no_minus)),
    ("global_max_connections", Broker, Is(&["max-connections"], no_minus)),
    ("global_plugin", Broker, Plugin),
    ("http_dir", Listener, Missing("mqx serves no files")),
    ("include_dir", Broker, Meaning::Special(Special::IncludeDir)),
    ("keyfile", Listener, Is(&["key"], text)),
    ("listener", Listener, Meaning::Special(Special::Listener)),
    ("listener_allow_anonymous", Listener, Meaning::Special(Special::Anonymous)),
    ("listener_auto_id_prefix", Listener, Is(&["auto-id-prefix"], text)),
    ("log_dest", Broker, Meaning::Special(Special::LogDest)),
    ("log_facility", Broker, Missing("mqx does not log to syslog: it logs to stderr or to file PATH")),
    ("log_timestamp", Broker, Idle(TIMES)),
    ("log_timestamp_format", Broker, Idle(TIMES)),
    ("log_type", Broker, Meaning::Special(Special::LogType)),
    ("max_connections", Listener, Is(&["max-connections"], no_minus)),
    ("max_inflight_bytes", Broker, Only(&["0"], IN_FLIGHT)),
    ("max_inflight_messages", Broker, Is(&["max-inflight", "receive-maximum"], in_flight)),
    ("max_keepalive", Broker, Is(&["max-keepalive"], no_zero)),
    ("max_packet_size", Broker, Is(&["max-packet-size"], packet)),
    ("max_qos", Listener, Is(&["max-qos"], text)),
    ("max_queued_bytes", Broker, Is(&["max-queued-bytes"], no_zero)),
    ("max_queued_messages", Broker, Is(&["max-queued"], queued)),
    ("max_topic_alias", Listener, Is(&["topic-alias-maximum"], text)),
    ("max_topic_alias_broker", Listener, Is(&["topic-aliases-sent"], text)),
    ("maximum_qos", Listener, Is(&["max-qos"], text)),
    ("memory_limit", Broker, Only(&["0"], MEMORY)),
    ("message_size_limit", Broker, Is(&["max-payload"], no_zero)),
    ("mount_point", Listener, Meaning::Special(Special::MountPoint)),
    ("packet_buffer_size", Broker, Idle("the buffers of mqx grow with what is in them")),
    ("password_file", Access, Is(&["password-file"], text)),
    ("per_listener_settings", Broker, Meaning::Special(Special::PerListener)),
    ("persistence", Broker, Meaning::Special(Special::Persistence)),
    ("persistence_file", Broker, Idle("the file of mqx has a format and a name of its own")),
    ("persistence_location", Broker, Meaning::Special(Special::PersistenceLocation)),
    ("persistent_client_expiration", Broker, Is(&["max-session-expiry"], expiry)),
    ("pid_file", Broker, Idle(FOREGROUND)),
    ("plugin", Access, Plugin),
    ("plugin_load", Access, Plugin),
    ("plugin_use", Access, Plugin),
    ("port", Listener, Meaning::Special(Special::Port)),
    ("protocol", Listener, Meaning::Special(Special::Protocol)),
    ("proxy_protocol_v2_require_tls", Listener, Unless(PROXY_TLS)),
    ("psk_file", Access, Missing(NO_PSK)),
    ("psk_hint", Listener, Missing(NO_PSK)),
    ("queue_qos0_messages", Broker, Switch("queue-qos0", "")),
    ("require_certificate", Listener, Switch("require-client-cert", "")),
    ("retain_available", Broker, Switch("", "no-retain")),
    ("retain_expiry_interval", Broker, Idle(EXPIRED)),
    ("retained_persistence", Broker, Meaning::Special(Special::Persistence)),
    ("retry_interval", Broker, Idle("what is not acknowledged is sent again when the client comes back")),
    ("set_tcp_nodelay", Broker, Idle("mqx never waits to fill a packet of TCP")),
    ("socket_domain", Listener, Meaning::Special(Special::SocketDomain)),
    ("sys_interval", Broker, Is(&["sys-interval"], text)),
    ("tls_engine", Listener, Missing(ENGINE)),
    ("tls_engine_kpass_sha1", Listener, Missing(ENGINE)),
    ("tls_keyform", Listener, Only(&["pem"], ENGINE)),
    ("tls_version", Listener, Is(&["tls-min-version"], text)),
    ("upgrade_outgoing_qos", Broker, Unless(UPGRADE)),
    ("use_identity_as_username", Listener, Switch("use-identity-as-username", "")),
    ("use_subject_as_username", Listener, Switch("use-subject-as-username", "")),
    ("use_username_as_clientid", Listener, Switch("use-username-as-client-id", "")),
    ("user", Broker, Idle(FOREGROUND)),
    ("websockets_headers_size", Broker, Idle("mqx has its own reader of WebSocket")),
    ("websockets_log_level", Broker, Idle("mqx has its own reader of WebSocket")),
    ("websockets_origin", Listener, Each("ws-origin")),
];

/// What begins the options of a plugin.
const OF_PLUGINS: &[&str] = &["auth_opt_", "plugin_opt_"];

/// Every option there is.
pub(super) fn all() -> impl Iterator<Item = &'static Row> {
    OPTIONS.iter().chain(bridge::OPTIONS)
}

/// What the option of this name is about and is, if there is one.
pub(super) fn find(name: &str) -> Option<(Scope, Meaning)> {
    let row = all().find(|row| row.0 == name).map(|row| (row.1, row.2));
    let of_plugin = || OF_PLUGINS.iter().any(|beginning| name.starts_with(beginning));
    row.or_else(|| of_plugin().then_some((Access, Plugin)))
}

pub(super) fn text(value: &str) -> Value {
    Value::Is(value.to_owned())
}

/// A number of which 0 is no limit.
pub(super) fn no_zero(value: &str) -> Value {
    if value == "0" { Value::Usual } else { text(value) }
}

/// A number of which -1 is no limit.
fn no_minus(value: &str) -> Value {
    if value == "-1" { Value::Usual } else { text(value) }
}

fn in_flight(value: &str) -> Value {
    text(if value == "0" { "65535" } else { value })
}

fn queued(value: &str) -> Value {
    text(if value == "0" { "4294967295" } else { value })
}

fn packet(value: &str) -> Value {
    text(if value == "0" { "268435460" } else { value })
}

/// Version 1 or 2 of the PROXY protocol; mqx takes either.
fn proxy(value: &str) -> Value {
    match value {
        "1" | "2" => text("true"),
        _ => Value::Wrong("this is 1 or 2"),
    }
}

/// The versions of MQTT by the numbers they have in CONNECT.
const LEVELS: &[(&str, &str)] = &[("3", "3.1"), ("4", "3.1.1"), ("5", "5")];

fn versions(value: &str) -> Value {
    let name = |level: &str| LEVELS.iter().find(|row| row.0 == level.trim()).map(|row| row.1);
    let names: Option<Vec<_>> = value.split(',').map(name).collect();
    let wrong = Value::Wrong("this is some of 3, 4 and 5 with commas between");
    names.map_or(wrong, |names| Value::Is(names.join(",")))
}

/// The units of a time in which sessions expire, with their seconds.
const UNITS: &[(char, u32)] =
    &[('s', 1), ('h', 3600), ('d', 86_400), ('w', 604_800), ('m', 2_592_000), ('y', 31_536_000)];

fn expiry(value: &str) -> Value {
    let seconds = UNITS.iter().find_map(|(unit, seconds)| {
        value.strip_suffix(*unit)?.parse::<u32>().ok()?.checked_mul(*seconds)
    });
    let wrong = Value::Wrong("this is a number with s, h, d, w, m or y behind it, as in 14d");
    seconds.map_or(wrong, |seconds| Value::Is(seconds.to_string()))
}

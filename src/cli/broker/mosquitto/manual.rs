//! What becomes of each option that the manual of mosquitto 2.0 has outside its
//! chapter on bridges, and of those that are new in 2.1.

use super::Reader;
use std::collections::BTreeSet;

/// What a line leads to.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// To these options of mqx, `NAME VALUE`.
    Is(Vec<String>),
    /// To a warning.
    Warned,
    /// To an error that says this behind the line.
    Refused(String),
}

/// Everything that `text` says in the words of mqx.
fn said(text: &str) -> Result<(BTreeSet<String>, usize), String> {
    let mut reader = Reader::default();
    reader.text(text, "m").map_err(|error| crate::error::line(&error.into()))?;
    let (file, warnings) = reader.finish();
    let listeners = file.listeners.into_iter().map(|section| section.entries);
    let all = listeners.chain([file.settings, file.first]);
    Ok((all.flat_map(|entries| entries.lines()).collect(), warnings.len()))
}

fn fate(line: &str) -> Fate {
    let text = |line: &str| format!("listener 1\n{line}\n");
    let (usual, _) = said(&text("")).unwrap();
    match said(&text(line)) {
        Err(error) => {
            let why =
                error.split_once(&format!("{line}: ")).map_or(error.as_str(), |split| split.1);
            Fate::Refused(why.to_owned())
        }
        Ok((_, 1..)) => Fate::Warned,
        Ok((all, 0)) => Fate::Is(all.difference(&usual).cloned().collect()),
    }
}

/// Lines, and the options of mqx that they are.
#[rustfmt::skip]
const HONOURED: &[(&str, &[&str])] = &[
    ("accept_protocol_versions 4,5", &["accept-versions 3.1.1,5"]),
    ("acl_file /a", &["acl-file /a"]),
    ("allow_anonymous true", &["allow-anonymous true"]),
    ("allow_zero_length_clientid false", &["no-empty-client-id true"]),
    ("auto_id_prefix a-", &["auto-id-prefix a-"]),
    ("bind_address 127.0.0.1", &["bind 127.0.0.1", "port 1883"]),
    ("bind_interface lo", &["bind-interface lo"]),
    ("certfile c", &["cert c", "require-tls true"]),
    ("check_retain_source false", &[]),
    ("clientid_prefixes c-", &["client-id-prefix c-"]),
    // The options of a bridge follow, which `bridge.rs` has.
    ("connection b", &[]),
    ("connection_messages false", &["no-log-connections true"]),
    ("crlfile c", &["crlfile c"]),
    ("disable_client_cert_date_checks false", &[]),
    ("enable_control_api false", &[]),
    ("enable_proxy_protocol 2", &["proxy-protocol true"]),
    ("global_max_clients 3", &["max-connections 3"]),
    ("global_max_connections 3", &["max-connections 3"]),
    ("include_dir /var", &[]),
    ("keyfile k", &["key k"]),
    ("listener 2", &["port 2"]),
    ("listener_allow_anonymous true", &["allow-anonymous true"]),
    ("listener_auto_id_prefix a-", &["auto-id-prefix a-"]),
    ("log_dest file /l", &["log-file /l"]),
    ("log_dest stderr", &[]),
    ("log_type debug", &["log-level debug"]),
    ("max_connections 3", &["max-connections 3"]),
    ("max_connections -1", &[]),
    ("max_inflight_bytes 0", &[]),
    ("max_inflight_messages 3", &["max-inflight 3", "receive-maximum 3"]),
    ("max_keepalive 60", &["max-keepalive 60"]),
    ("max_packet_size 60", &["max-packet-size 60"]),
    ("max_qos 1", &["max-qos 1"]),
    ("max_queued_bytes 3", &["max-queued-bytes 3"]),
    ("max_queued_messages 3", &["max-queued 3"]),
    ("max_topic_alias 3", &["topic-alias-maximum 3"]),
    ("max_topic_alias_broker 3", &["topic-aliases-sent 3"]),
    ("maximum_qos 1", &["max-qos 1"]),
    ("memory_limit 0", &[]),
    ("message_size_limit 3", &["max-payload 3"]),
    ("mount_point m/", &["mount-point m/"]),
    ("password_file p", &["password-file p"]),
    ("per_listener_settings true", &[]),
    ("persistence true", &["store mqx.db"]),
    ("persistence_location /p", &[]),
    ("persistence true\npersistence_location /p", &["store /p/mqx.db"]),
    ("persistent_client_expiration 1h", &["max-session-expiry 3600"]),
    ("port 2", &["port 2"]),
    ("protocol websockets", &["ws-path *", "ws-port 1"]),
    ("proxy_protocol_v2_require_tls false", &[]),
    ("queue_qos0_messages true", &["queue-qos0 true"]),
    ("require_certificate true", &["require-client-cert true"]),
    ("require_certificate true\ncafile c", &["cafile c", "require-client-cert true"]),
    ("require_certificate true\ncapath c", &["capath c", "require-client-cert true"]),
    ("retain_available false", &["no-retain true"]),
    ("retained_persistence true", &["store mqx.db"]),
    ("socket_domain ipv4", &["bind 0.0.0.0"]),
    ("sys_interval 3", &["sys-interval 3"]),
    ("tls_keyform pem", &[]),
    ("tls_version tlsv1.3", &["tls-min-version tlsv1.3"]),
    ("upgrade_outgoing_qos false", &[]),
    ("use_identity_as_username true", &["use-identity-as-username true"]),
    ("use_subject_as_username true", &["use-subject-as-username true"]),
    ("use_username_as_clientid true", &["use-username-as-client-id true"]),
    ("websockets_origin https://a", &["ws-origin https://a"]),
    // It is asked for only where a certificate is required, as mosquitto does.
    ("cafile c", &[]),
    ("capath c", &[]),
];

/// Lines that change nothing, which is warned of.
const WARNED: &[&str] = &[
    "allow_duplicate_messages true",
    "check_retain_source true",
    "auth_opt_x 1",
    "auth_plugin x",
    "auth_plugin_deny_special_chars true",
    "autosave_interval 3",
    "autosave_on_changes true",
    "ciphers x",
    "ciphers_tls1.3 x",
    "dhparamfile d",
    "global_plugin x",
    "log_dest stdout",
    "log_timestamp true",
    "log_timestamp_format x",
    "packet_buffer_size 4096",
    "persistence_file x",
    "pid_file p",
    "plugin x",
    "plugin_load a x",
    "plugin_opt_x 1",
    "plugin_use a",
    "retain_expiry_interval 3",
    "retry_interval 20",
    "set_tcp_nodelay true",
    "user mosquitto",
    "websockets_headers_size 3",
    "websockets_log_level 3",
];

/// Lines that ask for what mqx does not have, and how the reason begins.
const REFUSED: &[(&str, &str)] = &[
    ("disable_client_cert_date_checks true", "a client certificate that is out of date"),
    ("enable_control_api true", "mqx is administered over HTTP"),
    ("http_dir /d", "mqx serves no files"),
    ("log_dest syslog", "mqx logs to stderr or to file"),
    ("log_facility 3", "mqx does not log to syslog"),
    ("max_inflight_bytes 3", "mqx counts messages in flight"),
    ("memory_limit 3", "mqx bounds what it keeps for each client"),
    ("protocol http_api", "this is one of mqtt, websockets"),
    ("proxy_protocol_v2_require_tls true", "mqx takes no word of the proxy's"),
    ("psk_file p", "mqx has no keys that are shared beforehand"),
    ("psk_hint h", "mqx has no keys that are shared beforehand"),
    ("tls_engine e", "mqx reads private keys from PEM files only"),
    ("tls_engine_kpass_sha1 x", "mqx reads private keys from PEM files only"),
    ("tls_keyform engine", "mqx reads private keys from PEM files only"),
    ("upgrade_outgoing_qos true", "a message is never delivered with more than"),
];

#[test]
fn every_option_of_the_manual_is_honoured_warned_of_or_refused_with_a_reason() {
    for (line, options) in HONOURED {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        assert_eq!(fate(line), Fate::Is(options), "{line}");
    }
    for line in WARNED {
        assert_eq!(fate(line), Fate::Warned, "{line}");
    }
    for (line, why) in REFUSED {
        let Fate::Refused(said) = fate(line) else { panic!("{line}: {:?}", fate(line)) };
        assert!(said.starts_with(why), "{line}: {said}");
    }
}

#[test]
fn no_option_that_is_known_is_left_out_above() {
    let lines = HONOURED.iter().map(|row| row.0).chain(REFUSED.iter().map(|row| row.0));
    let lines = lines.chain(WARNED.iter().copied()).flat_map(str::lines);
    let above: BTreeSet<_> = lines.filter_map(|line| line.split(' ').next()).collect();
    let known = super::options::OPTIONS.iter().map(|row| row.0);
    let missing: Vec<_> = known.filter(|name| !above.contains(name)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

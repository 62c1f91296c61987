//! What lines of mosquitto.conf become.

use super::options::Row;
use super::*;
use crate::broker::bridge::{Bridge, Start};
use crate::broker::{Config, Listen};
use crate::cli::broker::{Purpose, lower};
use crate::mqtt::Version;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::io::Write as _;
use std::num::NonZeroU16;
use std::time::Duration;

/// What `text` says, and the warnings; or the line that says what is wrong.
fn read(text: &str) -> Result<(Config, Vec<String>), String> {
    let read = || {
        let mut reader = Reader::default();
        reader.text(text, "m.conf")?;
        let (file, warnings) = reader.finish();
        Ok((lower(file, Entries::default(), Purpose::Run)?, warnings))
    };
    read().map_err(|error: Error| crate::error::line(&error.into()))
}

/// The listeners as lines.
fn listeners(text: &str) -> Vec<String> {
    let (config, _) = read(text).unwrap();
    let line = |listen: &Listen| {
        let mut line = String::new();
        let bind = listen.bind.map_or("local".to_owned(), |bind| bind.to_string());
        let unix = listen.unix.as_ref().map(|path| path.display().to_string());
        write!(line, "{bind} {:?} {:?} {unix:?}", listen.port, listen.ws_port).unwrap();
        line + if listen.anonymous { " open" } else { " closed" }
    };
    config.listeners.iter().map(line).collect()
}

#[test]
fn without_a_listener_it_is_for_this_machine_and_with_one_for_all_but_the_nameless() {
    for (text, wanted) in [
        ("", vec!["local Some(1883) None None open"]),
        ("allow_anonymous false", vec!["local Some(1883) None None closed"]),
        ("listener 1", vec![":: Some(1) None None closed"]),
        ("port 1\nallow_anonymous true", vec![":: Some(1) None None open"]),
        ("bind_address 127.0.0.1", vec!["127.0.0.1 Some(1883) None None closed"]),
        (
            "port 1\nlistener 2 192.0.2.1\nprotocol websockets\nlistener 0 /x y\n",
            vec![
                ":: Some(1) None None closed",
                "192.0.2.1 None Some(2) None closed",
                ":: None None Some(\"/x y\") closed",
            ],
        ),
        ("listener 1\nsocket_domain ipv4", vec!["0.0.0.0 Some(1) None None closed"]),
        (
            "per_listener_settings true\nlistener 1\nallow_anonymous true\nlistener 2",
            vec![":: Some(1) None None open", ":: Some(2) None None closed"],
        ),
    ] {
        assert_eq!(listeners(text), wanted, "{text}");
    }
}

#[test]
fn what_the_file_does_not_say_is_as_in_mosquitto() {
    let limits = read("").unwrap().0.limits;
    assert_eq!((limits.maximum_in_flight, limits.receive_maximum), (20, 20));
    assert_eq!((limits.queue.messages, limits.topic_alias_maximum), (1000, 10));
    assert_eq!((limits.maximum_packet_size, limits.topic_aliases_sent), (2_000_000, 10));
    assert!(!limits.acl_subscribe_check);
}

#[test]
fn options_reach_the_configuration() {
    let text = "# comment\n\n  max_inflight_messages 0\nmax_queued_messages   7\r\n\
         max_packet_size 100\nretain_available false\nmax_qos 1\nmax_keepalive 60\n\
         max_connections 9\nsys_interval 3\npersistent_client_expiration 2d\n\
         message_size_limit 50\nqueue_qos0_messages true\nmax_topic_alias_broker 3\n\
         connection_messages false\ncheck_retain_source false\n";
    let (config, warnings) = read(text).unwrap();
    let limits = &config.limits;
    assert_eq!((limits.maximum_in_flight, limits.queue.messages), (65535, 7));
    assert_eq!((limits.maximum_packet_size, limits.retain_available), (100, false));
    let own = config.listeners[0].limits.as_deref().unwrap();
    assert_eq!(
        (own.maximum_qos as u8, own.maximum_connections, own.retain_available),
        (1, 9, false)
    );
    assert_eq!((limits.maximum_qos as u8, limits.maximum_connections), (2, usize::MAX));
    assert_eq!(limits.maximum_session_expiry, Some(172_800));
    assert_eq!((limits.maximum_payload, own.topic_aliases_sent), (50, 3));
    assert!(limits.queue.offline_qos0 && config.log.unwrap().no_connections);
    assert_eq!(config.sys_interval.as_secs(), 3);
    assert!(warnings.is_empty());
}

#[test]
fn what_cannot_be_honoured_is_refused_with_its_line() {
    for (text, wanted) in [
        ("\nlistner 1", "m.conf:2: listner 1: mosquitto has no such option"),
        ("connection b", "m.conf:1: the bridge b has no address"),
        ("connection", "m.conf:1: connection: a value is missing"),
        ("remote_username x", "m.conf:1: remote_username x: this stands below a connection"),
        ("connection b\naddress x:y", "m.conf:2: address: invalid value 'x:y'"),
        ("connection b\naddress x\ntopic a up", "m.conf:3: topic: invalid value 'a up'"),
        ("connection b\naddress x\nbridge_psk 12", "m.conf:3: bridge_psk 12: mqx has no keys"),
        ("connection b\nbridge_require_ocsp true", "m.conf:2: bridge_require_ocsp true: mqx"),
        ("connection b\nbridge_bind_address eth0", "m.conf:2: bind: invalid value 'eth0'"),
        ("connection b\naddress x\nbridge_certfile c", "m.conf:1: --cert needs --key"),
        ("connection b\nkeepalive_interval 4", "m.conf:2: keepalive: invalid value '4'"),
        ("connection b\naddress x\nconnection b\naddress y", "m.conf:3: there is another bridge b"),
        ("mount_point a/", "m.conf:1: mount_point a/: this stands below a listener"),
        ("listener 1\nmount_point +/", "m.conf:2: mount-point: invalid value '+/'"),
        ("listener 1\nmount_point $SYS/x/", "m.conf:2: mount-point: invalid value '$SYS/x/'"),
        (
            "allow_anonymous true\nper_listener_settings true",
            "m.conf:2: per_listener_settings true: this stands before all that it changes",
        ),
        ("tls_version tlsv1.1", "m.conf:1: tls-min-version: invalid value 'tlsv1.1'"),
        ("accept_protocol_versions 4,6", "m.conf:1: accept_protocol_versions 4,6: this is"),
        ("allow_anonymous yes", "m.conf:1: allow_anonymous yes: this is one of true, 1,"),
        ("max_qos", "m.conf:1: max_qos: a value is missing"),
        ("max_qos 3", "m.conf:1: max-qos: invalid value '3'"),
        ("listener 0", "m.conf:1: listener 0: port 0 is for the path of a Unix socket"),
        ("listener 1\ncertfile x", "m.conf:1: --cert needs --key"),
        ("persistent_client_expiration 2", "m.conf:1: persistent_client_expiration 2: this is"),
        ("include_dir /no/such", "m.conf:1: cannot read /no/such"),
    ] {
        let said = read(text).unwrap_err();
        assert!(said.starts_with(wanted), "{text}: {said}");
    }
}

#[test]
fn what_clients_must_be_like_is_said_for_a_listener_or_for_all() {
    let text = "per_listener_settings true\nlistener 1\nauto_id_prefix a-\n\
         allow_zero_length_clientid false\nlistener 2\naccept_protocol_versions 3, 5\n\
         protocol websockets\nclientid_prefixes dev-";
    let (config, _) = read(text).unwrap();
    let [first, second] = config.listeners.as_slice() else { panic!() };
    assert_eq!((&*first.admission.auto_id_prefix, first.admission.empty_client_id), ("a-", false));
    assert_eq!(
        (&*second.admission.auto_id_prefix, second.admission.empty_client_id),
        ("auto-", true)
    );
    assert_eq!(second.admission.versions, [Version::V31, Version::V5]);
    assert!(config.listeners.iter().all(|listen| &*listen.admission.client_id_prefix == "dev-"));
    assert_eq!((first.ws_path.as_str(), second.ws_path.as_str()), ("/mqtt", "*"));
}

#[test]
fn rules_are_for_all_listeners_or_with_per_listener_settings_for_one() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"topic #\n").unwrap();
    let path = file.path().display().to_string();
    let rules = format!("acl_file {path}");
    let names = |config: &Config| {
        let name = |listen: &Listen| Some(listen.rules.as_ref()?.name.clone());
        (config.acl.is_some(), config.listeners.iter().map(name).collect::<Vec<_>>())
    };
    let (config, _) = read(&format!("{rules}\nlistener 1\nlistener 2")).unwrap();
    assert_eq!(names(&config), (true, vec![None, None]));
    let own = format!("per_listener_settings true\nport 3\nlistener 1\n{rules}\nlistener 2");
    assert_eq!(names(&read(&own).unwrap().0), (false, vec![None, Some(path.clone()), None]));
    let first = format!("per_listener_settings true\nport 3\n{rules}\nlistener 2");
    assert_eq!(names(&read(&first).unwrap().0), (false, vec![Some(path), None]));
}

#[test]
fn limits_of_a_listener_are_its_own_and_those_of_the_broker_otherwise() {
    let text = "max_keepalive 9\nport 1\nmax_qos 1\nlistener 2\nmax_qos 0\nmax_connections 5\n\
         max_topic_alias 3\nlistener 3\nmax_inflight_messages 7";
    let (config, _) = read(text).unwrap();
    let limits = config.listeners.iter().map(|listen| {
        let limits = listen.limits.as_deref().unwrap_or(&config.limits);
        let keep_alive = limits.maximum_keep_alive.map(NonZeroU16::get);
        let aliases = limits.topic_alias_maximum;
        let shared = (keep_alive, limits.maximum_in_flight, limits.acl_subscribe_check);
        assert_eq!(shared, (Some(9), 7, false));
        (limits.maximum_qos as u8, limits.maximum_connections, aliases)
    });
    let wanted = [(1, usize::MAX, 10), (0, 5, 3), (2, usize::MAX, 10)];
    assert_eq!(limits.collect::<Vec<_>>(), wanted);
}

#[test]
fn what_stands_before_the_first_listener_is_about_the_default_one() {
    let ports = |text| {
        let (config, warnings) = read(text).unwrap();
        let ports: Vec<_> = config.listeners.iter().filter_map(|listen| listen.port).collect();
        (ports, warnings.len())
    };
    assert_eq!(ports("max_qos 1\nlistener 2"), (vec![1883, 2], 1));
    assert_eq!(ports("per_listener_settings true\nallow_anonymous true\nlistener 2"), (vec![2], 1));
    assert_eq!(ports("per_listener_settings true\nport 1\nallow_anonymous true"), (vec![1], 0));
    assert_eq!(ports("max_qos 1"), (vec![1883], 0));
}

#[test]
fn a_listener_says_more_of_itself() {
    let text = "allow_anonymous false\nlistener 1\nlistener_allow_anonymous true\n\
         listener_auto_id_prefix x-\nwebsockets_origin https://a\nwebsockets_origin https://b\n\
         mount_point m/\nuse_username_as_clientid true\nlistener 2\nmount_point raw";
    let (config, warnings) = read(text).unwrap();
    let [first, second] = config.listeners.as_slice() else { panic!() };
    assert_eq!((first.anonymous, second.anonymous), (true, false));
    assert_eq!(&*first.admission.auto_id_prefix, "x-");
    assert_eq!(first.ws_origins, ["https://a", "https://b"]);
    assert!(first.admission.user_is_client_id && !second.admission.user_is_client_id);
    assert_eq!((first.mount_point.as_str(), second.mount_point.as_str()), ("m/", "raw"));
    assert_eq!(warnings.len(), 1, "a mount point as a rule ends with a slash");
}

#[test]
fn what_changes_nothing_is_warned_of_once_a_line() {
    let text = "ciphers x\nautosave_interval 5\nplugin /x.so\nplugin_opt_a b\nuser me";
    let (_, warnings) = read(text).unwrap();
    assert_eq!(warnings.len(), 5);
    assert_eq!(warnings[0], "m.conf:1: ciphers has no effect: mqx chooses good ciphers itself");
}

#[test]
fn the_nearest_name_is_proposed() {
    let mut reader = Reader::default();
    let error = reader.text("max_inflight_mesages 1", "f").unwrap_err();
    assert_eq!(crate::error::hint(&error.into()), Some("a similar one is max_inflight_messages"));
}

#[test]
fn the_log_has_what_the_most_talkative_type_has() {
    let text = "log_dest file /x y\nlog_type error\nlog_type subscribe\nlog_type notice";
    let log = read(text).unwrap().0.log.unwrap();
    assert_eq!(log.level.name(), "debug");
    assert_eq!(log.file, Some("/x y".into()));
    assert!(read("log_dest syslog").unwrap_err().contains("mqx logs to stderr or to file"));
}

#[test]
fn what_is_to_be_kept_is_kept_in_a_file_of_mqx() {
    let store = |text| format!("{:?}", read(text).unwrap().0.store);
    assert!(store("persistence true\npersistence_location /var/m").contains("/var/m/mqx.db"));
    assert_eq!(store("persistence false\npersistence_location /var/m"), "None");
}

#[test]
fn without_users_a_listener_lets_nobody_in() {
    let nobody = |text| {
        let listen = read(text).unwrap().0.listeners.remove(0);
        !listen.anonymous && listen.passwords.is_some()
    };
    assert!(nobody("listener 1"));
    assert!(!nobody("listener 1\nallow_anonymous true"));
}

/// The bridges of a file, and the warnings.
fn bridges(text: &str) -> (Vec<Bridge>, Vec<String>) {
    let (config, warnings) = read(text).unwrap();
    (config.bridges, warnings)
}

#[test]
fn a_connection_becomes_a_bridge_with_all_that_stands_below_it() {
    let (bridges, warnings) = bridges(
        "connection one\naddress a b:2 ::1:3\nround_robin true\ntopic x/# both 2 l/ r/\n\
         topic y\nremote_clientid id\nremote_username u\nremote_password p\n\
         local_username lu\ncleansession true\nlocal_cleansession false\n\
         keepalive_interval 5\nnotifications_local_only true\nnotification_topic n\n\
         restart_timeout 10 60\nstart_type lazy\nthreshold 3\nidle_timeout 7\n\
         try_private false\nbridge_protocol_version mqttv50\nbridge_attempt_unsubscribe false\n\
         bridge_outgoing_retain false\nbridge_bind_address 127.0.0.1\n\
         bridge_max_packet_size 900\nbridge_receive_maximum 9\nbridge_max_topic_alias 8\n\
         bridge_session_expiry_interval 100\nbridge_reload_type immediate\n\
         connection two\naddresses c\nlocal_password x\nbridge_tcp_keepalive 1 2 3\n",
    );
    let [one, two] = bridges.as_slice() else { panic!("{bridges:?}") };
    let places: Vec<_> = one.endpoints.iter().map(ToString::to_string).collect();
    assert_eq!(places, ["a:1883", "b:2", "[::1]:3"]);
    assert_eq!(one.endpoints[0].bind.unwrap().to_string(), "127.0.0.1");
    let filters: Vec<_> =
        one.routes.iter().map(|route| (route.local_filter(), route.remote_filter())).collect();
    assert_eq!(filters, [(Some("l/x/#"), Some("r/x/#")), (Some("y"), None)]);
    let remote = &one.remote;
    assert_eq!((remote.client_id.as_str(), remote.username.as_deref()), ("id", Some("u")));
    assert_eq!((remote.version, remote.keep_alive, remote.clean_start), (Version::V5, 5, true));
    assert_eq!(remote.session_expiry_interval, Some(100));
    assert_eq!(remote.largest_sent.unwrap().get(), 900);
    assert_eq!((remote.receive_maximum.unwrap().get(), remote.topic_alias_maximum), (9, 8));
    assert_eq!(one.local_client_id, "local.id");
    assert_eq!((one.local_username.as_deref(), one.local_clean_start), (Some("lu"), false));
    assert_eq!(one.notification.as_ref().unwrap().as_str(), "n");
    assert!(one.notify_here_only && one.round_robin && one.reload_at_once);
    assert!(!one.private && !one.unsubscribe && !one.outgoing_retain);
    let (threshold, idle) = (3, Duration::from_secs(7));
    assert_eq!(one.start, Start::Lazy { threshold, idle });
    assert_eq!((one.pause.base.as_secs(), one.pause.cap.as_secs()), (10, 60));
    assert!(two.remote.client_id.starts_with("two."));
    let state = format!("$SYS/broker/connection/{}/state", two.remote.client_id);
    assert_eq!(two.notification.as_ref().unwrap().as_str(), state);
    assert_eq!((two.start, two.private, two.local_clean_start), (Start::Automatic, true, false));
    assert_eq!(warnings.len(), 2, "{warnings:?}");
}

#[test]
fn what_a_bridge_does_not_say_is_as_in_mosquitto() {
    let (bridges, _) = bridges("connection b\naddress h\n");
    let Bridge { remote, pause, .. } = &bridges[0];
    assert_eq!((remote.version, remote.keep_alive, remote.clean_start), (Version::V311, 60, false));
    assert_eq!((pause.base.as_secs(), pause.cap.as_secs()), (5, 30));
    assert!(bridges[0].outgoing_retain && bridges[0].unsubscribe && !bridges[0].round_robin);
}

#[test]
fn the_table_is_sorted() {
    for table in [options::OPTIONS, bridge::OPTIONS] {
        let names: Vec<_> = table.iter().map(|row: &Row| row.0).collect();
        assert!(names.is_sorted());
    }
}

#[test]
fn files_of_a_directory_are_read_in_order_and_include_no_others() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("b.conf"), "max_queued_messages 2").unwrap();
    fs::write(dir.path().join("a.conf"), "max_queued_messages 1").unwrap();
    fs::write(dir.path().join("c.txt"), "nonsense").unwrap();
    let include = format!("include_dir {}", dir.path().display());
    assert_eq!(read(&include).unwrap().0.limits.queue.messages, 2);
    fs::write(dir.path().join("c.conf"), &include).unwrap();
    assert!(read(&include).unwrap_err().contains("only the main file includes others"));
}

proptest! {
    #[test]
    fn no_text_is_too_strange_to_be_answered(
        lines in proptest::collection::vec(
            (proptest::sample::select(options::all().collect::<Vec<_>>()), "(true|false|0|1|-1|[a-z0-9./: ]{0,8}|\\PC{0,4})"),
            0..8,
        ),
        noise in "\\PC{0,20}",
    ) {
        let mut text = noise;
        for ((name, ..), value) in lines {
            // The lookup of a name asks the network.
            if !["listener", "bind_address", "include_dir"].contains(name) {
                write!(text, "\n{name} {value}").unwrap();
            }
        }
        let _ = check(&text);
    }
}

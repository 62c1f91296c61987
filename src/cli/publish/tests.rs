//! What may be typed behind `mqx pub`, and what comes of it.

use super::*;
use crate::cli::{Command, parse_from};
use crate::client::EngineKind;
use crate::encode::Encoding;
use crate::mqtt::Version;
use crate::payload::Writing;
use crate::publish::{BatchLimits, Making, OnDisconnect, Pace, Source};
use crate::session::Secret;
use std::num::NonZeroU16;
use std::time::Duration;

/// The config of `mqx pub` with these words, or what is wrong with them.
fn parse(words: &[&str]) -> std::result::Result<Config, String> {
    let words = [&["mqx", "pub"], words].concat();
    let cli = parse_from(words).map_err(|error| error.to_string())?;
    match cli.command {
        Command::Pub(args) => args.into_config().map_err(|error| error.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn windows_and_aliases_have_their_limits() {
    let parse = |words: &str| parse(&words.split(' ').collect::<Vec<_>>());
    let config = parse("-t a -n -M 5 --topic-alias auto").unwrap();
    assert_eq!(config.delivery.max_in_flight.map(NonZeroU16::get), Some(5));
    assert_eq!(config.connect.session.topic_aliases_sent, u16::MAX);
    assert!(!config.connect.fall_back);
    for (words, wanted) in [
        ("-t a -n -M 0", "--max-inflight"),
        ("-t a -n --topic-alias some", "up to 65535, or auto"),
        ("-t a -n --topic-alias 1 -V 3.1.1", "--topic-alias needs MQTT 5"),
        ("-t a -n --topic-alias 1 --engine rumqttc", "--topic-alias"),
        ("-t a -n --p12 x --cert y --key z", "cannot be used with"),
        ("-t a -n --key-password x", "--key"),
        ("-t a -n --tls --ciphers HIGH", "known are TLS_AES_256"),
        ("-t a -n --ciphers TLS_AES_128_GCM_SHA256", "--ciphers is of use with TLS only"),
    ] {
        let error = parse(words).map(|_| ()).unwrap_err();
        assert!(error.contains(wanted), "{words}: {error}");
    }
}

#[test]
fn what_comes_from_a_file_waits_for_the_broker_if_nothing_else_is_said() {
    for (words, way) in [
        ("-t a -n", OnDisconnect::Buffer),
        ("--replay f", OnDisconnect::Wait),
        ("--replay f --on-disconnect fail", OnDisconnect::Fail),
    ] {
        let config = parse(&words.split(' ').collect::<Vec<_>>()).unwrap();
        assert_eq!(config.delivery.on_disconnect, way, "{words}");
    }
}

#[test]
fn without_options_the_defaults_hold() {
    let config = parse(&["-t", "a", "-n"]).unwrap();
    let connect = config.connect;
    let default = crate::client::ConnectOptions::default();
    assert_eq!(connect.endpoint.to_string(), default.endpoint.to_string());
    assert_eq!(connect.session.keep_alive, default.session.keep_alive);
    assert_eq!(connect.session.version, Version::V5);
    assert_eq!(connect.connect_timeout, default.connect_timeout);
    assert_eq!(connect.engine, default.engine);
    assert!(connect.fall_back && connect.endpoint.tls.is_none());
    assert_eq!((config.recipe.qos, config.recipe.retain), (QoS::AtMostOnce, false));
}

#[test]
fn every_option_reaches_the_config() {
    let config = parse(&[
        "-h",
        "::1",
        "-p",
        "1",
        "-i",
        "me",
        "-u",
        "user",
        "-P",
        "-secret",
        "-k",
        "0",
        "-V",
        "311",
        "--engine",
        "rumqttc",
        "--connect-timeout",
        "2s",
        "-t",
        "-x",
        "-m",
        "-5",
        "-q",
        "2",
        "-r",
        "-d",
    ])
    .unwrap();
    let session = &config.connect.session;
    assert_eq!(config.connect.endpoint.to_string(), "[::1]:1");
    assert_eq!(session.client_id, "me");
    assert_eq!(session.username.as_deref(), Some("user"));
    assert_eq!(session.password, Some(Secret::new("-secret")));
    assert_eq!((session.keep_alive, session.version), (0, Version::V311));
    assert_eq!(config.connect.engine, EngineKind::Rumqttc);
    assert_eq!(config.connect.connect_timeout, Duration::from_secs(2));
    assert!(config.connect.debug && !config.connect.fall_back);
    assert_eq!(config.recipe.topics[0].as_str(), "-x");
    assert_eq!(config.source, Source::Message(b"-5".to_vec()));
    assert_eq!((config.recipe.qos, config.recipe.retain), (QoS::ExactlyOnce, true));
}

#[test]
fn each_way_to_give_a_payload_is_a_source() {
    let source = |words: &[&str]| parse(&[&["-t", "a"], words].concat()).unwrap().source;
    assert_eq!(source(&["-n"]), Source::Message(Vec::new()));
    assert_eq!(source(&["-s"]), Source::Stdin);
    assert_eq!(source(&["-l"]), Source::LINES);
    assert_eq!(source(&["-f", "-"]), Source::Stdin);
    assert_eq!(source(&["-m", ""]), Source::Message(Vec::new()));
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let Source::Message(bytes) = source(&["-f", here]) else {
        panic!("a file is read before connecting");
    };
    assert!(bytes.starts_with(b"[package]"));
}

#[test]
fn what_is_made_of_payloads_and_how_fast_can_be_chosen() {
    let config = |words: &str| parse(&words.split(' ').collect::<Vec<_>>());
    let making = |words| config(words).unwrap().recipe.making;
    assert_eq!(making("-t a -n"), Making::AsIs);
    assert_eq!(making("-t a --random 4k"), Making::Random(4_000));
    assert_eq!(making("--ndjson"), Making::Line { maps: Vec::new() });
    let encoding = Some(Encoding::Cbor);
    assert_eq!(
        making("-t a -l --encode cbor"),
        Making::Text(Writing { template: false, encoding })
    );
    let text = Making::Text(Writing { template: true, encoding: None });
    assert_eq!(making("-t a -m {{seq}} --template"), text);
    assert_eq!(config("-t a -0").unwrap().source, Source::Records(0));
    assert_eq!(config("-t a -l --delimiter \\t").unwrap().source, Source::Records(b'\t'));
    let pace = |words| config(words).unwrap().pace;
    assert_eq!(pace("-t a -l --rate 4"), Pace::Every(Duration::from_millis(250)));
    assert_eq!(pace("-t a -l --rate 30/m"), Pace::Every(Duration::from_secs(2)));
    let repeated = config("-t a -n --repeat 3 --repeat-delay 0.5").unwrap();
    assert_eq!(repeated.repeat.get(), 3);
    assert_eq!(repeated.pace, Pace::After(Duration::from_millis(500)));
    let limits = BatchLimits { interval: Duration::from_secs(1), size: 64_000 };
    assert_eq!(config("-t a -l --batch 1s,64KB").unwrap().batch, Some(limits));
    let topics = config("-t a -t b -n").unwrap().recipe.topics;
    assert_eq!(topics.iter().map(TopicName::as_str).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn the_last_of_an_option_given_twice_holds_and_other_names_are_known() {
    let config = parse(&[
        "--topic",
        "b",
        "--hostname",
        "h",
        "--pw=p",
        "--user=u",
        "--msg",
        "m",
        "--identifier",
        "i",
        "--keep-alive",
        "9",
    ])
    .unwrap();
    assert_eq!(config.recipe.topics[0].as_str(), "b");
    assert_eq!(config.connect.endpoint.to_string(), "h:1883");
    assert_eq!(config.connect.session.keep_alive, 9);
    assert_eq!(config.connect.session.client_id, "i");
}

#[test]
fn tls_takes_a_ca_or_stands_alone_before_another_option() {
    let tls = |words: &[&str]| {
        let words = [words, &["-t", "a", "-n"]].concat();
        parse(&words).unwrap().connect.endpoint
    };
    let alone = tls(&["--tls"]);
    assert_eq!(
        alone.tls.as_ref().map(|tls| tls.options().ca.clone()),
        Some(crate::net::Trust::System)
    );
    assert_eq!(alone.to_string(), "localhost:8883");
    assert_eq!(tls(&["--tls", "-p", "9"]).to_string(), "localhost:9");
    assert_eq!(tls(&["--insecure"]).to_string(), "localhost:8883");
    let last = parse(&["-t", "a", "-n", "--tls"]).unwrap().connect.endpoint;
    assert_eq!(last.tls.map(|tls| tls.options().ca.clone()), Some(crate::net::Trust::System));
    let error = parse(&["--tls", "/no/such/ca", "-t", "a", "-n"]).unwrap_err();
    assert!(error.contains("/no/such/ca"), "{error}");
}

#[test]
fn a_url_says_where_as_whom_and_to_which_topic() {
    for option in ["-b", "-L", "--url", "--broker"] {
        let config = parse(&[option, "mqtts://ann:p%40@h:9/a/b", "--insecure", "-n"]).unwrap();
        let connect = config.connect;
        assert_eq!(connect.endpoint.to_string(), "h:9");
        assert!(connect.endpoint.tls.is_some());
        assert_eq!(connect.session.username.as_deref(), Some("ann"));
        assert_eq!(connect.session.password, Some(Secret::new("p@")));
        assert_eq!(config.recipe.topics[0].as_str(), "a/b");
    }
    let connect = parse(&["-b", "mqtt://ann:p@h", "-u", "bob", "-t", "a", "-n"]).unwrap().connect;
    assert_eq!(connect.session.username.as_deref(), Some("bob"));
    assert_eq!(connect.session.password, Some(Secret::new("p")));
}

#[test]
fn several_brokers_are_tried_in_the_order_in_which_they_are_named() {
    for words in
        [&["-h", "one", "-h", "two", "-p", "7"][..], &["-b", "mqtt://one:7", "-b", "mqtt://two:7"]]
    {
        let config = parse(&[words, &["-t", "a", "-n"]].concat()).unwrap();
        assert_eq!(config.connect.places(), "one:7, two:7");
    }
}

#[test]
fn a_domain_can_be_asked_for_its_brokers() {
    for words in [&["-S", "-h", "lan.example", "--tls"][..], &["--srv", "--host", "lan.example"]] {
        let connect = parse(&[words, &["-t", "a", "-n"]].concat()).unwrap().connect;
        assert_eq!(connect.domain.unwrap().name, "lan.example");
    }
}

#[test]
fn the_port_of_tls_means_tls_unless_told_otherwise() {
    let tls = |words: &[&str]| {
        let words = [words, &["-p", "8883", "-t", "a", "-n"]].concat();
        parse(&words).unwrap().connect.endpoint.tls.is_some()
    };
    assert!(tls(&[]));
    assert!(!tls(&["--no-tls"]));
    let both = parse(&["--unix", "/s", "--tls", "-t", "a", "-n"]).unwrap().connect.endpoint;
    assert!(both.tls.is_some() && both.to_string() == "/s");
}

#[test]
fn a_password_can_come_from_a_command_and_outweighs_that_of_the_url() {
    let words = ["-b", "mqtt://u:p@h", "--password-command", "echo q", "-t", "a", "-n"];
    let session = parse(&words).unwrap().connect.session;
    assert_eq!(session.password, Some(Secret::new("q")));
    assert_eq!(session.username.as_deref(), Some("u"));
}

#[test]
fn websocket_has_the_path_of_the_url_or_that_of_the_option() {
    let path = |words: &[&str]| {
        let words = [words, &["-t", "a", "-n"]].concat();
        parse(&words).unwrap().connect.endpoint.websocket.map(|request| request.path)
    };
    assert_eq!(path(&["--ws"]).as_deref(), Some("/mqtt"));
    assert_eq!(path(&["--ws", "--ws-path", "/a"]).as_deref(), Some("/a"));
    assert_eq!(path(&["-b", "ws://h"]).as_deref(), Some("/mqtt"));
    assert_eq!(path(&["-b", "ws://h/"]).as_deref(), Some("/"));
    assert_eq!(path(&["-h", "h"]), None);
}

#[test]
fn what_does_not_fit_together_is_refused_with_the_reason() {
    for (words, wanted) in [
        ("-t a", "required"),
        ("-n", "--topic"),
        ("-t a -n -m x", "cannot be used with"),
        ("-t a -l -s", "cannot be used with"),
        ("-t a/# -n", "wildcard"),
        ("-t a -t b --ndjson", "one topic at most"),
        ("-t a -n --speed 2", "--replay only"),
        ("-t a -n --loop", "--replay only"),
        ("-t a -n --map s#a#b#", "--replay and --ndjson only"),
        ("--replay f --map a", "s#old#new#"),
        ("--replay f --speed 0", "or max"),
        ("--replay f --speed fast", "or max"),
        ("--replay f --rate 5", "not for a replay in its own time"),
        ("-t a -l --delimiter ab", "one byte"),
        ("-t a -n --delimiter ,", "--stdin-line"),
        ("-t a -n --batch 1s", "--stdin-line"),
        ("-t a -l --batch 1s,1", "4 bytes"),
        ("-t a -l --batch soon", "give seconds"),
        ("-t a -l --repeat 2", "cannot be used with"),
        ("-t a -n --repeat 0", "from 1 on"),
        ("-t a -l --rate 0", "above 0"),
        ("-t a -l --rate inf", "above 0"),
        ("-t a -l --rate 1 --repeat-delay 1", "cannot be used with"),
        ("-t a -n --encode xml", "invalid value"),
        ("-t a --random 1G", "268,435,455"),
        ("-t a --random -1", "give bytes"),
        ("-t a -n --retry often", "forever"),
        ("-t a -n --buffer -1", "-1"),
        ("-t a -n --on-disconnect panic", "invalid value"),
        ("-t a -l --on-error cry", "invalid value"),
        ("-t a -n --fail-if-no-subscriber", "answer to every message"),
        ("-t a -n -q 1 -V 3.1.1 --fail-if-no-subscriber", "--fail-if-no-subscriber"),
        ("-t a -n -q 3", "known are 0, 1 and 2"),
        ("-t a -n -V 6", "known are 5, 3.1.1 and 3.1"),
        ("-t a -n -k 65536", "65536"),
        ("-t a -n --cert c", "--key"),
        ("-t a -n --tls c --cafile d", "cannot be used with"),
        ("-t a -n -P x -V 3.1.1", "-P needs -u"),
        ("-t a -n -b mqtt://h -p 1", "cannot be used with"),
        ("-t a -n --unix s -h h", "cannot be used with"),
        ("-t a -n -b mqtt://h --insecure", "the URL is without TLS"),
        ("-t a -n -b mqtts://h --no-tls", "--no-tls"),
        ("-t a -n -b mqtt://a@h -b mqtt://b@h", "different users"),
        ("-t a -n -b mqtt://h/b", "given twice"),
        ("-n -b mqtt://h", "no topic is given"),
        ("-n -b mqtt://h/#", "in the URL"),
        ("-t a -n -p 0", "1..=65535"),
        ("-t a -n --ws-path /x", "of use with WebSocket only"),
        ("-t a -n --ws --ws-path x", "begins with /"),
        ("-t a -n -b ws://h/x --ws-path /x", "given twice"),
        ("-t a -n --ws --ws-header x", "Name: value"),
        ("-t a -n --proxy h:1", "not the URL of a proxy"),
        ("-t a -n -A nowhere", "give an IP address"),
        ("-t a -n -S", "--host"),
        ("-t a -n -S -h 127.0.0.1", "--srv needs a domain"),
        ("-t a -n -S -h a -h b", "one domain"),
        ("-t a -n -S -h a -p 1", "cannot be used with"),
        ("-t a -n --sni x", "--sni is of use with TLS only"),
        ("-t a -n --tls --tls-version 1.1", "known are 1.2 and 1.3"),
        ("-t a -n --tls c --capath d", "cannot be used with"),
        ("-t a -n --key-password x", "--key"),
        ("-t a -n -u u -P p --password-env E", "cannot be used with"),
        ("-t a -n -u u --password-file /no/such", "cannot read /no/such"),
        ("-t a -n -u u --password-env MQX_NO_SUCH", "MQX_NO_SUCH is not set"),
        ("-t a -f /no/such/file", "cannot read /no/such/file"),
        ("-t a -n --engine rumqttc -V 3.1", "cannot speak MQTT 3.1 (-V)"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let error = parse(&words).unwrap_err();
        assert!(error.contains(wanted), "{words:?}: {error}");
    }
}

#[test]
fn the_password_is_not_in_the_debug_output() {
    let config = parse(&["-t", "a", "-n", "-u", "u", "-P", "hunter2"]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

//! Every spelling that users of other tools know, against the one of mqx.

use super::{is_client, spelled_out};
use crate::cli::{Command, definition, parse_from};
use std::ffi::OsString;

/// What `mqx pub` with these words comes to.
fn publishing(line: &str) -> String {
    let words = ["mqx", "pub", "-t", "a", "-n"].into_iter().chain(line.split('|'));
    let cli = parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    match cli.command {
        Command::Pub(args) => format!("{args:?}"),
        other => panic!("{other:?}"),
    }
}

/// The rows of one table: the spelling of mqx, and those that mean the same;
/// `|` stands between words.
#[track_caller]
fn check(rows: &[(&str, &[&str])]) {
    for (own, others) in rows {
        let wanted = publishing(own);
        assert_ne!(wanted, publishing("-q|0"), "{own} says something");
        for other in *others {
            assert_eq!(publishing(other), wanted, "{other}");
        }
    }
}

#[test]
fn the_connection_can_be_said_in_every_tool_s_words() {
    check(&[
        ("-h|x", &["--host|x", "--hostname|x", "--host=x", "-hx"]),
        ("-p|7", &["--port|7"]),
        ("-b|mqtt://x", &["-L|mqtt://x", "--url|mqtt://x", "--broker|mqtt://x"]),
        ("-i|x", &["--id|x", "--client-id|x", "--identifier|x", "--clientId|x"]),
        ("-I|x", &["--id-prefix|x", "-ip|x", "--identifierPrefix|x"]),
        ("-u|x", &["--username|x", "--user|x"]),
        ("-P|x", &["--password|x", "--pw|x", "-pw|x"]),
        ("--password-file|x", &["-pw:file|x"]),
        ("--password-env|x", &["-pw:env|x"]),
        ("-k|7", &["--keepalive|7", "--keep-alive|7", "--keepAlive|7"]),
        ("-c", &["--disable-clean-session", "--no-clean", "--no-clean-start", "--no-cleanStart"]),
        (
            "-x|7",
            &[
                "--session-expiry-interval|7",
                "--session-expiry|7",
                "-se|7",
                "--sessionExpiryInterval|7",
                "--session_expiry_interval|7",
            ],
        ),
        ("-V|5", &["--mqtt-version|5", "--protocol-version|5.0", "--mqttVersion|v5", "-V|mqttv5"]),
        ("-V|3.1.1", &["-V|311", "-V|4", "-V|mqttv311"]),
        ("-V|3.1", &["-V|31", "-V|mqttv31"]),
        ("-A|::1", &["--bind|::1", "--ifaddr|::1"]),
        ("--ws", &["-ws"]),
        ("--ws-path|/x", &["-ws:path|/x", "--path|/x"]),
        ("--ws-header|a: b", &["-wh|a: b"]),
        ("--proxy|socks5h://x", &["--proxy=socks5h://x"]),
        ("--receive-maximum|7", &["--rcv-max|7", "--rcvMax|7", "--receive_maximum|7"]),
        ("--debug", &["-d"]),
    ]);
}

#[test]
fn tls_can_be_said_in_every_tool_s_words() {
    check(&[
        ("--tls", &["--tls-use-os-certs", "--secure", "--ssl"]),
        ("--cafile|x", &["--ca|x", "--ca-cert|x", "--cacertfile|x"]),
        ("--capath|x", &["--ca-cert-dir|x"]),
        (
            "--cert|x|--key|y",
            &[
                "--certfile|x|--keyfile|y",
                "--client-cert|x|--client-key|y",
                "--cert|x|--client-private-key|y",
            ],
        ),
        (
            "--cert|x|--key|y|--key-password|z",
            &["--cert|x|--key|y|--keypw|z", "--cert|x|--key|y|--keypass|z"],
        ),
        ("--insecure", &["--insecure"]),
        ("--tls-alpn|x", &["--alpn|x"]),
        ("--tls-version|1.3", &["--tls-version|tlsv1.3"]),
        ("--no-tls", &["--noTls"]),
        ("--tls-keylog|x", &["--tls_keylog|x"]),
    ]);
}

#[test]
fn the_will_and_properties_can_be_said_in_every_tool_s_words() {
    check(&[
        ("--will-topic|x", &["-Wt|x", "--willTopic|x"]),
        (
            "--will-topic|x|--will-payload|y",
            &[
                "-Wt|x|-Wm|y",
                "-Wt|x|--will-message|y",
                "-Wt|x|--willMessage|y",
                "-Wt|x|--will-msg|y",
            ],
        ),
        (
            "--will-topic|x|--will-qos|1|--will-retain",
            &["-Wt|x|-Wq|1|-Wr", "-Wt|x|--willQualityOfService|1|--willRetain"],
        ),
        (
            "--will-topic|x|--will-delay-interval|7",
            &[
                "-Wt|x|-Wd|7",
                "-Wt|x|--will-delay|7",
                "-Wt|x|--willDelayInterval|7",
                "-Wt|x|--will_delay_interval|7",
                "-Wt|x|-D|will|will-delay-interval|7",
            ],
        ),
        (
            "--user-property|k=v",
            &[
                "-up|k=v",
                "-up|k: v",
                "--user_property|k=v",
                "--userProperty|k=v",
                "-D|publish|user-property|k|v",
                "--property|PUBLISH|user-property|k|v",
            ],
        ),
        ("--connect-user-property|k=v", &["-Cup|k=v", "-D|connect|user-property|k|v"]),
        ("--will-topic|x|--will-user-property|k=v", &["-Wt|x|-Wup|k=v"]),
        ("--content-type|x", &["-ct|x", "--contentType|x", "--content_type|x"]),
        ("--response-topic|x", &["-rt|x", "--responseTopic|x", "--response_topic|x"]),
        ("--correlation-data|x", &["-cd|x", "--correlationData|x", "--correlation_data|x"]),
        ("-e|7", &["--message-expiry-interval|7", "--messageExpiryInterval|7"]),
        ("--payload-format-indicator|true", &["-pf", "--payload_format_indicator|true"]),
        ("--maximum-packet-size|7", &["--maxPacketSize|7", "--maximum_packet_size|7"]),
        ("--topic-alias-maximum|7", &["--topicAliasMax|7", "--topic_alias_maximum|7"]),
        (
            "--request-response-information|true",
            &["--req-response-info", "--reqResponseInfo", "--request_response_information|true"],
        ),
        ("--request-problem-information|false", &["--no-req-problem-info", "--no-reqProblemInfo"]),
        ("--authentication-method|x", &["-am|x", "--auth-method|x"]),
    ]);
}

#[test]
fn every_client_takes_properties_as_mosquitto_says_them_and_no_other_command() {
    for command in definition().get_subcommands() {
        let name = command.get_name();
        let line = ["mqx", "--color", "never", name, "-D", "connect", "receive-maximum", "5"];
        let spelled = spelled_out(line.map(OsString::from).to_vec(), &definition());
        let last = spelled.last().unwrap().to_str().unwrap();
        let wanted = if is_client(command) { "--receive-maximum=5" } else { "5" };
        assert_eq!(last, wanted, "{name}");
    }
}

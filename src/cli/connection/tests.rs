//! From words to what CONNECT and DISCONNECT say.

use crate::cli::{Command, parse_from};
use crate::client::ConnectOptions;
use crate::mqtt::{QoS, Will};
use std::num::{NonZeroU16, NonZeroU32};

/// The options of `mqx pub -t a -n` with these words, or what is wrong with them.
fn parse(line: &str) -> Result<ConnectOptions, String> {
    let words = ["mqx", "pub", "-t", "a", "-n"].into_iter().chain(line.split_whitespace());
    let cli = parse_from(words).map_err(|error| error.to_string())?;
    match cli.command {
        Command::Pub(args) => args
            .into_config()
            .map(|config| config.connect)
            .map_err(|error| crate::error::line(&error.into())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_option_of_the_will_is_in_connect() {
    let options = parse(
        "--will-topic w --will-payload gone --will-qos 1 --will-retain --will-delay 1m \
         --will-message-expiry-interval 2m --will-content-type a/b --will-response-topic r \
         --will-payload-format-indicator true --will-correlation-data hex:0001 \
         --will-user-property k=v",
    );
    let session = options.unwrap().session;
    let Will { topic, payload, qos, retain, properties } = session.packet().will.unwrap();
    assert_eq!((topic, payload, qos, retain), ("w", &b"gone"[..], QoS::AtLeastOnce, true));
    assert_eq!(properties.will_delay_interval, Some(60));
    assert_eq!(properties.message_expiry_interval, Some(120));
    assert_eq!(properties.payload_format_indicator, Some(true));
    assert_eq!((properties.content_type, properties.response_topic), (Some("a/b"), Some("r")));
    assert_eq!(properties.correlation_data, Some(&[0, 1][..]));
    assert!(properties.user_properties.iter().eq([("k", "v")]));
    assert!(parse("").unwrap().session.will.is_none());
}

#[test]
fn every_property_of_connect_and_disconnect_has_an_option() {
    let options = parse(
        "-i me -x 1h --receive-maximum 5 --maximum-packet-size 1000 --topic-alias-maximum 7 \
         --request-response-information true --request-problem-information false \
         --connect-user-property k=v --authentication-method m --authentication-data base64:AAE= \
         --disconnect-session-expiry-interval never --disconnect-reason bye \
         --disconnect-user-property a=b",
    );
    let options = options.unwrap();
    let properties = options.session.packet().properties;
    assert_eq!(properties.session_expiry_interval, Some(3600));
    assert_eq!(properties.receive_maximum, NonZeroU16::new(5));
    assert_eq!(properties.maximum_packet_size, NonZeroU32::new(1000));
    assert_eq!(properties.topic_alias_maximum, Some(7));
    assert_eq!(properties.request_response_information, Some(true));
    assert_eq!(properties.request_problem_information, Some(false));
    assert!(properties.user_properties.iter().eq([("k", "v")]));
    assert_eq!(properties.authentication_method, Some("m"));
    assert_eq!(properties.authentication_data, Some(&[0, 1][..]));
    let properties = options.farewell.packet().properties;
    assert_eq!(properties.session_expiry_interval, Some(u32::MAX));
    assert_eq!(properties.reason_string, Some("bye"));
    assert!(properties.user_properties.iter().eq([("a", "b")]));
    assert!(!options.fall_back, "MQTT 3.1.1 could not say all this");
    assert!(!format!("{options:?}").contains("base64"));
}

#[test]
fn the_properties_of_mosquitto_are_the_same_options() {
    let options = parse(
        "-D connect receive-maximum 5 -D connect user-property a=b c -D CONNECT \
         authentication-method m --property connect authentication-data hex:00 \
         -D disconnect user-property k v --will-topic w -D will will-delay-interval 9",
    );
    let options = options.unwrap();
    let properties = options.session.packet().properties;
    assert_eq!(properties.receive_maximum, NonZeroU16::new(5));
    assert!(properties.user_properties.iter().eq([("a=b", "c")]));
    assert_eq!(properties.authentication_data, Some(&b"hex:00"[..]), "text as it stands");
    assert!(options.farewell.packet().properties.user_properties.iter().eq([("k", "v")]));
    assert_eq!(options.session.will.unwrap().1, 9);
}

#[test]
fn a_session_that_is_kept_has_a_name_and_no_end_unless_one_is_given() {
    let kept = parse("-c -i me").unwrap();
    assert!(!kept.session.clean_start);
    assert_eq!(kept.session.session_expiry_interval, Some(u32::MAX));
    assert!(kept.fall_back, "-c is known before MQTT 5, too");
    let an_hour = parse("-c -i me -x 1h").unwrap().session;
    assert_eq!(an_hour.session_expiry_interval, Some(3600));
    let prefixed = parse("-I dev-").unwrap().session.client_id;
    assert_eq!(prefixed, format!("dev-{}", std::process::id()));
}

#[test]
fn with_scram_the_password_is_not_in_connect() {
    let session = parse("--auth-method SCRAM-SHA-256 -u ann -P pencil").unwrap().session;
    assert_eq!((session.username.as_deref(), session.password), (Some("ann"), None));
    let begun = session.authentication.unwrap();
    assert!(begun.steps.is_some() && !format!("{begun:?}").contains("pencil"), "{begun:?}");
}

#[test]
fn the_identifier_is_filled_in_once_the_user_is_known() {
    let id = |line| parse(line).map(|options| options.session.client_id);
    assert_eq!(id("-b mqtt://ann@h -i registry/%u"), Ok("registry/ann".to_owned()));
    assert_eq!(id("-I %u- -u bob"), Ok(format!("bob-{}", std::process::id())));
    assert_eq!(id("-V 3.1").map(|id| id.len()), Ok("mqx-01234567".len()), "it must have one");
    assert!(id("-i 50%").unwrap_err().contains("stands for nothing"));
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    for (line, what) in [
        ("-c", "needs a client identifier"),
        ("-c -I dev-", "needs a client identifier"),
        ("-x never", "needs a client identifier"),
        ("-i a -I b", "cannot be used with"),
        ("--will-payload x", "--will-topic"),
        ("--will-topic w/#", "wildcard"),
        ("--will-topic w --will-user-property x", "name=value"),
        ("--will-topic w --will-correlation-data hex:0", "hexadecimal"),
        ("--will-topic w --will-file /no/such", "cannot read /no/such"),
        ("-x 1.5s", "whole seconds"),
        ("-x 60 -V 3.1.1", "--session-expiry-interval needs MQTT 5"),
        ("--will-topic w --will-delay 1 -V 4", "--will-delay-interval needs MQTT 5"),
        ("--content-type x -V 4", "--content-type needs MQTT 5"),
        ("--receive-maximum 0", "zero"),
        ("--authentication-data x", "--authentication-method"),
        ("-D publish nothing x", "publish has content-type"),
        ("-D subscribe subscription-identifier 1", "--subscription-identifier"),
        ("-D", "value is required"),
        ("--auth-method SCRAM-SHA-256 -u u", "needs a user name and a password"),
        ("--auth-method SCRAM-SHA-256 -u u -P p --engine rumqttc", "SCRAM-SHA-256"),
        ("-u u --jwt-key /no/such", "cannot read /no/such"),
        ("-u u --jwt-key k --jwt-alg HS256", "known are RS256 and ES256"),
        ("-u u --jwt-key k -P p", "cannot be used with"),
        ("-u u --jwt-aud x", "--jwt-key"),
        ("-u u --jwt-ttl 5m", "--jwt-key"),
        ("-u u --ask-password -P p", "cannot be used with"),
        ("--engine rumqttc --disconnect-reason x", "--disconnect-..."),
        ("--engine rumqttc --topic-alias-maximum 3", "--topic-alias-maximum"),
    ] {
        let said = parse(line).unwrap_err();
        assert!(said.contains(what), "{line}: {said}");
    }
}

use super::*;
use crate::look::Run;
use crate::mqtt::{PropertyBuf, Publish, PublishProperties, QoS, SubscriptionId, TopicAlias};
use std::num::NonZeroU16;

/// What `format` prints of `publish`.
fn printed(format: &str, publish: &Publish<'_>) -> String {
    let format: Format = format.parse().unwrap();
    let mut out = Vec::new();
    let run = Run::default();
    format.print(&Arrival::new(publish, false, &run), &mut out);
    String::from_utf8(out).unwrap()
}

fn plain() -> Publish<'static> {
    Publish { topic: "a/b", payload: b"hello", ..Publish::default() }
}

#[test]
fn every_conversion_of_a_message_with_everything() {
    let mut repeated = PropertyBuf::default();
    repeated.push_user("k", "v").unwrap();
    repeated.push_user("k2", "v2").unwrap();
    repeated.push_subscription_id(SubscriptionId::new(7).unwrap());
    repeated.push_subscription_id(SubscriptionId::new(8).unwrap());
    let message = Publish {
        qos: QoS::AtLeastOnce,
        retain: true,
        packet_id: NonZeroU16::new(9),
        properties: PublishProperties {
            payload_format_indicator: Some(true),
            message_expiry_interval: Some(60),
            topic_alias: NonZeroU16::new(3).map(TopicAlias),
            response_topic: Some("r/t"),
            correlation_data: Some(b"corr"),
            user_properties: repeated.user_properties(),
            subscription_identifiers: repeated.subscription_ids(),
            content_type: Some("text/plain"),
        },
        ..plain()
    };
    for (format, wanted) in [
        ("%%", "%"),
        ("%A", "3"),
        ("%C", "text/plain"),
        ("%D", "corr"),
        ("%E", "60"),
        ("%F", "1"),
        ("%l", "5"),
        ("%m", "9"),
        ("%P", "k:v k2:v2"),
        ("%p", "hello"),
        ("%q", "1"),
        ("%R", "r/t"),
        ("%r", "1"),
        ("%S", "7"),
        ("%t", "a/b"),
        ("%x", "68656c6c6f"),
        ("%X", "68656C6C6F"),
        ("%.2x", "68 65 6c 6c 6f"),
        ("%.4:x", "6865:6c6c:6f"),
        ("%05l|%-5l|%5l", "00005|5    |    5"),
        ("%10.4C|%-10.4C|%.2t", "      text|text      |a/"),
        ("%3p|%8p|%-8p|", "hel|   hello|hello   |"),
        ("%t=%p@@", "a/b=hello@"),
        (r"\\\0\a\e\n\r\t\v", "\\\0\x07\x1b\n\r\t\x0b"),
    ] {
        assert_eq!(printed(format, &message), wanted, "{format}");
    }
}

#[test]
fn what_a_message_lacks_is_blank_or_nothing() {
    for (format, wanted) in
        [("%A|%3E|%F|%S", "|   ||"), ("%C|%4C|%R|%D|%P", "|    |||"), ("%m", "0"), ("%r%q", "00")]
    {
        assert_eq!(printed(format, &plain()), wanted, "{format}");
    }
}

#[test]
fn numbers_in_the_payload_are_read_if_their_size_is_right() {
    let double = 1.5_f64.to_ne_bytes();
    let message = Publish { payload: &double, ..plain() };
    assert_eq!(printed("%d|%8.2d|%f", &message), "1.500000|    1.50|");
    let float = (-2.25_f32).to_ne_bytes();
    let message = Publish { payload: &float, ..plain() };
    assert_eq!(printed("%f|%.1f", &message), "-2.250000|-2.2");
}

#[test]
fn times_have_the_shape_of_their_conversion() {
    let digits = |text: &str| -> String {
        let shape = |character: char| {
            if character.is_ascii_digit() { '9' } else { character }
        };
        text.chars().map(shape).collect()
    };
    let iso = digits(&printed("%I", &plain())).replace('-', "+");
    assert_eq!(iso, "9999+99+99T99:99:99+9999");
    let unix = printed("%U", &plain());
    assert_eq!(unix.split_once('.').unwrap().1.len(), 9);
    assert_eq!(digits(&printed("@Y/@m/@d @H:@M:@S.@N", &plain())), "9999/99/99 99:99:99.999999999");
}

#[test]
fn what_is_no_format_is_named() {
    for (format, wanted) in [
        ("%z", "%z is not a conversion"),
        ("%", "% at the end is not a conversion"),
        ("%10", "% at the end is not a conversion"),
        ("@", "@ at the end is not a conversion"),
        ("@!", "@! is not a conversion of strftime"),
        ("\\", "\\ at the end is not an escape"),
        ("\\q", "\\q is not an escape"),
        ("%99999p", "a width is above 10000"),
    ] {
        let error = format.parse::<Format>().unwrap_err();
        assert_eq!(error.to_string(), wanted, "{format}");
    }
}

#[test]
fn a_precision_does_not_break_a_character() {
    let message = Publish { topic: "aé/x", ..plain() };
    assert_eq!(printed("%.2t|%.3t", &message), "a|aé");
}

#[test]
fn json_has_the_keys_of_mosquitto_in_their_order() {
    let mut repeated = PropertyBuf::default();
    repeated.push_user("k", "v\"").unwrap();
    let message = Publish {
        qos: QoS::AtLeastOnce,
        packet_id: NonZeroU16::new(1),
        payload: b"{\"a\":\n1}",
        properties: PublishProperties {
            content_type: Some("json"),
            user_properties: repeated.user_properties(),
            ..PublishProperties::default()
        },
        ..plain()
    };
    let head = r#""topic":"a/b","qos":1,"retain":false,"payloadlen":8,"mid":1,"properties":{"content-type":"json","user-properties":[{"k":"v\""}]},"payload":"#;
    let text = printed("%j", &message);
    assert!(text.starts_with(r#"{"tst":""#), "{text}");
    assert!(text.ends_with(&format!(r#"{head}"{{\"a\":\n1}}"}}"#)), "{text}");
    let spliced = printed("%J", &message);
    assert!(spliced.ends_with(&format!(r#"{head}{{"a": 1}}}}"#)), "{spliced}");
    assert_eq!(printed("%J", &plain()), "", "hello is not JSON");
}

#[test]
fn the_json_of_mqx_loses_no_byte() {
    let json = |payload: &'static [u8]| {
        let message = Publish { payload, ..plain() };
        let mut out = Vec::new();
        let run = Run::default();
        json::put(&Arrival::new(&message, false, &run), Dialect::Mqx, &mut out);
        serde_json::from_slice::<serde_json::Value>(&out).unwrap()
    };
    assert_eq!(json(b"a\0b")["payload"], "a\0b");
    assert!(json(b"a\0b").get("payload_b64").is_none());
    assert!(json(b"\xff\0")["payload"].is_null());
    assert_eq!(json(b"\xff\0")["payload_b64"], "/wA=");
    assert_eq!(json(b"")["payloadlen"], 0);
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_a_format_or_an_error_and_prints(text in "[%@\\\\a-zA-Z0-9. {}:-]{0,20}") {
            if let Ok(format) = text.parse::<Format>() {
                let mut out = Vec::new();
                let run = Run::default();
                format.print(&Arrival::new(&plain(), true, &run), &mut out);
            }
        }
    }
}

#[test]
fn long_names_say_what_letters_cannot() {
    let mut pairs = PropertyBuf::default();
    pairs.push_user("k", "v").unwrap();
    pairs.push_subscription_id(SubscriptionId::new(7).unwrap());
    pairs.push_subscription_id(SubscriptionId::new(8).unwrap());
    let properties = PublishProperties {
        user_properties: pairs.user_properties(),
        subscription_identifiers: pairs.subscription_ids(),
        ..PublishProperties::default()
    };
    let payload = br#"{"a":{"b":[1,"x"]},"n":null}"#;
    let message = Publish { payload, properties, dup: true, ..plain() };
    for (format, wanted) in [
        ("%{topic}|%{topic:2}|%{topic:3}|", "a/b|b||"),
        ("%{user:k}|%{user:none}|", "v||"),
        ("%{json:.a.b[1]} %{json:.a.b} %{json:.n} %{json:.x}|", "x [1,\"x\"] null |"),
        ("%{qos}%{retain}%{dup}", "001"),
        ("%{subscription-identifiers}", "7,8"),
        ("%-5{topic}|%5{topic}|%.1{topic}", "a/b  |  a/b|a"),
        (
            "%.2{x}",
            "7b{22{61{22{3a{7b{22{62{22{3a{5b{31{2c{22{78{22{5d{7d{2c{22{6e{22{3a{6e{75{6c{6c{7d}",
        ),
        ("%{number}", "0"),
    ] {
        assert_eq!(printed(format, &message), wanted, "{format}");
    }
    assert_eq!(printed("%{b64}", &plain()), "aGVsbG8=");
}

#[test]
fn times_have_forms() {
    for (format, wanted) in [
        ("%{time:utcns}", "NNNN-NN-NNTNN:NN:NN.NNNNNNNNNZ"),
        ("%{time:utc}", "NNNN-NN-NNTNN:NN:NNZ"),
        ("%{time:unixms}", "NNNNNNNNNNNNN"),
        ("%{time:%H:%M}", "NN:NN"),
        ("%{elapsed} %.3{delta}", "N.NNNNNN N.NNN"),
    ] {
        let text = printed(format, &plain());
        let shape: String =
            text.chars().map(|one| if one.is_ascii_digit() { 'N' } else { one }).collect();
        assert_eq!(shape, wanted, "{format}");
    }
}

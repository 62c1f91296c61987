//! A message as a line of JSON, read.

use super::map::TopicMap;
use super::pairs::Pairs;
use crate::mqtt::topic::TopicName;
use crate::mqtt::{Message, PropertyBuf, Publish, PublishProperties, QoS};
use crate::text_or_base64;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::time::Duration;

/// What a line says of a message. What else stands in it was said of its way
/// to the subscriber, and is passed over.
#[derive(Debug, Deserialize)]
pub struct Line<'a> {
    #[serde(borrow)]
    topic: Option<Cow<'a, str>>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    #[serde(borrow)]
    payload_b64: Option<Cow<'a, str>>,
    qos: Option<u8>,
    retain: Option<Flag>,
    #[serde(borrow)]
    properties: Option<Properties<'a>>,
    mono: Option<f64>,
    #[serde(borrow)]
    ts: Option<Cow<'a, str>>,
}

/// A boolean; mosquitto 2.0 has 0 and 1.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Number(u8),
}

impl Flag {
    const fn is_set(self) -> bool {
        matches!(self, Self::Bool(true) | Self::Number(1..))
    }
}

/// Properties by the names of mosquitto.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Properties<'a> {
    payload_format_indicator: Option<Flag>,
    message_expiry_interval: Option<u32>,
    #[serde(borrow)]
    content_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    response_topic: Option<Cow<'a, str>>,
    #[serde(borrow)]
    correlation_data: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "correlation-data_b64")]
    correlation_data_b64: Option<Cow<'a, str>>,
    #[serde(default, rename = "user-properties")]
    named: Pairs,
    #[serde(rename = "subscription-identifier")]
    _subscription_identifier: Option<serde::de::IgnoredAny>,
    #[serde(rename = "topic-alias")]
    _topic_alias: Option<serde::de::IgnoredAny>,
}

impl<'a> Line<'a> {
    /// What `line` says.
    ///
    /// # Errors
    /// In words, when it is not an object or a member is not what it should be.
    pub fn read(line: &'a [u8]) -> Result<Self, String> {
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err("it is not a JSON object".to_owned());
        }
        serde_json::from_slice(line).map_err(|cause| cause.to_string())
    }

    /// When the message came, since a time that is the same for all lines.
    #[must_use]
    pub fn time(&self) -> Option<Duration> {
        if let Some(mono) = self.mono {
            return Duration::try_from_secs_f64(mono).ok();
        }
        let time: Timestamp = self.ts.as_ref()?.parse().ok()?;
        time.duration_since(Timestamp::UNIX_EPOCH).try_into().ok()
    }

    /// Gives the topic its other name, by each of `maps` in turn.
    pub fn rename(&mut self, maps: &[TopicMap]) {
        for map in maps {
            self.topic = self.topic.take().map(|topic| map.apply(&topic).into());
        }
    }

    /// The message; what the line does not say is as in `default`, where an
    /// empty topic is none.
    ///
    /// # Errors
    /// In words, when there is no such message.
    pub fn message(&self, default: &Publish<'_>) -> Result<Message, String> {
        let topic = self.topic.as_deref().unwrap_or(default.topic);
        if self.topic.is_none() && topic.is_empty() {
            return Err("the topic is missing".to_owned());
        }
        topic.parse::<TopicName>().map_err(|wrong| wrong.to_string())?;
        let qos = self.qos.map_or(Some(default.qos), QoS::from_u8);
        let payload = self.payload()?;
        let publish = Publish {
            topic,
            qos: qos.ok_or("qos is not 0, 1 or 2")?,
            retain: self.retain.map_or(default.retain, Flag::is_set),
            payload: payload.as_deref().unwrap_or_default(),
            ..*default
        };
        match &self.properties {
            Some(properties) => properties.put_into(publish),
            None => Message::new(&publish).map_err(|wrong| wrong.to_string()),
        }
    }

    /// The payload; one that is JSON but no string is published as it stands.
    fn payload(&self) -> Result<Option<Cow<'_, [u8]>>, String> {
        let encoded = self.payload_b64.as_deref();
        let text: Option<Cow<'_, str>> = match self.payload.map(RawValue::get) {
            Some(json) if json.starts_with('"') => Some(
                serde_json::from_str::<String>(json).map_err(|cause| cause.to_string())?.into(),
            ),
            Some("null") | None => None,
            Some(json) => Some(json.into()),
        };
        let payload = text_or_base64::read("payload", text.as_deref(), encoded)?;
        Ok(payload.map(|payload| payload.into_owned().into()))
    }
}

impl Properties<'_> {
    /// The message that `publish` is with these properties.
    fn put_into(&self, publish: Publish<'_>) -> Result<Message, String> {
        let encoded = self.correlation_data_b64.as_deref();
        let data = self.correlation_data.as_deref();
        let data = text_or_base64::read("correlation-data", data, encoded)?;
        let mut user_properties = PropertyBuf::default();
        for (name, value) in &self.named.0 {
            user_properties.push_user(name, value).map_err(|wrong| wrong.to_string())?;
        }
        let properties = PublishProperties {
            payload_format_indicator: self.payload_format_indicator.map(Flag::is_set),
            message_expiry_interval: self.message_expiry_interval,
            content_type: self.content_type.as_deref(),
            response_topic: self.response_topic.as_deref(),
            correlation_data: data.as_deref(),
            user_properties: user_properties.user_properties(),
            ..PublishProperties::default()
        };
        Message::new(&Publish { properties, ..publish }).map_err(|wrong| wrong.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(line: &str) -> Result<Message, String> {
        Line::read(line.as_bytes())?.message(&Publish::default())
    }

    #[test]
    fn every_member_reaches_the_message_and_strange_ones_are_passed_over() {
        let line = r#"{"tst":"x","topic":"a/b","qos":1,"retain":true,"payloadlen":2,"mid":7,
            "properties":{"payload-format-indicator":1,"message-expiry-interval":9,
            "content-type":"t","response-topic":"r","correlation-data_b64":"/w==",
            "subscription-identifier":[1,2],"topic-alias":3,
            "user-properties":[{"k":"v"},{"k":"w"}]},"payload":null,"payload_b64":"/wA="}"#;
        let message = message(line).unwrap();
        assert_eq!((message.topic(), message.payload()), ("a/b", &[255, 0][..]));
        assert_eq!((message.qos, message.retain), (QoS::AtLeastOnce, true));
        let properties = message.properties();
        assert_eq!(properties.payload_format_indicator, Some(true));
        assert_eq!(properties.message_expiry_interval, Some(9));
        assert_eq!((properties.content_type, properties.response_topic), (Some("t"), Some("r")));
        assert_eq!(properties.correlation_data, Some(&[255][..]));
        let pairs: Vec<_> = properties.user_properties.iter().collect();
        assert_eq!(pairs, [("k", "v"), ("k", "w")]);
    }

    #[test]
    fn lines_of_mosquitto_can_be_read() {
        let line = r#"{"topic":"a","retain":1,"payload":{"x": [1]},
            "properties":{"user-properties":{"k":"v","k":"w"}}}"#;
        let message = message(line).unwrap();
        assert_eq!((message.retain, message.payload()), (true, &br#"{"x": [1]}"#[..]));
        assert_eq!(message.properties().user_properties.iter().count(), 2);
    }

    #[test]
    fn what_a_line_does_not_say_is_what_the_options_say() {
        let default =
            Publish { topic: "t", qos: QoS::ExactlyOnce, retain: true, ..Publish::default() };
        let message = Line::read(b" {}").unwrap().message(&default).unwrap();
        assert_eq!((message.topic(), message.qos, message.retain), ("t", QoS::ExactlyOnce, true));
        assert!(message.payload().is_empty());
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        for (line, wanted) in [
            ("", "not a JSON object"),
            ("[]", "not a JSON object"),
            ("{", "EOF"),
            ("{}", "topic is missing"),
            (r#"{"topic":"a/#"}"#, "wildcard"),
            (r#"{"topic":"a\u0000b"}"#, "U+0000"),
            (r#"{"topic":"a","qos":3}"#, "0, 1 or 2"),
            (r#"{"topic":"a","payload":"x","payload_b64":""}"#, "both"),
            (r#"{"topic":"a","payload_b64":"?"}"#, "payload_b64"),
            (r#"{"topic":"a","retain":"yes"}"#, "Flag"),
            (r#"{"topic":"a","properties":{"contenttype":"x"}}"#, "contenttype"),
            (r#"{"topic":"a","properties":{"user-properties":["x"]}}"#, "object"),
        ] {
            let error = message(line).unwrap_err();
            assert!(error.contains(wanted), "{line}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange_to_be_read_or_refused(line in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Line::read(&line).map(|line| line.message(&Publish::default()));
        }
    }
}

//! A message as a line of JSON, written, with the keys of `mosquitto_sub` first.

use super::object::Object;
use super::{HEADER, MONO, VERSION};
use crate::mqtt::{PropertyValue, Publish, PublishProperties};
use crate::text_or_base64::TextOrBase64;
use jiff::Zoned;
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::time::Duration;

/// What the JSON is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `%j` of `mosquitto_sub`: the payload as a string.
    Text,
    /// `%J` of it: the payload is itself JSON.
    Spliced,
    /// `-J`: the payload as a string, or in Base64 when it is not one, and
    /// everything else that is known.
    Mqx,
}

/// A message and how it came.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The message.
    pub publish: &'a Publish<'a>,
    /// When it came.
    pub time: &'a Zoned,
    /// What the payload says, as JSON, when it was decoded.
    pub decoded: Option<Cow<'a, [u8]>>,
    /// The time since the recording began, in a recording.
    pub mono: Option<Duration>,
}

impl Entry<'_> {
    /// The message as one line, without a line feed; `None` when the dialect
    /// cannot say it.
    #[must_use]
    pub fn line(&self, dialect: Dialect) -> Option<Vec<u8>> {
        let payload = self.publish.payload;
        let is_json = || serde_json::from_slice::<IgnoredAny>(payload).is_ok();
        if dialect == Dialect::Spliced && !is_json() {
            return None;
        }
        let mut line = Object::default();
        self.put_head(&mut line);
        match dialect {
            Dialect::Spliced => line.splice("payload", payload),
            Dialect::Text => line.put("payload", &lossy(payload)),
            Dialect::Mqx => self.put_tail(&mut line),
        }
        Some(line.end())
    }

    fn put_head(&self, line: &mut Object) {
        let publish = self.publish;
        line.put("tst", &self.time.strftime("%Y-%m-%dT%H:%M:%S.%6f%z").to_string());
        line.put("topic", publish.topic);
        line.put("qos", &(publish.qos as u8));
        line.put("retain", &publish.retain);
        line.put("payloadlen", &publish.payload.len());
        if let Some(id) = publish.packet_id {
            line.put("mid", &id.get());
        }
        if let Some(properties) = properties(&publish.properties) {
            line.splice("properties", &properties);
        }
    }

    fn put_tail(&self, line: &mut Object) {
        let payload = TextOrBase64::of(self.publish.payload);
        match &payload {
            TextOrBase64::Text("") => line.put("payload", &None::<&str>),
            TextOrBase64::Text(text) => line.put("payload", text),
            TextOrBase64::Base64(encoded) => {
                line.put("payload", &None::<&str>);
                line.put(&payload.member("payload"), encoded);
            }
        }
        if let Some(decoded) = &self.decoded {
            line.splice("decoded", decoded);
        }
        line.put("ts", &self.time.timestamp().to_string());
        line.put("dup", &self.publish.dup);
        if let Some(mono) = self.mono {
            let seconds = format!("{}.{:09}", mono.as_secs(), mono.subsec_nanos());
            line.splice(MONO, seconds.as_bytes());
        }
    }
}

/// The first line of a recording that begins at `time`, without a line feed.
#[must_use]
pub fn header(time: &Zoned) -> Vec<u8> {
    let mut line = Object::default();
    line.put(HEADER, &VERSION);
    line.put("mqx", env!("CARGO_PKG_VERSION"));
    line.put("ts", &time.timestamp().to_string());
    line.end()
}

fn lossy(payload: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(payload);
    (!payload.is_empty()).then(|| text.into_owned())
}

/// The properties as an object of JSON, by their names; `None` if there are
/// none. What may repeat is gathered.
#[must_use]
pub fn properties(properties: &PublishProperties<'_>) -> Option<Vec<u8>> {
    let mut object = Object::default();
    let mut ids = Vec::new();
    let mut pairs = Vec::new();
    properties.visit(&mut |name, value| match value {
        PropertyValue::Number(id) if name == SUBSCRIPTION_ID => ids.push(id),
        PropertyValue::Number(number) => object.put(name, &number),
        PropertyValue::Text(text) => object.put(name, text),
        PropertyValue::Binary(bytes) => {
            let bytes = TextOrBase64::of(bytes);
            object.put(&bytes.member(name), bytes.value());
        }
        PropertyValue::Pair(name, value) => pairs.push((name, value)),
    });
    match ids.as_slice() {
        [] => {}
        [id] => object.put(SUBSCRIPTION_ID, id),
        ids => object.put(SUBSCRIPTION_ID, ids),
    }
    if !pairs.is_empty() {
        object.splice("user-properties", &list(&pairs));
    }
    (!object.is_empty()).then(|| object.end())
}

const SUBSCRIPTION_ID: &str = "subscription-identifier";

/// An object for each pair, for names may repeat.
fn list(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut list = vec![b'['];
    for (place, (name, value)) in pairs.iter().enumerate() {
        if place > 0 {
            list.push(b',');
        }
        let mut pair = Object::default();
        pair.put(name, value);
        list.append(&mut pair.end());
    }
    list.push(b']');
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Line;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            payload in prop::collection::vec(any::<u8>(), 0..40),
            data in prop::collection::vec(any::<u8>(), 0..10),
            content_type in "\\PC{0,10}",
            retain: bool,
        ) {
            let properties = PublishProperties {
                correlation_data: Some(&data),
                content_type: Some(&content_type),
                message_expiry_interval: Some(7),
                ..PublishProperties::default()
            };
            let publish = Publish { topic: "a/b", payload: &payload, retain, properties, ..Publish::default() };
            let time = Zoned::now();
            let mono = Some(Duration::from_nanos(1_000_000_001));
            let line = Entry { publish: &publish, time: &time, decoded: None, mono }.line(Dialect::Mqx);
            let line = line.unwrap();
            let has_mono = line.ends_with(br#""mono":1.000000001}"#);
            prop_assert!(has_mono);
            let again = Line::read(&line).unwrap().message(&Publish::default()).unwrap();
            prop_assert_eq!(again.publish(None, false), publish);
        }
    }
}

//! A message as one line of JSON, with the keys of `mosquitto_sub` first.

use super::format::strftime;
use super::look::Arrival;
use crate::mqtt::{Publish, PublishProperties, SubscriptionId};
use crate::output;
use crate::text_or_base64::TextOrBase64;
use serde::Serialize;
use serde::de::IgnoredAny;

/// What the JSON is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `%j`: the payload as a string.
    Text,
    /// `%J`: the payload is itself JSON.
    Spliced,
    /// `-J`: the payload as a string, or in Base64 when it is not one, and
    /// everything else that is known.
    Mqx,
}

/// Appends the message, or nothing but a warning on stderr when the dialect
/// cannot say it.
pub(super) fn put(arrival: &Arrival<'_>, dialect: Dialect, out: &mut Vec<u8>) {
    let publish = arrival.publish;
    let is_json = || serde_json::from_slice::<IgnoredAny>(publish.payload).is_ok();
    if dialect == Dialect::Spliced && !is_json() {
        let topic = output::escape(publish.topic);
        output::warn(format!("the payload of a message on {topic} is not JSON"));
        return;
    }
    let mut line = Object::default();
    put_head(&mut line, arrival);
    match dialect {
        Dialect::Spliced => line.splice("payload", publish.payload),
        Dialect::Text => line.put("payload", &lossy(publish.payload)),
        Dialect::Mqx => put_tail(&mut line, arrival),
    }
    let line = line.end();
    if arrival.terminal {
        arrival.text(&line).put(out);
    } else {
        out.extend_from_slice(&line);
    }
}

fn put_head(line: &mut Object, arrival: &Arrival<'_>) {
    let publish = arrival.publish;
    let time = strftime("%Y-%m-%dT%H:%M:%S.%6f%z", arrival.time());
    line.put("tst", &time.unwrap_or_default());
    line.put("topic", &publish.topic);
    line.put("qos", &(publish.qos as u8));
    line.put("retain", &publish.retain);
    line.put("payloadlen", &publish.payload.len());
    if let Some(id) = publish.packet_id {
        line.put("mid", &id.get());
    }
    let properties = properties(&publish.properties);
    if !properties.is_empty() {
        line.splice("properties", &properties.end());
    }
}

fn put_tail(line: &mut Object, arrival: &Arrival<'_>) {
    let publish: &Publish<'_> = arrival.publish;
    let payload = TextOrBase64::of(publish.payload);
    match &payload {
        TextOrBase64::Text("") => line.put("payload", &None::<&str>),
        TextOrBase64::Text(text) => line.put("payload", text),
        TextOrBase64::Base64(encoded) => {
            line.put("payload", &None::<&str>);
            line.put(&payload.member("payload"), encoded);
        }
    }
    line.put("ts", &arrival.time().timestamp().to_string());
    line.put("dup", &publish.dup);
}

fn lossy(payload: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(payload);
    (!payload.is_empty()).then(|| text.into_owned())
}

fn properties(properties: &PublishProperties<'_>) -> Object {
    let mut object = Object::default();
    let indicator = properties.payload_format_indicator.map(u8::from);
    object.put_some("payload-format-indicator", indicator.as_ref());
    let expiry = properties.message_expiry_interval;
    object.put_some("message-expiry-interval", expiry.as_ref());
    object.put_some("content-type", properties.content_type.as_ref());
    object.put_some("response-topic", properties.response_topic.as_ref());
    put_correlation_data(&mut object, properties.correlation_data);
    let ids = properties.subscription_identifiers.iter();
    let ids: Vec<u32> = ids.map(SubscriptionId::value).collect();
    match ids.as_slice() {
        [] => {}
        [id] => object.put("subscription-identifier", id),
        ids => object.put("subscription-identifier", ids),
    }
    let alias = properties.topic_alias.map(|alias| alias.0.get());
    object.put_some("topic-alias", alias.as_ref());
    if !properties.user_properties.is_empty() {
        let pairs = properties.user_properties.iter();
        let pairs: Vec<_> = pairs.map(|(name, value)| Object::pair(name, value)).collect();
        object.splice("user-properties", format!("[{}]", pairs.join(",")).as_bytes());
    }
    object
}

fn put_correlation_data(object: &mut Object, data: Option<&[u8]>) {
    let Some(data) = data else { return };
    let data = TextOrBase64::of(data);
    object.put(&data.member("correlation-data"), data.value());
}

/// A JSON object on one line, its members in the order they are put.
#[derive(Debug, Default)]
struct Object(Vec<u8>);

impl Object {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn key(&mut self, key: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        self.value(key);
        self.0.push(b':');
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) {
        // Strings, numbers, booleans and lists of them always have a JSON
        // form, and a vector takes all bytes.
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    fn put(&mut self, key: &str, value: &(impl Serialize + ?Sized)) {
        self.key(key);
        self.value(value);
    }

    fn put_some(&mut self, key: &str, value: Option<&impl Serialize>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// A member whose value is JSON already. Line feeds can only stand between
    /// its tokens, where a blank does as well.
    fn splice(&mut self, key: &str, json: &[u8]) {
        self.key(key);
        let on_one_line = |byte: &u8| match byte {
            b'\n' | b'\r' => b' ',
            other => *other,
        };
        self.0.extend(json.iter().map(on_one_line));
    }

    fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    fn pair(name: &str, value: &str) -> String {
        let mut object = Self::default();
        object.put(name, value);
        String::from_utf8(object.end()).unwrap_or_default()
    }
}

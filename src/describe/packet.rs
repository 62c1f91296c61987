//! Packets as named values.

use super::{Record, Value};
use crate::mqtt::{Connect, Packet, PacketId, PropertyValue, Publish, ReasonCode, Subscribe, Will};
use crate::text_or_base64::TextOrBase64;

/// How many bytes of a payload are shown.
#[derive(Debug, Clone, Copy)]
pub struct Preview(pub usize);

impl Preview {
    /// What a packet says, under the names that `mqx sub -J` uses. Of a password and of
    /// the data of enhanced authentication only that they are there.
    #[must_use]
    pub fn describe(self, packet: &Packet<'_>) -> Record {
        let mut said = Record::default();
        match packet {
            Packet::Connect(connect) => self.put_connect(&mut said, connect),
            Packet::ConnAck(connack) => {
                put_reason(&mut said, connack.reason);
                said.put("session-present", connack.session_present);
                put_properties(&mut said, |visit| connack.properties.visit(visit));
            }
            Packet::Publish(publish) => self.put_publish(&mut said, publish),
            Packet::Ack(ack) => {
                put_id(&mut said, ack.packet_id);
                put_reason(&mut said, ack.reason);
                put_properties(&mut said, |visit| ack.properties.visit(visit));
            }
            Packet::Subscribe(subscribe) => put_subscribe(&mut said, subscribe),
            Packet::SubAck(suback) => {
                put_id(&mut said, suback.packet_id);
                said.put("reasons", reasons(&suback.reasons));
                put_properties(&mut said, |visit| suback.properties.visit(visit));
            }
            Packet::Unsubscribe(unsubscribe) => {
                put_id(&mut said, unsubscribe.packet_id);
                let filters = unsubscribe.filters.iter().map(|filter| Value::from(*filter));
                said.put("filters", Value::List(filters.collect()));
                put_properties(&mut said, |visit| unsubscribe.properties.visit(visit));
            }
            Packet::UnsubAck(unsuback) => {
                put_id(&mut said, unsuback.packet_id);
                said.put("reasons", reasons(&unsuback.reasons));
                put_properties(&mut said, |visit| unsuback.properties.visit(visit));
            }
            Packet::PingReq | Packet::PingResp => {}
            Packet::Disconnect(disconnect) => {
                put_reason(&mut said, disconnect.reason);
                put_properties(&mut said, |visit| disconnect.properties.visit(visit));
            }
            Packet::Auth(auth) => {
                put_reason(&mut said, auth.reason);
                put_properties(&mut said, |visit| auth.properties.visit(visit));
            }
        }
        said
    }

    fn put_connect(self, said: &mut Record, connect: &Connect<'_>) {
        said.put("version", connect.version.to_string());
        said.put("clean-start", connect.clean_start);
        said.put("keep-alive", u64::from(connect.keep_alive));
        said.put("client-id", connect.client_id);
        said.put_some("username", connect.username);
        said.put_if("password", connect.password.is_some());
        if let Some(will) = &connect.will {
            said.put("will", Value::Map(self.will(will)));
        }
        put_properties(said, |visit| connect.properties.visit(visit));
    }

    fn will(self, will: &Will<'_>) -> Record {
        let mut said = Record::default();
        said.put("topic", will.topic);
        said.put("qos", will.qos as u64);
        said.put("retain", will.retain);
        put_properties(&mut said, |visit| will.properties.visit(visit));
        self.put_payload(&mut said, will.payload);
        said
    }

    fn put_publish(self, said: &mut Record, publish: &Publish<'_>) {
        said.put("topic", publish.topic);
        said.put("qos", publish.qos as u64);
        said.put("retain", publish.retain);
        said.put("dup", publish.dup);
        if let Some(id) = publish.packet_id {
            put_id(said, id);
        }
        put_properties(said, |visit| publish.properties.visit(visit));
        self.put_payload(said, publish.payload);
    }

    /// The length of a payload and its beginning: as text, or in Base64 when
    /// it is not text.
    fn put_payload(self, said: &mut Record, payload: &[u8]) {
        said.put("payloadlen", payload.len() as u64);
        let shown = match payload.get(..self.0) {
            Some(cut) if cut.len() < payload.len() => without_half_character(cut),
            _ => payload,
        };
        if !shown.is_empty() {
            put_bytes(said, "payload", shown);
        }
    }
}

fn put_subscribe(said: &mut Record, subscribe: &Subscribe<'_>) {
    put_id(said, subscribe.packet_id);
    let requests = subscribe.requests.iter().map(|request| {
        let options = request.options;
        let mut said = Record::default();
        said.put("filter", request.filter);
        said.put("qos", options.qos as u64);
        said.put_if("no-local", options.no_local);
        said.put_if("retain-as-published", options.retain_as_published);
        said.put("retain-handling", options.retain_handling as u64);
        Value::Map(said)
    });
    said.put("subscriptions", Value::List(requests.collect()));
    put_properties(said, |visit| subscribe.properties.visit(visit));
}

fn put_id(said: &mut Record, id: PacketId) {
    said.put("mid", u64::from(id.get()));
}

fn put_reason(said: &mut Record, reason: ReasonCode) {
    said.put("reason", reason.to_string());
}

fn reasons(reasons: &[ReasonCode]) -> Value {
    Value::List(reasons.iter().map(|reason| Value::from(reason.to_string())).collect())
}

/// The property whose value may let others in.
const SECRET: &str = "authentication-data";

/// Puts the properties that `walk` visits; user properties in one list.
fn put_properties(
    said: &mut Record,
    walk: impl FnOnce(&mut dyn FnMut(&'static str, PropertyValue<'_>)),
) {
    let mut properties = Record::default();
    let mut pairs = Vec::new();
    walk(&mut |name, value| match value {
        PropertyValue::Number(number) => properties.put(name, u64::from(number)),
        PropertyValue::Text(text) => properties.put(name, text),
        PropertyValue::Binary(_) if name == SECRET => properties.put(name, true),
        PropertyValue::Binary(bytes) => put_bytes(&mut properties, name, bytes),
        PropertyValue::Pair(key, value) => {
            pairs.push(Value::Pair(key.to_owned(), value.to_owned()));
        }
    });
    if !pairs.is_empty() {
        properties.put("user-properties", Value::List(pairs));
    }
    if !properties.is_empty() {
        said.put("properties", Value::Map(properties));
    }
}

fn put_bytes(said: &mut Record, name: &'static str, bytes: &[u8]) {
    let bytes = TextOrBase64::of(bytes);
    said.put(bytes.member(name), bytes.value());
}

/// The beginning of a text without the character that the cut went through.
fn without_half_character(cut: &[u8]) -> &[u8] {
    match std::str::from_utf8(cut) {
        Err(error) if error.error_len().is_none() => cut.get(..error.valid_up_to()).unwrap_or(cut),
        _ => cut,
    }
}

//! Sparkplug B: strictly by topic, with the names that aliases stand for and
//! the gaps in the sequence.

use super::Decoded;
use crate::text_or_base64::TextOrBase64;
use prost::Message;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The kinds of messages whose payload is a Sparkplug payload.
const KINDS: [&str; 8] = ["NBIRTH", "NDEATH", "NDATA", "NCMD", "DBIRTH", "DDEATH", "DDATA", "DCMD"];

/// Nodes and devices that are remembered; more are decoded without names.
const MAX_PLACES: usize = 10_000;

/// Aliases that are remembered of each.
const MAX_ALIASES: usize = 10_000;

/// Where a message comes from: `spBv1.0/GROUP/KIND/NODE[/DEVICE]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address<'a> {
    kind: &'a str,
    /// The topic without the kind, in two parts: the group, and what follows.
    group: &'a str,
    node: &'a str,
    device: Option<&'a str>,
}

impl<'a> Address<'a> {
    /// The address in a topic; `None` when it is not one of Sparkplug.
    pub(super) fn read(topic: &'a str) -> Option<Self> {
        let mut levels = topic.strip_prefix("spBv1.0/")?.split('/');
        let (group, kind, node) = (levels.next()?, levels.next()?, levels.next()?);
        let device = levels.next();
        let fits = KINDS.contains(&kind) && kind.starts_with('D') == device.is_some();
        (fits && levels.next().is_none()).then_some(Self { kind, group, node, device })
    }

    fn node(&self) -> (String, String) {
        (self.group.to_owned(), self.node.to_owned())
    }

    fn place(&self) -> (String, String, Option<String>) {
        (self.group.to_owned(), self.node.to_owned(), self.device.map(str::to_owned))
    }
}

/// What was learnt from the messages so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Sparkplug {
    names: HashMap<(String, String, Option<String>), HashMap<u64, String>>,
    /// The sequence number that comes next, by node.
    next: HashMap<(String, String), u64>,
}

#[derive(Clone, PartialEq, Message)]
struct Payload {
    #[prost(uint64, optional, tag = "1")]
    timestamp: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
    #[prost(uint64, optional, tag = "3")]
    seq: Option<u64>,
    #[prost(string, optional, tag = "4")]
    uuid: Option<String>,
    #[prost(bytes = "vec", optional, tag = "5")]
    body: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    alias: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    datatype: Option<u32>,
    #[prost(bool, optional, tag = "5")]
    is_historical: Option<bool>,
    #[prost(bool, optional, tag = "6")]
    is_transient: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    is_null: Option<bool>,
    /// Only those values that a number, a text or bytes can say.
    #[prost(oneof = "Given", tags = "10, 11, 12, 13, 14, 15, 16")]
    value: Option<Given>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Given {
    #[prost(uint32, tag = "10")]
    Int(u32),
    #[prost(uint64, tag = "11")]
    Long(u64),
    #[prost(float, tag = "12")]
    Float(f32),
    #[prost(double, tag = "13")]
    Double(f64),
    #[prost(bool, tag = "14")]
    Boolean(bool),
    #[prost(string, tag = "15")]
    String(String),
    #[prost(bytes = "vec", tag = "16")]
    Bytes(Vec<u8>),
}

/// The names of the data types, from 1 on.
const TYPES: [&str; 20] = [
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "Float",
    "Double",
    "Boolean",
    "String",
    "DateTime",
    "Text",
    "UUID",
    "DataSet",
    "Bytes",
    "File",
    "Template",
    "PropertySet",
];

impl Sparkplug {
    /// The message, as JSON with the names of the metrics.
    pub(super) fn decode(
        &mut self,
        address: &Address<'_>,
        payload: &[u8],
    ) -> Result<Decoded, String> {
        let payload = Payload::decode(payload).map_err(|cause| cause.to_string())?;
        if address.kind.ends_with("BIRTH") {
            self.learn(address, &payload);
        }
        let mut object = Map::new();
        put(&mut object, "timestamp", payload.timestamp);
        put(&mut object, "seq", payload.seq);
        put(&mut object, "lost", self.lost(address, payload.seq));
        put(&mut object, "uuid", payload.uuid);
        put(&mut object, "body", payload.body.map(|bytes| in_base64(&bytes)));
        let names = self.names.get(&address.place());
        let metrics = payload.metrics.into_iter().map(|metric| metric.json(names));
        object.insert("metrics".to_owned(), metrics.collect());
        Ok(Decoded::json(&object.into()))
    }

    /// Takes the names from a birth certificate.
    fn learn(&mut self, address: &Address<'_>, payload: &Payload) {
        let place = address.place();
        if self.names.len() >= MAX_PLACES && !self.names.contains_key(&place) {
            return;
        }
        let named = payload.metrics.iter();
        let named = named.filter_map(|metric| Some((metric.alias?, metric.name.clone()?)));
        self.names.insert(place, named.take(MAX_ALIASES).collect());
    }

    /// How many messages of the node are missing before this one, if any.
    fn lost(&mut self, address: &Address<'_>, seq: Option<u64>) -> Option<u64> {
        // A death certificate and a command are not part of the sequence.
        if address.kind == "NDEATH" || address.kind.ends_with("CMD") {
            return None;
        }
        let seq = seq?;
        let node = address.node();
        if self.next.len() >= MAX_PLACES && !self.next.contains_key(&node) {
            return None;
        }
        let expected = self.next.insert(node, seq.wrapping_add(1) % 256);
        let expected = expected.filter(|_| address.kind != "NBIRTH")?;
        Some(seq.wrapping_sub(expected) % 256).filter(|lost| *lost > 0)
    }
}

impl Metric {
    fn json(self, names: Option<&HashMap<u64, String>>) -> Value {
        let learnt = || names?.get(&self.alias?).cloned();
        let name = self.name.clone().or_else(learnt);
        let datatype = self.datatype.unwrap_or_default();
        let mut object = Map::new();
        put(&mut object, "name", name);
        put(&mut object, "alias", self.alias);
        put(&mut object, "timestamp", self.timestamp);
        let known = (datatype as usize).checked_sub(1).and_then(|place| TYPES.get(place));
        put(&mut object, "dataType", known.copied());
        put(&mut object, "isHistorical", self.is_historical);
        put(&mut object, "isTransient", self.is_transient);
        let value = match self.is_null {
            Some(true) => None,
            _ => self.value.map(|value| value.json(datatype)),
        };
        object.insert("value".to_owned(), value.unwrap_or_default());
        object.into()
    }
}

impl Given {
    /// The value; signed integers are sent as unsigned ones of their size.
    fn json(self, datatype: u32) -> Value {
        match self {
            Self::Int(number) if (1..=3).contains(&datatype) => number.cast_signed().into(),
            Self::Int(number) => number.into(),
            Self::Long(number) if datatype == 4 => number.cast_signed().into(),
            Self::Long(number) => number.into(),
            Self::Float(number) => number.into(),
            Self::Double(number) => number.into(),
            Self::Boolean(yes) => yes.into(),
            Self::String(text) => text.into(),
            Self::Bytes(bytes) => in_base64(&bytes).into(),
        }
    }
}

fn in_base64(bytes: &[u8]) -> String {
    TextOrBase64::base64(bytes).value().to_owned()
}

fn put(object: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn metric(name: Option<&str>, alias: u64, value: Given, datatype: u32) -> Metric {
        Metric {
            name: name.map(str::to_owned),
            alias: Some(alias),
            datatype: Some(datatype),
            value: Some(value),
            ..Metric::default()
        }
    }

    fn decoded(sparkplug: &mut Sparkplug, topic: &str, seq: u64, metrics: Vec<Metric>) -> Value {
        let payload = Payload { seq: Some(seq), metrics, ..Payload::default() };
        let address = Address::read(topic).unwrap();
        let decoded = sparkplug.decode(&address, &payload.encode_to_vec()).unwrap();
        serde_json::from_slice(decoded.bytes()).unwrap()
    }

    #[test]
    fn only_topics_of_sparkplug_are_looked_at() {
        for topic in [
            "spBv1.0/g/NDATA/n/d",
            "spBv1.0/g/DDATA/n",
            "spBv1.0/g/DATA/n",
            "spBv1.0/STATE/host",
            "spBv1.0/g/DDATA/n/d/x",
            "x/spBv1.0/g/NDATA/n",
            "spAv1.0/g/NDATA/n",
        ] {
            assert_eq!(Address::read(topic), None, "{topic}");
        }
        assert!(Address::read("spBv1.0/g/NDATA/n").is_some());
        assert!(Address::read("spBv1.0/g/DCMD/n/d").is_some());
    }

    #[test]
    fn an_alias_has_the_name_of_the_birth_and_gaps_are_counted() {
        let mut seen = Sparkplug::default();
        let birth = metric(Some("Temperature"), 7, Given::Double(1.5), 10);
        decoded(&mut seen, "spBv1.0/g/NBIRTH/n", 0, vec![birth]);
        let data = metric(None, 7, Given::Int(u32::MAX), 3);
        let first = decoded(&mut seen, "spBv1.0/g/NDATA/n", 1, vec![data.clone()]);
        assert_eq!(first["metrics"][0]["name"], "Temperature");
        assert_eq!(first["metrics"][0]["value"], -1);
        assert_eq!(first.get("lost"), None);
        let later = decoded(&mut seen, "spBv1.0/g/NDATA/n", 4, vec![data.clone()]);
        assert_eq!(later["lost"], 2);
        let other = decoded(&mut seen, "spBv1.0/g/NDATA/other", 9, vec![data]);
        assert_eq!(other["metrics"][0].get("name"), None);
    }

    #[test]
    fn the_sequence_goes_round() {
        let mut seen = Sparkplug::default();
        decoded(&mut seen, "spBv1.0/g/NDATA/n", 255, vec![]);
        assert_eq!(decoded(&mut seen, "spBv1.0/g/NDATA/n", 0, vec![]).get("lost"), None);
    }

    proptest! {
        #[test]
        fn no_payload_is_too_strange(payload in prop::collection::vec(any::<u8>(), 0..60)) {
            let address = Address::read("spBv1.0/g/NBIRTH/n").unwrap();
            let _ = Sparkplug::default().decode(&address, &payload);
        }
    }
}

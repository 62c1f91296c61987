//! Avro by a schema.

use super::{Decoded, MAX_SIZE};
use apache_avro::util::max_allocation_bytes;
use apache_avro::{Schema, from_avro_datum};
use std::collections::BTreeMap;

/// A schema whose values are as deep as itself and take a byte at least where
/// there may be any number of them, so that no message can make decoding
/// recurse further or fill the memory with nothing.
#[derive(Debug, Clone)]
pub struct AvroSchema(Schema);

impl AvroSchema {
    /// Reads a schema.
    ///
    /// # Errors
    /// In words, when it is none, or has no such limits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let schema = Schema::parse_str(text).map_err(|cause| cause.to_string())?;
        max_allocation_bytes(MAX_SIZE);
        if is_unbounded(&schema, &mut BTreeMap::new()) {
            let what = "mqx decodes no schema that refers to itself or has arrays of nothing";
            return Err(what.to_owned());
        }
        Ok(Self(schema))
    }

    /// The value, which has to be the whole payload, without a header.
    pub(super) fn decode(&self, payload: &[u8]) -> Result<Decoded, String> {
        let mut rest = payload;
        let value = from_avro_datum(&self.0, &mut rest, None).map_err(|cause| cause.to_string())?;
        if !rest.is_empty() {
            return Err(format!("{} bytes follow the value", rest.len()));
        }
        let json = serde_json::Value::try_from(value).map_err(|cause| cause.to_string())?;
        Ok(Decoded::json(&json))
    }
}

/// Whether a record is inside itself, or an array takes no bytes; `open` has
/// the records around and, as closed, those seen before.
fn is_unbounded(schema: &Schema, open: &mut BTreeMap<String, bool>) -> bool {
    match schema {
        Schema::Array(array) => is_nothing(&array.items) || is_unbounded(&array.items, open),
        Schema::Map(map) => is_unbounded(&map.types, open),
        Schema::Union(union) => union.variants().iter().any(|one| is_unbounded(one, open)),
        Schema::Ref { name } => open.get(&name.fullname(None)).copied().unwrap_or_default(),
        Schema::Record(record) => {
            let name = record.name.fullname(None);
            open.insert(name.clone(), true);
            let found = record.fields.iter().any(|field| is_unbounded(&field.schema, open));
            open.insert(name, false);
            found
        }
        _ => false,
    }
}

/// Whether values may take no bytes; what is referred to is taken to do so.
fn is_nothing(schema: &Schema) -> bool {
    match schema {
        Schema::Null | Schema::Ref { .. } => true,
        Schema::Fixed(fixed) => fixed.size == 0,
        Schema::Record(record) => record.fields.iter().all(|field| is_nothing(&field.schema)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const READING: &str = r#"{"type":"record","name":"R","fields":[
        {"name":"t","type":"double"},{"name":"at","type":["null","string"]},
        {"name":"ids","type":{"type":"array","items":"long"}}]}"#;

    #[test]
    fn a_value_becomes_json() {
        let schema = AvroSchema::parse(READING).unwrap();
        let payload = b"\0\0\0\0\0\0\xf8\x3f\x02\x04hi\x04\x02\x04\0";
        let decoded = schema.decode(payload).unwrap();
        let json = String::from_utf8(decoded.bytes().to_vec()).unwrap();
        assert_eq!(json, r#"{"at":"hi","ids":[1,2],"t":1.5}"#);
        assert!(schema.decode(&payload[1..]).is_err());
    }

    #[test]
    fn schemas_without_limits_are_refused() {
        for text in [
            r#"{"type":"array","items":"null"}"#,
            r#"{"type":"record","name":"L","fields":[{"name":"n","type":["null","L"]}]}"#,
            "nonsense",
        ] {
            assert!(AvroSchema::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_payload_is_too_strange(payload in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = AvroSchema::parse(READING).unwrap().decode(&payload);
        }
    }
}

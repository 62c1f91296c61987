//! User properties in JSON: names may repeat, so that there is no map of them.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Names with their values: an object, or a list of objects.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs(pub(super) Vec<(String, String)>);

/// The members of one object.
struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of objects with a name and its value")
            }

            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Pairs, A::Error> {
                members(object).map(Pairs)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Pairs, A::Error> {
                let mut pairs = Pairs::default();
                while let Some(Members(members)) = list.next_element()? {
                    pairs.0.extend(members);
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a name and its value")
            }

            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Members, A::Error> {
                members(object).map(Members)
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

fn members<'de, A: MapAccess<'de>>(mut object: A) -> Result<Vec<(String, String)>, A::Error> {
    let mut members = Vec::new();
    while let Some(member) = object.next_entry()? {
        members.push(member);
    }
    Ok(members)
}

//! One thing that is said, as named values: a line of text for people or of JSON
//! for programs.

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// Named values in the order in which they are said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record(Vec<(Cow<'static, str>, Value)>);

/// A value in a [`Record`].
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A number that is not negative.
    Number(u64),
    /// Text from anywhere: one word when it is written.
    Text(String),
    /// Values in order.
    List(Vec<Value>),
    /// Named values.
    Map(Record),
    /// A name and a value that the network has chosen.
    Pair(String, String),
}

impl Record {
    /// Adds a value.
    pub fn put(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.0.push((name.into(), value.into()));
    }

    /// Adds a value if there is one.
    pub fn put_some(&mut self, name: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// Adds a switch that is on; one that is off is not worth a word.
    pub fn put_if(&mut self, name: &'static str, on: bool) {
        if on {
            self.put(name, on);
        }
    }

    /// These values and those of `more` behind them.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One line of JSON, with its line feed.
    #[must_use]
    pub fn json(&self) -> String {
        // Names are text and a string takes every byte.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

impl From<bool> for Value {
    fn from(on: bool) -> Self {
        Self::Flag(on)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// `name=value name="a value" ...`.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, value)) in self.0.iter().enumerate() {
            let blank = if place > 0 { " " } else { "" };
            write!(f, "{blank}{name}={value}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(on) => write!(f, "{on}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write_text(f, text),
            Self::Pair(name, value) => {
                write_text(f, name)?;
                f.write_char(':')?;
                write_text(f, value)
            }
            Self::Map(record) => write!(f, "{{{record}}}"),
            Self::List(values) => {
                for (place, value) in values.iter().enumerate() {
                    let comma = if place > 0 { "," } else { "" };
                    write!(f, "{comma}{value}")?;
                }
                Ok(())
            }
        }
    }
}

/// Writes text so that it is one word, and nothing in it moves the cursor of a
/// terminal or passes for something else.
fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let plain = |character: char| {
        !character.is_control() && !character.is_whitespace() && !matches!(character, '"' | '\\')
    };
    if !text.is_empty() && text.chars().all(plain) {
        return f.write_str(text);
    }
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            character if character.is_control() => write!(f, "{}", character.escape_default())?,
            character => f.write_char(character)?,
        }
    }
    f.write_char('"')
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flag(on) => serializer.serialize_bool(*on),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Map(record) => record.serialize(serializer),
            Self::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(value)?;
                }
                list.end()
            }
            Self::Pair(name, value) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(name, value)?;
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_network_has_chosen_stays_one_word_on_one_line() {
        let mut record = Record::default();
        record.put("plain", "a/b:1");
        record.put("empty", "");
        record.put("evil", "a b\u{1b}[2J\n\"level=error\"");
        record
            .put("list", Value::List(vec![Value::Number(1), Value::Pair("k".into(), "v".into())]));
        assert_eq!(
            record.to_string(),
            r#"plain=a/b:1 empty="" evil="a b\u{1b}[2J\n\"level=error\"" list=1,k:v"#
        );
        assert_eq!(
            record.json(),
            "{\"plain\":\"a/b:1\",\"empty\":\"\",\"evil\":\"a b\\u001b[2J\\n\\\"level=error\\\"\",\
             \"list\":[1,{\"k\":\"v\"}]}\n"
        );
    }
}

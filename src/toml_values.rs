//! The values of options in TOML, as they would be typed.

use toml_edit::{Item, Value};

/// The values of an option: several if it is a list.
///
/// # Errors
/// In words, when it is of a kind that no option has.
pub fn texts(item: &Item) -> Result<Vec<String>, &'static str> {
    match item {
        Item::Value(Value::Array(values)) => values.iter().map(single).collect(),
        Item::Value(value) => single(value).map(|value| vec![value]),
        Item::None | Item::Table(_) | Item::ArrayOfTables(_) => Err(NO_TABLE),
    }
}

const NO_TABLE: &str = "no option is a table: keys stand in no section";

fn single(value: &Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text.value().clone()),
        Value::Integer(number) => Ok(number.value().to_string()),
        Value::Float(number) => Ok(number.value().to_string()),
        Value::Boolean(on) => Ok(on.value().to_string()),
        Value::Datetime(_) => Err("no option is a date: put it in quotes"),
        Value::Array(_) => Err("no option is a list of lists"),
        Value::InlineTable(_) => Err(NO_TABLE),
    }
}

/// The number of the line of `text` that the byte `at` is in.
#[must_use]
pub fn line(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.matches('\n').count() + 1
}

//! Options in a TOML file.

use super::sources::{Entries, Entry, File, Place, Section};
use crate::error::{Class, Error, Result};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The tables that describe further listeners, and those that describe bridges.
const LISTENER: &str = "listener";
const BRIDGE: &str = "bridge";

/// Reads the options in the file at `path`.
///
/// # Errors
/// When the file cannot be read or is not TOML, or a value is of a kind that no
/// option has; the error says where.
pub(super) fn read(path: &Path) -> Result<File> {
    let text = fs::read_to_string(path).map_err(|cause| Error::file("read", path, cause))?;
    parse(&text, &path.display().to_string())
}

/// Reads the options in `text`, the content of the file `name`.
pub(super) fn parse(text: &str, name: &str) -> Result<File> {
    let source = Source { text, name };
    let table = DeTable::parse(text).map_err(|wrong| {
        let at = wrong.span().map_or(0, |span| span.start);
        source.wrong(at, wrong.message())
    })?;
    let mut table = table.into_inner();
    let mut sections =
        |kind| table.remove(kind).map_or(Ok(Vec::new()), |value| source.tables(kind, &value));
    let (listeners, bridges) = (sections(LISTENER)?, sections(BRIDGE)?);
    Ok(File { settings: source.entries(&table)?, first: Entries::default(), listeners, bridges })
}

/// A file while it is read.
struct Source<'a> {
    text: &'a str,
    name: &'a str,
}

impl Source<'_> {
    /// The options in `table`.
    fn entries(&self, table: &DeTable<'_>) -> Result<Entries> {
        let mut entries = Entries::default();
        for (key, value) in table {
            let at = key.span().start;
            let values = values(value).map_err(|what| {
                self.wrong(at, &format!("{}: {what}", key.get_ref().escape_debug()))
            })?;
            let option = key.get_ref().clone().into_owned();
            entries.set(Entry { option, values, place: Place::File(self.place(at)) });
        }
        Ok(entries)
    }

    /// The options in each of the tables of this kind.
    fn tables(&self, kind: &str, value: &Spanned<DeValue<'_>>) -> Result<Vec<Section>> {
        let what = format!("a {kind} is a table, and its heading is [[{kind}]]");
        let wrong = |at: usize| self.wrong(at, &what);
        let DeValue::Array(tables) = value.get_ref() else {
            return Err(wrong(value.span().start));
        };
        let tables = tables.iter().map(|table| match table.get_ref() {
            DeValue::Table(entries) => Ok(Section {
                place: self.place(table.span().start),
                complete: false,
                entries: self.entries(entries)?,
            }),
            _ => Err(wrong(table.span().start)),
        });
        tables.collect()
    }

    fn wrong(&self, at: usize, what: &str) -> Error {
        Error::new(Class::File, format!("{}: {what}", self.place(at)))
    }

    /// The place of the byte `at` as an error names it.
    fn place(&self, at: usize) -> String {
        format!("{}:{}", self.name, line(self.text, at))
    }
}

/// The number of the line that the byte `at` is in.
fn line(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.matches('\n').count() + 1
}

/// The values of an option as they would be typed.
fn values(value: &Spanned<DeValue<'_>>) -> Result<Vec<OsString>, &'static str> {
    match value.get_ref() {
        DeValue::Array(values) => values.iter().map(|value| single(value.get_ref())).collect(),
        value => single(value).map(|value| vec![value]),
    }
}

fn single(value: &DeValue<'_>) -> Result<OsString, &'static str> {
    match value {
        DeValue::String(text) => Ok(text.as_ref().into()),
        DeValue::Integer(number) => {
            let number = i128::from_str_radix(number.as_str(), number.radix());
            number.map(|number| number.to_string().into()).map_err(|_| "the number is too large")
        }
        DeValue::Float(number) => Ok(number.as_str().into()),
        DeValue::Boolean(on) => Ok(on.to_string().into()),
        DeValue::Datetime(_) => Err("no option is a date: put it in quotes"),
        DeValue::Array(_) => Err("no option is a list of lists"),
        DeValue::Table(_) => Err("no option is a table: keys stand in no section"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(text: &str) -> String {
        crate::error::line(&parse(text, "f").unwrap_err().into())
    }

    #[test]
    fn what_is_no_toml_or_no_value_of_an_option_is_said_with_its_line() {
        for (text, wanted) in [
            ("port = 1\nport = 2", "f:2: duplicate key"),
            ("a = 1\n\nb =", "f:3: "),
            ("[limits]\nmax-qos = 1", "f:1: limits: no option is a table"),
            ("a = [[1]]", "f:1: a: no option is a list of lists"),
            ("a = 2026-11-21", "f:1: a: no option is a date"),
        ] {
            let said = refusal(text);
            assert!(said.starts_with(wanted), "{text}: {said}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_to_be_answered(
            text in "([a-z\"'\\[\\]{}=.,#-]|[0-9_x]|\n| |\\PC){0,60}",
        ) {
            let _ = parse(&text, "f");
        }
    }
}

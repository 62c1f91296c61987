//! Options in a TOML file.

use super::sources::{Entries, Entry, File, Place, Section};
use crate::error::{Class, Error, Result};
use crate::toml_values;
use std::ffi::OsString;
use std::fs;
use std::ops::Range;
use std::path::Path;
use toml_edit::{Document, Item, Key, Table, Value};

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
    let mut table = source.table()?;
    let mut sections = |kind| -> Result<Vec<_>> {
        let tables = source.tables_in(&mut table, kind)?.into_iter();
        let section = |(place, table)| {
            Ok(Section { place, complete: false, entries: source.entries(&table)? })
        };
        tables.map(section).collect()
    };
    let (listeners, bridges) = (sections(LISTENER)?, sections(BRIDGE)?);
    Ok(File { settings: source.entries(&table)?, first: Entries::default(), listeners, bridges })
}

/// A file while it is read.
pub(in crate::cli) struct Source<'a> {
    pub(in crate::cli) text: &'a str,
    pub(in crate::cli) name: &'a str,
}

impl Source<'_> {
    /// All of it.
    ///
    /// # Errors
    /// When it is not TOML; the error says where.
    pub(in crate::cli) fn table(&self) -> Result<Table> {
        let document = Document::parse(self.text).map_err(|wrong| {
            let at = wrong.span().map_or(0, |span| span.start);
            self.wrong(at, &wrong.message().replace('\n', " "))
        })?;
        Ok(document.into_table())
    }

    /// Takes the tables under this heading out of the one they stand in, each with
    /// the place where it begins.
    ///
    /// # Errors
    /// When something else has their name; the error says where.
    pub(in crate::cli) fn tables_in(
        &self,
        table: &mut Table,
        kind: &str,
    ) -> Result<Vec<(String, Table)>> {
        let wrong = |span| {
            let what = format!("a {kind} is a table, and its heading is [[{kind}]]");
            self.wrong(start(span), &what)
        };
        let placed = |span, table| (self.place(start(span)), table);
        match table.remove(kind) {
            None => Ok(Vec::new()),
            Some(Item::ArrayOfTables(tables)) => {
                Ok(tables.into_iter().map(|table| placed(table.span(), table)).collect())
            }
            Some(Item::Value(Value::Array(values))) => {
                let tables = values.into_iter().map(|value| match value {
                    Value::InlineTable(table) => Ok(placed(table.span(), table.into_table())),
                    other => Err(wrong(other.span())),
                });
                tables.collect()
            }
            Some(item) => Err(wrong(item.span())),
        }
    }

    /// The options in `table`.
    ///
    /// # Errors
    /// When a value is of a kind that no option has; the error says where.
    pub(in crate::cli) fn entries(&self, table: &Table) -> Result<Entries> {
        let mut entries = Entries::default();
        for (option, item) in table {
            let at = start(table.key(option).and_then(Key::span));
            let values = toml_values::texts(item)
                .map_err(|what| self.wrong(at, &format!("{}: {what}", option.escape_debug())))?;
            let values = values.into_iter().map(OsString::from).collect();
            let place = Place::File(self.place(at));
            entries.set(Entry { option: option.to_owned(), values, place });
        }
        Ok(entries)
    }

    fn wrong(&self, at: usize, what: &str) -> Error {
        Error::new(Class::File, format!("{}: {what}", self.place(at)))
    }

    /// The place of the byte `at` as an error names it.
    fn place(&self, at: usize) -> String {
        format!("{}:{}", self.name, toml_values::line(self.text, at))
    }
}

fn start(span: Option<Range<usize>>) -> usize {
    span.map_or(0, |span| span.start)
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

    #[test]
    fn a_listener_may_be_a_table_of_a_list_too() {
        let file = parse("\nlistener = [\n{ port = 1 },\n{ port = 2 }]", "f").unwrap();
        let listeners: Vec<_> =
            file.listeners.iter().map(|one| (one.place.as_str(), one.entries.lines())).collect();
        let port = |port: u8| vec![format!("port {port}")];
        assert_eq!(listeners, [("f:3", port(1)), ("f:4", port(2))]);
        assert!(refusal("bridge = [1]").starts_with("f:1: a bridge is a table"));
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

//! What differs from client to client, as a table: user names, passwords,
//! topics ... of a CSV file whose first line names the columns.

use crate::error::{Class, Error, Result};
use std::path::Path;

/// The table; client `n` has row `n`, counted around.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    rows: Vec<Row>,
}

/// What one client has: names of columns and what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::bench) struct Row(Vec<(String, String)>);

impl Row {
    /// What stands in this column.
    #[must_use]
    pub(in crate::bench) fn get(&self, column: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == column).map(|(_, text)| text.as_str())
    }
}

impl Rows {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, is not CSV, or has no row.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|cause| Error::file("read", path, cause))?;
        Self::parse(&bytes, &path.display().to_string())
    }

    /// Reads what stands in the file called `name`.
    fn parse(bytes: &[u8], name: &str) -> Result<Self> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let wrong = |cause| Error::new(Class::File, format!("{name} is not CSV")).because(cause);
        let names = reader.headers().map_err(wrong)?.clone();
        let row = |record: csv::StringRecord| {
            let cells = names.iter().zip(&record);
            Row(cells.map(|(name, text)| (name.to_owned(), text.to_owned())).collect())
        };
        let rows = reader.records().map(|record| record.map(row));
        let rows = rows.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        if rows.is_empty() {
            let what = format!("{name} has no row below the names of its columns");
            return Err(Error::new(Class::File, what));
        }
        Ok(Self { rows })
    }

    /// The row of the client with this number.
    #[must_use]
    pub(in crate::bench) fn of(&self, number: u64) -> Option<&Row> {
        let count = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        let index = number.checked_rem(count)?;
        self.rows.get(usize::try_from(index).ok()?)
    }

    /// Whether there is such a column.
    #[must_use]
    pub(in crate::bench) fn has(&self, column: &str) -> bool {
        self.rows.first().is_some_and(|row| row.get(column).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn clients_have_rows_in_turn() {
        let rows = Rows::parse(b"user, pass\nann,x\n\"b, ob\",y\n", "f").unwrap();
        let user = |number| rows.of(number).unwrap().get("user").unwrap();
        assert_eq!([user(0), user(1), user(2)], ["ann", "b, ob", "ann"]);
        assert!(rows.has("pass") && !rows.has("word"));
    }

    #[test]
    fn a_table_without_rows_or_with_ragged_ones_is_refused() {
        for text in ["", "user\n", "a,b\n1\n"] {
            let error = Rows::parse(text.as_bytes(), "f").unwrap_err();
            assert!(error.to_string().starts_with("f "), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_file_is_too_strange_to_be_answered(bytes: Vec<u8>) {
            let _ = Rows::parse(&bytes, "f");
        }
    }
}

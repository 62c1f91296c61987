//! The store in a file, by redb: one file, every commit whole or not at all.

use super::rows::{Changes, Table, record};
use super::unsynced::Unsynced;
use super::{Backend, Sync};
use crate::broker::core::Record;
use crate::error::{Class, Error, Result};
use crate::mqtt;
use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, ReadableDatabase as _, ReadableTable as _};
use redb::{TableDefinition, TableError, WriteTransaction};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// What the file says of itself.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("mqx");

/// The key of the version of the tables' layout.
const FORMAT: &str = "format";

/// The layout that this program writes.
const PRESENT: u64 = 1;

/// Bytes of the file kept in memory.
const CACHE: usize = 32 * 1024 * 1024;

type Rows = TableDefinition<'static, &'static [u8], &'static [u8]>;

const fn rows(table: Table) -> Rows {
    TableDefinition::new(table.name())
}

/// An open file.
#[derive(Debug)]
pub(super) struct FileStore {
    path: PathBuf,
    database: Database,
}

impl FileStore {
    /// Opens the file at `path`, which is made if it is missing.
    ///
    /// # Errors
    /// When it cannot be opened or made, is in use, or holds something else.
    pub(super) fn open(path: &Path, sync: Sync) -> Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|cause| Error::file("open", path, cause))?;
        let length = file.metadata().map_err(|cause| Error::file("read", path, cause))?.len();
        let database = open(file, sync).map_err(|cause| explain(path, cause))?;
        let store = Self { path: path.to_owned(), database };
        store.check_format(length == 0)?;
        Ok(store)
    }

    /// Marks a new file as ours; refuses one that is not.
    fn check_format(&self, new: bool) -> Result<()> {
        let transaction = self.database.begin_write().map_err(|cause| self.broken(cause))?;
        let format = self.format(&transaction)?;
        let foreign = |what: String| {
            let hint = "name another file with --store, or none to keep everything in memory";
            Error::new(Class::File, format!("{}: {what}", self.path.display())).hint(hint)
        };
        match format {
            Some(PRESENT) => return Ok(()),
            Some(other) => {
                return Err(foreign(format!("a store of format {other}; this mqx has {PRESENT}")));
            }
            None if !new => return Err(foreign("a database that is not a store of mqx".into())),
            None => {}
        }
        let marked = || -> Result<(), redb::Error> {
            transaction.open_table(ABOUT)?.insert(FORMAT, PRESENT)?;
            for table in Table::ALL {
                transaction.open_table(rows(table))?;
            }
            transaction.commit()?;
            Ok(())
        };
        marked().map_err(|cause| self.broken(cause))
    }

    fn format(&self, transaction: &WriteTransaction) -> Result<Option<u64>> {
        let read = || -> Result<Option<u64>, redb::Error> {
            let tables = transaction.list_tables()?;
            let ours = tables.into_iter().any(|table| redb::TableHandle::name(&table) == "mqx");
            if !ours {
                return Ok(None);
            }
            let about = match transaction.open_table(ABOUT) {
                Err(TableError::TableTypeMismatch { .. }) => return Ok(None),
                table => table?,
            };
            Ok(about.get(FORMAT)?.map(|format| format.value()))
        };
        read().map_err(|cause| self.broken(cause))
    }

    fn broken(&self, cause: impl Into<redb::Error>) -> Error {
        let what = format!("cannot use the store {}", self.path.display());
        Error::new(Class::File, what).because(cause.into())
    }

    fn write(&self, changes: &Changes) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        for session in &changes.ended {
            for table in Table::OF_SESSIONS {
                let first = session.to_be_bytes();
                let behind = session.saturating_add(1).to_be_bytes();
                let range = &first[..]..&behind[..];
                transaction.open_table(rows(table))?.retain_in(range, |_, _| false)?;
            }
        }
        for table in Table::ALL {
            let mut moved = changes.rows(table).peekable();
            if moved.peek().is_none() {
                continue;
            }
            let mut rows = transaction.open_table(rows(table))?;
            for row in moved {
                let row = row.map_err(|error| io::Error::other(error.to_string()))?;
                match row.value {
                    Some(value) => rows.insert(row.key, &*value)?,
                    None => rows.remove(row.key)?,
                };
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn read(&self) -> Result<Result<Vec<Record>, mqtt::Error>, redb::Error> {
        let transaction = self.database.begin_read()?;
        let mut records = Vec::new();
        for table in Table::ALL {
            for row in transaction.open_table(rows(table))?.iter()? {
                let (key, value) = row?;
                match record(table, key.value(), value.value()) {
                    Ok(record) => records.push(record),
                    Err(error) => return Ok(Err(error)),
                }
            }
        }
        Ok(Ok(records))
    }
}

impl Backend for FileStore {
    fn load(&mut self) -> Result<Vec<Record>> {
        let records = self.read().map_err(|cause| self.broken(cause))?;
        records.map_err(|cause| {
            let what = format!("the store {} is damaged", self.path.display());
            Error::new(Class::File, what).because(cause)
        })
    }

    fn commit(&mut self, changes: &Changes) -> Result<()> {
        self.write(changes).map_err(|cause| self.broken(cause))
    }
}

fn open(file: File, sync: Sync) -> Result<Database, DatabaseError> {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    match sync {
        Sync::Never => builder.create_with_backend(Unsynced::new(file)?),
        Sync::Always | Sync::Interval => builder.create_with_backend(FileBackend::new(file)?),
    }
}

fn explain(path: &Path, cause: DatabaseError) -> Error {
    let path = path.display();
    match cause {
        DatabaseError::DatabaseAlreadyOpen => {
            Error::new(Class::File, format!("the store {path} is in use"))
                .hint("another broker has it open; one store serves one broker")
        }
        DatabaseError::UpgradeRequired(_) => {
            Error::new(Class::File, format!("{path}: a store of an older format"))
        }
        other => Error::new(Class::File, format!("{path} is no store, or is damaged"))
            .because(other)
            .hint("name another file with --store, or move this one away"),
    }
}

//! The store in a file, by redb: one file, every commit whole or not at all.

use super::rows::{Changes, Table, read_row};
use super::unsynced::Unsynced;
use super::{Backend, Sync};
use crate::broker::core::Record;
use crate::error::{Class, Error, Result};
use crate::mqtt;
use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Builder, Database, DatabaseError, ReadableDatabase, ReadableTable as _};
use redb::{StorageBackend as _, TableDefinition, TableError};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

/// What the file says of itself.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("mqx");

/// The key of the version of the tables' layout.
const FORMAT: &str = "format";

/// The layout that this program writes.
const PRESENT: u64 = 1;

const ANOTHER_FILE: &str = "name another file with --store, or move this one away";

const NO_STORE: &str = "a database that is not a store of mqx";

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
    /// Opens the file at `path`, which is made if it is missing and may be.
    ///
    /// # Errors
    /// When it cannot be opened or made, is in use, or holds something else.
    pub(super) fn open(path: &Path, sync: Sync, make: bool) -> Result<Self> {
        guarded(path, || Self::open_unguarded(path, sync, make))
    }

    fn open_unguarded(path: &Path, sync: Sync, make: bool) -> Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(make).truncate(false).open(path);
        let file = file.map_err(|cause| Error::file("open", path, cause))?;
        let length = file.metadata().map_err(|cause| Error::file("read", path, cause))?.len();
        let mut database = open(file, sync).map_err(|cause| explain(path, cause))?;
        if length > 0 {
            examine(&mut database).map_err(|cause| explain(path, cause))?;
        }
        if !is_store(&database, path)? {
            if length > 0 {
                return Err(foreign(path, NO_STORE));
            }
            mark(&database).map_err(|cause| broken(path, cause))?;
        }
        Ok(Self { path: path.to_owned(), database })
    }

    /// Looks whether the file at `path` is a store or can become one, and
    /// changes nothing. One that a broker has open is taken to be good.
    ///
    /// # Errors
    /// As [`FileStore::open`], and when what it holds is damaged.
    pub(super) fn check(path: &Path) -> Result<()> {
        guarded(path, || Self::check_unguarded(path))
    }

    fn check_unguarded(path: &Path) -> Result<()> {
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return check_folder(path),
            file => file.map_err(|cause| Error::file("open", path, cause))?,
        };
        if file.metadata().map_err(|cause| Error::file("read", path, cause))?.len() == 0 {
            return Ok(());
        }
        match Builder::new().open_read_only(path) {
            Ok(_) | Err(DatabaseError::RepairAborted) => {
                check_rows(&copy(path).map_err(|cause| explain(path, cause))?, path)
            }
            Err(DatabaseError::DatabaseAlreadyOpen) => Ok(()),
            Err(cause) => Err(explain(path, cause)),
        }
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
}

impl Backend for FileStore {
    fn load(&mut self) -> Result<Vec<Record>> {
        guarded(&self.path, || load(&self.database, &self.path))
    }

    fn commit(&mut self, changes: &Changes) -> Result<()> {
        let write = || self.write(changes).map_err(|cause| broken(&self.path, cause));
        guarded(&self.path, write)
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

/// Whether the database is a store of the present format.
///
/// # Errors
/// When it is one of another format, or cannot be read.
fn is_store(database: &impl ReadableDatabase, path: &Path) -> Result<bool> {
    match format(database).map_err(|cause| broken(path, cause))? {
        None => Ok(false),
        Some(PRESENT) => Ok(true),
        Some(other) => {
            Err(foreign(path, &format!("a store of format {other}; this mqx has {PRESENT}")))
        }
    }
}

fn format(database: &impl ReadableDatabase) -> Result<Option<u64>, redb::Error> {
    match database.begin_read()?.open_table(ABOUT) {
        Err(TableError::TableDoesNotExist(_) | TableError::TableTypeMismatch { .. }) => Ok(None),
        about => Ok(about?.get(FORMAT)?.map(|format| format.value())),
    }
}

/// Makes a store of an empty database.
fn mark(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(ABOUT)?.insert(FORMAT, PRESENT)?;
    for table in Table::ALL {
        transaction.open_table(rows(table))?;
    }
    transaction.commit()?;
    Ok(())
}

fn load(database: &impl ReadableDatabase, path: &Path) -> Result<Vec<Record>> {
    let records = read(database).map_err(|cause| broken(path, cause))?;
    records.map_err(|cause| {
        let what = format!("the store {} is damaged", path.display());
        Error::new(Class::File, what).because(cause)
    })
}

fn read(database: &impl ReadableDatabase) -> Result<Result<Vec<Record>, mqtt::Error>, redb::Error> {
    let transaction = database.begin_read()?;
    let mut records = Vec::new();
    for table in Table::ALL {
        for row in transaction.open_table(rows(table))?.iter()? {
            let (key, value) = row?;
            match read_row(table, key.value(), value.value()) {
                Ok(record) => records.push(record),
                Err(error) => return Ok(Err(error)),
            }
        }
    }
    Ok(Ok(records))
}

fn check_rows(database: &impl ReadableDatabase, path: &Path) -> Result<()> {
    if !is_store(database, path)? {
        return Err(foreign(path, NO_STORE));
    }
    load(database, path).map(|_| ())
}

/// A copy of the file in memory, put in order where a broker was killed with it.
fn copy(path: &Path) -> Result<Database, DatabaseError> {
    let bytes = fs::read(path)?;
    let copy = InMemoryBackend::new();
    copy.set_len(bytes.len() as u64)?;
    copy.write(0, &bytes)?;
    let mut database = Builder::new().create_with_backend(copy)?;
    examine(&mut database)?;
    Ok(database)
}

/// Looks whether the disk has kept what was written. Pages are not looked at when
/// they are read, so what is wrong with one would be taken for a message, or end
/// the program.
fn examine(database: &mut Database) -> Result<(), DatabaseError> {
    // Whether something had to be put in order makes no difference.
    database.check_integrity().map(drop)
}

/// Looks whether there could be a file at `path`.
fn check_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let listed = fs::read_dir(folder.unwrap_or(Path::new(".")));
    listed.map(|_| ()).map_err(|cause| Error::file("open", path, cause))
}

fn broken(path: &Path, cause: impl Into<redb::Error>) -> Error {
    let what = format!("cannot use the store {}", path.display());
    Error::new(Class::File, what).because(cause.into())
}

/// What `work` with the file at `path` leads to. The database takes pages to be as
/// it has written them, and panics at one that it did not expect.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::new(Class::File, format!("the store {} is damaged", path.display()))
            .hint(ANOTHER_FILE))
    })
}

fn foreign(path: &Path, what: &str) -> Error {
    Error::new(Class::File, format!("{}: {what}", path.display()))
        .hint("name another file with --store, or none to keep everything in memory")
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
            .hint(ANOTHER_FILE),
    }
}

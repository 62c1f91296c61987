//! Messages in a file.

use super::{Shelf, unpack};
use crate::error::{Class, Error, Result};
use crate::mqtt::Message;
use crate::session::Token;
use redb::{Builder, Database, DatabaseError, ReadableDatabase as _, ReadableTable as _};
use redb::{TableDefinition, TableError};
use std::fs;
use std::path::{Path, PathBuf};

/// The messages by their numbers: PUBLISH packets of MQTT 5, whatever version
/// they are sent in.
const MESSAGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("outbox");

/// The file in the directory.
const FILE: &str = "outbox.redb";

/// Bytes of the file kept in memory.
const CACHE: usize = 1024 * 1024;

/// A shelf in a directory; one process has it at a time.
#[derive(Debug)]
pub(in crate::publish) struct FileShelf {
    path: PathBuf,
    database: Database,
}

impl FileShelf {
    /// Opens the one in `folder`; both are made if they are missing.
    ///
    /// # Errors
    /// When it cannot be opened, or another process has it.
    pub(in crate::publish) fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|cause| Error::file("create", folder, cause))?;
        let path = folder.join(FILE);
        match Builder::new().set_cache_size(CACHE).create(&path) {
            Ok(database) => Ok(Self { path, database }),
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                let what = format!("{} is in use", path.display());
                Err(Error::new(Class::File, what).hint("each publisher has a --store of its own"))
            }
            Err(cause) => Err(unusable(&path, cause)),
        }
    }

    fn commit(&self, added: &[(Token, Vec<u8>)], ended: &[Token]) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut messages = transaction.open_table(MESSAGES)?;
            for token in ended {
                messages.remove(token)?;
            }
            for (token, message) in added {
                messages.insert(token, message.as_slice())?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&redb::ReadOnlyTable<u64, &'static [u8]>) -> Result<T, redb::Error>,
    ) -> Result<Option<T>, redb::Error> {
        match self.database.begin_read()?.open_table(MESSAGES) {
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            table => read(&table?).map(Some),
        }
    }
}

impl Shelf for FileShelf {
    fn change(&mut self, added: &[(Token, Vec<u8>)], ended: &[Token]) -> Result<()> {
        self.commit(added, ended).map_err(|cause| unusable(&self.path, cause))
    }

    fn behind(&mut self, token: Token, count: usize) -> Result<Vec<(Token, Message)>> {
        let rows = self.read(|messages| {
            let mut found = Vec::new();
            for row in messages.range(token.saturating_add(1)..)?.take(count) {
                let (token, bytes) = row?;
                found.push((token.value(), unpack(bytes.value())));
            }
            Ok(found)
        });
        let rows = rows.map_err(|cause| unusable(&self.path, cause))?.unwrap_or_default();
        let whole = rows.into_iter().map(|(token, message)| Some((token, message?)));
        whole
            .collect::<Option<_>>()
            .ok_or_else(|| Error::new(Class::File, format!("{} is damaged", self.path.display())))
    }

    fn extent(&mut self) -> Result<(Token, u64)> {
        use redb::ReadableTableMetadata as _;
        let extent = self.read(|messages| {
            let last = messages.last()?.map_or(0, |(token, _)| token.value());
            Ok((last, messages.len()?))
        });
        extent.map(Option::unwrap_or_default).map_err(|cause| unusable(&self.path, cause))
    }
}

fn unusable(path: &Path, cause: impl Into<redb::Error>) -> Error {
    let cause = match cause.into() {
        redb::Error::Io(cause) => return Error::file("use", path, cause),
        cause => cause,
    };
    Error::new(Class::File, format!("cannot use {}", path.display())).because(cause)
}

#[cfg(test)]
mod tests {
    use super::super::pack;
    use super::*;
    use crate::mqtt::{Publish, QoS};

    fn packed(payload: &[u8], qos: QoS) -> Vec<u8> {
        let publish = Publish { topic: "a/b", payload, qos, retain: true, ..Publish::default() };
        pack(&publish).unwrap()
    }

    #[test]
    fn messages_are_there_again_in_order_until_they_have_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut shelf = FileShelf::open(folder.path()).unwrap();
        assert_eq!(shelf.extent().unwrap(), (0, 0));
        let (one, two) = (packed(b"1", QoS::AtLeastOnce), packed(b"2", QoS::AtMostOnce));
        shelf.change(&[(2, two), (1, one)], &[]).unwrap();
        drop(shelf);
        let mut shelf = FileShelf::open(folder.path()).unwrap();
        assert_eq!(shelf.extent().unwrap(), (2, 2));
        let found = shelf.behind(0, 9).unwrap();
        let seen: Vec<_> = found.iter().map(|(token, m)| (*token, m.payload(), m.qos)).collect();
        let wanted = [(1, &b"1"[..], QoS::AtLeastOnce), (2, &b"2"[..], QoS::AtMostOnce)];
        assert_eq!(seen, wanted);
        assert!(found[0].1.retain && found[0].1.topic() == "a/b");
        shelf.change(&[], &[1]).unwrap();
        assert_eq!(shelf.behind(0, 9).unwrap().len(), 1);
        assert!(shelf.behind(2, 9).unwrap().is_empty());
    }

    #[test]
    fn a_shelf_has_one_owner_and_what_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = FileShelf::open(folder.path()).unwrap();
        let error = FileShelf::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains("in use"), "{error}");
        drop(shelf);
        fs::write(folder.path().join(FILE), b"something else").unwrap();
        assert_eq!(FileShelf::open(folder.path()).unwrap_err().class(), Class::File);
    }
}

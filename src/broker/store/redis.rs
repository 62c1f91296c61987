//! The store at a Redis server. A hash holds what the store says of itself,
//! others the rows; each commit is one transaction.
//!
//! A broker that has opened the store puts its token into that hash and counts
//! its commits there. Before each it looks that both are as it left them: so
//! it notices when another broker has taken the store, when the server has
//! lost what it had accepted, and, after a connection broke, whether the last
//! commit was made. A key that expires keeps a second broker from beginning
//! while the first one lives.

use super::Backend;
use super::rows::{Changes, Table, WrittenRow, read_row, session_of};
use crate::broker::core::Record;
use crate::error::{Class, Error, Result};
use crate::output;
use crate::store::{Address, Failure, LOOK, Link, broken, patiently, token};
use ::redis::{Pipeline, RedisResult, pipe};
use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

/// The layout of the keys that this program writes.
const PRESENT: u64 = 1;

/// How long the lock outlives a broker that was killed.
const LEASE: Duration = Duration::from_secs(10);

/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(3);

/// Sessions whose rows are asked for at once.
const AT_ONCE: usize = 500;

/// An open store.
#[derive(Debug)]
pub(super) struct RedisStore {
    link: Link,
    address: Address,
    /// Who has the store: this broker.
    token: String,
    /// Commits that were made to the store, ever.
    commits: u64,
}

/// The format, the owner and the number of commits, if it is a store.
type About = (Option<u64>, Option<String>, Option<u64>);

impl RedisStore {
    /// Opens the store, which is made if it is missing and may be. Waits for
    /// the lock of a broker that was killed to expire.
    ///
    /// # Errors
    /// When the server cannot be reached, or the store is missing, in use or
    /// of another format.
    pub(super) fn open(address: &Address, make: bool) -> Result<Self> {
        let mut link = Link::new(address)?;
        let token = token()?;
        lock(&mut link, address, &token)?;
        let mut store = Self { link, address: address.clone(), token, commits: 0 };
        let (format, _, commits) = store.about()?;
        is_store(address, format, make)?;
        store.commits = commits.unwrap_or_default();
        let about = address.key("about");
        let mut mark = pipe();
        mark.hset_multiple(&about, &[("format", PRESENT), ("commits", store.commits)]).ignore();
        mark.hset(&about, "owner", &store.token).ignore();
        mark.exec(store.link.get()?).map_err(|cause| broken(address, cause))?;
        Ok(store)
    }

    /// Looks whether there is a store that can be used, or can be made.
    pub(super) fn check(address: &Address) -> Result<()> {
        let mut link = Link::new(address)?;
        let (format, ..) = about(&mut link, address)?;
        is_store(address, format, true)
    }

    fn about(&mut self) -> Result<About> {
        about(&mut self.link, &self.address)
    }

    fn key_of(&self, table: Table, session: u64) -> String {
        self.address.key(&format!("{}:{session}", table.name()))
    }

    /// Makes the changes if the store is as this broker left it.
    fn attempt(&mut self, changes: &Changes) -> Result<(), Failure> {
        let about = self.address.key("about");
        let mut look = pipe();
        look.cmd("WATCH").arg(&about).ignore();
        look.cmd("HMGET").arg(&about).arg(&["owner", "commits"]);
        let connection = self.link.reach()?;
        let ((owner, commits),): ((Option<String>, Option<u64>),) = look.query(connection)?;
        if owner.as_ref().is_some_and(|owner| *owner != self.token) {
            return Err(Failure::Final("another broker has taken it"));
        }
        match commits {
            // The answer to an earlier attempt was lost.
            Some(commits) if commits == self.commits + 1 => {}
            Some(commits) if commits == self.commits => {
                let transaction = self.transaction(changes)?;
                let made: Option<()> = transaction.query(self.link.reach()?)?;
                made.ok_or(Failure::Passing(None))?;
            }
            _ => return Err(Failure::Final("the server has lost what it had accepted")),
        }
        self.commits += 1;
        Ok(())
    }

    fn transaction(&self, changes: &Changes) -> Result<Pipeline, Failure> {
        let mut transaction = pipe();
        transaction.atomic();
        let sessions = self.address.key(Table::Sessions.name());
        for session in &changes.ended {
            transaction.hdel(&sessions, session.to_be_bytes().as_slice()).ignore();
            for table in OF_ONE_SESSION {
                transaction.del(self.key_of(table, *session)).ignore();
            }
        }
        for table in Table::ALL {
            for row in changes.rows(table) {
                let row = row.map_err(|error| Failure::Final(error.what))?;
                let (key, field) = match session_of(row.key) {
                    Some((session, rest)) if OF_ONE_SESSION.contains(&table) => {
                        (self.key_of(table, session), rest)
                    }
                    _ => (self.address.key(table.name()), row.key),
                };
                match row.value {
                    Some(value) => transaction.hset(key, field, value).ignore(),
                    None => transaction.hdel(key, field).ignore(),
                };
            }
        }
        transaction.hset(self.address.key("about"), "commits", self.commits + 1).ignore();
        transaction.add_command(lease(&self.address, &self.token)).ignore();
        Ok(transaction)
    }

    fn read(&mut self) -> RedisResult<Vec<WrittenRow>> {
        let mut rows = Vec::new();
        let mut sessions = BTreeSet::new();
        for table in [Table::Messages, Table::Retained, Table::Sessions] {
            let key = self.address.key(table.name());
            let mut scan = ::redis::cmd("HSCAN");
            scan.arg(key).cursor_arg(0).arg("COUNT").arg(1000);
            for row in scan.iter::<(Vec<u8>, Vec<u8>)>(self.link.connection()?)? {
                let (key, value) = row?;
                if table == Table::Sessions {
                    sessions.extend(session_of(&key).map(|(session, _)| session));
                }
                rows.push((table, key, value));
            }
        }
        let sessions: Vec<_> = sessions.into_iter().collect();
        for some in sessions.chunks(AT_ONCE) {
            for table in OF_ONE_SESSION {
                let mut all = pipe();
                for session in some {
                    all.hgetall(self.key_of(table, *session));
                }
                let found: Vec<Vec<(Vec<u8>, Vec<u8>)>> = all.query(self.link.connection()?)?;
                for (session, found) in some.iter().zip(found) {
                    let whole = |rest: Vec<u8>| [&session.to_be_bytes(), rest.as_slice()].concat();
                    rows.extend(found.into_iter().map(|(key, value)| (table, whole(key), value)));
                }
            }
        }
        Ok(rows)
    }
}

/// The tables that have a key for each session, whose fields are the rest of
/// the rows' keys.
const OF_ONE_SESSION: [Table; 3] = [Table::Subscriptions, Table::Owed, Table::Received];

impl Backend for RedisStore {
    fn load(&mut self) -> Result<Vec<Record>> {
        let rows = self.read().map_err(|cause| broken(&self.address, cause))?;
        let records = rows.iter().map(|(table, key, value)| read_row(*table, key, value));
        records.collect::<Result<_, _>>().map_err(|cause| {
            Error::new(Class::File, format!("the store {} is damaged", self.address)).because(cause)
        })
    }

    fn commit(&mut self, changes: &Changes) -> Result<()> {
        patiently(self, |store| &mut store.link, |store| store.attempt(changes))
    }

    fn renewal(&self) -> Option<Duration> {
        Some(RENEWAL)
    }
}

impl Drop for RedisStore {
    /// Gives the lock back; what fails here, time will do.
    fn drop(&mut self) {
        let key = self.address.key("lock");
        let mut look = pipe();
        look.cmd("WATCH").arg(&key).ignore().get(&key);
        let Ok(connection) = self.link.connection() else { return };
        let owner = look.query::<(Option<String>,)>(connection);
        if owner.is_ok_and(|(owner,)| owner.as_ref() == Some(&self.token)) {
            let _ = pipe().atomic().del(&key).ignore().query::<Option<()>>(connection);
        }
    }
}

fn about(link: &mut Link, address: &Address) -> Result<About> {
    let mut look = ::redis::cmd("HMGET");
    look.arg(address.key("about")).arg(&["format", "owner", "commits"]);
    look.query(link.get()?).map_err(|cause| broken(address, cause))
}

fn is_store(address: &Address, format: Option<u64>, make: bool) -> Result<()> {
    let what = match format {
        Some(PRESENT) => return Ok(()),
        None if make => return Ok(()),
        None => "there is no store".to_owned(),
        Some(other) => format!("a store of format {other}; this mqx has {PRESENT}"),
    };
    Err(Error::new(Class::File, format!("{address}: {what}")).hint("check the prefix"))
}

/// The command that renews the lock.
fn lease(address: &Address, token: &str) -> ::redis::Cmd {
    let mut lease = ::redis::cmd("SET");
    lease.arg(address.key("lock")).arg(token).arg("EX").arg(LEASE.as_secs());
    lease
}

/// Takes the lock. One that is renewed meanwhile belongs to a broker that runs.
fn lock(link: &mut Link, address: &Address, token: &str) -> Result<()> {
    let mut left = None;
    loop {
        let mut take = lease(address, token);
        let acquired: Option<()> =
            take.arg("NX").query(link.get()?).map_err(|cause| broken(address, cause))?;
        if acquired.is_some() {
            return Ok(());
        }
        let mut ask = ::redis::cmd("PTTL");
        let now: i64 = ask
            .arg(address.key("lock"))
            .query(link.get()?)
            .map_err(|cause| broken(address, cause))?;
        match left {
            Some(before) if now > before => {
                return Err(Error::new(Class::File, format!("the store {address} is in use"))
                    .hint("another broker has it open; one store serves one broker"));
            }
            None => output::note(format!("waiting for whoever had the store {address}")),
            Some(_) => {}
        }
        left = Some(now);
        sleep(LOOK);
    }
}

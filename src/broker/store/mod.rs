//! What outlives the broker: takes the journal's records to a store, on a
//! thread of its own, and brings them back at the start.
//!
//! Workers never wait for the store. They nudge it and go on; when it has
//! stored what their output depends on, `Handle::settled` wakes them.

pub mod archive;
mod file;
mod keeper;
mod profile;
mod redis;
mod rows;
mod unsynced;

use self::keeper::{Bell, Keeper};
use super::core::{Journal, Record, State};
use crate::error::{Class, Error, Result};
pub use crate::store::Place;
use file::FileStore;
use redis::RedisStore;
use rows::Changes;
pub use rows::{Table, WrittenRow, read_row, write_row};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// Where a broker keeps what outlives it, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where.
    pub place: Place,
    /// What is promised.
    pub sync: Sync,
    /// How often changes are written that no output waits for.
    pub interval: Duration,
}

/// When a change counts as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// When the disk has it; nothing is acknowledged before.
    Always,
    /// At once; the disk has it an interval later.
    Interval,
    /// At once; the operating system has it an interval later.
    Never,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            place: Place::File(PathBuf::new()),
            sync: Sync::Always,
            interval: Duration::from_secs(1),
        }
    }
}

impl Sync {
    /// Records that may be unstored before output waits: without a promise,
    /// this bounds the memory that a store may be behind by.
    const fn slack(self) -> u64 {
        match self {
            Self::Always => 0,
            Self::Interval | Self::Never => 1_000_000,
        }
    }
}

/// A kind of store.
trait Backend: Send {
    /// Everything there is, as records.
    fn load(&mut self) -> Result<Vec<Record>>;

    /// Makes all of the changes or none.
    fn commit(&mut self, changes: &Changes) -> Result<()>;

    /// How often there must be a commit, be it of nothing; `None` is never.
    fn renewal(&self) -> Option<Duration> {
        None
    }
}

/// An open store and the thread that writes to it.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) journal: Arc<Journal>,
    handle: Handle,
    thread: JoinHandle<Result<()>>,
}

/// How far the store is.
#[derive(Debug, Clone, Copy, Default)]
struct Settled {
    failed: bool,
}

/// A worker's hold on the store.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    journal: Arc<Journal>,
    bell: Arc<Bell>,
    settled: watch::Receiver<Settled>,
}

impl Handle {
    /// Has what is pending stored: now if output waits for it, or else soon.
    pub(super) fn nudge(&self, output_waits: bool) {
        if self.journal.pending() > 0 {
            self.bell.ring(output_waits || self.journal.pending() > Sync::Never.slack() / 2);
        }
    }

    /// Ready when more is stored than before, or nothing will be any more.
    pub(super) async fn settled(&mut self) {
        if self.settled.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Ready when the store has failed.
    pub(super) async fn failed(mut self) {
        if self.settled.wait_for(|settled| settled.failed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Looks whether the store that `config` names can be used, and changes nothing.
///
/// # Errors
/// When it cannot be opened or made, or is damaged.
pub(super) fn check(config: &Config) -> Result<()> {
    match &config.place {
        Place::File(path) => FileStore::check(path),
        Place::Redis(address) => RedisStore::check(address),
    }
}

impl Store {
    /// Opens what `config` names, and returns what an earlier broker left.
    ///
    /// # Errors
    /// When it cannot be opened, is in use or damaged.
    pub(super) fn open(config: &Config) -> Result<(Self, State)> {
        let mut backend = backend(config, true)?;
        let state = load(backend.as_mut())?;
        let journal = Arc::new(Journal::new(now(), config.sync.slack()));
        let bell = Arc::new(Bell::default());
        let (report, settled) = watch::channel(Settled::default());
        let keeper = Keeper {
            journal: Arc::clone(&journal),
            bell: Arc::clone(&bell),
            backend,
            interval: config.interval,
            report,
        };
        let thread = std::thread::Builder::new().name("mqx-store".to_owned());
        let thread = thread
            .spawn(move || keeper.run())
            .map_err(|cause| Error::new(Class::Other, "cannot start a thread").because(cause))?;
        let handle = Handle { journal: Arc::clone(&journal), bell, settled };
        Ok((Self { journal, handle, thread }, state))
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stores what is pending and closes the store. What happens to the core
    /// from now on is not recorded.
    ///
    /// # Errors
    /// When something could not be stored, now or earlier.
    pub(super) fn close(self) -> Result<()> {
        self.handle.bell.stop();
        let failed = |_| Error::new(Class::Other, "the thread of the store has failed");
        self.thread.join().map_err(failed)?
    }
}

/// Opens the store that `config` names, which is made if it is missing and may be.
fn backend(config: &Config, make: bool) -> Result<Box<dyn Backend>> {
    Ok(match &config.place {
        Place::File(path) => Box::new(FileStore::open(path, config.sync, make)?),
        Place::Redis(address) => Box::new(RedisStore::open(address, make)?),
    })
}

/// What is stored, made whole: what an ended session left is removed.
fn load(backend: &mut dyn Backend) -> Result<State> {
    let mut state = State::default();
    let mut strays = Vec::new();
    for record in backend.load()? {
        strays.extend(record.session().filter(|session| !state.knows(*session, &record)));
        state.apply(record);
    }
    if !strays.is_empty() {
        backend.commit(&Changes::of(strays.into_iter().map(Record::Ended)))?;
    }
    Ok(state)
}

/// The machine's calendar, in milliseconds.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

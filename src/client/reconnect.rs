//! When to try a connection again, and how long to wait before.

use super::{ConnectOptions, Connection, failure};
use crate::error::{self, Class, Error, Result};
use crate::output;
use crate::session::Event;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often connecting is tried again, in a row, before giving up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// So many times.
    Times(u32),
    /// Until it succeeds, or cannot.
    Forever,
}

impl Retry {
    /// The first failure is the last.
    pub const NEVER: Self = Self::Times(0);
}

/// How often connecting is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// When the first connection fails.
    pub first: Retry,
    /// When one is lost.
    pub again: Retry,
}

impl Default for Retries {
    fn default() -> Self {
        Self { first: Retry::NEVER, again: Retry::Forever }
    }
}

/// Connects, and tries again as `retry` allows while that may help; says on
/// stderr what is going on.
///
/// # Errors
/// The last error.
pub async fn connect(
    options: &ConnectOptions,
    retry: Retry,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Connection> {
    match Connection::open(options.clone(), on_event).await {
        Ok(connection) => Ok(connection),
        Err(error) => connect_after(options, error, retry, on_event).await,
    }
}

/// The same, after a first attempt that failed with `error`.
///
/// # Errors
/// The last error.
pub async fn connect_after(
    options: &ConnectOptions,
    error: Error,
    retry: Retry,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Connection> {
    let mut attempts = Attempts::new(retry);
    attempts.wait_after(error).await?;
    attempts.repeat(async || Connection::open(options.clone(), on_event).await).await
}

/// Connects again, after a connection was lost to `error`, until it succeeds
/// or `retry` allows no more; says on stderr what is going on. A connection that
/// ended before anything came of it counts as an attempt that failed: the broker
/// may end each, because of what is sent again on each.
///
/// # Errors
/// The last error when trying again cannot help; when it may and all attempts
/// are used up, that the connection is lost.
pub async fn reconnect(
    connection: &mut Connection,
    error: Error,
    retry: Retry,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<()> {
    let mut attempts = Attempts { retry, trials: connection.history.take_trials() };
    let connected = match attempts.wait_after(error).await {
        Ok(()) => attempts.repeat(async || connection.reopen(on_event).await).await,
        Err(error) => Err(error),
    };
    connected.map_err(|error| attempts.lost(error))?;
    connection.history.trials = attempts.trials.succeeded();
    Ok(())
}

/// What tells a connection that was of use from one that ended at once: only after the
/// former do attempts count from the beginning.
pub(super) struct History {
    since: Instant,
    /// Whether messages have come, or answers to some.
    has_news: bool,
    trials: Trials,
}

impl Default for History {
    fn default() -> Self {
        Self { since: Instant::now(), has_news: false, trials: Trials::default() }
    }
}

impl History {
    /// The time after which a connection was of use, whatever came of it.
    const PROVEN: Duration = Duration::from_secs(5);

    /// Another connection begins.
    pub(super) fn begin(&mut self) {
        (self.since, self.has_news) = (Instant::now(), false);
    }

    /// Notes what is heard on it.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        self.has_news |=
            matches!(event, Event::Message(_) | Event::Entrusted { .. } | Event::Published { .. });
    }

    /// How it has gone since the last connection that was of use, up to the one that ends.
    fn take_trials(&mut self) -> Trials {
        let trials = std::mem::take(&mut self.trials);
        let was_of_use = self.has_news || self.since.elapsed() >= Self::PROVEN;
        if was_of_use { Trials::default() } else { trials }
    }
}

/// How it has gone since the last connection that was of use.
#[derive(Debug, Default)]
struct Trials {
    /// Attempts in a row, of which nothing came even where they succeeded.
    made: u32,
    /// Those of them that succeeded.
    idle: u32,
    backoff: Backoff,
}

impl Trials {
    /// So many connections in a row that end at once are no accident.
    const SUSPECT: u32 = 3;

    /// What they may come from.
    const CAUSES: &str = "a message may be too large for the broker or forbidden there, or \
        another client may have this identifier";

    fn succeeded(self) -> Self {
        let idle = self.idle.saturating_add(1);
        if idle == Self::SUSPECT {
            output::note(format!("if this one ends at once too, {}", Self::CAUSES));
        }
        Self { idle, ..self }
    }
}

/// The attempts in a row.
struct Attempts {
    retry: Retry,
    trials: Trials,
}

impl Attempts {
    fn new(retry: Retry) -> Self {
        Self { retry, trials: Trials::default() }
    }

    /// Waits until the next attempt is due.
    ///
    /// # Errors
    /// `error`, when there is to be none.
    async fn wait_after(&mut self, error: Error) -> Result<()> {
        let has_more = match self.retry {
            Retry::Times(times) => self.trials.made < times,
            Retry::Forever => true,
        };
        if !has_more || !is_temporary(&error) {
            return Err(error);
        }
        self.trials.made = self.trials.made.saturating_add(1);
        let wait = self.trials.backoff.next_wait();
        let why = error::line(&error.into());
        output::note(format!("{why}; trying again in {:.1} s", wait.as_secs_f32()));
        sleep(wait).await;
        Ok(())
    }

    /// Tries until it succeeds, or there are no more attempts.
    ///
    /// # Errors
    /// The last error.
    async fn repeat<T>(&mut self, mut attempt: impl AsyncFnMut() -> Result<T>) -> Result<T> {
        loop {
            match attempt().await {
                Ok(done) => {
                    output::note("connected again");
                    return Ok(done);
                }
                Err(error) => self.wait_after(error).await?,
            }
        }
    }

    /// What it means that the last attempt failed with `error`.
    fn lost(&self, error: Error) -> Error {
        if self.trials.made == 0 || !is_temporary(&error) {
            return error;
        }
        let cure = if self.trials.idle > 0 { Trials::CAUSES } else { "--retry forever goes on" };
        let what = format!("the connection was lost and {} attempts failed", self.trials.made);
        Error::new(Class::ConnectionLost, what).because(error).hint(cure)
    }
}

/// The waiting time doubles from [`Backoff::FIRST`] to [`Backoff::LONGEST`]
/// and is shortened at random, so that many clients do not come back at once.
#[derive(Debug, Clone)]
struct Backoff {
    ceiling: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { ceiling: Self::FIRST }
    }
}

impl Backoff {
    /// The longest wait before the first attempt.
    const FIRST: Duration = Duration::from_millis(500);
    /// The longest wait before any attempt.
    const LONGEST: Duration = Duration::from_secs(30);

    /// How long to wait before the next attempt: at least half the ceiling.
    fn next_wait(&mut self) -> Duration {
        let wait = self.wait(RandomState::new().hash_one(()));
        self.ceiling = (self.ceiling * 2).min(Self::LONGEST);
        wait
    }

    fn wait(&self, random: u64) -> Duration {
        let half = self.ceiling / 2;
        let share = u32::try_from(random % 1000).unwrap_or_default();
        half + half * share / 1000
    }
}

/// Whether connecting again may help: the network or the broker had a bad
/// moment. A wrong password or certificate stays wrong.
fn is_temporary(error: &Error) -> bool {
    matches!(error.class(), Class::Connect | Class::ConnectionLost) || failure::is_about_now(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest() {
        let mut backoff = Backoff::default();
        let mut ceiling = Backoff::FIRST;
        for _ in 0..10 {
            let wait = backoff.next_wait();
            assert!(wait >= ceiling / 2 && wait <= ceiling, "{wait:?}");
            ceiling = (ceiling * 2).min(Backoff::LONGEST);
        }
    }
}

//! When to try a connection again, and how long to wait before.

use super::{ConnectOptions, Connection, failure};
use crate::error::{self, Class, Error, Result};
use crate::output;
use crate::session::Event;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;
use tokio::time::sleep;

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
/// or `retry` allows no more; says on stderr what is going on.
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
    let mut attempts = Attempts::new(retry);
    attempts.wait_after(error).await?;
    let connected = attempts.repeat(async || connection.reopen(on_event).await).await;
    connected.map_err(|error| attempts.lost(error))
}

/// The attempts in a row that have failed.
struct Attempts {
    retry: Retry,
    made: u32,
    backoff: Backoff,
}

impl Attempts {
    fn new(retry: Retry) -> Self {
        Self { retry, made: 0, backoff: Backoff::default() }
    }

    /// Waits until the next attempt is due.
    ///
    /// # Errors
    /// `error`, when there is to be none.
    async fn wait_after(&mut self, error: Error) -> Result<()> {
        let has_more = match self.retry {
            Retry::Times(times) => self.made < times,
            Retry::Forever => true,
        };
        if !has_more || !is_temporary(&error) {
            return Err(error);
        }
        self.made = self.made.saturating_add(1);
        let wait = self.backoff.next_wait();
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
        if !is_temporary(&error) {
            return error;
        }
        let what = format!("the connection was lost and {} attempts failed", self.made);
        Error::new(Class::ConnectionLost, what).because(error).hint("--retry forever goes on")
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

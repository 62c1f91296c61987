//! When to try a connection again, and how long to wait before.

use super::Connection;
use crate::error::{self, Class, Error, Result};
use crate::output;
use crate::session::Event;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;
use tokio::time::sleep;

/// Connects again, after a connection was lost to `error`, until it succeeds;
/// says on stderr what is going on.
///
/// # Errors
/// The last error when trying again cannot help.
pub async fn reconnect(
    connection: &mut Connection,
    mut error: Error,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<()> {
    let mut backoff = Backoff::default();
    while is_temporary(&error) {
        let wait = backoff.next_wait();
        let why = error::line(&error.into());
        output::note(format!("{why}; trying again in {:.1} s", wait.as_secs_f32()));
        sleep(wait).await;
        match connection.reopen(on_event).await {
            Ok(()) => {
                output::note("connected again");
                return Ok(());
            }
            Err(again) => error = again,
        }
    }
    Err(error)
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
    const FIRST: Duration = Duration::from_secs(1);
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
    matches!(error.class(), Class::Connect | Class::ConnectionLost)
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

//! How long a client waits: for its work, and for the broker to be told that it leaves.

use super::Connection;
use crate::error::{Class, Error, Result};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long the broker may take to be told that we leave.
const PARTING_TIME: Duration = Duration::from_secs(2);

/// The failure of a command whose time is `limit`, when that is over; never without one.
pub async fn expire(limit: Option<Duration>) -> Error {
    match limit {
        Some(limit) => {
            sleep(limit).await;
            let what = format!("the {} s of --timeout are over", limit.as_secs_f64());
            Error::new(Class::Timeout, what)
        }
        None => std::future::pending().await,
    }
}

/// What comes of `work`, if that is within `limit`.
///
/// # Errors
/// That of `work`, or that of [`expire`].
pub async fn within<T>(
    limit: Option<Duration>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::select! {
        biased;
        done = work => done,
        error = expire(limit) => Err(error),
    }
}

/// Says good-bye; how the connection ends does not matter any more.
pub async fn part(connection: Option<Connection>) {
    if let Some(connection) = connection {
        let _ = timeout(PARTING_TIME, connection.close()).await;
    }
}

//! `mqx sub`: subscribes and prints what arrives, until it has seen enough.

mod config;
mod files;
mod gate;
mod jobs;
mod lull;
mod meter;
mod outlets;
mod printer;
mod query;
mod reading;
mod recorder;
mod requests;
mod subscriber;
mod sweep;
mod watch;

pub use config::{Config, Expectation, Retained, Subscription};
pub use files::{OutDir, OutMode};
pub use gate::Sample;
pub use jobs::{Exec, OnFailure};
pub use query::Query;

use crate::client::expire;
use crate::error::{Error, Result};
use crate::output::Sink;
use crate::signals::Signal;
use subscriber::Subscriber;
use tokio::time::sleep;

/// Subscribes and prints to `sink` until it has seen enough or `stop` ends,
/// which is a success once the broker has accepted the connection.
///
/// # Errors
/// When the broker cannot be reached, refuses, or denies a subscription, when
/// time runs out, when a message cannot be kept or its command fails, or when
/// nobody reads the output any more.
pub async fn run(config: Config, sink: Sink, stop: impl Future<Output = Signal>) -> Result<()> {
    let time_out = expire(config.timeout);
    let patience = lose_patience(config.expect.clone());
    let mut subscriber = Subscriber::new(config, sink)?;
    let end = tokio::select! {
        biased;
        // Large, and once in a run.
        done = Box::pin(subscriber.work()) => done,
        signal = stop => subscriber.stopped(signal),
        error = time_out => Err(error),
        error = patience => Err(error),
    };
    subscriber.finish(end).await
}

async fn lose_patience(expect: Option<Expectation>) -> Error {
    match expect.and_then(|expect| Some((expect.within?, expect))) {
        Some((within, expect)) => {
            sleep(within).await;
            expect.failure()
        }
        None => std::future::pending().await,
    }
}

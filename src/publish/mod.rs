//! `mqx pub`: publishes a message, or one for each record of stdin.
//!
//! It succeeds only when the broker has taken every message: with QoS 1 and 2
//! when it said so, with QoS 0 when it read everything and closed in order. A
//! `feed` says what comes next, the `flow` brings it to the broker over any
//! number of connections, and the `outcome` tells what became of it.

mod batch;
mod delivery;
mod faults;
mod feed;
mod flow;
mod input;
mod outbox;
mod outcome;
mod pace;
mod progress;
mod recipe;
mod recording;
mod shelf;
mod stored;
mod verify;

pub use batch::BatchLimits;
pub use delivery::{Delivery, OnDisconnect};
pub use pace::Pace;
pub use progress::Extent;
pub use recipe::{Making, Recipe};
pub use recording::Recording;

use crate::client::ConnectOptions;
use crate::error::Result;
use crate::output;
use crate::signals::Signal;
use crate::store::Place;
use feed::Feed;
use outcome::{Outcome, Standing};
use recording::Laps;
use std::num::NonZeroU64;
use tokio::io::AsyncRead;
use verify::Verifier;

/// What to publish, where and how.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to connect.
    pub connect: ConnectOptions,
    /// Where the payloads come from.
    pub source: Source,
    /// How often a payload that is known at the start is published.
    pub repeat: NonZeroU64,
    /// Whether records are gathered.
    pub batch: Option<BatchLimits>,
    /// What becomes of them.
    pub recipe: Recipe,
    /// Whether to go on behind a payload of which no message can be made.
    pub skips_bad: bool,
    /// How fast messages follow each other.
    pub pace: Pace,
    /// What keeps messages until the broker has answered.
    pub store: Option<Place>,
    /// How much there is to do, if somebody watches.
    pub progress: Option<Extent>,
    /// What is done for them to arrive.
    pub delivery: Delivery,
    /// Whether to check that everything comes back; of a recording only.
    pub verifies: bool,
}

/// Where payloads come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// This is the one payload.
    Message(Vec<u8>),
    /// All of the input is the one payload.
    Stdin,
    /// Each record of the input is a payload; this byte ends one.
    Records(u8),
    /// Each line of this file is.
    Recording(Recording),
}

impl Source {
    /// Each line of the input is a payload.
    pub const LINES: Self = Self::Records(b'\n');

    /// What a message is numbered by.
    const fn unit(&self) -> &'static str {
        match self {
            Self::Records(b'\n') | Self::Recording(_) => "line",
            _ => "message",
        }
    }
}

/// Publishes until everything is accepted or `stop` ends.
///
/// # Errors
/// When the broker cannot be reached or refuses, a message is rejected, the
/// input cannot be read, or `stop` ended before the work was done.
pub async fn run(
    config: Config,
    input: impl AsyncRead + Unpin,
    stop: impl Future<Output = Signal>,
) -> Result<()> {
    let standing = Standing::default();
    tokio::select! {
        biased;
        // It is large, and there is one.
        done = Box::pin(publish(config, input, standing.clone())) => done,
        signal = stop => {
            standing.words().iter().for_each(output::warn);
            Err(signal.error())
        }
    }
}

async fn publish(config: Config, input: impl AsyncRead + Unpin, standing: Standing) -> Result<()> {
    let laps = Laps::default();
    match &config.source {
        Source::Recording(recording) => {
            let verifier = Box::pin(verifier(&config, recording)).await?;
            let reader = recording.open(laps.clone())?;
            publish_from(&config, reader, laps, verifier, standing).await
        }
        _ => publish_from(&config, input, laps, None, standing).await,
    }
}

async fn publish_from(
    config: &Config,
    input: impl AsyncRead + Unpin,
    laps: Laps,
    verifier: Option<Verifier>,
    standing: Standing,
) -> Result<()> {
    let feed = Feed::open(config, input).await?.repeating(laps);
    flow::publish(config, feed, Outcome::new(config, standing), verifier).await
}

/// What checks that the messages of `recording` come back, if something is to.
async fn verifier(config: &Config, recording: &Recording) -> Result<Option<Verifier>> {
    if !config.verifies {
        return Ok(None);
    }
    let once = Recording { repeats: false, ..recording.clone() };
    // What is wrong with a line is told when it would be published.
    let config = Config { pace: Pace::Free, skips_bad: true, ..config.clone() };
    let feed = Feed::open(&config, once.open(Laps::default())?).await?;
    Verifier::new(feed).await.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::{MessageProperties, QoS};

    /// An empty message to one topic, with nothing else said.
    pub(super) fn config() -> Config {
        Config {
            connect: ConnectOptions::default(),
            source: Source::Message(Vec::new()),
            repeat: NonZeroU64::MIN,
            batch: None,
            recipe: Recipe {
                topics: vec!["a".parse().unwrap()],
                qos: QoS::AtLeastOnce,
                retain: false,
                properties: MessageProperties::default(),
                making: Making::AsIs,
            },
            skips_bad: false,
            pace: Pace::Free,
            delivery: Delivery::default(),
            store: None,
            progress: None,
            verifies: false,
        }
    }
}

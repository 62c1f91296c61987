//! The shards of a run meet at the broker: they compare their clocks with that of
//! the first one and agree on when to begin.
//!
//! Everyone asks the first shard for its time and takes the answer that was fastest:
//! the time was read halfway between question and answer, give or take half of what
//! both took together (as in NTP, RFC 5905 section 8). Messages are words: `ping
//! SHARD NUMBER`, `pong NUMBER TIME`, `known SHARD`, `ready SHARD` and `go TIME`.

use super::shard::Shard;
use crate::client::{ConnectOptions, Conversation};
use crate::error::{Class, Error, Result};
use crate::mqtt::{Publish, SubscribeOptions, SubscribeProperties, SubscribeRequest};
use crate::output;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long the shards wait for each other: machines of a cluster do not start together.
const PATIENCE: Duration = Duration::from_mins(5);

/// How long an answer may take before the question is asked again.
const RETRY: Duration = Duration::from_millis(500);

/// Questions about the time; the more, the likelier a fast one.
const SAMPLES: u64 = 32;

/// From the decision to begin to the beginning, so that all hear of it before.
const LEAD: Duration = Duration::from_millis(500);

/// What is to be added to a clock to make it that of the first shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clock {
    /// Nanoseconds.
    pub offset_ns: i64,
    /// By how much that may be wrong at most, in nanoseconds.
    pub error_ns: u64,
}

/// A shard that has met the others.
pub(super) struct Meeting {
    talk: Conversation,
    shard: Shard,
    /// What the topics begin with.
    base: String,
    /// Of the others, who knows the time and who is ready; seen by the first only.
    known: BTreeSet<u32>,
    ready: BTreeSet<u32>,
}

impl Meeting {
    /// Meets the other shards of the run with this name; returns when their clocks
    /// are compared.
    ///
    /// # Errors
    /// When the broker fails, or the first shard does not come in [`PATIENCE`].
    pub(super) async fn join(
        options: &ConnectOptions,
        shard: Shard,
        run: u32,
    ) -> Result<(Self, Clock)> {
        let base = format!("mqx/bench/{run:08x}/shard");
        let mut options = options.clone();
        options.session.client_id = format!("mqx-bench-{run:08x}-shard{}", shard.index());
        // It is silent while the clients of the run connect.
        options.session.keep_alive = 0;
        let talk = Conversation::open(options).await?;
        let (known, ready) = (BTreeSet::new(), BTreeSet::new());
        let mut meeting = Self { talk, shard, base, known, ready };
        meeting.subscribe().await?;
        let (index, count) = (shard.index(), shard.count());
        output::note(format!("shard {index} of {count}: waiting for the others"));
        let clock = if shard.index() == 0 {
            meeting.answer_until(|meeting| meeting.known.len()).await?;
            Clock::default()
        } else {
            meeting.compare_clocks().await?
        };
        Ok((meeting, clock))
    }

    /// Says that this shard is ready; returns when all are, with the time to begin at
    /// by the clock of the first: `start_at`, or soon.
    ///
    /// # Errors
    /// When the broker fails, or somebody is not ready in [`PATIENCE`].
    pub(super) async fn agree(mut self, start_at: Option<u64>) -> Result<u64> {
        let start = if self.shard.index() == 0 {
            self.answer_until(|meeting| meeting.ready.len()).await?;
            let soon = now().saturating_add(nanos(LEAD));
            let start = start_at.map_or(soon, |asked| asked.max(soon));
            self.say("go", &format!("go {start}")).await?;
            start
        } else {
            self.await_start().await?
        };
        self.talk.close().await?;
        Ok(start)
    }

    async fn subscribe(&mut self) -> Result<()> {
        let own = self.topic(&self.shard.index().to_string());
        let go = self.topic("go");
        let options = SubscribeOptions::default();
        let requests = [&own, &go].map(|filter| SubscribeRequest { filter, options });
        let reasons = self.talk.subscribe(&requests, SubscribeProperties::default()).await?;
        match reasons.iter().find(|reason| reason.is_error()) {
            Some(reason) => {
                let what = format!("the broker denied the topics the shards meet at: {reason}");
                Err(Error::new(Class::SubscribeDenied, what))
            }
            None => Ok(()),
        }
    }

    /// As the first shard, answers until `count` says that all others did what they
    /// are to do.
    async fn answer_until(&mut self, count: impl Fn(&Self) -> usize) -> Result<()> {
        let others = self.shard.count() as usize - 1;
        self.talk.set_patience(PATIENCE);
        while count(self) < others {
            let words = self.hear().await.map_err(|error| self.missing(error))?;
            match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["ping", shard, number] => {
                    self.say(shard, &format!("pong {number} {}", now())).await?;
                }
                ["known", shard] => self.known.extend(shard.parse::<u32>().ok()),
                ["ready", shard] => self.ready.extend(shard.parse::<u32>().ok()),
                _ => {}
            }
        }
        Ok(())
    }

    async fn compare_clocks(&mut self) -> Result<Clock> {
        self.talk.set_patience(RETRY);
        let patient = tokio::time::Instant::now() + PATIENCE;
        let mut best: Option<Clock> = None;
        let mut number = 0;
        while number < SAMPLES {
            match self.ask_time(number).await {
                Ok(clock) => {
                    let better = best.is_none_or(|best| clock.error_ns < best.error_ns);
                    best = if better { Some(clock) } else { best };
                    number += 1;
                }
                Err(error) if error.class() != Class::Timeout => return Err(error),
                Err(error) if tokio::time::Instant::now() > patient => {
                    return Err(self.missing(error));
                }
                Err(_) => {}
            }
        }
        self.say("0", &format!("known {}", self.shard.index())).await?;
        Ok(best.unwrap_or_default())
    }

    /// One question about the time and its answer.
    async fn ask_time(&mut self, number: u64) -> Result<Clock> {
        let asked = now();
        self.say("0", &format!("ping {} {number}", self.shard.index())).await?;
        loop {
            let words = self.hear().await?;
            let heard = now();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let ["pong", answered, theirs] = words[..] else { continue };
            // An answer to what was asked before came too late to be good.
            if answered.parse() != Ok(number) {
                continue;
            }
            if let Ok(theirs) = theirs.parse() {
                return Ok(clock(asked, theirs, heard));
            }
        }
    }

    async fn await_start(&mut self) -> Result<u64> {
        self.say("0", &format!("ready {}", self.shard.index())).await?;
        self.talk.set_patience(PATIENCE);
        loop {
            let words = self.hear().await.map_err(|error| self.missing(error))?;
            if let [go, start] = &words[..]
                && go == "go"
                && let Ok(start) = start.parse()
            {
                return Ok(start);
            }
        }
    }

    async fn hear(&mut self) -> Result<Vec<String>> {
        let message = self.talk.message().await?;
        let text = String::from_utf8_lossy(message.payload());
        Ok(text.split(' ').map(str::to_owned).collect())
    }

    async fn say(&mut self, to: &str, words: &str) -> Result<()> {
        let topic = self.topic(to);
        let message = Publish { topic: &topic, payload: words.as_bytes(), ..Publish::default() };
        self.talk.publish(&message).await.map(drop)
    }

    fn topic(&self, to: &str) -> String {
        format!("{}/{to}", self.base)
    }

    /// The failure when somebody does not come.
    fn missing(&self, error: Error) -> Error {
        if error.class() != Class::Timeout {
            return error;
        }
        let seconds = PATIENCE.as_secs();
        let who = if self.shard.index() == 0 { "another shard" } else { "shard 0" };
        let what = format!("{who} of {} did not come in {seconds} s", self.shard.count());
        Error::new(Class::Timeout, what)
            .hint("all shards need the same broker, the same --run and different --shard")
    }
}

/// What a clock that read `asked` and `heard` has to be changed by if another one read
/// `theirs` in between.
fn clock(asked: u64, theirs: u64, heard: u64) -> Clock {
    let half = heard.saturating_sub(asked) / 2;
    let middle = i128::from(asked) + i128::from(half);
    let offset_ns = i64::try_from(i128::from(theirs) - middle).unwrap_or_default();
    Clock { offset_ns, error_ns: half }
}

/// The time of this machine in nanoseconds since 1970.
fn now() -> u64 {
    nanos(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_was_read_halfway_between_question_and_answer() {
        assert_eq!(clock(1_000, 6_100, 1_200), Clock { offset_ns: 5_000, error_ns: 100 });
        assert_eq!(clock(9_000, 100, 9_000), Clock { offset_ns: -8_900, error_ns: 0 });
    }
}

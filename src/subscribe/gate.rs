//! Which messages are meant.

use super::{Config, Retained};
use crate::mqtt::Publish;
use crate::mqtt::topic::TopicFilter;
use std::hash::{BuildHasher as _, RandomState};

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// It is printed and counts.
    Wanted,
    /// It is as if it had not come.
    Unwanted,
    /// It counts and is not printed.
    Undrawn,
    /// With it the messages that are meant have ended.
    Last,
}

/// A share of the messages, drawn at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// How many of a million, on average.
    pub of_a_million: u32,
    /// Whether the others count as if they were printed.
    pub counts_rest: bool,
}

/// How many there are of what a share is counted in.
const MILLION: u32 = 1_000_000;

impl Sample {
    /// Reads a share in per cent.
    #[must_use]
    pub fn of_percent(percent: f64) -> Option<Self> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "of these")]
        let of_a_million = (percent * 1e4).round() as u32;
        let fits = percent > 0.0 && percent <= 100.0 && of_a_million > 0;
        fits.then_some(Self { of_a_million, counts_rest: false })
    }

    /// Whether `lot`, which is any number, draws a message.
    const fn draws(self, lot: u64) -> bool {
        lot % (MILLION as u64) < self.of_a_million as u64
    }
}

/// Decides by the topic, by whether the message was retained, and by lot.
#[derive(Debug)]
pub(super) struct Gate {
    retained: Retained,
    filter_out: Vec<TopicFilter>,
    sample: Option<Sample>,
    /// The messages of which a share is taken, and what makes lots of their numbers.
    count: u64,
    lots: RandomState,
}

impl Gate {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            retained: config.retained,
            filter_out: config.filter_out.clone(),
            sample: config.sample,
            count: 0,
            lots: RandomState::new(),
        }
    }

    pub(super) fn judge(&mut self, publish: &Publish<'_>) -> Entry {
        match (self.retained, publish.retain) {
            (Retained::Only, false) => return Entry::Last,
            // What is not retained may be the echo of a removal.
            (Retained::Never, true) | (Retained::Clear, false) => return Entry::Unwanted,
            _ => {}
        }
        let mut unwanted = self.filter_out.iter();
        if unwanted.any(|filter| filter.matches(publish.topic)) {
            return Entry::Unwanted;
        }
        let Some(sample) = self.sample else { return Entry::Wanted };
        self.count += 1;
        match (sample.draws(self.lots.hash_one(self.count)), sample.counts_rest) {
            (true, _) => Entry::Wanted,
            (false, true) => Entry::Undrawn,
            (false, false) => Entry::Unwanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_that_of_the_lots() {
        let drawn = |percent| {
            let sample = Sample::of_percent(percent).unwrap();
            (0..u64::from(MILLION)).filter(|lot| sample.draws(*lot)).count()
        };
        assert_eq!((drawn(100.0), drawn(50.0), drawn(0.1)), (1_000_000, 500_000, 1_000));
        for percent in [0.0, -1.0, 100.1, 1e-9, f64::NAN, f64::INFINITY] {
            assert_eq!(Sample::of_percent(percent), None, "{percent}");
        }
    }

    #[test]
    fn about_as_many_messages_are_meant_as_the_share_says() {
        let sample = Sample::of_percent(20.0);
        let mut gate = Gate::new(&Config { sample, ..Config::default() });
        let publish = Publish::default();
        let meant = (0..10_000).filter(|_| gate.judge(&publish) == Entry::Wanted).count();
        assert!((1_500..2_500).contains(&meant), "{meant} of 10,000");
    }
}

//! What a run counts and how long things took.
//!
//! Each worker counts for itself and hands its [`Stats`] over once a second;
//! nothing is shared per message.

use super::connecting::Connecting;
use super::failures::Failures;
use super::measure::Measure;
use super::track::Arrivals;
use crate::bench::report::Distribution;
use crate::session::Time;
use hdrhistogram::Histogram;
use std::time::Duration;

/// Significant digits kept of each time.
const DIGITS: u8 = 3;

/// A distribution of times, in nanoseconds.
#[derive(Debug, Clone)]
pub(in crate::bench) struct Timing {
    histogram: Histogram<u64>,
    /// The value recorded last and how often in a row, not yet in the
    /// histogram: messages that arrive in one batch often share it.
    run: (u64, u64),
}

impl Default for Timing {
    fn default() -> Self {
        Self { histogram: Histogram::new(DIGITS).expect("three digits are allowed"), run: (0, 0) }
    }
}

impl Timing {
    /// Records one time.
    pub(in crate::bench) fn record(&mut self, span: Duration) {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        if self.run.0 == nanos {
            self.run.1 += 1;
        } else {
            self.settle();
            self.run = (nanos, 1);
        }
    }

    /// Adds all of `other`.
    pub(in crate::bench) fn add(&mut self, other: &mut Self) {
        other.settle();
        self.histogram.add(&other.histogram).expect("a histogram that grows holds any value");
    }

    /// Forgets everything but keeps the memory.
    pub(in crate::bench) fn clear(&mut self) {
        self.histogram.reset();
        self.run = (0, 0);
    }

    /// The figures of the distribution.
    #[must_use]
    pub(in crate::bench) fn summary(&mut self) -> Summary {
        self.settle();
        Summary::of(&self.histogram)
    }

    /// All of it, to be kept; `None` if nothing was recorded.
    #[must_use]
    pub(in crate::bench) fn distribution(&mut self) -> Option<Distribution> {
        self.settle();
        Distribution::of(&self.histogram)
    }

    fn settle(&mut self) {
        let (nanos, count) = std::mem::take(&mut self.run);
        if count > 0 {
            self.histogram.record_n(nanos, count).expect("a histogram that grows holds any value");
        }
    }
}

/// The figures of a distribution of times, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Summary {
    /// Times recorded.
    pub count: u64,
    /// The shortest.
    pub min: u64,
    /// Their average.
    pub mean: f64,
    /// Their standard deviation.
    pub stdev: f64,
    /// Half are at most this.
    pub p50: u64,
    /// Three quarters are at most this.
    pub p75: u64,
    /// Nine tenths are at most this.
    pub p90: u64,
    /// All but one in twenty are at most this.
    pub p95: u64,
    /// All but one in a hundred are at most this.
    pub p99: u64,
    /// All but one in a thousand are at most this.
    pub p99_9: u64,
    /// All but one in ten thousand are at most this.
    pub p99_99: u64,
    /// The longest.
    pub max: u64,
}

impl Summary {
    /// Those of this histogram.
    #[must_use]
    pub(in crate::bench) fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Self {
            count: histogram.len(),
            min: histogram.min(),
            mean: histogram.mean(),
            stdev: histogram.stdev(),
            p50: at(0.5),
            p75: at(0.75),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p99_9: at(0.999),
            p99_99: at(0.9999),
            max: histogram.max(),
        }
    }
}

/// The counts of a worker, or of all of them together.
#[derive(Debug, Clone, Default)]
pub(in crate::bench) struct Stats {
    /// Messages published, and the bytes of their payloads.
    pub(in crate::bench) published: u64,
    /// Bytes of the payloads published.
    pub(in crate::bench) published_bytes: u64,
    /// QoS 1 and 2 messages the broker acknowledged.
    pub(in crate::bench) acknowledged: u64,
    /// Messages of this run that arrived, every repetition counted.
    pub(in crate::bench) received: u64,
    /// Bytes of the payloads received.
    pub(in crate::bench) received_bytes: u64,
    /// Messages that arrived and are not of this run.
    pub(in crate::bench) foreign: u64,
    /// What arrived, by message; known when the run is over.
    pub(in crate::bench) arrivals: Arrivals,
    /// Times a socket took no more bytes.
    pub(in crate::bench) blocked: u64,
    /// From when a message was due until it arrived.
    pub(in crate::bench) latency: Timing,
    /// From when a message was sent until it arrived.
    pub(in crate::bench) service: Timing,
    /// From when a message was due until it was acknowledged.
    pub(in crate::bench) acknowledgement: Timing,
    /// How much later than due messages were sent.
    pub(in crate::bench) lag: Timing,
    /// What became of connections.
    pub(in crate::bench) connecting: Connecting,
    /// Messages that were given up because there was no room to keep them.
    pub(in crate::bench) overrun: u64,
    /// What each member of a shared subscription received; known when the run
    /// is over.
    pub(in crate::bench) shares: Vec<u64>,
    /// When they were handed over last.
    pub(in crate::bench) until: Time,
    /// Messages due before are not measured.
    pub(in crate::bench) measured_from: Time,
    /// Failures by their class.
    pub(in crate::bench) errors: Failures,
    /// When the last message was published.
    pub(in crate::bench) last_published: Time,
    /// When the last message arrived.
    pub(in crate::bench) last_received: Time,
}

impl Stats {
    /// Notes that a message with such a payload was sent at `now`.
    pub(in crate::bench) fn sent(&mut self, payload: usize, now: Time) {
        self.published += 1;
        self.published_bytes += u64::try_from(payload).unwrap_or(u64::MAX);
        self.last_published = now;
    }

    /// Moves everything from `other` to here.
    pub(in crate::bench) fn take(&mut self, other: &mut Self) {
        for (here, there) in self.counts().into_iter().zip(other.counts()) {
            *here += std::mem::take(there);
        }
        for ((_, here), (_, there)) in self.measured().into_iter().zip(other.measured()) {
            here.add(there);
            there.clear();
        }
        self.arrivals.add(std::mem::take(&mut other.arrivals));
        self.shares.append(&mut other.shares);
        self.errors.add(std::mem::take(&mut other.errors));
        self.last_published = self.last_published.max(other.last_published);
        self.last_received = self.last_received.max(other.last_received);
        self.connecting.last = self.connecting.last.max(other.connecting.last);
    }

    const fn counts(&mut self) -> [&mut u64; 12] {
        let connecting = &mut self.connecting;
        [
            &mut self.published,
            &mut self.published_bytes,
            &mut self.acknowledged,
            &mut self.received,
            &mut self.received_bytes,
            &mut self.foreign,
            &mut self.blocked,
            &mut self.overrun,
            &mut connecting.accepted,
            &mut connecting.failed,
            &mut connecting.lost,
            &mut connecting.away,
        ]
    }

    /// The times with their names.
    pub(in crate::bench) const fn measured(&mut self) -> [(Measure, &mut Timing); 10] {
        let connecting = &mut self.connecting;
        [
            (Measure::Latency, &mut self.latency),
            (Measure::Service, &mut self.service),
            (Measure::Acknowledgement, &mut self.acknowledgement),
            (Measure::Lag, &mut self.lag),
            (Measure::Tcp, &mut connecting.tcp),
            (Measure::Tls, &mut connecting.tls),
            (Measure::Websocket, &mut connecting.websocket),
            (Measure::Connack, &mut connecting.connack),
            (Measure::Connect, &mut connecting.connect),
            (Measure::Subscribe, &mut connecting.subscribe),
        ]
    }

    /// The figures of the times of this kind.
    pub(in crate::bench) fn summary(&mut self, wanted: Measure) -> Option<Summary> {
        let found = self.measured().into_iter().find(|(measure, _)| *measure == wanted);
        found.map(|(_, timing)| timing.summary()).filter(|times| times.count > 0)
    }

    /// All times of this kind.
    pub(in crate::bench) fn distribution(&mut self, wanted: Measure) -> Option<Distribution> {
        let found = self.measured().into_iter().find(|(measure, _)| *measure == wanted);
        found.and_then(|(_, timing)| timing.distribution())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Class, Error};

    #[test]
    fn what_is_taken_is_counted_once() {
        let (mut all, mut worker) = (Stats::default(), Stats::default());
        for millis in [1, 1, 5] {
            worker.published += 1;
            worker.latency.record(Duration::from_millis(millis));
        }
        worker.errors.note(&Error::new(Class::Other, "lost"));
        all.take(&mut worker);
        all.take(&mut worker);
        let latency = all.latency.summary();
        assert_eq!((all.published, latency.count), (3, 3));
        assert_eq!(all.errors.count(), 1);
        assert!(latency.max.abs_diff(5_000_000) < 5_000, "{latency:?}");
        assert!(latency.p50.abs_diff(1_000_000) < 1_000, "{latency:?}");
    }
}

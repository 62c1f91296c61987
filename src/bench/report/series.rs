//! How a run went, second by second.
//!
//! Bounded: when there are too many points, two neighbours become one.

use super::distribution::Distribution;
use crate::bench::tally::Measure;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Points at most; beyond an hour they stand for two seconds each, and so on.
const MAX_POINTS: usize = 3_600;

/// A run as points in time, one for each second unless it was long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Seconds from one point to the next.
    pub interval: u32,
    /// What was measured: the times in the points.
    pub measure: Measure,
    /// In the order of time.
    pub points: Vec<Point>,
}

/// What happened since the point before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Its end, in seconds after the start.
    pub at: f64,
    /// Messages published.
    pub published: u64,
    /// First arrivals, at all subscribers together.
    pub received: u64,
    /// Messages acknowledged, QoS 1 and 2 only.
    pub acknowledged: u64,
    /// Failures of any kind.
    pub errors: u64,
    /// The broker's processor time, as a share of one core; absent if it is not watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker_cores: Option<f64>,
    /// The times; absent if nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times_ns: Option<Distribution>,
}

/// A number of a point with its name.
pub(super) type Counted = (&'static str, fn(&Point) -> u64);

impl Point {
    /// Adds what happened right after it, or in the same time elsewhere.
    fn add(&mut self, other: Self) {
        self.at = self.at.max(other.at);
        self.published += other.published;
        self.received += other.received;
        self.acknowledged += other.acknowledged;
        self.errors += other.errors;
        // Two spans of one broker, or the same span seen by two.
        let both = self.broker_cores.zip(other.broker_cores);
        let mean = both.map(|(one, other)| f64::midpoint(one, other));
        self.broker_cores = mean.or(self.broker_cores).or(other.broker_cores);
        match (&mut self.times_ns, other.times_ns) {
            (Some(times), Some(more)) => times.add(&more),
            (times, more) => *times = times.take().or(more),
        }
    }
}

impl Series {
    /// Without any points, of these times.
    #[must_use]
    pub(in crate::bench) const fn new(measure: Measure) -> Self {
        Self { interval: 1, measure, points: Vec::new() }
    }

    /// Adds what happened since the point before.
    pub(in crate::bench) fn push(&mut self, point: Point) {
        let begun = self.end_before_last();
        let interval = f64::from(self.interval);
        match self.points.last_mut() {
            // The last one may be short; it is not yet a point of its own.
            Some(last) if last.at - begun < interval * 0.75 => last.add(point),
            _ => self.points.push(point),
        }
        if self.points.len() > MAX_POINTS {
            self.coarsen();
        }
    }

    /// Adds the rest of a run. What came in the last moments, mostly while the run
    /// waited for it, counts for the last second.
    pub(in crate::bench) fn finish(&mut self, point: Point) {
        let interval = f64::from(self.interval);
        match self.points.last_mut() {
            Some(last) if point.at - last.at < interval * 0.5 => {
                last.add(Point { at: last.at, ..point });
            }
            _ => self.points.push(point),
        }
    }

    /// Adds what happened in the same seconds elsewhere.
    pub(super) fn add(&mut self, mut other: Self) {
        while self.interval < other.interval {
            self.coarsen();
        }
        while other.interval < self.interval {
            other.coarsen();
        }
        for (index, point) in other.points.into_iter().enumerate() {
            match self.points.get_mut(index) {
                Some(here) => here.add(point),
                None => self.points.push(point),
            }
        }
    }

    /// The rates of `count` over time: the end of each point, and per second.
    pub fn rates(&self, count: fn(&Point) -> u64) -> impl Iterator<Item = (f64, f64)> {
        let starts = std::iter::once(0.0).chain(self.points.iter().map(|point| point.at));
        self.points.iter().zip(starts).map(move |(point, start)| {
            let seconds = Duration::try_from_secs_f64(point.at - start).unwrap_or_default();
            let rate = super::per_second(count(point), seconds.as_secs_f64());
            (point.at, rate)
        })
    }

    /// Where the last point begins.
    fn end_before_last(&self) -> f64 {
        let before = self.points.len().checked_sub(2);
        before.and_then(|at| self.points.get(at)).map_or(0.0, |point| point.at)
    }

    /// Makes one point of two.
    fn coarsen(&mut self) {
        self.interval = self.interval.saturating_mul(2);
        let mut points = std::mem::take(&mut self.points).into_iter();
        while let Some(mut point) = points.next() {
            if let Some(next) = points.next() {
                point.add(next);
            }
            self.points.push(point);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at: f64, published: u64) -> Point {
        let times_ns = None;
        Point {
            at,
            published,
            received: 0,
            acknowledged: 0,
            errors: 0,
            broker_cores: None,
            times_ns,
        }
    }

    fn series(points: impl IntoIterator<Item = Point>) -> Series {
        let mut series = Series::new(Measure::Latency);
        points.into_iter().for_each(|point| series.push(point));
        series
    }

    #[test]
    fn a_day_is_kept_in_bounds_and_nothing_is_lost() {
        let series = series((1..=86_400).map(|second| point(f64::from(second), 10)));
        assert!(series.points.len() <= MAX_POINTS);
        assert_eq!(series.interval, 32);
        let published: u64 = series.points.iter().map(|point| point.published).sum();
        assert_eq!(published, 864_000);
        assert!(series.rates(|point| point.published).all(|(_, rate)| (rate - 10.0).abs() < 1e-6));
    }

    #[test]
    fn series_are_added_second_by_second_however_long_each_is() {
        let mut long = series((1..=5_000).map(|second| point(f64::from(second), 1)));
        let short = series([point(1.0, 7), point(2.0, 7), point(3.0, 7)]);
        long.add(short.clone());
        let counts: Vec<_> = long.points.iter().take(3).map(|point| point.published).collect();
        assert_eq!(counts, [16, 9, 2]);
        let mut sum = short.clone();
        sum.add(short);
        assert!(sum.points.iter().all(|point| point.published == 14));
    }

    #[test]
    fn a_short_rest_belongs_to_the_last_second_and_a_long_one_does_not() {
        let mut short = series([point(1.0, 5), point(2.0, 5)]);
        short.finish(point(2.1, 1));
        assert_eq!(short.points, [point(1.0, 5), point(2.0, 6)]);
        let mut long = series([point(1.0, 5)]);
        long.finish(point(1.9, 4));
        assert_eq!(long.points.len(), 2);
        let mut only = series([]);
        only.finish(point(0.1, 4));
        assert_eq!(only.points.len(), 1);
    }
}

//! How a load that changes bends time: a message that is due after so much
//! load is due when that much load has passed.

use crate::bench::load::Stage;
use crate::bench::units::{float, floor};
use crate::session::Time;
use std::time::Duration;

/// The load over time, as straight lines.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Warp {
    lines: Vec<Line>,
}

/// A span in which the load changes evenly. Times are in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    start: f64,
    length: f64,
    /// The load that has passed at its start: time multiplied with its factor.
    load: f64,
    from: f64,
    to: f64,
}

impl Line {
    /// The load that passes in so much time of it.
    fn load_in(&self, time: f64) -> f64 {
        time * (self.from + (self.to - self.from) * time / (2.0 * self.length))
    }

    /// The time of it in which so much load passes, which is all of it at most.
    fn time_for(&self, load: f64) -> f64 {
        // The root of a quadratic equation, in the form that loses no digits.
        let slope = (self.to - self.from) / self.length;
        let root = (self.from * self.from + 2.0 * slope * load).max(0.0).sqrt();
        2.0 * load / (self.from + root)
    }
}

impl Warp {
    /// That of these stages, one after the other.
    #[must_use]
    pub(in crate::bench) fn new(stages: &[Stage]) -> Self {
        let (mut start, mut load) = (0.0, 0.0);
        let line = |stage: &Stage| {
            let length = nanos(stage.duration);
            let line = Line { start, length, load, from: stage.from, to: stage.to };
            start += length;
            load += line.load_in(length);
            line
        };
        Self { lines: stages.iter().map(line).collect() }
    }

    /// How much load has passed at `time`, in nanoseconds of full load.
    #[must_use]
    pub(super) fn load_at(&self, time: Time) -> f64 {
        let time = float(time.nanos());
        let line = self.lines.iter().rev().find(|line| line.start <= time);
        line.map_or(time, |line| line.load + line.load_in((time - line.start).min(line.length)))
    }

    /// When so much load has passed; the end of time if that is never.
    #[must_use]
    pub(in crate::bench) fn time_of(&self, load: f64) -> Time {
        let passes = |line: &&Line| line.load + line.load_in(line.length) > load;
        let Some(line) = self.lines.iter().find(passes) else {
            return if self.lines.is_empty() { Time::from_nanos(floor(load)) } else { NEVER };
        };
        Time::from_nanos(floor(line.start + line.time_for(load - line.load)))
    }
}

/// Later than anything happens.
pub(in crate::bench) const NEVER: Time = Time::from_nanos(u64::MAX);

fn nanos(span: Duration) -> f64 {
    float(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stage(seconds: u64, from: f64, to: f64) -> Stage {
        Stage { from, to, ..Stage::lasting(Duration::from_secs(seconds)) }
    }

    fn at(seconds: f64) -> Time {
        Time::ZERO + Duration::from_secs_f64(seconds)
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 10.0
    }

    #[test]
    fn a_ramp_has_half_the_load_of_its_end() {
        let warp = Warp::new(&[stage(10, 0.0, 1.0), stage(5, 2.0, 2.0)]);
        assert!(close(warp.load_at(at(10.0)), 5e9));
        assert!(close(warp.load_at(at(5.0)), 1.25e9));
        assert!(close(warp.load_at(at(12.0)), 9e9));
        assert!(close(warp.load_at(at(99.0)), 15e9), "the load ends with the last stage");
    }

    #[test]
    fn nothing_is_due_while_there_is_no_load() {
        let warp = Warp::new(&[stage(1, 1.0, 1.0), stage(2, 0.0, 0.0), stage(1, 1.0, 1.0)]);
        assert_eq!(warp.time_of(0.5e9), at(0.5));
        assert_eq!(warp.time_of(1.5e9), at(3.5));
        assert_eq!(warp.time_of(2.0e9), NEVER);
    }

    #[test]
    fn without_stages_load_is_time() {
        let warp = Warp::default();
        assert_eq!(warp.time_of(warp.load_at(at(7.0))), at(7.0));
    }

    proptest! {
        #[test]
        fn time_and_load_are_each_others_reverse(
            lines in proptest::collection::vec((1..100_u64, 0.1..5.0_f64, 0.1..5.0_f64), 1..6),
            share in 0.0..0.999_f64,
        ) {
            let stages: Vec<_> = lines.iter().map(|&(length, from, to)| stage(length, from, to)).collect();
            let total: u64 = lines.iter().map(|line| line.0).sum();
            let warp = Warp::new(&stages);
            let time = at(float(total) * share);
            let back = warp.time_of(warp.load_at(time));
            prop_assert!(back.nanos().abs_diff(time.nanos()) < 1_000, "{time:?} {back:?}");
        }
    }
}

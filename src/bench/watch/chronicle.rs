//! Writes down how a run goes while it does, for the series of its report.

use crate::bench::board::Progress;
use crate::bench::report::{Point, Series};
use crate::bench::tally::{Measure, Stats};
use std::time::Duration;

/// Makes a point of what is different from one look to the next.
#[derive(Debug)]
pub(in crate::bench) struct Chronicle {
    series: Series,
    last: Progress,
}

impl Chronicle {
    /// Of the times of this kind.
    pub(in crate::bench) const fn new(measure: Measure) -> Self {
        let last = Progress { sent: 0, skipped: 0, delivered: 0, answered: 0 };
        Self { series: Series::new(measure), last }
    }

    /// Notes how far the run is and what was counted since the last note.
    pub(in crate::bench) fn note(
        &mut self,
        elapsed: Duration,
        progress: Progress,
        news: &mut Stats,
    ) {
        let point = self.point(elapsed, progress, news);
        self.series.push(point);
    }

    /// The same for the last time; returns all of it.
    pub(in crate::bench) fn finish(
        mut self,
        elapsed: Duration,
        progress: Progress,
        news: &mut Stats,
    ) -> Series {
        let point = self.point(elapsed, progress, news);
        self.series.finish(point);
        self.series
    }

    fn point(&mut self, elapsed: Duration, progress: Progress, news: &mut Stats) -> Point {
        let last = std::mem::replace(&mut self.last, progress);
        Point {
            at: elapsed.as_secs_f64(),
            published: progress.sent - last.sent,
            received: progress.delivered - last.delivered,
            acknowledged: progress.answered - last.answered,
            errors: news.errors.values().sum(),
            times_ns: news.distribution(self.series.measure),
        }
    }
}

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
    until: Duration,
}

/// The time since publishing began, and what the broker took of a processor since the
/// last look at it, if anyone looks.
pub(in crate::bench) type Moment = (Duration, Option<Duration>);

impl Chronicle {
    /// Of the times of this kind.
    pub(in crate::bench) const fn new(measure: Measure) -> Self {
        let last = Progress { sent: 0, skipped: 0, delivered: 0, answered: 0 };
        Self { series: Series::new(measure), last, until: Duration::ZERO }
    }

    /// Notes how far the run is and what was counted since the last note.
    pub(in crate::bench) fn note(&mut self, moment: Moment, progress: Progress, news: &mut Stats) {
        let point = self.point(moment, progress, news);
        self.series.push(point);
    }

    /// The same for the last time; returns all of it.
    pub(in crate::bench) fn finish(
        mut self,
        moment: Moment,
        progress: Progress,
        news: &mut Stats,
    ) -> Series {
        let point = self.point(moment, progress, news);
        self.series.finish(point);
        self.series
    }

    fn point(&mut self, moment: Moment, progress: Progress, news: &mut Stats) -> Point {
        let last = std::mem::replace(&mut self.last, progress);
        let (elapsed, broker) = moment;
        let span = elapsed.saturating_sub(std::mem::replace(&mut self.until, elapsed));
        Point {
            at: elapsed.as_secs_f64(),
            published: progress.sent - last.sent,
            received: progress.delivered - last.delivered,
            acknowledged: progress.answered - last.answered,
            errors: news.errors.count(),
            broker_cores: broker.map(|time| time.as_secs_f64() / span.as_secs_f64().max(1e-9)),
            times_ns: news.distribution(self.series.measure),
        }
    }
}

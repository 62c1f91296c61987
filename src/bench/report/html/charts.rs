//! The charts of a report: rates and times second by second, and the whole
//! distribution of each time.

use super::super::chart::{Axis, COLORS, Chart, Line, Scale};
use super::super::series::Counted;
use super::super::tables::Figure;
use super::super::{Distribution, Knee, Report};
use crate::bench::tally::{Measure, Summary};
use crate::bench::units::{count, float, span, whole};

/// Points of the curve of a distribution between two decades of its rest.
const CURVE: i32 = 12;

impl Report {
    /// All charts that there is something to be drawn in.
    pub(super) fn charts(&self) -> Vec<Chart> {
        let charts =
            [self.rate_chart(), self.time_chart(), self.percentile_chart(), self.broker_chart()];
        let charts = self.find_max.iter().map(Knee::chart).chain(charts);
        let drawn = |chart: &Chart| chart.lines.iter().any(|line| !line.points.is_empty());
        charts.filter(drawn).collect()
    }

    fn rate_chart(&self) -> Chart {
        let kinds: [Counted; 3] = [
            ("published", |point| point.published),
            ("received", |point| point.received),
            ("acknowledged", |point| point.acknowledged),
        ];
        let lines = kinds.into_iter().map(|(name, count)| Line {
            name: name.to_owned(),
            points: self.series.rates(count).collect(),
        });
        let is_drawn = |line: &Line| line.points.iter().any(|(_, rate)| *rate > 0.0);
        let lines: Vec<_> = lines.filter(is_drawn).collect();
        let rates = lines.iter().flat_map(|line| &line.points).map(|(_, rate)| *rate);
        Chart {
            title: "Messages per second".to_owned(),
            across: self.time_axis(),
            up: Axis { name: "", scale: Scale::linear(rates), label: rate },
            lines,
        }
    }

    fn time_chart(&self) -> Chart {
        let figures: [Figure; 3] =
            [("p50", |times| times.p50), ("p99", |times| times.p99), ("max", |times| times.max)];
        let timed = |figure: fn(&Summary) -> u64| {
            let points = self.series.points.iter();
            let timed = points.filter_map(move |point| {
                let times = point.times_ns.as_ref()?.summary();
                Some((point.at, float(figure(times))))
            });
            timed.collect()
        };
        let lines =
            figures.map(|(name, figure)| Line { name: name.to_owned(), points: timed(figure) });
        let lines = Vec::from(lines);
        Chart {
            title: format!("{} over time", capital(self.series.measure.title())),
            across: self.time_axis(),
            up: time_scale(&lines),
            lines,
        }
    }

    fn percentile_chart(&self) -> Chart {
        let times = self.shown_times().filter(|(measure, _)| **measure != Measure::Lag);
        let named = times.take(COLORS).map(|(measure, times)| (measure.title().to_owned(), times));
        percentiles("Times by percentile", named)
    }

    /// What the broker took of the machine, where that is known.
    fn broker_chart(&self) -> Chart {
        let points = self.series.points.iter();
        let points = points.filter_map(|point| Some((point.at, point.broker_cores? * 100.0)));
        let line = Line { name: "broker".to_owned(), points: points.collect() };
        let shares = line.points.iter().map(|(_, share)| *share);
        Chart {
            title: "Processor, percent of a core".to_owned(),
            across: self.time_axis(),
            up: Axis { name: "", scale: Scale::linear(shares), label: plain },
            lines: vec![line],
        }
    }

    fn time_axis(&self) -> Axis {
        seconds(self.series.points.last().map_or(1.0, |point| point.at))
    }
}

/// The seconds of a run up to `end`.
pub(in super::super) fn seconds(end: f64) -> Axis {
    Axis { name: "seconds", scale: Scale::Linear(end), label: plain }
}

/// The curves of distributions in one chart.
pub(in super::super) fn percentiles<'a>(
    title: &str,
    named: impl Iterator<Item = (String, &'a Distribution)>,
) -> Chart {
    let (mut lines, mut most) = (Vec::new(), 10);
    for (name, times) in named {
        most = most.max(times.summary().count);
        lines.push(Line { name, points: curve(times) });
    }
    let decades = float(most).log10().ceil();
    Chart {
        title: title.to_owned(),
        across: Axis {
            name: "percentile",
            scale: Scale::Quantile(10_f64.powf(decades)),
            label: percent,
        },
        up: time_scale(&lines),
        lines,
    }
}

/// Times by the share of all that are at most as long.
fn curve(times: &Distribution) -> Vec<(f64, f64)> {
    let histogram = times.histogram();
    let all = float(times.summary().count);
    let steps = (0..).map(|step| 1.0 - 10_f64.powf(-f64::from(step) / f64::from(CURVE)));
    let known = steps.take_while(|share| (1.0 - share) * all >= 1.0);
    let inner = known.map(|share| (share, float(histogram.value_at_quantile(share))));
    inner.chain([(1.0 - 1.0 / all, float(histogram.max()))]).collect()
}

/// An axis for the times of these lines.
pub(in super::super) fn time_scale(lines: &[Line]) -> Axis {
    let times = lines.iter().flat_map(|line| &line.points).map(|(_, time)| *time);
    Axis { name: "", scale: Scale::logarithmic(times), label: time }
}

fn time(nanos: f64) -> String {
    short(&span(whole(nanos)))
}

/// Messages per second at an axis.
pub(in super::super) fn rate(number: f64) -> String {
    short(&count(whole(number), 1.0))
}

/// Without zeros behind the point: ticks are round.
fn short(number: &str) -> String {
    let end = number.find(char::is_alphabetic).unwrap_or(number.len());
    let (digits, unit) = number.split_at_checked(end).unwrap_or((number, ""));
    let digits = if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    };
    format!("{digits}{unit}")
}

fn plain(number: f64) -> String {
    short(&format!("{number:.3}"))
}

fn percent(share: f64) -> String {
    short(&format!("{:.6}", share * 100.0)) + "%"
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

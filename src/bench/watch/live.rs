//! What a person sees while a run is going: a few lines on stderr that fit the terminal.
//! Nothing at all when stderr is not one.

use super::sparkline::Sparkline;
use super::terminal::Terminal;
use crate::bench::board::Progress;
use crate::bench::plan::Plan;
use crate::bench::tally::{Stats, Timing};
use crate::bench::units::{count, span};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike as _};
use std::time::Duration;

/// The live view.
pub(in crate::bench) struct Live {
    bar: ProgressBar,
    duration: Option<Duration>,
    quota: Option<u64>,
    connections: u32,
    /// Whether connections are all there is to be seen.
    only_connects: bool,
    last: Progress,
    seen: Duration,
    rates: Sparkline,
    /// What the run is one of; empty if it is the only one.
    title: String,
    /// Columns of the terminal.
    width: usize,
}

/// How a run is at one moment.
#[derive(Debug, Clone, Copy)]
pub(in crate::bench) struct Glance {
    /// The time since it began.
    pub(in crate::bench) elapsed: Duration,
    /// How far it is.
    pub(in crate::bench) progress: Progress,
    /// Arrivals that all sent messages ought to have.
    pub(in crate::bench) expected: u64,
    /// Connections that are open.
    pub(in crate::bench) connected: u32,
}

/// Redraws per second at most.
const REDRAWS: u8 = 10;

/// Steps of the bar from the start to the end of a run.
const STEPS: u64 = 1_000;

/// Columns of the sparkline at most, a second each.
const COLUMNS: usize = 60;

/// Columns in front of all lines but the first.
const INDENT: usize = 6;

/// The narrowest terminal with a bar of full length.
const WIDE: usize = 80;

const WITH_END: &str = "{prefix} [{bar:30.cyan}] {percent:>3}%  {msg}";
const NARROW: &str = "{prefix} [{bar:12.cyan}] {percent:>3}%  {msg}";
const ENDLESS: &str = "{prefix} {spinner:.cyan} Ctrl-C ends the run  {msg}";

impl Live {
    /// For a run of this plan and title; hidden unless `shown` and on a terminal.
    pub(in crate::bench) fn new(plan: &Plan, title: &str, shown: bool) -> Self {
        let duration = plan.end().map(|end| Duration::from_nanos(end.nanos()));
        let quota = Some(plan.total_quota()).filter(|quota| (1..u64::MAX).contains(quota));
        let terminal = Terminal::on_stderr().filter(|_| shown);
        let width = terminal.as_ref().map_or(WIDE, |terminal| usize::from(terminal.width()));
        let target = terminal.map_or_else(ProgressDrawTarget::hidden, |terminal| {
            ProgressDrawTarget::term_like_with_hz(Box::new(terminal), REDRAWS)
        });
        let ends = duration.is_some() || quota.is_some();
        let bar = if width < WIDE { NARROW } else { WITH_END };
        let template = if ends { bar } else { ENDLESS };
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        let bar = ProgressBar::with_draw_target(Some(STEPS), target);
        bar.set_style(style.progress_chars("=> "));
        Self {
            bar,
            duration,
            quota,
            connections: plan.connections(),
            only_connects: plan.only_connects(),
            last: Progress::default(),
            seen: Duration::ZERO,
            rates: Sparkline::new(COLUMNS.min(width.saturating_sub(INDENT + 1)).max(1)),
            title: title.to_owned(),
            width,
        }
    }

    /// So many connections of all are ready; where that is all there is, the seconds show.
    pub(in crate::bench) fn gathering(&self, ready: u32, all: u32) {
        if self.only_connects && !self.seen.is_zero() {
            return;
        }
        self.bar.set_prefix(clock(Duration::ZERO));
        self.bar.set_message(format!("connected {ready} of {all}"));
    }

    /// Shows the second that has passed and the errors of the whole run.
    pub(in crate::bench) fn show(&mut self, glance: &Glance, second: &mut Stats, all: &Stats) {
        self.bar.set_prefix(clock(glance.elapsed));
        self.bar.set_position(self.position(glance));
        let message = self.message(glance, second, all);
        self.bar.set_message(message);
        (self.last, self.seen) = (glance.progress, glance.elapsed);
    }

    /// Takes the view off the terminal.
    pub(in crate::bench) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// What stands behind the bar and below it.
    fn message(&mut self, glance: &Glance, second: &mut Stats, all: &Stats) -> String {
        let seconds = (glance.elapsed.saturating_sub(self.seen)).as_secs_f64().max(0.001);
        let Progress { sent, delivered, .. } = glance.progress;
        let sent = sent.saturating_sub(self.last.sent);
        let arrived = match delivered.saturating_sub(self.last.delivered) {
            // Where others publish, nothing is known to be delivered.
            0 => second.received,
            arrived => arrived,
        };
        self.rates.push(sent.max(arrived).max(second.connecting.accepted));
        let missing = glance.expected.saturating_sub(delivered);
        let errors = all.errors.count();
        let connections = format!("conn {}/{} err {errors}", glance.connected, self.connections);
        let rates = if self.only_connects {
            format!("opened {}/s", count(second.connecting.accepted, seconds))
        } else {
            format!("sent {}/s got {}/s", count(sent, seconds), count(arrived, seconds))
        };
        let missing = (!self.only_connects).then(|| format!("missing {missing}"));
        let figures: Vec<_> = [rates, times(second)].into_iter().chain(missing).collect();
        let title = Some(self.title.clone()).filter(|title| !title.is_empty());
        let figures = in_lines(&figures, self.width.saturating_sub(INDENT + 1));
        let lines = title.into_iter().chain(figures).chain([self.rates.to_string()]);
        let indent = " ".repeat(INDENT);
        lines.fold(connections, |text, line| format!("{text}\n{indent}{line}"))
    }

    fn position(&self, glance: &Glance) -> u64 {
        let part = |done: u128, all: u128| {
            u64::try_from(done * u128::from(STEPS) / all.max(1)).unwrap_or(STEPS)
        };
        let by_time =
            self.duration.map(|duration| part(glance.elapsed.as_nanos(), duration.as_nanos()));
        let by_quota = self.quota.map(|quota| part(glance.progress.handled().into(), quota.into()));
        by_time.max(by_quota).unwrap_or(0).min(STEPS)
    }
}

/// The parts one behind the other, in as many lines as they need.
fn in_lines(parts: &[String], width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for part in parts {
        let room = lines.last().map_or(0, |line| width.saturating_sub(line.chars().count()));
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(part),
            Some(line) if part.chars().count() < room => line.extend([" ", part]),
            _ => lines.push(part.clone()),
        }
    }
    lines
}

/// The times of a second: those that say most about the run.
fn times(second: &mut Stats) -> String {
    let candidates =
        [&mut second.latency, &mut second.acknowledgement, &mut second.connecting.connect];
    let measured = candidates.into_iter().map(Timing::summary);
    let times = measured.into_iter().find(|times| times.count > 0);
    let shown = |time: Option<u64>| time.map_or_else(|| "-".to_owned(), span);
    let (p50, p99) = (times.map(|times| times.p50), times.map(|times| times.p99));
    let max = times.map(|times| times.max);
    format!("p50 {} p99 {} max {}", shown(p50), shown(p99), shown(max))
}

/// Minutes and seconds, or hours as well.
fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_into_a_line_begins_the_next() {
        let parts = ["sent 5/s", "p99 1ms", "lost 0"].map(str::to_owned);
        assert_eq!(in_lines(&parts, 80), ["sent 5/s p99 1ms lost 0"]);
        assert_eq!(in_lines(&parts, 16), ["sent 5/s p99 1ms", "lost 0"]);
        assert_eq!(in_lines(&parts, 3), ["sent 5/s", "p99 1ms", "lost 0"]);
    }
}

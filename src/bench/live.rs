//! What a person sees while a run is going: two lines on stderr, of 80 columns
//! at most. Nothing at all when stderr is not a terminal.

use super::board::Progress;
use super::plan::Plan;
use super::stats::Stats;
use super::terminal::Terminal;
use super::units::{count, span};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// The live view.
pub(super) struct Live {
    bar: ProgressBar,
    duration: Option<Duration>,
    limit: Option<u64>,
    subscribers: u64,
    last: Progress,
    seen: Duration,
}

/// Redraws per second at most.
const REDRAWS: u8 = 10;

/// Steps of the bar from the start to the end of a run.
const STEPS: u64 = 1_000;

const WITH_END: &str = "{prefix} [{bar:40.cyan}] {percent:>3}%\n{wide_msg}";
const ENDLESS: &str = "{prefix} {spinner:.cyan} Ctrl-C ends the run\n{wide_msg}";

impl Live {
    /// For a run of this plan; hidden unless `shown` and on a terminal.
    pub(super) fn new(plan: &Plan, shown: bool) -> Self {
        let load = plan.load();
        let ends = load.duration.is_some() || load.limit.is_some();
        let terminal = Terminal::on_stderr().filter(|_| shown);
        let target = terminal.map_or_else(ProgressDrawTarget::hidden, |terminal| {
            ProgressDrawTarget::term_like_with_hz(Box::new(terminal), REDRAWS)
        });
        let template = if ends { WITH_END } else { ENDLESS };
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        let bar = ProgressBar::with_draw_target(Some(STEPS), target);
        bar.set_style(style.progress_chars("=> "));
        Self {
            bar,
            duration: load.duration,
            limit: load.limit,
            subscribers: load.subscribers.into(),
            last: Progress::default(),
            seen: Duration::ZERO,
        }
    }

    /// So many connections of all are ready.
    pub(super) fn gathering(&self, ready: u32, all: u32) {
        self.bar.set_prefix(clock(Duration::ZERO));
        self.bar.set_message(format!("connected {ready} of {all}"));
    }

    /// Shows the second that has passed and the errors of the whole run.
    pub(super) fn show(
        &mut self,
        elapsed: Duration,
        progress: Progress,
        second: &mut Stats,
        all: &Stats,
    ) {
        let seconds = (elapsed.saturating_sub(self.seen)).as_secs_f64().max(0.001);
        let rate = |now: u64, before: u64| count(now.saturating_sub(before), seconds);
        let (sent, arrived) =
            (rate(progress.sent, self.last.sent), rate(progress.delivered, self.last.delivered));
        let times = match second.latency.summary() {
            times if times.count > 0 => times,
            _ => second.acknowledgement.summary(),
        };
        let shown = |time| if times.count > 0 { span(time) } else { "-".to_owned() };
        let under_way = (progress.sent * self.subscribers).saturating_sub(progress.delivered);
        let errors: u64 = all.errors.values().sum();
        self.bar.set_prefix(clock(elapsed));
        self.bar.set_position(self.position(elapsed, progress));
        self.bar.set_message(format!(
            "sent {sent}/s  got {arrived}/s  p50 {} p99 {} max {}  open {under_way} err {errors}",
            shown(times.p50),
            shown(times.p99),
            shown(times.max),
        ));
        (self.last, self.seen) = (progress, elapsed);
    }

    /// Takes the view off the terminal.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn position(&self, elapsed: Duration, progress: Progress) -> u64 {
        let by_time = self.duration.map(|duration| {
            let part = elapsed.as_nanos() * u128::from(STEPS) / duration.as_nanos().max(1);
            u64::try_from(part).unwrap_or(STEPS)
        });
        let by_limit = self.limit.map(|limit| {
            let part = u128::from(progress.sent) * u128::from(STEPS) / u128::from(limit.max(1));
            u64::try_from(part).unwrap_or(STEPS)
        });
        by_time.max(by_limit).unwrap_or(0).min(STEPS)
    }
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

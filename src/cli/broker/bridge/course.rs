//! When a bridge connects, and how messages go out.

use crate::broker::bridge::{Bridge, Pause, Start};
use std::str::FromStr;
use std::time::Duration;

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct CourseArgs {
    /// When it connects: with the broker and again when it was lost, or not
    /// again, or only when messages wait
    #[arg(long, value_name = "WHEN", default_value = "automatic")]
    start: When,

    /// Messages that wait before a lazy bridge connects
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    threshold: usize,

    /// Seconds without a message before a lazy bridge parts
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    idle_timeout: u32,

    /// Seconds before it tries again: always the same, or at random between two
    /// [default: 5 30]
    #[arg(long, value_name = "SECONDS")]
    retry: Option<Retry>,

    /// Messages go out without their RETAIN flag
    #[arg(long)]
    no_outgoing_retain: bool,

    /// Do not unsubscribe at the other broker from what only goes out
    #[arg(long)]
    no_unsubscribe: bool,

    /// When what has changed in the file holds: with the next connection, or with
    /// a new one at once
    #[arg(long, value_name = "WHEN", default_value = "lazy")]
    reload: Reload,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum When {
    Automatic,
    Once,
    Lazy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Reload {
    Lazy,
    Immediate,
}

/// `SECONDS`, or `BASE CAP`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Retry(Pause);

impl FromStr for Retry {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Option<Vec<u32>> =
            text.split_whitespace().map(|word| word.parse().ok().filter(|it| *it > 0)).collect();
        let (base, cap) = match numbers.as_deref() {
            Some([base]) => (*base, *base),
            Some([base, cap]) if base <= cap => (*base, *cap),
            _ => return Err("this is a number of seconds, or the least and the most"),
        };
        let seconds = |number: u32| Duration::from_secs(number.into());
        Ok(Self(Pause { base: seconds(base), cap: seconds(cap) }))
    }
}

impl CourseArgs {
    /// `bridge` with what is said here.
    pub(super) fn apply(self, bridge: Bridge) -> Bridge {
        Bridge {
            start: match self.start {
                When::Automatic => Start::Automatic,
                When::Once => Start::Once,
                When::Lazy => Start::Lazy {
                    threshold: self.threshold.max(1),
                    idle: Duration::from_secs(self.idle_timeout.into()),
                },
            },
            pause: self.retry.map_or(bridge.pause, |retry| retry.0),
            outgoing_retain: !self.no_outgoing_retain,
            unsubscribe: !self.no_unsubscribe,
            reload_at_once: self.reload == Reload::Immediate,
            ..bridge
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_one_number_or_a_least_and_a_most() {
        let pause = |text: &str| text.parse::<Retry>().map(|retry| retry.0);
        let seconds = |base, cap| {
            Ok(Pause { base: Duration::from_secs(base), cap: Duration::from_secs(cap) })
        };
        assert_eq!(pause("20"), seconds(20, 20));
        assert_eq!(pause("10 30"), seconds(10, 30));
        for text in ["", "0", "30 10", "1 2 3", "x", "-1"] {
            assert!(pause(text).is_err(), "{text}");
        }
    }
}

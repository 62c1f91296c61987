//! The parts of a run on several machines, in its report.

use super::Report;
use crate::bench::meeting::Clock;
use crate::bench::shard::Shard;
use crate::bench::units::span;
use serde::{Deserialize, Serialize};

/// A part of a run that one process has carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Which one.
    #[serde(flatten)]
    pub shard: Shard,
    /// How the clock of its machine was changed to be that of the first.
    #[serde(flatten)]
    pub clock: Clock,
    /// Arrivals, at all subscribers of all parts, of what it has sent.
    pub expected: u64,
}

impl Report {
    /// Whether this and `other` are different parts of one run.
    pub(super) fn is_of_same_run(&self, other: &Self) -> bool {
        let mut pairs =
            self.parts.iter().flat_map(|part| other.parts.iter().map(move |other| (part, other)));
        let different = pairs.all(|(part, other)| part.shard.index() != other.shard.index());
        self.run == other.run && !self.parts.is_empty() && different
    }

    /// Messages that were published and did not arrive, once all parts are there.
    pub(super) fn lost_by_all_parts(&self) -> Option<u64> {
        let count = self.parts.first()?.shard.count() as usize;
        let expected: u64 = self.parts.iter().map(|part| part.expected).sum();
        (self.parts.len() == count).then(|| expected.saturating_sub(self.arrived))
    }

    /// The parts and their clocks, each in a line.
    pub(super) fn part_lines(&self) -> impl Iterator<Item = String> {
        self.parts.iter().map(|part| {
            let Part { shard, clock, .. } = part;
            let sign = if clock.offset_ns < 0 { '-' } else { '+' };
            let (offset, error) = (span(clock.offset_ns.unsigned_abs()), span(clock.error_ns));
            format!(
                "shard {}/{}: clock {sign}{offset}, give or take {error}",
                shard.index(),
                shard.count()
            )
        })
    }
}

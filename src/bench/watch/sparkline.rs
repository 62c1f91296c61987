//! A row of numbers as a row of bars.

use std::collections::VecDeque;
use std::fmt;

/// The last numbers of a row.
#[derive(Debug)]
pub(super) struct Sparkline {
    numbers: VecDeque<u64>,
    columns: usize,
}

/// Bars from none to full.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Sparkline {
    /// Of so many numbers at most.
    pub(in crate::bench) fn new(columns: usize) -> Self {
        Self { numbers: VecDeque::with_capacity(columns), columns }
    }

    /// Adds a number; the first one goes when there are too many.
    pub(in crate::bench) fn push(&mut self, number: u64) {
        if self.numbers.len() == self.columns {
            self.numbers.pop_front();
        }
        self.numbers.push_back(number);
    }
}

impl fmt::Display for Sparkline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.numbers.iter().max().copied().unwrap_or_default().max(1);
        let highest = u128::try_from(BARS.len() - 1).unwrap_or_default();
        self.numbers.iter().try_for_each(|number| {
            let level = u128::from(*number) * highest / u128::from(most);
            let bar = usize::try_from(level).ok().and_then(|level| BARS.get(level));
            bar.map_or(Ok(()), |bar| write!(f, "{bar}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(numbers: &[u64]) -> String {
        let mut line = Sparkline::new(4);
        for number in numbers {
            line.push(*number);
        }
        line.to_string()
    }

    #[test]
    fn bars_are_as_high_as_the_numbers_beside_the_highest() {
        assert_eq!(drawn(&[0, 50, 100]), "▁▄█");
        assert_eq!(drawn(&[u64::MAX, 0]), "█▁");
        assert_eq!(drawn(&[0, 0]), "▁▁");
        assert_eq!(drawn(&[]), "");
    }

    #[test]
    fn what_has_no_room_any_more_no_longer_counts() {
        assert_eq!(drawn(&[1_000, 7, 7, 7, 7]), "████");
    }
}

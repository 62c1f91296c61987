//! What became of the messages from one publisher to one subscriber.
//!
//! Exact, however long the run: instead of every sequence number seen, only
//! the gaps between them are kept.

use std::collections::VecDeque;

/// What arrived of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::bench) struct Arrivals {
    /// Different messages.
    pub(in crate::bench) distinct: u64,
    /// Arrivals of a message that had arrived before.
    pub(in crate::bench) duplicates: u64,
    /// First arrivals behind a message that was sent later.
    pub(in crate::bench) reordered: u64,
    /// Messages between others that did not arrive.
    pub(in crate::bench) missing: u64,
}

impl Arrivals {
    /// Adds those of another pair.
    pub(in crate::bench) const fn add(&mut self, other: Self) {
        self.distinct += other.distinct;
        self.duplicates += other.duplicates;
        self.reordered += other.reordered;
        self.missing += other.missing;
    }
}

/// Gaps kept per pair. With more, the oldest is given up: what would still
/// arrive for it counts as a duplicate.
const MAX_GAPS: usize = 65_536;

/// Keeps account of one pair.
#[derive(Debug, Clone, Default)]
pub(in crate::bench) struct Track {
    arrivals: Arrivals,
    /// The first sequence number above all that arrived.
    next: u64,
    /// Ascending ranges below `next` that did not arrive: first and behind the last.
    gaps: VecDeque<(u64, u64)>,
}

impl Track {
    /// Of a lane whose messages before this one are of no interest.
    #[must_use]
    pub(super) fn starting_at(sequence: u64) -> Self {
        Self { next: sequence, ..Self::default() }
    }

    /// Notes an arrival; returns whether it is the first of this message.
    pub(in crate::bench) fn arrived(&mut self, sequence: u64) -> bool {
        if sequence < self.next {
            return self.arrived_late(sequence);
        }
        if sequence > self.next {
            self.open_gap(sequence);
        }
        self.next = sequence.saturating_add(1);
        self.arrivals.distinct += 1;
        true
    }

    /// What has arrived so far.
    #[must_use]
    pub(in crate::bench) const fn arrivals(&self) -> Arrivals {
        self.arrivals
    }

    #[cold]
    fn open_gap(&mut self, end: u64) {
        if self.gaps.len() == MAX_GAPS {
            self.gaps.pop_front();
        }
        self.gaps.push_back((self.next, end));
        self.arrivals.missing += end - self.next;
    }

    #[cold]
    fn arrived_late(&mut self, sequence: u64) -> bool {
        let index = self.gaps.partition_point(|gap| gap.1 <= sequence);
        let gap = self.gaps.get(index).filter(|gap| gap.0 <= sequence);
        let Some(&(start, end)) = gap else {
            self.arrivals.duplicates += 1;
            return false;
        };
        self.gaps.remove(index);
        for rest in [(sequence + 1, end), (start, sequence)] {
            if rest.0 < rest.1 {
                self.gaps.insert(index, rest);
            }
        }
        self.arrivals.distinct += 1;
        self.arrivals.reordered += 1;
        self.arrivals.missing -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn checked(sequences: &[u64]) -> Arrivals {
        let mut track = Track::default();
        for &sequence in sequences {
            track.arrived(sequence);
        }
        track.arrivals()
    }

    /// The definition, with everything remembered.
    fn model(sequences: &[u64]) -> Arrivals {
        let (mut seen, mut highest) = (HashSet::new(), None);
        let mut arrivals = Arrivals::default();
        for &sequence in sequences {
            if !seen.insert(sequence) {
                arrivals.duplicates += 1;
                continue;
            }
            arrivals.distinct += 1;
            arrivals.reordered += u64::from(highest > Some(sequence));
            highest = highest.max(Some(sequence));
        }
        arrivals.missing = highest.map_or(0, |highest| highest + 1 - arrivals.distinct);
        arrivals
    }

    #[test]
    fn a_swap_is_one_reordering_and_no_loss() {
        let arrivals = checked(&[0, 2, 1, 3]);
        assert_eq!((arrivals.distinct, arrivals.reordered), (4, 1));
    }

    #[test]
    fn a_message_that_fills_a_gap_is_not_a_duplicate_but_its_repetition_is() {
        let arrivals = checked(&[0, 5, 3, 3, 0]);
        assert_eq!((arrivals.distinct, arrivals.duplicates), (3, 2));
    }

    #[test]
    fn memory_is_bounded_when_every_other_message_is_lost() {
        let mut track = Track::default();
        for number in 0..200_000 {
            track.arrived(number * 2);
        }
        assert_eq!(track.arrivals().distinct, 200_000);
        assert!(track.gaps.len() <= MAX_GAPS);
    }

    proptest! {
        #[test]
        fn any_stream_is_counted_as_the_definition_says(
            sequences in proptest::collection::vec(0..60_u64, 0..200),
        ) {
            prop_assert_eq!(checked(&sequences), model(&sequences));
        }

        #[test]
        fn loss_duplication_and_swaps_of_a_real_stream_are_counted_as_the_definition_says(
            faults in proptest::collection::vec(0..20_u8, 1..500),
        ) {
            let mut stream = Vec::new();
            for (sequence, fault) in (0_u64..).zip(&faults) {
                match fault {
                    0 => {}
                    1 => stream.extend([sequence, sequence]),
                    2 => stream.insert(stream.len().saturating_sub(1), sequence),
                    _ => stream.push(sequence),
                }
            }
            prop_assert_eq!(checked(&stream), model(&stream));
        }
    }
}

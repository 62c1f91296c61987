//! Everything that a worker must do at a later time.

use crate::session::Time;
use std::collections::{BTreeMap, VecDeque};

/// The width of a bucket in nanoseconds. Deadlines are rounded up to it, so nothing fires
/// early, and ten thousand keep alives share a few wake-ups.
const TICK: u64 = 20_000_000;

/// Items below which nobody looks which of them are still meant.
const FEW: usize = 1024;

/// Items in buckets of [`TICK`].
///
/// Nothing is ever cancelled: an item that fires looks whether it is still
/// meant and is set again where it is not due yet. So a packet that renews a
/// keep alive costs no timer operation at all. What is far off and no longer
/// meant is thrown out by [`Timers::retain`] whenever there is twice as much as
/// it left the last time.
#[derive(Debug)]
pub(super) struct Timers<T> {
    buckets: BTreeMap<u64, VecDeque<T>>,
    count: usize,
    /// More items than this are a crowd.
    enough: usize,
}

impl<T> Timers<T> {
    pub(super) const fn new() -> Self {
        Self { buckets: BTreeMap::new(), count: 0, enough: FEW }
    }

    /// Sets `item` to fire at `deadline` or within a tick after it.
    pub(super) fn set(&mut self, deadline: Time, item: T) {
        self.buckets.entry(bucket(deadline)).or_default().push_back(item);
        self.count += 1;
    }

    /// How many items there are.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are so many that [`Timers::retain`] is worth while.
    #[inline]
    pub(super) const fn is_crowded(&self) -> bool {
        self.count > self.enough
    }

    /// Keeps the items that are `meant` to fire at this time.
    pub(super) fn retain(&mut self, mut meant: impl FnMut(Time, &T) -> bool) {
        self.buckets.retain(|bucket, items| {
            items.retain(|item| meant(start_of(*bucket), item));
            !items.is_empty()
        });
        self.count = self.buckets.values().map(VecDeque::len).sum();
        self.enough = FEW.max(2 * self.count);
    }

    /// When the next bucket is due.
    pub(super) fn next(&self) -> Option<Time> {
        let (bucket, _) = self.buckets.first_key_value()?;
        Some(start_of(*bucket))
    }

    /// Takes the items of the next bucket, at most `limit`, if it is due at
    /// `now`.
    pub(super) fn take_due(&mut self, now: Time, limit: usize) -> Option<VecDeque<T>> {
        self.next().filter(|due| *due <= now)?;
        let mut bucket = self.buckets.first_entry()?;
        let items = if bucket.get().len() > limit {
            bucket.get_mut().drain(..limit).collect()
        } else {
            bucket.remove()
        };
        self.count -= items.len();
        Some(items)
    }
}

/// When an item fires that was set for `deadline`.
pub(super) const fn fires_at(deadline: Time) -> Time {
    start_of(bucket(deadline))
}

const fn bucket(deadline: Time) -> u64 {
    deadline.nanos().div_ceil(TICK)
}

const fn start_of(bucket: u64) -> Time {
    Time::from_nanos(bucket.saturating_mul(TICK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn nothing_fires_early_and_everything_within_a_tick() {
        let mut timers = Timers::new();
        let deadline = Time::ZERO + Duration::from_millis(1_501);
        timers.set(deadline, 'a');
        timers.set(deadline + Duration::from_secs(9), 'b');
        assert_eq!(timers.take_due(deadline, 9), None);
        assert_eq!(timers.take_due(deadline + Duration::from_nanos(TICK), 9), Some(['a'].into()));
        assert_eq!(timers.take_due(deadline + Duration::from_nanos(TICK), 9), None);
        assert!(timers.next().is_some());
    }

    #[test]
    fn what_is_due_at_once_can_be_taken_in_slices() {
        let mut timers = Timers::new();
        (0..5).for_each(|item| timers.set(Time::ZERO, item));
        let slices: Vec<_> = std::iter::from_fn(|| timers.take_due(Time::ZERO, 2)).collect();
        assert_eq!(slices, [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(timers.len(), 0);
    }
}

//! Everything that a worker must do at a later time.

use crate::session::Time;
use std::collections::BTreeMap;

/// The width of a bucket in nanoseconds. Deadlines are rounded up to it, so nothing fires
/// early, and ten thousand keep alives share a few wake-ups.
const TICK: u64 = 20_000_000;

/// Items in buckets of [`TICK`].
///
/// Nothing is ever cancelled: an item that fires looks whether it is still
/// meant and is set again where it is not due yet. So a packet that renews a
/// keep alive costs no timer operation at all.
#[derive(Debug)]
pub(super) struct Timers<T> {
    buckets: BTreeMap<u64, Vec<T>>,
}

impl<T> Timers<T> {
    pub(super) const fn new() -> Self {
        Self { buckets: BTreeMap::new() }
    }

    /// Sets `item` to fire at `deadline` or within a tick after it.
    pub(super) fn set(&mut self, deadline: Time, item: T) {
        let bucket = deadline.nanos().div_ceil(TICK);
        self.buckets.entry(bucket).or_default().push(item);
    }

    /// When the next bucket is due.
    pub(super) fn next(&self) -> Option<Time> {
        let (bucket, _) = self.buckets.first_key_value()?;
        Some(Time::from_nanos(bucket.saturating_mul(TICK)))
    }

    /// Takes the items of the next bucket if it is due at `now`.
    pub(super) fn take_due(&mut self, now: Time) -> Option<Vec<T>> {
        self.next().filter(|due| *due <= now)?;
        self.buckets.pop_first().map(|(_, items)| items)
    }
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
        assert_eq!(timers.take_due(deadline), None);
        assert_eq!(timers.take_due(deadline + Duration::from_nanos(TICK)), Some(vec!['a']));
        assert_eq!(timers.take_due(deadline + Duration::from_nanos(TICK)), None);
        assert!(timers.next().is_some());
    }
}

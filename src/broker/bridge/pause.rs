//! How long a bridge waits before it tries again.

use std::time::Duration;

/// The time between attempts, from `base` to `cap`: each wait is chosen at
/// random between the base and three times the last one ("decorrelated
/// jitter"). Where both are the same it is constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// The shortest wait.
    pub base: Duration,
    /// The longest wait.
    pub cap: Duration,
}

impl Default for Pause {
    /// From 5 to 30 seconds, as in mosquitto.
    fn default() -> Self {
        Self { base: Duration::from_secs(5), cap: Duration::from_secs(30) }
    }
}

impl Pause {
    /// The wait after one of `last`, of all there may be the one that `random`
    /// picks.
    pub(super) fn after(self, last: Option<Duration>, random: u64) -> Duration {
        let most = last.map_or(self.base, |last| last.saturating_mul(3)).clamp(self.base, self.cap);
        let span = u64::try_from(most.saturating_sub(self.base).as_millis()).unwrap_or(u64::MAX);
        self.base + Duration::from_millis(random % span.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(base: u64, cap: u64) -> Pause {
        Pause { base: Duration::from_secs(base), cap: Duration::from_secs(cap) }
    }

    #[test]
    fn a_constant_pause_stays_and_the_first_is_the_base() {
        let constant = seconds(20, 20);
        assert_eq!(constant.after(None, 7), constant.base);
        assert_eq!(constant.after(Some(constant.base), u64::MAX), constant.base);
        assert_eq!(seconds(5, 30).after(None, 12_345), Duration::from_secs(5));
    }

    proptest! {
        #[test]
        fn every_pause_is_between_base_and_cap(
            base in 0_u64..100,
            more in 0_u64..100,
            last in proptest::option::of(0_u64..1000),
            random: u64,
        ) {
            let pause = seconds(base, base + more);
            let wait = pause.after(last.map(Duration::from_secs), random);
            prop_assert!(wait >= pause.base && wait <= pause.cap, "{wait:?}");
        }
    }
}

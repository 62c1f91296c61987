//! Keeps account of all that arrives at one subscriber.

use super::track::{Arrivals, Track};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::sync::Arc;

/// The name of a lane: its run and number, or a hash of the topic where the
/// messages say nothing else.
pub(in crate::bench) type LaneName = (u32, u64);

/// What arrived of each lane.
pub(in crate::bench) type Tracks = HashMap<LaneName, Track, RandomState>;

/// What the members of a shared subscription keep together.
pub(in crate::bench) type Pool = Arc<Mutex<Tracks>>;

/// The pools of a run.
#[derive(Debug, Clone, Default)]
pub(in crate::bench) struct Pools(Arc<Mutex<ByShare>>);

/// By group and name of the shared subscription.
type ByShare = HashMap<(usize, String), Pool, RandomState>;

impl Pools {
    /// That of a shared subscription of this group.
    #[must_use]
    pub(in crate::bench) fn of(&self, group: usize, share: &str) -> Pool {
        self.0.lock().entry((group, share.to_owned())).or_default().clone()
    }

    /// What arrived at all members, but for its order, which nobody knows.
    #[must_use]
    pub(in crate::bench) fn arrivals(&self) -> Arrivals {
        let mut all = Arrivals::default();
        self.0.lock().values().for_each(|pool| all.add(sum(&pool.lock())));
        Arrivals { reordered: 0, ..all }
    }
}

/// The account of one subscriber.
#[derive(Debug)]
pub(in crate::bench) enum Account {
    /// Everything of its lanes ought to arrive here.
    Own(Tracks),
    /// Nobody knows what was published before: the first message of a lane is
    /// the beginning.
    Overheard(Tracks),
    /// Each message ought to arrive at one of the members; their order is
    /// known for each alone.
    Shared {
        pool: Pool,
        /// The last message of each lane that arrived here.
        last: HashMap<LaneName, u64, RandomState>,
        reordered: u64,
    },
}

impl Account {
    /// Of a member of the shared subscription with this pool.
    #[must_use]
    pub(in crate::bench) fn shared(pool: Pool) -> Self {
        Self::Shared { pool, last: HashMap::default(), reordered: 0 }
    }

    /// Notes an arrival; returns whether it is the first of this message.
    pub(in crate::bench) fn arrived(&mut self, lane: LaneName, sequence: u64) -> bool {
        match self {
            Self::Own(tracks) => tracks.entry(lane).or_default().arrived(sequence),
            Self::Overheard(tracks) => {
                let new = || Track::starting_at(sequence);
                tracks.entry(lane).or_insert_with(new).arrived(sequence)
            }
            Self::Shared { pool, last, reordered } => {
                let first = pool.lock().entry(lane).or_default().arrived(sequence);
                let last = last.entry(lane).or_insert(sequence);
                *reordered += u64::from(first && sequence < *last);
                *last = sequence.max(*last);
                first
            }
        }
    }

    /// What arrived here in all; but for its order, what arrived at members of
    /// shared subscriptions is in [`Pools`].
    #[must_use]
    pub(in crate::bench) fn arrivals(&self) -> Arrivals {
        match self {
            Self::Own(tracks) | Self::Overheard(tracks) => sum(tracks),
            Self::Shared { reordered, .. } => {
                Arrivals { reordered: *reordered, ..Arrivals::default() }
            }
        }
    }
}

fn sum(tracks: &Tracks) -> Arrivals {
    let mut all = Arrivals::default();
    tracks.values().for_each(|track| all.add(track.arrivals()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANE: LaneName = (1, 2);

    #[test]
    fn members_of_a_shared_subscription_share_what_arrived_but_not_its_order() {
        let pools = Pools::default();
        let member = || Account::shared(pools.of(0, "s"));
        let mut members = [member(), member()];
        let mut arrived = |member: usize, sequence| members[member].arrived(LANE, sequence);
        assert!(arrived(0, 0) && arrived(1, 2) && arrived(0, 1) && arrived(1, 3));
        assert!(!arrived(0, 3), "another member had it");
        assert!(arrived(1, 5) && arrived(1, 4));
        let mut all = pools.arrivals();
        for member in &members {
            all.add(member.arrivals());
        }
        assert_eq!((all.distinct, all.duplicates, all.reordered), (6, 1, 1));
    }

    #[test]
    fn what_is_overheard_begins_with_its_first_message() {
        let mut account = Account::Overheard(Tracks::default());
        assert!(account.arrived(LANE, 1_000) && account.arrived(LANE, 1_003));
        let arrivals = account.arrivals();
        assert_eq!((arrivals.distinct, arrivals.missing), (2, 2));
    }
}

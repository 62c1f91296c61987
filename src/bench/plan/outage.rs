//! When connections are ended on purpose.

use super::pace::Pace;
use super::warp::{NEVER, Warp};
use crate::bench::load::{Group, Stage};
use crate::session::Time;
use std::sync::Arc;
use std::time::Duration;

/// The outages of the connections of a group.
#[derive(Debug, Clone, Default)]
pub(in crate::bench) struct Outages {
    /// When single connections leave.
    churn: Option<Pace>,
    /// The time from one storm to the next.
    every: Option<Duration>,
    /// Storms of the stages, ascending.
    storms: Vec<Time>,
}

/// The end of a connection that is to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bench) struct Outage {
    /// When, counted from the start of the run.
    pub(in crate::bench) at: Time,
    /// Whether the client says DISCONNECT before.
    pub(in crate::bench) orderly: bool,
}

impl Outages {
    /// Those of this group in these stages.
    #[must_use]
    pub(super) fn new(group: &Group, stages: &[Stage]) -> Self {
        let mut start = Time::ZERO;
        let mut storms = Vec::new();
        for stage in stages {
            // At the start of the run nobody is there to be cut off.
            if stage.storm.hits(group) && start > Time::ZERO {
                storms.push(start);
            }
            start = start + stage.duration;
        }
        Self { churn: churn(group, stages), every: group.churn.storm, storms }
    }

    /// The first outage of this client after `now`, if there is one.
    #[must_use]
    pub(in crate::bench) fn next_after(&self, client: u32, now: Time) -> Option<Outage> {
        let of_stages = self.storms.iter().copied().find(|at| *at > now);
        let regular = self.every.map(|every| following(every, now));
        let storm = of_stages.into_iter().chain(regular).min();
        let storm = storm.map(|at| Outage { at, orderly: false });
        let leave = self.churn.as_ref().map(|pace| pace.next_after(client, now));
        let leave = leave.filter(|at| *at < NEVER);
        let leave = leave.map(|at| Outage { at, orderly: true });
        storm.into_iter().chain(leave).min_by_key(|outage| outage.at)
    }
}

/// When single connections leave: at a rate that the stages change, if they do.
fn churn(group: &Group, stages: &[Stage]) -> Option<Pace> {
    let as_load = |stage: &Stage| Stage { from: stage.churn, to: stage.churn, ..stage.clone() };
    let changes = stages.iter().any(|stage| stage.churn.total_cmp(&1.0).is_ne());
    let warp = changes.then(|| Warp::new(&stages.iter().map(as_load).collect::<Vec<_>>()));
    let pace = Pace::new(group.churn.rate?, group.clients);
    Some(pace.bent(warp.map(Arc::new)))
}

/// The first multiple of `every` after `now`.
fn following(every: Duration, now: Time) -> Time {
    let every = u64::try_from(every.as_nanos()).unwrap_or(u64::MAX).max(1);
    Time::from_nanos((now.nanos() / every).saturating_add(1).saturating_mul(every))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::load::{Churn, Storm};

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn storms_hit_everyone_and_churn_one_after_the_other() {
        let churn = Churn { rate: Some(1.0), storm: Some(Duration::from_secs(5)) };
        let outages = Outages::new(&Group { clients: 4, churn, ..Group::default() }, &[]);
        let next = |client, now| outages.next_after(client, at(now)).unwrap();
        assert_eq!(next(1, 0), Outage { at: at(1), orderly: true });
        assert_eq!(next(3, 0), Outage { at: at(3), orderly: true });
        assert_eq!(next(3, 3), Outage { at: at(5), orderly: false });
        assert_eq!(next(0, 10), Outage { at: at(12), orderly: true });
    }

    #[test]
    fn a_stage_may_begin_with_a_storm() {
        let stage = |storm| Stage { storm, ..Stage::lasting(Duration::from_secs(10)) };
        let outages = Outages::new(
            &Group::default(),
            &[stage(Storm::All), stage(Storm::All), stage(Storm::None)],
        );
        assert_eq!(outages.next_after(0, at(0)).unwrap().at, at(10));
        assert_eq!(outages.next_after(0, at(10)), None);
    }

    #[test]
    fn a_storm_of_some_groups_leaves_the_others_alone() {
        let of = |name: &str| Group { name: name.to_owned(), ..Group::default() };
        let calm = Stage::lasting(Duration::from_secs(10));
        let storm = Stage { storm: Storm::Of(vec!["sensor".to_owned()]), ..calm.clone() };
        let next = |name| Outages::new(&of(name), &[calm.clone(), storm.clone()]);
        assert_eq!(next("sensor").next_after(0, at(0)).unwrap().at, at(10));
        assert_eq!(next("dashboard").next_after(0, at(0)), None);
    }

    #[test]
    fn a_stage_may_have_more_churn_and_another_none() {
        let stage = |churn| Stage { churn, ..Stage::lasting(Duration::from_secs(10)) };
        let churn = Churn { rate: Some(1.0), storm: None };
        let group = Group { churn, ..Group::default() };
        let outages = Outages::new(&group, &[stage(0.0), stage(2.0)]);
        assert_eq!(outages.next_after(0, at(1)).unwrap().at, at(10));
        let half = Duration::from_millis(500);
        assert_eq!(outages.next_after(0, at(10)).unwrap().at, at(10) + half);
    }
}

//! The groups of a plan with their numbers and schedules.

use super::Outages;
use super::pace::Pace;
use super::warp::Warp;
use crate::bench::load::{Group, Scenario, Stream, Tempo};
use std::sync::Arc;

/// A group as it is planned.
#[derive(Debug)]
pub(super) struct Crew {
    /// Seats of the groups before it.
    pub(super) first_seat: u32,
    pub(super) lines: Vec<Line>,
    pub(super) outages: Outages,
}

/// A stream as it is planned.
#[derive(Debug)]
pub(super) struct Line {
    /// Lanes of the streams before it.
    pub(super) first_lane: u32,
    /// When messages are due; `None` is as soon as possible.
    pub(super) pace: Option<Pace>,
}

/// The groups with their numbers and schedules.
pub(super) fn crews(scenario: &Scenario, warp: Option<&Arc<Warp>>) -> Vec<Crew> {
    let (mut first_seat, mut first_lane) = (0, 0);
    let crew = |group: &Group| {
        let line = |stream: &Stream| {
            let line = Line { first_lane, pace: pace(group, stream, warp) };
            first_lane += group.clients;
            line
        };
        let lines = group.streams.iter().map(line).collect();
        let crew = Crew { first_seat, lines, outages: Outages::new(group, &scenario.stages) };
        first_seat += group.clients;
        crew
    };
    scenario.groups.iter().map(crew).collect()
}

fn pace(group: &Group, stream: &Stream, warp: Option<&Arc<Warp>>) -> Option<Pace> {
    let rate = stream.tempo.rate(group.clients).filter(|_| stream.tempo != Tempo::Free)?;
    Some(Pace::new(rate, group.clients).bent(warp.cloned()).scattered(stream.jitter))
}

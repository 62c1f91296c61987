//! What a report says of connections, and of the members of a shared
//! subscription.

use super::{Report, per_second};
use crate::bench::tally::Connecting;
use crate::bench::units::{count, float, thousands};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What became of connections.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Connections {
    /// Connections that were accepted, those that came back included.
    pub accepted: u64,
    /// Accepted per second, until the last one was.
    pub rate: f64,
    /// Attempts that failed.
    pub failed: u64,
    /// Connections that were lost.
    pub lost: u64,
    /// Connections of subscribers that ended, on purpose or not, while messages were
    /// published: those of QoS 0 then have nobody to arrive at.
    #[serde(default)]
    pub away: u64,
}

impl Connections {
    /// Those of a run whose last connection was accepted after so long.
    pub(super) fn new(counts: &Connecting, time: Duration) -> Self {
        Self {
            accepted: counts.accepted,
            rate: per_second(counts.accepted, time.as_secs_f64()),
            failed: counts.failed,
            lost: counts.lost,
            away: counts.away,
        }
    }

    /// Adds those of a run at the same time.
    pub(super) fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.rate += other.rate;
        self.failed += other.failed;
        self.lost += other.lost;
        self.away += other.away;
    }
}

/// How a shared subscription was spread over its members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shares {
    /// What each member received, ascending.
    pub members: Vec<u64>,
    /// Jain's fairness index: 1 when all received the same, 1 divided by the
    /// number of members when one received everything.
    pub jain: f64,
}

impl Shares {
    /// Of these members.
    pub(in crate::bench) fn new(mut members: Vec<u64>) -> Self {
        members.sort_unstable();
        let jain = jain(&members);
        Self { members, jain }
    }

    /// Adds other members.
    pub(super) fn add(&mut self, other: Self) {
        self.members.extend(other.members);
        *self = Self::new(std::mem::take(&mut self.members));
    }
}

fn jain(members: &[u64]) -> f64 {
    let members = members.iter().copied().map(float);
    let (sum, squares) =
        members.clone().fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
    let number = float(u64::try_from(members.len()).unwrap_or(u64::MAX));
    if squares > 0.0 { sum * sum / (number * squares) } else { 1.0 }
}

impl Report {
    /// What became of connections, in one line.
    pub(super) fn connections_line(&self) -> Option<String> {
        let connections = self.connections?;
        let (accepted, failed, lost) = (connections.accepted, connections.failed, connections.lost);
        let rate = count(accepted, float(accepted) / connections.rate.max(1e-9));
        let opened = thousands(accepted);
        let faults = match (failed, lost) {
            (0, 0) => String::new(),
            _ => format!(", {} attempts failed, {} lost", thousands(failed), thousands(lost)),
        };
        Some(format!("connections: {opened} opened, {rate}/s{faults}"))
    }

    /// What the broker's process took, in one line.
    pub(super) fn broker_line(&self) -> Option<String> {
        let usage = self.broker_usage?;
        Some(format!(
            "broker: {:.0}% of a core, {:.0} ns of it for each message, {}B of memory{}",
            usage.cores * 100.0,
            usage.cpu_ns_per_message,
            count(usage.memory, 1.0),
            if usage.embedded { " with mqx bench" } else { " at most" }
        ))
    }

    /// How evenly a shared subscription was spread, in one line.
    pub(super) fn shares_line(&self) -> Option<String> {
        let shares = self.shares.as_ref()?;
        let (least, most) = (shares.members.first()?, shares.members.last()?);
        Some(format!(
            "shares: {} to {} messages for each of {} members, Jain index {:.3}",
            thousands(*least),
            thousands(*most),
            shares.members.len(),
            shares.jain
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fairness_index_is_one_for_equals_and_small_for_one_that_takes_all() {
        let of = |members: &[u64]| Shares::new(members.to_vec()).jain;
        assert!((of(&[5, 5, 5, 5]) - 1.0).abs() < 1e-9);
        assert!((of(&[20, 0, 0, 0]) - 0.25).abs() < 1e-9);
        assert!((of(&[0, 0]) - 1.0).abs() < 1e-9);
    }
}

//! Where a run stands: what ought to be sent, answered and arrived, and whether that is
//! all.

use super::Lead;
use crate::bench::board::Lane;
use crate::bench::phase::Phase;
use crate::bench::shard::Shard;

impl Lead<'_> {
    /// Whether nothing more can happen, or is wanted to.
    pub(super) fn is_played_out(&self, quota: u64) -> bool {
        let scenario = self.plan.scenario();
        let publishes = self.plan.lanes() > 0;
        let alive = self.board.is_publishing() || !publishes && self.board.is_receiving();
        if publishes && quota == 0 {
            // The shard only receives: until the clock says so, or the others' last message.
            return self.plan.end().is_none() || !self.board.is_receiving();
        }
        match (publishes, self.plan.subscribes()) {
            // Whoever only connects is done when everybody has.
            (false, false) => !scenario.keep_connected && self.plan.end().is_none(),
            (true, _) if alive && scenario.keep_connected => false,
            (true, _) => !alive || self.board.progress().handled() >= quota,
            (false, true) => !alive,
        }
    }

    /// Whether nothing more can come: all that is `wanted` is sent, answered and
    /// arrived, or nobody is left to do so.
    pub(super) fn is_done(&self, wanted: u64) -> bool {
        // Before every worker knows of the end, more may be sent than is counted.
        let all_know = self.board.workers_at_end() as usize >= self.workers.len();
        let progress = self.board.progress();
        // Nobody knows here what other shards have sent.
        let whole = self.plan.shard() == Shard::WHOLE;
        let arrived = whole && progress.delivered >= self.expected() || !self.board.is_receiving();
        let answered = progress.answered >= self.acknowledgeable();
        let sent = progress.handled() >= wanted;
        all_know && arrived && (sent && answered || !self.board.is_publishing())
    }

    /// Arrivals of all messages sent so far at all who ought to receive them.
    pub(super) fn expected(&self) -> u64 {
        let lanes = (0..).zip(self.board.lanes());
        lanes.map(|(number, lane)| lane.sent() * u64::from(self.plan.receivers(number))).sum()
    }

    /// Messages sent so far that the broker has to answer for.
    pub(super) fn acknowledgeable(&self) -> u64 {
        let lanes = self
            .plan
            .all_lanes()
            .filter(|(seat, stream)| self.plan.is_acknowledged(*seat, *stream));
        let sent =
            |(seat, stream)| self.board.lane(self.plan.lane(seat, stream)).map_or(0, Lane::sent);
        lanes.map(sent).sum()
    }

    /// Messages that ought to be sent by the end of this phase.
    pub(super) fn wanted(&self, phase: Phase) -> u64 {
        let until = phase.until().unwrap_or_default();
        self.plan.total(|seat, stream| {
            phase.wanted(&self.plan, (seat, stream), until, self.plan.quota(seat, stream))
        })
    }

    /// Messages that did not arrive; where nobody knows what was sent, those
    /// between others that did.
    pub(super) fn lost(&self) -> u64 {
        if self.plan.lanes() == 0 {
            return self.stats.arrivals.missing;
        }
        self.expected().saturating_sub(self.stats.arrivals.distinct)
    }
}

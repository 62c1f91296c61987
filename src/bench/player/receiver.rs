//! The receiving side of a connection: recognises the messages of the run,
//! measures how long they took and keeps account of what arrived.

use crate::bench::board::Board;
use crate::bench::message::{Sign, SignReader};
use crate::bench::tally::{Account, Arrivals, Stats};
use crate::mqtt::Publish;
use crate::session::Time;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// One subscriber of the run.
pub(in crate::bench) struct Receiver {
    signs: Rc<SignReader>,
    account: Account,
    /// Whether messages that say nothing of themselves count as well.
    takes_all: bool,
    /// Messages that arrived here.
    count: u64,
    /// A lane and first arrivals of its messages in a row that the other
    /// threads do not know of.
    unsettled: (u32, u64),
}

impl Receiver {
    /// A subscriber with this account.
    pub(in crate::bench) const fn new(signs: Rc<SignReader>, account: Account) -> Self {
        let takes_all = matches!(account, Account::Overheard(_));
        Self { signs, account, takes_all, count: 0, unsettled: (0, 0) }
    }

    /// Notes a message that arrived at `now`.
    pub(in crate::bench) fn message(
        &mut self,
        publish: &Publish<'_>,
        now: Time,
        board: &Board,
        stats: &mut Stats,
    ) {
        let Some(sign) = self.signs.read(publish) else {
            if self.takes_all {
                self.take(publish, now, stats);
            } else {
                stats.foreign += 1;
            }
            return;
        };
        let first = sign.sequence.is_none_or(|sequence| self.account.arrived(sign.lane, sequence));
        if sign.due.is_some_and(|due| due < board.wall(stats.measured_from)) {
            // It belongs to the warm-up.
        } else {
            self.take(publish, now, stats);
            if first {
                time(&sign, now, board, stats);
            }
        }
        if let Some(lane) = sign.number.filter(|_| first) {
            self.tell(lane, board);
        }
    }

    fn take(&mut self, publish: &Publish<'_>, now: Time, stats: &mut Stats) {
        self.count += 1;
        stats.received += 1;
        stats.received_bytes += u64::try_from(publish.payload.len()).unwrap_or(u64::MAX);
        stats.last_received = now;
    }

    fn tell(&mut self, lane: u32, board: &Board) {
        if self.unsettled.0 != lane {
            self.settle(board);
            self.unsettled.0 = lane;
        }
        self.unsettled.1 += 1;
    }

    /// Makes the arrivals of a batch known to the other threads.
    pub(in crate::bench) fn settle(&mut self, board: &Board) {
        let count = std::mem::take(&mut self.unsettled.1);
        if let Some(lane) = board.lane(self.unsettled.0).filter(|_| count > 0) {
            lane.delivered.fetch_add(count, Relaxed);
        }
    }

    /// What arrived in all, by message.
    pub(in crate::bench) fn arrivals(&self) -> Arrivals {
        self.account.arrivals()
    }

    /// What a member of a shared subscription received, the warm-up left out.
    pub(in crate::bench) fn share(&self) -> Option<u64> {
        matches!(self.account, Account::Shared { .. }).then_some(self.count)
    }
}

/// Records how long a message took that says when it was due.
fn time(sign: &Sign, now: Time, board: &Board, stats: &mut Stats) {
    if let Some(due) = sign.due {
        let latency = Duration::from_nanos(board.wall(now).saturating_sub(due));
        stats.latency.record(latency);
        stats.service.record(latency.saturating_sub(sign.late));
    }
}

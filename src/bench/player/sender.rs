//! The publishing side of a stream of one client: which messages are to be sent now, in
//! batches.

use super::gate::Gate;
use super::link::Link;
use super::writer::Writer;
use crate::bench::board::{Board, Lane};
use crate::bench::message::Header;
use crate::bench::phase::Phase;
use crate::bench::plan::{Plan, Seat};
use crate::bench::tally::Stats;
use crate::error::Result;
use crate::mqtt::ReasonCode;
use crate::session::{ServerLimits, Time};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Bytes encoded before they are written.
const BATCH_SIZE: usize = 64 * 1024;

/// A run that has ended sends what was due before for so long; what the broker
/// has not taken then was beyond it.
const GRACE: Duration = Duration::from_secs(1);

/// One stream of one client of the run.
pub(super) struct Sender {
    seat: Seat,
    /// Its position among the streams of the client.
    stream: usize,
    lane: u32,
    plan: Arc<Plan>,
    writer: Writer,
    buffer: u64,
    quota: u64,
    /// Messages sent or skipped; the number of the next one.
    next: u64,
    skipped: u64,
    replies: u64,
    /// Whether it has begun to count what is due.
    born: bool,
    gate: Option<Gate>,
}

/// The time of a batch.
#[derive(Clone, Copy)]
struct Moment {
    now: Time,
    /// When the plan began.
    start: Time,
}

/// Why a publisher does not send more now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// It waits for its connection or for time to pass.
    None,
    /// It waits for the subscribers.
    Gate,
}

impl Sender {
    /// The stream with this position in the group of this seat.
    ///
    /// # Errors
    /// When its messages cannot be encoded.
    pub(super) fn new(plan: &Arc<Plan>, seat: Seat, position: usize) -> Result<Self> {
        let lane = plan.lane(seat, position);
        let stream = plan.group(seat).streams.get(position);
        let window = plan.undelivered(seat, position);
        Ok(Self {
            seat,
            stream: position,
            lane,
            plan: plan.clone(),
            writer: Writer::new(plan, seat, position)?,
            buffer: stream.and_then(|stream| stream.buffer).unwrap_or(u64::MAX),
            quota: plan.quota(seat, position),
            next: 0,
            skipped: 0,
            replies: 0,
            born: plan.scenario().wait,
            gate: window.map(|window| Gate::new(window, plan.receivers(lane))),
        })
    }

    /// Checks that the broker takes such messages at all.
    ///
    /// # Errors
    /// As [`Writer::check`].
    pub(super) fn check(&self, limits: ServerLimits) -> Result<()> {
        self.writer.check(limits)
    }

    /// Encodes what is to be sent now, at most a batch.
    ///
    /// # Errors
    /// When the broker does not take such messages.
    pub(super) fn produce(
        &mut self,
        link: &mut Link,
        phase: Phase,
        board: &Board,
        stats: &mut Stats,
    ) -> Result<Hold> {
        let (Some(lane), Some(start)) = (board.lane(self.lane), phase.start()) else {
            return Ok(Hold::None);
        };
        let now = board.now();
        let due = self.due_now(phase, now);
        self.skip(due, lane, stats);
        let wanted = due.saturating_sub(self.next);
        let count = self.admitted(wanted, lane, now).min(self.batch());
        if wanted > 0 && count == 0 {
            return Ok(Hold::Gate);
        }
        self.send(link, count, Moment { now, start }, board, stats)?;
        lane.sent.store(self.next - self.skipped, Relaxed);
        Ok(Hold::None)
    }

    /// Notes the broker's answer to a message.
    pub(in crate::bench) fn answer(
        &mut self,
        due: Time,
        reason: ReasonCode,
        now: Time,
        stats: &mut Stats,
    ) {
        self.replies += 1;
        if reason.is_error() {
            stats.errors.note_rejection(reason);
        } else if due >= stats.measured_from {
            stats.acknowledged += 1;
            stats.acknowledgement.record(now - due);
        }
    }

    /// Makes the answers of a batch known to the other threads.
    pub(in crate::bench) fn settle(&self, board: &Board) {
        if let Some(lane) = board.lane(self.lane) {
            lane.answered.store(self.replies, Relaxed);
        }
    }

    /// Messages that ought to be sent by `now`, those that are included.
    fn due_now(&self, phase: Phase, now: Time) -> u64 {
        if phase.until().is_some_and(|until| now >= until + GRACE) {
            return 0;
        }
        phase.wanted(&self.plan, (self.seat, self.stream), now, self.quota)
    }

    /// Gives up what was due before the client was there, and what its buffer
    /// has no room for; the latter counts as a failure.
    fn skip(&mut self, due: u64, lane: &Lane, stats: &mut Stats) {
        let is_paced = self.plan.pace(self.seat, self.stream).is_some();
        if !is_paced || due <= self.next {
            return;
        }
        let waiting = due - self.next;
        let unborn = if self.born { 0 } else { waiting };
        let overrun = (waiting - unborn).saturating_sub(self.buffer);
        self.born = true;
        if unborn + overrun > 0 {
            self.next += unborn + overrun;
            self.skipped += unborn + overrun;
            stats.overrun += overrun;
            lane.skipped.store(self.skipped, Relaxed);
        }
    }

    /// So many of the wanted messages as the gate lets through.
    fn admitted(&mut self, wanted: u64, lane: &Lane, now: Time) -> u64 {
        match &mut self.gate {
            Some(gate) if wanted > 0 => {
                wanted.min(gate.room(self.next, lane.delivered.load(Relaxed), now))
            }
            _ => wanted,
        }
    }

    /// Messages that are encoded before they are written.
    fn batch(&self) -> u64 {
        let count = BATCH_SIZE / self.writer.size().max(1);
        u64::try_from(count).unwrap_or(u64::MAX).max(1)
    }

    /// Sends at most `count` messages.
    fn send(
        &mut self,
        link: &mut Link,
        count: u64,
        moment: Moment,
        board: &Board,
        stats: &mut Stats,
    ) -> Result<()> {
        let plan = self.plan.clone();
        let pace = plan.pace(self.seat, self.stream);
        for _ in 0..count {
            let due = pace.map_or(moment.now, |pace| {
                let due = pace.due(self.seat.number, self.next);
                moment.start + (due - Time::ZERO)
            });
            let late = moment.now - due;
            let variable = Header::variable(self.next, board.wall(due), late);
            let Some(size) = self.writer.write(link, (self.next, &variable), due, moment.now)?
            else {
                return Ok(());
            };
            self.next += 1;
            if due >= stats.measured_from {
                stats.sent(size, moment.now);
                if pace.is_some() {
                    stats.lag.record(late);
                }
            }
        }
        Ok(())
    }
}

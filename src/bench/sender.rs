//! The publishing side of a connection: which messages are to be sent now, and
//! their encoding in batches from a prepared template.

use super::board::{Board, Lane};
use super::gate::Gate;
use super::link::Link;
use super::payload::{Frame, Header, Variable};
use super::phase::Phase;
use super::plan::Plan;
use super::stats::Stats;
use crate::client::{self, ConnectOptions, EngineKind};
use crate::error::Result;
use crate::mqtt::{Publish, QoS, ReasonCode, Version};
use crate::session::{Failure, ServerLimits, Time};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Bytes encoded before they are written.
const BATCH_SIZE: usize = 64 * 1024;

/// A run that has ended sends what was due before for so long; what the broker
/// has not taken then was beyond it.
const GRACE: Duration = Duration::from_secs(1);

/// One publisher of the run.
pub(super) struct Sender {
    number: u32,
    plan: Plan,
    topic: String,
    quota: u64,
    sent: u64,
    answered: u64,
    gate: Option<Gate>,
    frame: Frame,
    /// A payload, made anew for each message that is not written directly.
    payload: Vec<u8>,
    /// A QoS 0 packet up to the variable part of the payload.
    template: Vec<u8>,
    /// Whether packets need no session and are written from the template.
    direct: bool,
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
    /// The publisher with this number, on a connection of this kind.
    pub(super) fn new(
        plan: &Plan,
        run: u32,
        number: u32,
        options: &ConnectOptions,
    ) -> Result<Self> {
        let load = plan.load();
        let (topic, frame) = (plan.topic(number), Frame::new(run, number, load.size));
        let native = options.engine == EngineKind::Native;
        let window = plan.undelivered();
        Ok(Self {
            number,
            quota: plan.quota(number),
            sent: 0,
            answered: 0,
            gate: window.map(|window| Gate::new(window, load.subscribers)),
            payload: Vec::new(),
            template: template(options.session.version, &topic, &frame)?,
            // With another engine its own encoder is part of what is measured.
            direct: native && load.qos == QoS::AtMostOnce,
            plan: plan.clone(),
            topic,
            frame,
        })
    }

    /// Checks that the broker takes such messages at all.
    ///
    /// # Errors
    /// When they are too large for it or of a QoS it does not have.
    pub(super) fn check(&self, limits: ServerLimits) -> Result<()> {
        let packet_id = 2;
        let size = self.template.len() + size_of::<Variable>() + self.frame.filling.len();
        let failure = if size + packet_id > limits.maximum_packet_size {
            Failure::TooLarge(size, limits.maximum_packet_size)
        } else if self.plan.load().qos > limits.maximum_qos {
            Failure::Unsupported("this quality of service")
        } else {
            return Ok(());
        };
        Err(client::explain(failure))
    }

    /// Encodes what is to be sent now, at most a batch.
    pub(super) fn produce(
        &mut self,
        link: &mut Link,
        phase: Phase,
        board: &Board,
        stats: &mut Stats,
    ) -> Result<Hold> {
        let (Some(lane), Some(start)) = (board.lane(self.number), phase.start()) else {
            return Ok(Hold::None);
        };
        if !link.is_flushed() {
            return Ok(Hold::None);
        }
        let now = board.now();
        let wanted = self.wanted(phase, now);
        let count = self.admitted(wanted, lane, now).min(self.batch());
        if wanted > 0 && count == 0 {
            return Ok(Hold::Gate);
        }
        let sent = self.send(link, count, start, now, stats)?;
        self.account(sent, lane, now, stats);
        Ok(Hold::None)
    }

    /// Notes the broker's answer to the message that was due at `due`.
    pub(super) fn answer(&mut self, due: Time, reason: ReasonCode, now: Time, stats: &mut Stats) {
        self.answered += 1;
        if reason.is_error() {
            stats.error(format!("the broker rejected a message: {reason}"));
        } else {
            stats.acknowledged += 1;
            stats.acknowledgement.record(now - due);
        }
    }

    /// Makes the answers of a batch known to the other threads.
    pub(super) fn settle(&self, board: &Board) {
        if let Some(lane) = board.lane(self.number) {
            lane.answered.store(self.answered, Relaxed);
        }
    }

    /// Messages to be sent at `now`, as far as the plan goes.
    fn wanted(&self, phase: Phase, now: Time) -> u64 {
        if phase.until().is_some_and(|until| now >= until + GRACE) {
            return 0;
        }
        phase.wanted(&self.plan, self.number, now, self.quota).saturating_sub(self.sent)
    }

    /// So many of the wanted messages as the gate lets through.
    fn admitted(&mut self, wanted: u64, lane: &Lane, now: Time) -> u64 {
        match &mut self.gate {
            Some(gate) if wanted > 0 => {
                wanted.min(gate.room(self.sent, lane.delivered.load(Relaxed), now))
            }
            _ => wanted,
        }
    }

    fn batch(&self) -> u64 {
        let count = BATCH_SIZE / (self.topic.len() + self.plan.load().size);
        u64::try_from(count).unwrap_or(u64::MAX).max(1)
    }

    /// Sends at most `count` messages and returns how many it were.
    fn send(
        &mut self,
        link: &mut Link,
        count: u64,
        start: Time,
        now: Time,
        stats: &mut Stats,
    ) -> Result<u64> {
        for number in 0..count {
            let sequence = self.sent + number;
            let due = self.due(sequence, start, now);
            let late = now - due;
            let variable = Header::variable(sequence, due, late);
            if self.direct {
                let output = link.engine().output();
                for part in [&self.template[..], &variable, &self.frame.filling] {
                    output.extend_from_slice(part);
                }
            } else {
                self.frame.fill(&variable, &mut self.payload);
                if !self.publish(link, due, now)? {
                    return Ok(number);
                }
            }
            if self.plan.pace().is_some() {
                stats.lag.record(late);
            }
        }
        Ok(count)
    }

    fn due(&self, sequence: u64, start: Time, now: Time) -> Time {
        self.plan.pace().map_or(now, |pace| {
            start + Duration::from_nanos(pace.due(self.number, sequence).nanos())
        })
    }

    /// Sends a message through the session, unless the window is full.
    fn publish(&self, link: &mut Link, due: Time, now: Time) -> Result<bool> {
        let load = self.plan.load();
        if link.engine().in_flight() >= load.inflight.into() && load.qos != QoS::AtMostOnce {
            return Ok(false);
        }
        let publish = Publish {
            qos: load.qos,
            topic: &self.topic,
            payload: &self.payload,
            ..Publish::default()
        };
        match link.engine().publish(&publish, due.nanos(), now) {
            Ok(()) => Ok(true),
            Err(Failure::WindowFull) => Ok(false),
            Err(failure) => Err(client::explain(failure)),
        }
    }

    fn account(&mut self, sent: u64, lane: &Lane, now: Time, stats: &mut Stats) {
        if sent == 0 {
            return;
        }
        self.sent += sent;
        lane.sent.store(self.sent, Relaxed);
        let size = u64::try_from(self.plan.load().size).unwrap_or(u64::MAX);
        stats.published += sent;
        stats.published_bytes += sent * size;
        stats.last_published = now;
    }
}

/// A QoS 0 packet up to the variable part of its payload.
fn template(version: Version, topic: &str, frame: &Frame) -> Result<Vec<u8>> {
    let mut payload = Vec::new();
    let variable = Header::variable(0, Time::ZERO, Duration::ZERO);
    frame.fill(&variable, &mut payload);
    let publish = Publish { topic, payload: &payload, ..Publish::default() };
    let mut template = Vec::new();
    publish
        .encode_head(version, &mut template)
        .map_err(|error| client::explain(Failure::Invalid(error)))?;
    template.extend_from_slice(&frame.start);
    Ok(template)
}

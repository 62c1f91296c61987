//! The publishing side of a stream of one client: which messages are to be sent
//! now, and their encoding in batches, where possible from a prepared template.

use super::gate::Gate;
use super::link::Link;
use super::ticket::Ticket;
use crate::bench::board::{Board, Lane};
use crate::bench::load::ANSWERS;
use crate::bench::load::pattern::Numbered;
use crate::bench::message::{Body, Header, Variable};
use crate::bench::phase::Phase;
use crate::bench::plan::{Plan, Seat};
use crate::bench::tally::Stats;
use crate::client::{self, EngineKind};
use crate::error::Result;
use crate::mqtt::{Publish, PublishProperties, QoS, ReasonCode, Version};
use crate::session::{Failure, ServerLimits, Time};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Bytes encoded before they are written.
const BATCH_SIZE: usize = 64 * 1024;

/// A run that has ended sends what was due before for so long; what the broker
/// has not taken then was beyond it.
const GRACE: Duration = Duration::from_secs(1);

/// One stream of one client of the run.
pub(in crate::bench) struct Sender {
    seat: Seat,
    stream: u8,
    lane: u32,
    plan: Arc<Plan>,
    version: Version,
    qos: QoS,
    retain: bool,
    answered: bool,
    inflight: usize,
    buffer: u64,
    topic: Numbered,
    /// Bytes of its first topic and its largest payload.
    size: usize,
    quota: u64,
    /// Messages sent or skipped; the number of the next one.
    next: u64,
    skipped: u64,
    replies: u64,
    /// Whether it has begun to count what is due.
    born: bool,
    gate: Option<Gate>,
    body: Body,
    /// How the packets are written that need no session.
    template: Option<Template>,
    scratch: Scratch,
}

/// A QoS 0 packet in three parts, of which the one between these differs.
struct Template {
    head: Vec<u8>,
    filling: Vec<u8>,
}

/// Buffers of one message that are used again.
#[derive(Default)]
struct Scratch {
    header: Vec<u8>,
    payload: Vec<u8>,
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
    pub(in crate::bench) fn new(plan: &Arc<Plan>, seat: Seat, position: usize) -> Result<Self> {
        let stream = plan.group(seat).streams.get(position).expect("a stream of its group");
        let (lane, options) = (plan.lane(seat, position), plan.options(seat));
        let persona = plan.persona(seat);
        let window = plan.undelivered(seat, position);
        let topic = plan.topic(seat, position);
        let mut sender = Self {
            seat,
            stream: u8::try_from(position).expect("a plan has no client with more streams"),
            lane,
            plan: plan.clone(),
            version: options.session.version,
            qos: stream.qos,
            retain: stream.retain,
            answered: stream.answered,
            inflight: stream.inflight.into(),
            buffer: stream.buffer.unwrap_or(u64::MAX),
            size: topic.at(0).len() + stream.content.largest(),
            topic,
            quota: plan.quota(seat, position),
            next: 0,
            skipped: 0,
            replies: 0,
            born: plan.scenario().wait,
            gate: window.map(|window| Gate::new(window, plan.receivers(lane))),
            body: Body::new(&stream.content, plan.run(), lane, &persona.who())?,
            template: None,
            scratch: Scratch::default(),
        };
        // With another engine its own encoder is part of what is measured.
        if options.engine == EngineKind::Native && stream.qos == QoS::AtMostOnce {
            sender.template = sender.template()?;
        }
        Ok(sender)
    }

    /// A packet up to what differs from message to message, and what comes
    /// behind, if nothing else differs.
    fn template(&self) -> Result<Option<Template>> {
        let (Some(topic), Some(filling)) = (self.topic.fixed(), self.body.constant_filling())
        else {
            return Ok(None);
        };
        let payload = vec![0; self.body.start.len() + size_of::<Variable>() + filling.len()];
        let mut head = Vec::new();
        let answers = topic.to_owned() + ANSWERS;
        self.packet(topic, &answers, None, &payload)
            .encode_head(self.version, &mut head)
            .map_err(|error| client::explain(Failure::Invalid(error)))?;
        head.extend_from_slice(&self.body.start);
        Ok(Some(Template { head, filling }))
    }

    fn packet<'a>(
        &self,
        topic: &'a str,
        answers: &'a str,
        header: Option<&'a [u8]>,
        payload: &'a [u8],
    ) -> Publish<'a> {
        let properties = PublishProperties {
            response_topic: self.answered.then_some(answers),
            correlation_data: header,
            ..PublishProperties::default()
        };
        let (qos, retain) = (self.qos, self.retain);
        Publish { qos, retain, topic, properties, payload, ..Publish::default() }
    }

    /// Checks that the broker takes such messages at all.
    ///
    /// # Errors
    /// When they are too large for it or of a QoS it does not have.
    pub(in crate::bench) fn check(&self, limits: ServerLimits) -> Result<()> {
        // Flags, length, topic, packet identifier and no properties.
        let size = self.size + 7;
        let failure = if size > limits.maximum_packet_size {
            Failure::TooLarge(size, limits.maximum_packet_size)
        } else if self.qos > limits.maximum_qos {
            Failure::Unsupported("this quality of service")
        } else {
            return Ok(());
        };
        Err(client::explain(failure))
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
        phase.wanted(&self.plan, (self.seat, usize::from(self.stream)), now, self.quota)
    }

    /// Gives up what was due before the client was there, and what its buffer
    /// has no room for; the latter counts as a failure.
    fn skip(&mut self, due: u64, lane: &Lane, stats: &mut Stats) {
        let is_paced = self.plan.pace(self.seat, usize::from(self.stream)).is_some();
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
        let count = BATCH_SIZE / self.size.max(1);
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
        let pace = plan.pace(self.seat, usize::from(self.stream));
        for _ in 0..count {
            let due = pace.map_or(moment.now, |pace| {
                let due = pace.due(self.seat.number, self.next);
                moment.start + (due - Time::ZERO)
            });
            let late = moment.now - due;
            let variable = Header::variable(self.next, board.wall(due), late);
            let Some(size) = self.write(link, &variable, due, moment.now)? else {
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

    /// Writes one message and returns the bytes of its payload, unless the
    /// window is full.
    fn write(
        &mut self,
        link: &mut Link,
        variable: &Variable,
        due: Time,
        now: Time,
    ) -> Result<Option<usize>> {
        let Some(template) = &self.template else {
            return self.publish(link, variable, due, now);
        };
        let output = link.engine().output();
        for part in [&template.head[..], variable, &template.filling] {
            output.extend_from_slice(part);
        }
        Ok(Some(crate::bench::HEADER_SIZE + template.filling.len()))
    }

    /// Sends a message through the session, unless the window is full.
    fn publish(
        &mut self,
        link: &mut Link,
        variable: &Variable,
        due: Time,
        now: Time,
    ) -> Result<Option<usize>> {
        if self.qos != QoS::AtMostOnce && link.engine().in_flight() >= self.inflight {
            return Ok(None);
        }
        let Scratch { mut header, mut payload } = std::mem::take(&mut self.scratch);
        self.body.header(variable, &mut header);
        self.body.fill(self.next, &header, &mut payload);
        let topic = self.topic.at(self.next);
        let answers =
            if self.answered { topic.clone().into_owned() + ANSWERS } else { String::new() };
        let aside = (self.body.is_foreign() && self.version.is_v5()).then_some(&header[..]);
        let ticket = Ticket { stream: self.stream, due }.into();
        let packet = self.packet(&topic, &answers, aside, &payload);
        let sent = match link.engine().publish(&packet, ticket, now) {
            Ok(()) => Ok(Some(payload.len())),
            Err(Failure::WindowFull) => Ok(None),
            Err(failure) => Err(client::explain(failure)),
        };
        self.scratch = Scratch { header, payload };
        sent
    }
}

//! What a run is to do, as pure data: who connects, what each publishes when,
//! and who receives it.
//!
//! Nothing here does IO or reads a clock; a [`Plan`] that exists is possible.

mod audience;
mod crew;
mod outage;
mod pace;
mod persona;
mod possible;
mod warp;

pub(super) use warp::NEVER;

use crate::bench::load::{Content, Group, Headers, Scenario};
use crate::bench::shard::Shard;
use crate::bench::tally::Measure;
use crate::client::ConnectOptions;
use crate::error::Result;
use crate::mqtt::QoS;
use crate::session::Time;
use audience::Audience;
use crew::{Crew, Line, crews};
use outage::Outages;
use pace::Pace;
use std::sync::Arc;
use std::time::Duration;
use warp::Warp;

/// One connection of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seat {
    /// The position of its group.
    pub(super) group: usize,
    /// Its number in the group.
    pub(super) number: u32,
}

/// A load that is possible.
#[derive(Debug)]
pub(super) struct Plan {
    scenario: Scenario,
    connect: Arc<ConnectOptions>,
    run: u32,
    /// Which part of it is this process's.
    shard: Shard,
    /// In the order of the groups.
    crews: Vec<Crew>,
    audience: Audience,
    /// When the stages end.
    end: Option<Duration>,
}

/// What a run without a rate may have on its way to the subscribers, in
/// messages and in bytes. Brokers drop QoS 0 messages for a subscriber with
/// more waiting (mosquitto with a thousand); their policy is not to be
/// measured by accident.
const MAX_UNDELIVERED: u64 = 800;
const MAX_UNDELIVERED_BYTES: u64 = 1 << 20;

impl Plan {
    /// Plans the load for the run with this name.
    ///
    /// # Errors
    /// A usage error that names the option when the load is impossible.
    pub(super) fn new(scenario: Scenario, connect: Arc<ConnectOptions>, run: u32) -> Result<Self> {
        possible::check(&scenario, &connect)?;
        let stages = &scenario.stages;
        let warp = (!stages.is_empty()).then(|| Arc::new(Warp::new(stages)));
        let length = warp.is_some().then(|| stages.iter().map(|stage| stage.duration).sum());
        let mut plan = Self {
            crews: crews(&scenario, warp.as_ref()),
            end: scenario.duration.into_iter().chain(length).min(),
            scenario,
            connect,
            run,
            shard: Shard::WHOLE,
            audience: Audience::default(),
        };
        plan.audience = Audience::new(&plan)?;
        Ok(plan)
    }

    /// The same plan, of which this process carries out a part.
    #[must_use]
    pub(super) fn part(self, shard: Shard) -> Self {
        Self { shard, ..self }
    }

    /// Which part of it is this process's.
    #[must_use]
    pub(super) const fn shard(&self) -> Shard {
        self.shard
    }

    /// The load as it was asked for.
    #[must_use]
    pub(super) const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The name of the run.
    #[must_use]
    pub(super) const fn run(&self) -> u32 {
        self.run
    }

    /// What this seat's group does.
    #[must_use]
    pub(super) fn group(&self, seat: Seat) -> &Group {
        self.scenario.groups.get(seat.group).expect("seats are made of the groups")
    }

    fn crew(&self, seat: Seat) -> &Crew {
        self.crews.get(seat.group).expect("seats are made of the groups")
    }

    /// How this seat connects.
    #[must_use]
    pub(super) fn options(&self, seat: Seat) -> &Arc<ConnectOptions> {
        self.group(seat).connect.as_ref().unwrap_or(&self.connect)
    }

    /// Its number among all seats: of several brokers or addresses it says
    /// which is its own.
    #[must_use]
    pub(super) fn place(&self, seat: Seat) -> usize {
        (self.crew(seat).first_seat + seat.number) as usize
    }

    /// When this seat connects, counted from when the first one does.
    #[must_use]
    pub(super) fn arrival(&self, seat: Seat) -> Time {
        let group = self.group(seat);
        let over = group.ramp.map(|ramp| f64::from(group.clients) / ramp.as_secs_f64());
        let rate = group.connect_rate.or(over.filter(|rate| rate.is_finite()));
        rate.map_or(Time::ZERO, |rate| Pace::new(rate, 1).due(0, seat.number.into()))
    }

    /// Streams of all connections together, each of which has a number.
    #[must_use]
    pub(super) fn lanes(&self) -> u32 {
        let groups = self.scenario.groups.iter();
        groups.map(|group| group.clients * count(&group.streams)).sum()
    }

    /// The number of a seat's stream among the [`Plan::lanes`].
    #[must_use]
    pub(super) fn lane(&self, seat: Seat, stream: usize) -> u32 {
        self.line(seat, stream).first_lane + seat.number
    }

    fn line(&self, seat: Seat, stream: usize) -> &Line {
        self.crew(seat).lines.get(stream).expect("a seat has the streams of its group")
    }

    /// When the messages of a seat's stream are due; `None` is as soon as possible.
    #[must_use]
    pub(super) fn pace(&self, seat: Seat, stream: usize) -> Option<&Pace> {
        self.line(seat, stream).pace.as_ref()
    }

    /// When the connections of this seat's group are ended on purpose.
    #[must_use]
    pub(super) fn outages(&self, seat: Seat) -> &Outages {
        &self.crew(seat).outages
    }

    /// When something is next due for this seat after `now`; never is
    /// [`NEVER`].
    #[must_use]
    pub(super) fn next_due(&self, seat: Seat, now: Time) -> Time {
        let crew = self.crew(seat);
        let paces = crew.lines.iter().filter_map(|line| line.pace.as_ref());
        let messages = paces.map(|pace| pace.next_after(seat.number, now));
        let outage = crew.outages.next_after(seat.number, now).map(|outage| outage.at);
        messages.chain(outage).min().unwrap_or(NEVER)
    }

    /// How many messages of this stream a seat sends at most.
    #[must_use]
    pub(super) fn quota(&self, seat: Seat, stream: usize) -> u64 {
        let group = self.group(seat);
        let limits =
            group.streams.get(stream).map(|stream| (stream.limit, stream.limit_per_client));
        let (together, each) = limits.unwrap_or_default();
        let share = together.map(|limit| {
            let all = u64::from(group.clients);
            limit / all + u64::from(u64::from(seat.number) < limit % all)
        });
        let by_time = self.end().zip(self.pace(seat, stream)).map(|(end, pace)| {
            let last = Time::from_nanos(end.nanos().saturating_sub(1));
            pace.due_by(seat.number, last)
        });
        share.into_iter().chain(each).chain(by_time).min().unwrap_or(u64::MAX)
    }

    /// How many messages all send at most.
    #[must_use]
    pub(super) fn total_quota(&self) -> u64 {
        self.total(|seat, stream| self.quota(seat, stream))
    }

    /// What `count` says of all streams of everyone in this process together.
    #[must_use]
    pub(super) fn total(&self, count: impl Fn(Seat, usize) -> u64) -> u64 {
        let own = self.lanes_of(self.own_seats());
        own.fold(0, |sum, (seat, stream)| sum.saturating_add(count(seat, stream)))
    }

    /// When the run ends by the clock, counted from its start.
    #[must_use]
    pub(super) fn end(&self) -> Option<Time> {
        self.end.map(|duration| Time::ZERO + duration)
    }

    /// Whether the broker answers for the messages of a seat's stream.
    #[must_use]
    pub(super) fn is_acknowledged(&self, seat: Seat, stream: usize) -> bool {
        let stream = self.group(seat).streams.get(stream);
        stream.is_some_and(|stream| stream.qos > QoS::AtMostOnce)
    }

    /// How many receive each message of this lane.
    #[must_use]
    pub(super) fn receivers(&self, lane: u32) -> u32 {
        self.audience.of(lane)
    }

    /// The time that tells most about the run.
    #[must_use]
    pub(super) fn measure(&self) -> Measure {
        match (self.lanes(), self.audience.is_empty()) {
            _ if self.only_connects() => Measure::Connect,
            (1.., true) => Measure::Acknowledgement,
            _ => Measure::Latency,
        }
    }

    /// The time that publishing so many messages takes, where that is known
    /// before: with one stream at one rate.
    #[must_use]
    pub(super) fn time_of(&self, published: u64) -> Option<Duration> {
        let mut lines = self.crews.iter().flat_map(|crew| &crew.lines);
        let (only, None) = (lines.next()?, lines.next()) else { return None };
        let pace = only.pace.as_ref().filter(|_| self.scenario.stages.is_empty())?;
        Some(Duration::from_nanos(pace.after(published)))
    }

    /// Whether any subscription is shared.
    #[must_use]
    pub(super) fn is_shared(&self) -> bool {
        let mut asked = self.scenario.groups.iter().filter(|group| !group.answers);
        asked.any(|group| group.subscriptions.iter().any(|asked| asked.share.is_some()))
    }

    /// Whether everyone connects and does nothing else.
    #[must_use]
    pub(super) fn only_connects(&self) -> bool {
        self.lanes() == 0 && !self.subscribes()
    }

    /// Whether anyone subscribes.
    #[must_use]
    pub(super) fn subscribes(&self) -> bool {
        self.scenario.groups.iter().any(|group| !group.subscriptions.is_empty())
    }

    /// Messages this lane may have on their way to the subscribers.
    ///
    /// Only a stream without a rate is held back: it would otherwise measure how
    /// the broker drops what subscribers cannot take. One with a rate is
    /// open: what gets lost at that rate is part of the result.
    #[must_use]
    pub(super) fn undelivered(&self, seat: Seat, stream: usize) -> Option<u64> {
        let receivers = self.receivers(self.lane(seat, stream));
        if self.pace(seat, stream).is_some() || receivers == 0 {
            return None;
        }
        let group = self.group(seat);
        let size = group.streams.get(stream).map_or(1, |stream| stream.content.largest());
        let size = u64::try_from(size).unwrap_or(u64::MAX).max(1);
        let together = (MAX_UNDELIVERED_BYTES / size).min(MAX_UNDELIVERED);
        Some((together / u64::from(group.clients)).max(1))
    }

    /// Connections of this process.
    #[must_use]
    pub(super) fn connections(&self) -> u32 {
        u32::try_from(self.own_seats().count()).unwrap_or(u32::MAX)
    }

    /// Worker threads of use when the machine has so many cores.
    #[must_use]
    pub(super) fn workers(&self, cores: u32) -> u32 {
        cores.min(self.connections()).max(1)
    }

    /// Everyone.
    pub(super) fn all_seats(&self) -> impl Iterator<Item = Seat> {
        let groups = self.scenario.groups.iter().enumerate();
        groups
            .flat_map(|(group, about)| (0..about.clients).map(move |number| Seat { group, number }))
    }

    /// Everyone in this process.
    pub(super) fn own_seats(&self) -> impl Iterator<Item = Seat> {
        self.all_seats().filter(|seat| self.shard.has(self.place(*seat)))
    }

    /// Every stream of everyone.
    pub(super) fn all_lanes(&self) -> impl Iterator<Item = (Seat, usize)> {
        self.lanes_of(self.all_seats())
    }

    /// Every stream of these.
    fn lanes_of(&self, seats: impl Iterator<Item = Seat>) -> impl Iterator<Item = (Seat, usize)> {
        seats.flat_map(|seat| (0..self.group(seat).streams.len()).map(move |stream| (seat, stream)))
    }

    /// The headers by which messages are recognised: those of the first stream
    /// that has any.
    #[must_use]
    pub(super) fn headers(&self) -> Headers {
        let streams = self.scenario.groups.iter().flat_map(|group| &group.streams);
        let headers = streams.filter_map(|stream| match stream.content {
            Content::Filling { headers, .. } => Some(headers),
            _ => None,
        });
        headers.into_iter().next().unwrap_or(self.scenario.headers)
    }

    /// The connections of one of several workers; each is somebody's.
    pub(super) fn seats(&self, worker: u32, workers: u32) -> impl Iterator<Item = Seat> {
        self.own_seats().skip(worker as usize).step_by(workers.max(1) as usize)
    }
}

fn count<T>(things: &[T]) -> u32 {
    u32::try_from(things.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;

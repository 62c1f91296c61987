//! What a run is to do, as pure data: how many connections, how many messages,
//! how large, and when each is due.
//!
//! Nothing here does IO or reads a clock; a [`Plan`] that exists is possible.

use super::measure::Measure;
use super::pace::Pace;
use super::payload::HEADER_SIZE;
use crate::error::{Error, Result};
use crate::mqtt::{MAX_REMAINING_LENGTH, QoS, topic};
use crate::session::Time;
use std::time::Duration;

/// The load that is asked for; it may still turn out impossible.
#[derive(Debug, Clone)]
pub struct Load {
    /// Connections that publish.
    pub publishers: u32,
    /// Connections that receive what every publisher sends.
    pub subscribers: u32,
    /// Quality of service of publishes and subscriptions.
    pub qos: QoS,
    /// Bytes of each payload; at least [`HEADER_SIZE`].
    pub size: usize,
    /// The topic; `%i` is the publisher's number. Without one, the run makes
    /// topics that no other run has.
    pub topic: Option<String>,
    /// Messages per second of all publishers together; `None` is as fast as
    /// the broker takes them.
    pub rate: Option<f64>,
    /// Messages of all publishers together after which the run ends.
    pub limit: Option<u64>,
    /// Time after which the run ends.
    pub duration: Option<Duration>,
    /// QoS 1 and 2 messages each publisher has unacknowledged at once.
    pub inflight: u16,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            publishers: 1,
            subscribers: 1,
            qos: QoS::AtMostOnce,
            size: 64,
            topic: None,
            rate: None,
            limit: None,
            duration: None,
            inflight: 100,
        }
    }
}

/// Who one connection is: in any mode it publishes, subscribes or does both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seat {
    /// The number of the publisher it is.
    pub(super) publisher: Option<u32>,
    /// The number of the subscriber it is.
    pub(super) subscriber: Option<u32>,
}

impl Seat {
    /// Its number among those that do the same: of several brokers it says
    /// which is its own.
    pub(super) fn number(self) -> usize {
        self.publisher.or(self.subscriber).unwrap_or_default() as usize
    }
}

/// A load that is possible.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    load: Load,
    pace: Option<Pace>,
    topic: String,
}

/// Stands for the publisher's number in a topic.
const NUMBER: &str = "%i";

/// The highest rate that is taken for an intention, in messages per second.
const MAX_RATE: f64 = 1e9;

/// Connections in one run; identifiers and files run out long before.
const MAX_CONNECTIONS: u32 = 1_000_000;

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
    pub(super) fn new(load: Load, run: u32) -> Result<Self> {
        check_counts(&load)?;
        check_size(load.size)?;
        let topic = match &load.topic {
            Some(topic) => topic.clone(),
            None => format!("mqx/bench/{run:08x}/{NUMBER}"),
        };
        topic::check_name(&topic).map_err(|cause| {
            Error::usage(format!("--topic {topic} cannot be published to")).because(cause)
        })?;
        let pace = load
            .rate
            .map(|rate| check_rate(rate).map(|rate| Pace::new(rate, load.publishers)))
            .transpose()?;
        Ok(Self { load, pace, topic })
    }

    /// The load as it was asked for.
    #[must_use]
    pub(super) const fn load(&self) -> &Load {
        &self.load
    }

    /// When messages are due; `None` is as soon as possible.
    #[must_use]
    pub(super) const fn pace(&self) -> Option<Pace> {
        self.pace
    }

    /// The topic this publisher publishes to.
    #[must_use]
    pub(super) fn topic(&self, publisher: u32) -> String {
        self.topic.replace(NUMBER, &publisher.to_string())
    }

    /// The filter that matches the topics of all publishers.
    #[must_use]
    pub(super) fn filter(&self) -> String {
        let level = |level: &str| if level.contains(NUMBER) { "+" } else { level }.to_owned();
        let levels: Vec<_> = topic::levels(&self.topic).map(level).collect();
        levels.join("/")
    }

    /// How many messages this publisher sends at most.
    #[must_use]
    pub(super) fn quota(&self, publisher: u32) -> u64 {
        let by_limit = self.load.limit.map(|limit| {
            let all = u64::from(self.load.publishers);
            limit / all + u64::from(u64::from(publisher) < limit % all)
        });
        let by_time = self.end().zip(self.pace).map(|(end, pace)| {
            let last = Time::from_nanos(end.nanos().saturating_sub(1));
            pace.due_by(publisher, last)
        });
        by_limit.unwrap_or(u64::MAX).min(by_time.unwrap_or(u64::MAX))
    }

    /// When the run ends by the clock, counted from its start.
    #[must_use]
    pub(super) fn end(&self) -> Option<Time> {
        self.load.duration.map(|duration| Time::ZERO + duration)
    }

    /// The time that tells most about the run: that of its whole way, if anyone
    /// receives.
    #[must_use]
    pub(super) const fn measure(&self) -> Measure {
        if self.load.subscribers > 0 { Measure::Latency } else { Measure::Acknowledgement }
    }

    /// Messages each publisher may have on their way to the subscribers.
    ///
    /// Only a run without a rate is held back: it would otherwise measure how
    /// the broker drops what subscribers cannot take. A run with a rate is
    /// open: what gets lost at that rate is part of the result.
    #[must_use]
    pub(super) fn undelivered(&self) -> Option<u64> {
        if self.pace.is_some() || self.load.subscribers == 0 {
            return None;
        }
        let size = u64::try_from(self.load.size).unwrap_or(u64::MAX);
        let together = (MAX_UNDELIVERED_BYTES / size).min(MAX_UNDELIVERED);
        Some((together / u64::from(self.load.publishers)).max(1))
    }

    /// Connections of the run.
    #[must_use]
    pub(super) const fn connections(&self) -> u32 {
        self.load.subscribers + self.load.publishers
    }

    /// Worker threads of use when the machine has so many cores.
    #[must_use]
    pub(super) fn workers(&self, cores: u32) -> u32 {
        cores.min(self.connections()).max(1)
    }

    /// The connections of one of several workers; each is somebody's.
    pub(super) fn seats(&self, worker: u32, workers: u32) -> impl Iterator<Item = Seat> + use<> {
        let subscribers = self.load.subscribers;
        let mine = (worker..self.connections()).step_by(workers.max(1) as usize);
        mine.map(move |number| Seat {
            subscriber: (number < subscribers).then_some(number),
            publisher: number.checked_sub(subscribers),
        })
    }
}

fn check_counts(load: &Load) -> Result<()> {
    let rules = [
        (load.publishers > 0, "--count 0: a run needs a publisher"),
        (load.inflight > 0, "--inflight 0: nothing could be sent"),
        (load.limit != Some(0), "--limit 0: nothing would be sent"),
        (load.duration != Some(Duration::ZERO), "--duration 0: nothing would be sent"),
    ];
    if let Some((_, what)) = rules.iter().find(|(holds, _)| !holds) {
        return Err(Error::usage(*what));
    }
    let connections = load.publishers.saturating_add(load.subscribers);
    if connections > MAX_CONNECTIONS {
        let what = format!("{connections} connections are over the limit of {MAX_CONNECTIONS}");
        return Err(Error::usage(what));
    }
    Ok(())
}

fn check_size(size: usize) -> Result<()> {
    if size < HEADER_SIZE {
        return Err(Error::usage(format!(
            "--size {size} is too small: the header that is measured with takes {HEADER_SIZE} bytes"
        )));
    }
    // Topic, packet identifier and properties need room beside the payload.
    let largest = MAX_REMAINING_LENGTH - usize::from(u16::MAX) - 8;
    if size > largest {
        return Err(Error::usage(format!(
            "--size {size} is too large: an MQTT packet holds at most {largest} bytes"
        )));
    }
    Ok(())
}

fn check_rate(rate: f64) -> Result<f64> {
    if rate.is_finite() && rate > 0.0 && rate <= MAX_RATE {
        return Ok(rate);
    }
    let what = format!("--rate {rate} is not between 0 and {MAX_RATE} messages per second");
    Err(Error::usage(what).hint("leave --rate out to publish as fast as possible"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;
    use proptest::prelude::*;

    fn plan(load: Load) -> Plan {
        Plan::new(load, 7).unwrap()
    }

    #[test]
    fn impossible_loads_are_usage_errors_that_name_the_option() {
        let load = Load::default;
        let cases = [
            (Load { publishers: 0, ..load() }, "--count"),
            (Load { size: 31, ..load() }, "--size"),
            (Load { size: 300_000_000, ..load() }, "--size"),
            (Load { rate: Some(0.0), ..load() }, "--rate"),
            (Load { rate: Some(f64::NAN), ..load() }, "--rate"),
            (Load { rate: Some(-1.0), ..load() }, "--rate"),
            (Load { limit: Some(0), ..load() }, "--limit"),
            (Load { inflight: 0, ..load() }, "--inflight"),
            (Load { duration: Some(Duration::ZERO), ..load() }, "--duration"),
            (Load { topic: Some("a/#".into()), ..load() }, "--topic"),
            (Load { publishers: u32::MAX, ..load() }, "connections"),
        ];
        for (load, option) in cases {
            let error = Plan::new(load, 7).unwrap_err();
            assert_eq!(error.class(), Class::Usage);
            assert!(error.to_string().contains(option), "{error}");
        }
    }

    #[test]
    fn the_filter_matches_every_publishers_topic() {
        let own = plan(Load::default());
        assert_eq!(own.topic(3), "mqx/bench/00000007/3");
        assert_eq!(own.filter(), "mqx/bench/00000007/+");
        let given = plan(Load { topic: Some("site/dev%i/up".into()), ..Load::default() });
        assert_eq!(given.topic(12), "site/dev12/up");
        assert_eq!(given.filter(), "site/+/up");
        let one = plan(Load { topic: Some("a/b".into()), ..Load::default() });
        assert_eq!((one.topic(5), one.filter()), ("a/b".into(), "a/b".into()));
    }

    #[test]
    fn a_duration_at_a_rate_is_an_exact_number_of_messages() {
        let duration = Some(Duration::from_secs(10));
        let load = Load { publishers: 3, rate: Some(100.0), duration, ..Load::default() };
        let plan = plan(load);
        let quotas: Vec<_> = (0..3).map(|number| plan.quota(number)).collect();
        assert_eq!(quotas, [334, 333, 333]);
    }

    #[test]
    fn only_a_run_without_a_rate_is_held_back_by_its_subscribers() {
        let load = Load::default;
        assert_eq!(plan(load()).undelivered(), Some(800));
        assert_eq!(plan(Load { publishers: 10, ..load() }).undelivered(), Some(80));
        assert_eq!(plan(Load { size: 1 << 22, ..load() }).undelivered(), Some(1));
        assert_eq!(plan(Load { rate: Some(1.0), ..load() }).undelivered(), None);
        assert_eq!(plan(Load { subscribers: 0, ..load() }).undelivered(), None);
    }

    proptest! {
        #[test]
        fn the_limit_is_split_without_a_rest(publishers in 1..500_u32, limit in 1..1_000_000_u64) {
            let plan = plan(Load { publishers, limit: Some(limit), ..Load::default() });
            let quotas: Vec<_> = (0..publishers).map(|number| plan.quota(number)).collect();
            prop_assert_eq!(quotas.iter().sum::<u64>(), limit);
            let (least, most) = (quotas.iter().min().unwrap(), quotas.iter().max().unwrap());
            prop_assert!(most - least <= 1);
        }

        #[test]
        fn every_connection_is_one_workers(
            publishers in 1..50_u32, subscribers in 0..50_u32, cores in 1..9_u32,
        ) {
            let plan = plan(Load { publishers, subscribers, ..Load::default() });
            let workers = plan.workers(cores);
            let shares: Vec<Vec<_>> =
                (0..workers).map(|worker| plan.seats(worker, workers).collect()).collect();
            prop_assert!(shares.iter().all(|share| !share.is_empty()));
            let seats = shares.concat();
            let mut numbers: Vec<_> = seats.iter().filter_map(|seat| seat.publisher).collect();
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (0..publishers).collect::<Vec<_>>());
            let mut numbers: Vec<_> = seats.iter().filter_map(|seat| seat.subscriber).collect();
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (0..subscribers).collect::<Vec<_>>());
        }
    }
}

//! Who receives what: how many times each message of a stream has to arrive.

use super::{Plan, Seat};
use crate::bench::load::pattern::Numbered;
use crate::bench::load::{ANSWERS, Stream, Subscription, Wanted};
use crate::error::{Error, Result};
use crate::mqtt::topic::{self, Filter};
use crate::mqtt::{self, QoS};
use crate::output::escape;
use std::collections::{BTreeSet, HashMap};

/// How many receive the messages of each lane.
#[derive(Debug, Default)]
pub(super) struct Audience(Vec<u32>);

/// Topics of a run that nobody has named; a lane's number is behind it.
fn own_topics(run: u32) -> String {
    format!("mqx/bench/{run:08x}/")
}

impl Plan {
    /// Where a seat's stream publishes to.
    #[must_use]
    pub(in crate::bench) fn topic(&self, seat: Seat, stream: usize) -> Numbered {
        let named = self.group(seat).streams.get(stream).and_then(|stream| stream.topic.as_ref());
        match named {
            Some(pattern) => pattern.for_client(&self.persona(seat).who()),
            None => Numbered::from(own_topics(self.run) + &self.lane(seat, stream).to_string()),
        }
    }

    /// What a seat asks for, as the broker is told.
    #[must_use]
    pub(in crate::bench) fn filters(&self, seat: Seat) -> Vec<(String, QoS)> {
        let subscriptions = self.group(seat).subscriptions.iter();
        let asked = subscriptions.flat_map(|subscription| {
            let share = subscription.share.as_ref();
            let full = move |filter| match share {
                Some(name) => format!("$share/{name}/{filter}"),
                None => filter,
            };
            self.plain_filters(seat, subscription)
                .into_iter()
                .map(move |filter| (full(filter), subscription.qos))
        });
        asked.collect()
    }

    /// The filters without what makes them shared.
    fn plain_filters(&self, seat: Seat, subscription: &Subscription) -> BTreeSet<String> {
        match &subscription.wanted {
            Wanted::Filter(pattern) => [pattern.text(&self.persona(seat).who())].into(),
            Wanted::Published => {
                let streams = self.scenario.groups.iter().flat_map(|group| &group.streams);
                streams.map(|stream| self.filter_of(stream)).collect()
            }
            Wanted::Answers => {
                let streams = 0..self.group(seat).streams.len();
                let answers = |stream| self.topic(seat, stream).filter() + ANSWERS;
                streams.map(answers).collect()
            }
        }
    }

    /// What matches everything that is published in a stream.
    fn filter_of(&self, stream: &Stream) -> String {
        match &stream.topic {
            Some(pattern) => pattern.filter(),
            None => own_topics(self.run) + "+",
        }
    }
}

impl Audience {
    /// Finds it out; the plan is complete but for this.
    ///
    /// # Errors
    /// A usage error when something cannot be published or subscribed to.
    pub(super) fn new(plan: &Plan) -> Result<Self> {
        let mut readers = Readers::default();
        let mut shares = BTreeSet::new();
        for seat in plan.all_seats() {
            let mut own = BTreeSet::new();
            for subscription in &plan.group(seat).subscriptions {
                for filter in plan.plain_filters(seat, subscription) {
                    Filter::parse(&filter).map_err(|cause| wrong("subscribed", &filter, cause))?;
                    let share = subscription.share.clone();
                    let known = share.is_some_and(|share| !shares.insert((share, filter.clone())));
                    own.extend((!known).then_some(filter));
                }
            }
            if !plan.group(seat).answers {
                readers.add(own);
            }
        }
        let mut lanes = vec![0; plan.lanes() as usize];
        for seat in plan.all_seats() {
            for (stream, about) in plan.group(seat).streams.iter().enumerate() {
                let topic = plan.topic(seat, stream).at(0).into_owned();
                topic::check_name(&topic).map_err(|cause| wrong("published", &topic, cause))?;
                let arrives = if about.answered { topic + ANSWERS } else { topic };
                if let Some(lane) = lanes.get_mut(plan.lane(seat, stream) as usize) {
                    *lane = readers.of(&arrives);
                }
            }
        }
        Ok(Self(lanes))
    }

    /// How many receive each message of this lane.
    #[must_use]
    pub(super) fn of(&self, lane: u32) -> u32 {
        self.0.get(lane as usize).copied().unwrap_or_default()
    }

    /// Whether nothing is received.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|count| *count == 0)
    }
}

fn wrong(done: &str, topic: &str, cause: mqtt::Error) -> Error {
    Error::usage(format!("--topic {} cannot be {done} to", escape(topic))).because(cause)
}

/// How many have asked for what.
#[derive(Debug, Default)]
struct Readers {
    /// By their only filter, if that is without wildcards, which is a topic.
    exact: HashMap<String, u32>,
    /// By all their filters, the others: whoever has several that match receives a
    /// message once all the same, or it is a duplicate.
    wild: HashMap<BTreeSet<String>, u32>,
}

impl Readers {
    /// Adds somebody who has asked for these.
    fn add(&mut self, filters: BTreeSet<String>) {
        match filters.first() {
            Some(only) if filters.len() == 1 && !only.contains(['+', '#']) => {
                *self.exact.entry(only.clone()).or_default() += 1;
            }
            _ => *self.wild.entry(filters).or_default() += 1,
        }
    }

    fn of(&self, topic: &str) -> u32 {
        let exact = self.exact.get(topic).copied().unwrap_or_default();
        let matches =
            |filter: &str| Filter::parse(filter).is_ok_and(|filter| filter.matches(topic));
        let any = |filters: &BTreeSet<String>| filters.iter().any(|filter| matches(filter));
        let wild = self.wild.iter().filter(|(filters, _)| any(filters));
        exact + wild.map(|(_, count)| count).sum::<u32>()
    }
}

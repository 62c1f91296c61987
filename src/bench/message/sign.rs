//! By what a subscriber recognises a message of the run.

use super::header::{Header, read_u64};
use crate::bench::load::Headers;
use crate::bench::plan::Plan;
use crate::bench::tally::LaneName;
use crate::mqtt::Publish;
use crate::mqtt::wire::Reader;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::time::Duration;

/// Nanoseconds of the unit in which emqtt-bench writes the time.
const MILLI: u64 = 1_000_000;

/// What a message says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bench) struct Sign {
    /// Which messages it is one of.
    pub(in crate::bench) lane: LaneName,
    /// The same by its number, where it is one of this run.
    pub(in crate::bench) number: Option<u32>,
    /// Its number among them, if it has one.
    pub(in crate::bench) sequence: Option<u64>,
    /// When it was due, in nanoseconds since 1970, if it says so.
    pub(in crate::bench) due: Option<u64>,
    /// How much later than that it was sent.
    pub(in crate::bench) late: Duration,
}

/// Reads the signs of messages.
#[derive(Debug)]
pub(in crate::bench) enum SignReader {
    /// Those of mqx, of this run or of any.
    Mqx {
        /// The run, if others are foreign.
        run: Option<u32>,
    },
    /// Those of emqtt-bench.
    Emqtt {
        /// Whether there is a counter.
        counter: bool,
        /// Whether there is a time.
        time: bool,
        /// The lanes of this run by their topics.
        lanes: HashMap<String, u32>,
    },
}

impl SignReader {
    /// For what this plan publishes, or for anything if it does not.
    #[must_use]
    pub(in crate::bench) fn new(plan: &Plan) -> Self {
        match plan.headers() {
            Headers::Mqx => Self::Mqx { run: (plan.lanes() > 0).then_some(plan.run()) },
            Headers::Emqtt { counter, time } => {
                let lanes = plan.all_lanes();
                let lanes = lanes.map(|(seat, stream)| {
                    let topic = plan.topic(seat, stream).at(0).into_owned();
                    (topic, plan.lane(seat, stream))
                });
                Self::Emqtt { counter, time, lanes: lanes.collect() }
            }
        }
    }

    /// What this message says of itself, if it is one that is measured.
    #[must_use]
    pub(in crate::bench) fn read(&self, publish: &Publish<'_>) -> Option<Sign> {
        match self {
            Self::Mqx { run } => of_mqx(publish, *run),
            Self::Emqtt { counter, time, lanes } => {
                let mut reader = Reader::new(publish.payload);
                let sequence = if *counter { Some(read_u64(&mut reader)?) } else { None };
                let millis = if *time { Some(read_u64(&mut reader)?) } else { None };
                let hash = FixedState::default().hash_one(publish.topic);
                Some(Sign {
                    lane: (0, hash),
                    number: lanes.get(publish.topic).copied(),
                    sequence,
                    // At the end of its millisecond, so that no time is made longer.
                    due: millis
                        .map(|millis| millis.saturating_mul(MILLI).saturating_add(MILLI - 1)),
                    late: Duration::ZERO,
                })
            }
        }
    }
}

fn of_mqx(publish: &Publish<'_>, run: Option<u32>) -> Option<Sign> {
    let header = Header::read(publish.payload)
        .or_else(|| Header::read(publish.properties.correlation_data?))?;
    let own = run.is_none_or(|run| header.run == run);
    own.then_some(Sign {
        lane: (header.run, header.lane.into()),
        number: run.map(|_| header.lane),
        sequence: Some(header.sequence),
        due: Some(header.due),
        late: header.late,
    })
}

//! `$SYS/broker/...`: what the broker says of itself, in mosquitto's words.
//!
//! Values are worked out only while somebody is subscribed to a filter that
//! begins with `$SYS`: with the first subscription at once, so that it is
//! answered with all of them, and then at every multiple of the interval,
//! when those that have changed are published. When nobody is subscribed any
//! more the timer is not set again. The values are not among the retained
//! messages, though they are sent like them: they are neither kept nor
//! counted with those of clients.
//!
//! Loads cover the time when nobody looked as if all that came had come
//! evenly, so the first one looks like the average since somebody last did.

mod load;
mod topics;

use super::Core;
use super::message::Kept;
use super::worker::{Timer, Worker};
use crate::mqtt::topic::{self, Filter, levels};
use crate::mqtt::{Message, Publish, QoS};
use crate::session::Time;
use load::Loads;
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use topics::{Facts, NUMBERS};

/// The first level of the topics that only the broker publishes to.
const ROOT: &str = "$SYS";

/// The values and when they are worked out.
#[derive(Debug)]
pub(super) struct Sys {
    /// `None` is never.
    interval: Option<Duration>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether some worker has set [`Timer::Sys`].
    is_set: bool,
    loads: Loads,
    shown: BTreeMap<String, Arc<Kept>>,
}

/// Whether a filter with this pattern can match topics of the broker: no
/// wildcard reaches them (MQTT-4.7.2-1).
pub(super) fn concerns(pattern: &str) -> bool {
    levels(pattern).next() == Some(ROOT)
}

/// Whether only the broker itself publishes to `topic`. Bridges say there too
/// whether they are connected, as mosquitto lets them.
pub(super) fn is_reserved(topic: &str) -> bool {
    topic.strip_prefix("$SYS/").is_some_and(|rest| {
        let name = rest.strip_prefix("broker/connection/");
        let name = name.and_then(|name| name.strip_suffix("/state"));
        name.is_none_or(|name| name.contains('/'))
    })
}

impl Sys {
    pub(super) fn new(interval: Option<Duration>) -> Self {
        let interval = interval.filter(|interval| !interval.is_zero());
        Self { interval, state: Mutex::default() }
    }

    /// The values whose topics `filter` matches.
    pub(super) fn matching(&self, filter: &Filter<'_>) -> Vec<Arc<Kept>> {
        let state = self.state.lock();
        let matching = state.shown.iter().filter(|(topic, _)| filter.matches(topic));
        matching.map(|(_, kept)| Arc::clone(kept)).collect()
    }
}

impl State {
    /// Works the values out; returns those that have changed.
    fn renew(&mut self, now: Time, facts: &Facts) -> Vec<Arc<Kept>> {
        self.loads.advance(now, &facts.totals);
        let version = format!("mqx version {}", env!("CARGO_PKG_VERSION"));
        let uptime = format!("{} seconds", (now - Time::ZERO).as_secs());
        let texts = [("version", version), ("uptime", uptime)];
        let texts = texts.into_iter().map(|(name, value)| (name.to_owned(), value));
        let numbers =
            NUMBERS.iter().map(|(name, value)| ((*name).to_owned(), value(facts).to_string()));
        let loads = self.loads.values().map(|(name, value)| (format!("load/{name}"), value));
        let values: Vec<_> = texts.chain(numbers).chain(loads).collect();
        values.into_iter().filter_map(|(name, value)| self.show(&name, &value, now)).collect()
    }

    /// Shows a value; returns it if it is another than before.
    fn show(&mut self, name: &str, value: &str, now: Time) -> Option<Arc<Kept>> {
        let topic = format!("{ROOT}/broker/{name}");
        let before = self.shown.get(&topic);
        if before.is_some_and(|before| before.message.payload() == value.as_bytes()) {
            return None;
        }
        let publish = Publish {
            topic: &topic,
            qos: QoS::ExactlyOnce,
            retain: true,
            payload: value.as_bytes(),
            ..Publish::default()
        };
        let kept = Arc::new(Kept::new(Message::new(&publish).ok()?, None, now));
        self.shown.insert(topic, Arc::clone(&kept));
        Some(kept)
    }
}

impl Core {
    /// Begins to work the values out if somebody is subscribed to them and
    /// nobody was. Whoever was before gets what changes with the next interval.
    pub(super) fn attend_sys(&self, worker: &mut Worker) {
        if self.sys.interval.is_none() || self.index.read().of_the_broker() == 0 {
            return;
        }
        let mut state = self.sys.state.lock();
        if !state.is_set {
            self.renew_sys(worker, &mut state);
        }
    }

    /// Publishes what has changed since the last interval, if anybody listens.
    pub(super) fn tell_sys(&self, worker: &mut Worker) {
        let mut state = self.sys.state.lock();
        state.is_set = false;
        if self.index.read().of_the_broker() == 0 {
            return;
        }
        let changed = self.renew_sys(worker, &mut state);
        drop(state);
        for kept in changed {
            self.publish_own(worker, &kept.message.publish(None, false));
        }
    }

    /// Publishes something that has happened, which is not kept, on a topic below
    /// `$SYS`. One that is no topic is not published.
    pub fn announce(&self, worker: &mut Worker, topic: &str, payload: &[u8]) {
        if concerns(topic) && topic::check_name(topic).is_ok() {
            let publish = Publish { topic, payload, ..Publish::default() };
            self.publish_own(worker, &publish);
        }
    }

    fn renew_sys(&self, worker: &mut Worker, state: &mut MutexGuard<'_, State>) -> Vec<Arc<Kept>> {
        if let Some(interval) = self.sys.interval {
            worker.timers.set(next_multiple(worker.now, interval), Timer::Sys);
            state.is_set = true;
        }
        state.renew(worker.now, &Facts { totals: self.totals(), census: self.census() })
    }
}

fn next_multiple(now: Time, interval: Duration) -> Time {
    let interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
    let passed = now.nanos() / interval.max(1);
    Time::from_nanos(passed.saturating_add(1).saturating_mul(interval))
}

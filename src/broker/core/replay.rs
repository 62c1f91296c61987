//! The retained messages that a new subscription brings (MQTT 5.0 §3.3.1.3).
//!
//! A few are queued at once. Where there are more, the session keeps a place
//! ([`Walk`]) and takes them from the retained messages as its output drains,
//! so neither a million of them nor a client that does not read them costs
//! memory or keeps others waiting.
//!
//! What comes later waits behind them, as messages of a topic stay in order. A
//! message that is replaced or cleared before its turn is not sent: its
//! successor is, like every other. An UNSUBSCRIBE ends the replay, another
//! SUBSCRIBE begins it anew. When the connection ends, a session that lives on
//! goes on at the same place with the next one, but with QoS 1 and 2 only, as
//! it does with everything. After a crash it begins anew, behind what was queued.

use super::acl::Access;
use super::connection::Open;
use super::journal::Subscription;
use super::message::{Delivery, Kept};
use super::queue::QueueLimits;
use super::retained::Retained;
use super::rules::Rules;
use super::session::{Hot, Session};
use super::walk::Walk;
use super::worker::Worker;
use super::{Core, sys};
use crate::mqtt::topic::Filter;
use crate::mqtt::{QoS, SubscriptionId};
use crate::session::Time;
use std::collections::VecDeque;
use std::sync::Arc;

/// Nodes that may be looked at when a subscription is made. What is found among
/// more is not queued.
const AT_ONCE: usize = 64;

/// What is left of the retained messages of one subscription.
#[derive(Debug)]
pub(super) struct Replay {
    walk: Walk,
    /// Found, but not to be sent yet.
    next: Option<Arc<Kept>>,
    subscription: Subscription,
    ids: Option<Arc<[SubscriptionId]>>,
    /// The number of the next delivery.
    sequence: u64,
    /// Whether messages of QoS 0 are left out.
    acknowledged_only: bool,
}

/// Which of the retained messages a session is sent.
pub(super) struct Reader<'a> {
    pub(super) session: &'a Session,
    pub(super) rules: Option<Arc<Rules>>,
    pub(super) now: Time,
}

impl Reader<'_> {
    fn may_read(&self, kept: &Kept) -> bool {
        let who = self.session.who();
        let topic = kept.message.topic();
        let allowed = |rules: &Arc<Rules>| rules.allow(who, Access::Read, topic);
        self.session.sees(topic) && self.rules.as_ref().is_none_or(allowed)
    }
}

impl Replay {
    /// Owes what `walk` finds from now on.
    pub(super) fn new(walk: Walk, subscription: Subscription) -> Self {
        let ids = subscription.id.map(|id| Arc::from([id]));
        Self { walk, next: None, subscription, ids, sequence: 0, acknowledged_only: false }
    }

    /// Looks for the next message. Returns whether there is one; if not, there
    /// may be one all the same when `effort` was used up.
    pub(super) fn look(
        &mut self,
        retained: &Retained,
        reader: &Reader<'_>,
        effort: &mut usize,
    ) -> bool {
        while self.next.is_none()
            && let Some(kept) = self.walk.next(retained, reader.now, effort)
        {
            let left_out = self.acknowledged_only && self.qos(&kept) == QoS::AtMostOnce;
            self.next = Some(kept).filter(|kept| !left_out && reader.may_read(kept));
        }
        self.next.is_some()
    }

    /// Whether nothing is owed any more.
    pub(super) fn is_over(&self) -> bool {
        self.next.is_none() && self.walk.is_over()
    }

    /// The filter subscribed to.
    pub(super) fn filter(&self) -> &str {
        self.walk.pattern()
    }

    /// The quality of service of the next delivery, once that was found.
    pub(super) fn next_qos(&self) -> Option<QoS> {
        self.next.as_deref().map(|kept| self.qos(kept))
    }

    /// Takes the message that was found.
    pub(super) fn take(&mut self) -> Option<Delivery> {
        let kept = self.next.take()?;
        self.sequence += 1;
        Some(self.delivery(kept, self.sequence))
    }

    fn delivery(&self, kept: Arc<Kept>, sequence: u64) -> Delivery {
        Delivery {
            qos: self.qos(&kept),
            kept: Some(kept),
            retain: true,
            subscription_ids: self.ids.clone(),
            replayed: true,
            sequence,
        }
    }

    fn qos(&self, kept: &Kept) -> QoS {
        kept.message.qos.min(self.subscription.options.qos)
    }
}

/// The replays of a session, the earliest first.
#[derive(Debug, Default)]
pub(super) struct Replays {
    unfinished: VecDeque<Replay>,
}

impl Replays {
    pub(super) fn is_empty(&self) -> bool {
        self.unfinished.is_empty()
    }

    /// The replay that goes on before what was queued as `queued`.
    pub(super) fn before(&self, queued: Option<&Delivery>) -> Option<&Replay> {
        let first = self.unfinished.front()?;
        queued.is_none_or(|queued| first.sequence < queued.sequence).then_some(first)
    }

    pub(super) fn first_mut(&mut self) -> Option<&mut Replay> {
        self.unfinished.front_mut()
    }

    /// Adds a replay, in place of an earlier one of the same filter.
    pub(super) fn begin(&mut self, replay: Replay) {
        self.end(replay.filter());
        self.unfinished.push_back(replay);
    }

    /// The subscription to `filter` has ended.
    pub(super) fn end(&mut self, filter: &str) {
        self.unfinished.retain(|replay| replay.filter() != filter);
    }

    /// Drops what the client does not get after a reconnect.
    pub(super) fn go_offline(&mut self, limits: &QueueLimits) {
        if limits.offline_qos0 {
            return;
        }
        self.unfinished.retain(|replay| replay.subscription.options.qos > QoS::AtMostOnce);
        for replay in &mut self.unfinished {
            replay.acknowledged_only = true;
            let lost = replay.next_qos() == Some(QoS::AtMostOnce);
            replay.next.take_if(|_| lost);
        }
    }
}

impl Core {
    /// Owes the session the retained messages that a new subscription brings;
    /// they follow the SUBACK.
    pub(super) fn replay(
        &self,
        worker: &mut Worker,
        open: &Open,
        filter: &Filter<'_>,
        subscription: Subscription,
    ) {
        let reader = self.reader(&open.session, worker.now);
        let (found, replay, count) = self.first_retained(filter, subscription, &reader);
        if found.is_empty() && replay.is_over() {
            return;
        }
        let mut hot = open.session.hot.lock();
        if !hot.is_current(open.number) {
            return;
        }
        worker.touch(&open.session, &mut hot);
        for kept in found {
            let delivery = replay.delivery(kept, hot.number());
            hot.queue.restore(delivery);
            hot.note_queued();
        }
        if !replay.is_over() {
            hot.note_replay(&replay, true);
            hot.owe_replay(replay, count);
        }
    }

    /// The messages, if they are few; else where they are and how many there
    /// can be.
    fn first_retained(
        &self,
        filter: &Filter<'_>,
        subscription: Subscription,
        reader: &Reader<'_>,
    ) -> (Vec<Arc<Kept>>, Replay, usize) {
        if sys::concerns(filter.pattern) {
            // What is said of the broker is never much.
            let mut found = self.retained.read().matching(filter, reader.now);
            found.extend(self.sys.matching(filter));
            found.retain(|kept| reader.may_read(kept));
            return (found, Replay::new(Walk::over(filter.pattern), subscription), 0);
        }
        let retained = self.retained.read();
        let begin = || Replay::new(Walk::new(filter.pattern, &retained), subscription);
        let (mut replay, mut found) = (begin(), Vec::new());
        let mut effort = AT_ONCE;
        while replay.look(&retained, reader, &mut effort) {
            found.extend(replay.next.take());
        }
        if replay.is_over() { (found, replay, 0) } else { (Vec::new(), begin(), retained.len()) }
    }

    pub(super) fn reader<'a>(&self, session: &'a Session, now: Time) -> Reader<'a> {
        Reader { session, rules: self.rules.read().clone(), now }
    }
}

impl Hot {
    /// The first replay is over.
    pub(super) fn end_replay(&mut self) {
        if let Some(replay) = self.replays.unfinished.pop_front() {
            self.note_replay(&replay, false);
        }
    }

    /// Records whether messages are still owed that an earlier broker's successor
    /// would have to find anew.
    fn note_replay(&self, replay: &Replay, replaying: bool) {
        if let Some(diary) = &self.diary
            && replay.subscription.options.qos > QoS::AtMostOnce
        {
            diary.subscribed(replay.filter(), Subscription { replaying, ..replay.subscription });
        }
    }

    /// Owes what a replay has not found yet, which is `count` messages at most.
    pub(super) fn owe_replay(&mut self, mut replay: Replay, count: usize) {
        // Whatever comes from now on has a greater number.
        replay.sequence = self.sequence;
        self.sequence += count as u64;
        self.replays.begin(replay);
    }
}

//! A broker that goes on where another stopped.

use super::Journal;
use super::record::{Owed, Presence, Profile};
use super::state::{SessionState, State};
use crate::broker::core::connection::End;
use crate::broker::core::event::SessionEnd;
use crate::broker::core::message::{Delivery, Kept};
use crate::broker::core::replay::Replay;
use crate::broker::core::session::{Hot, PendingWill, Session};
use crate::broker::core::target::Subscriber;
use crate::broker::core::walk::Walk;
use crate::broker::core::worker::{Timer, Worker};
use crate::broker::core::{Core, Diary, Who};
use crate::mqtt::topic::Filter;
use crate::session::Time;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The stored messages by their numbers, each to be shared by all who are owed it.
type Messages = BTreeMap<u64, Arc<Kept>>;

impl Core {
    /// Takes over what an earlier broker remembered. To be called before the
    /// first connection, on a core that has a journal; without one it does
    /// nothing. What was connected is taken as lost at `now`; sessions, wills and messages whose time ran out while
    /// no broker was there are dealt with by [`Core::resume`].
    pub fn restore(&self, state: State, now: Time) {
        let Some(journal) = &self.journal else {
            return;
        };
        let messages: Messages = state
            .messages
            .into_iter()
            .map(|(number, stored)| {
                let expires = stored.expires.map(|expires| journal.time(expires));
                (number, Arc::new(Kept::stored(stored.message, expires, journal.slip(number))))
            })
            .collect();
        for number in state.retained.values() {
            if let Some(kept) = messages.get(number) {
                self.retained.write().restore(kept);
            }
        }
        for (key, stored) in state.sessions {
            self.next_key.fetch_max(key.saturating_add(1), Ordering::Relaxed);
            let session = self.restore_session(key, &stored);
            let mut hot = session.hot.lock();
            hot.diary = Some(Diary::new(journal, &session));
            hot.recall(journal, &stored.profile, now);
            for (sequence, owed) in &stored.owed {
                hot.owe(*sequence, owed, &messages);
            }
            let retained = self.retained.read();
            for (filter, subscription) in &stored.subscriptions {
                if subscription.replaying {
                    let walk = Walk::new(filter, &retained);
                    hot.owe_replay(Replay::new(walk, *subscription), retained.len());
                }
            }
            hot.drop_unkept();
            if stored.profile.presence == Presence::Online {
                session.introduce(&hot);
            }
        }
    }

    fn restore_session(&self, key: u64, stored: &SessionState) -> Arc<Session> {
        let Profile { client_id, user, realm, .. } = &stored.profile;
        let realm = realm.clone().map(Arc::new);
        let who = Who { client_id, user: user.as_deref(), realm: realm.as_ref() };
        let session = Arc::new(Session::new(key, who, self.limits()));
        for (text, subscription) in &stored.subscriptions {
            let Ok(filter) = Filter::parse(text) else { continue };
            let subscriber = Subscriber {
                session: Arc::clone(&session),
                options: subscription.options,
                id: subscription.id,
            };
            self.index.write().insert(&filter, subscriber);
            session.cold.lock().filters.insert(text.clone());
        }
        for id in &stored.received {
            session.cold.lock().inbound.receive(*id);
        }
        let mut sessions = self.sessions.lock();
        let earlier = sessions.get(client_id).cloned();
        sessions.insert(Arc::clone(&session));
        drop(sessions);
        if let Some(earlier) = earlier {
            self.forget(Time::ZERO, &earlier, SessionEnd::Discarded);
        }
        session
    }

    /// Sets what is to happen later to what was restored, on a worker that
    /// then calls [`Core::fire`] in time.
    pub fn resume(&self, worker: &mut Worker) {
        for session in self.sessions.lock().page(None, usize::MAX) {
            let hot = session.hot.lock();
            if let Some(due) = hot.next_due().filter(|_| hot.link.is_none()) {
                let timer = Timer::Session(Arc::downgrade(&session), hot.connection);
                worker.timers.set(due, timer);
            }
        }
        for (topic, expires) in self.retained.read().expiring() {
            worker.timers.set(expires, Timer::Retained(topic));
        }
        self.attend_sys(worker);
    }
}

impl Hot {
    fn recall(&mut self, journal: &Journal, profile: &Profile, now: Time) {
        self.expiry_interval = profile.expiry_interval;
        self.will = profile.will.as_ref().map(|will| {
            Box::new(PendingWill {
                message: will.message.clone(),
                delay: Duration::from_secs(will.delay.into()),
                due: will.due.map(|due| journal.time(due)),
            })
        });
        match profile.presence {
            Presence::Online => self.go_offline(End::Lost, now),
            Presence::Offline(expires) => {
                self.expires = expires.map(|expires| journal.time(expires));
            }
        }
    }

    /// Takes on what an earlier broker owed. A message that is not there any
    /// more was given up in the same breath.
    fn owe(&mut self, sequence: u64, owed: &Owed, messages: &Messages) {
        self.sequence = sequence;
        let kept = owed.message.and_then(|number| messages.get(&number)).cloned();
        if kept.is_none() && owed.message.is_some() {
            return;
        }
        let delivery = Delivery {
            kept,
            qos: owed.qos,
            retain: owed.retain,
            subscription_ids: owed.subscription_ids.clone(),
            replayed: owed.replayed,
            sequence,
        };
        let queued = match owed.in_flight {
            Some((id, stage)) => self.outbound.restore(id, stage, delivery).err(),
            None => Some(delivery),
        };
        if let Some(delivery) = queued.filter(|delivery| delivery.kept.is_some()) {
            self.queue.restore(delivery);
        }
    }
}

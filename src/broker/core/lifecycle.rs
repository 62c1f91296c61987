//! How connections and sessions end: goodbye, loss, expiry, wills, and what
//! time brings about.

use super::Core;
use super::connection::{Connection, End, Open, violation};
use super::event::{Event, Refusal, SessionEnd};
use super::outflow::Outflow;
use super::pulse::{Health, Pulse};
use super::session::{Hot, Session, Writer};
use super::tell::Outgoing;
use super::worker::{Timer, Worker};
use crate::mqtt::topic::Filter;
use crate::mqtt::{Disconnect, Message, ReasonCode};
use crate::session::Time;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Timers that fire in one turn, so that a million messages that expire at the
/// same moment keep no client waiting.
const EFFORT: usize = 1024;

impl Core {
    /// Ends a connection for whatever reason; a second time does nothing.
    pub(super) fn end(&self, worker: &mut Worker, connection: &mut Connection, end: End) {
        if std::mem::replace(&mut connection.ended, true) {
            return;
        }
        let (link, _) = connection.pulse.close();
        let replies = std::mem::take(&mut worker.replies);
        if let Some(open) = connection.open.take() {
            self.open.fetch_sub(1, Ordering::Relaxed);
            connection.peer.entrance.crowd.leave();
            self.end_session_connection(worker, &open.session, open.number, end, replies);
            return;
        }
        let why = match end {
            End::Refused => None,
            End::Violation(error) => Some(Refusal::Violation(error)),
            // The watch was ended before: CONNECT did not come in time.
            _ if link.is_none() => Some(Refusal::Silent),
            _ => Some(Refusal::Lost),
        };
        if let Some(why) = why {
            self.tell_refused(worker.now, connection, None, why);
        }
        worker.counters.bytes_sent.add(replies.len());
        connection.link.finish(replies.into());
    }

    pub(super) fn end_session_connection(
        &self,
        worker: &mut Worker,
        session: &Arc<Session>,
        number: u64,
        end: End,
        last: Vec<u8>,
    ) {
        let mut hot = session.hot.lock();
        if !hot.is_current(number) {
            return;
        }
        self.release(session, &mut hot, end, last, worker);
        worker.counters.cut_off.add(usize::from(end.reason().is_some()));
        hot.go_offline(end, worker.now);
        session.introduce(&hot);
        drop(hot);
        self.check_offline(worker, session, number);
    }

    /// Takes the present connection from a session: its output and its `last`
    /// bytes are handed to its link at the end of the batch. Returns whether
    /// there was one.
    pub(super) fn release(
        &self,
        session: &Session,
        hot: &mut Hot,
        end: End,
        mut last: Vec<u8>,
        worker: &mut Worker,
    ) -> bool {
        let now = worker.now;
        let Some(link) = hot.link.take() else {
            return false;
        };
        hot.put_disconnect(end, &mut last, &worker.counters);
        let told = std::mem::take(&mut hot.told);
        let mut rest = std::mem::take(&mut hot.out);
        rest.bytes_mut().extend(last);
        worker.counters.bytes_sent.add(rest.len());
        if hot.writer == Writer::Worker {
            hot.endings.push((hot.connection, rest));
        } else {
            self.tell_outflow(now, Outgoing::of(session, hot), &rest, told);
            worker.farewells.push((link, rest));
        }
        hot.writer = Writer::Nobody;
        hot.drop_unkept();
        hot.relieve();
        let client = session.client(hot.connection);
        self.events.lifecycle(now, || Event::Disconnected { client, end });
        true
    }

    /// Cuts off the clients that are too slow for what they were sent.
    #[cold]
    pub(super) fn cut_off_slow(&self, worker: &mut Worker) {
        let _batch = self.begin_batch();
        while let Some((session, number)) = worker.evicted.pop() {
            let end = End::Cut(ReasonCode::QUOTA_EXCEEDED);
            self.end_session_connection(worker, &session, number, end, Vec::new());
        }
    }

    /// Publishes the will and ends the session of an offline client where
    /// that is due, and sets a timer where it will be.
    pub(super) fn check_offline(&self, worker: &mut Worker, session: &Arc<Session>, number: u64) {
        let mut sessions = self.sessions.lock();
        let mut hot = session.hot.lock();
        if hot.connection != number || hot.link.is_some() {
            return;
        }
        let over = hot.expires.is_some_and(|expires| expires <= worker.now);
        let will_due = hot.will.as_ref().and_then(|will| will.due);
        let due = over || will_due.is_some_and(|due| due <= worker.now);
        let will = if due { hot.will.take() } else { None };
        let next = hot.next_due();
        if will.is_some() && !over {
            session.introduce(&hot);
        }
        let why = match hot.expiry_interval {
            0 => SessionEnd::Connection,
            _ => SessionEnd::Expired,
        };
        drop(hot);
        if over {
            sessions.remove(session);
            self.forget(worker.now, session, why);
            worker.bury(session);
            worker.counters.sessions_expired.add(usize::from(why == SessionEnd::Expired));
            worker.sweep_later();
        } else if let Some(next) = next {
            let timer = Timer::Session(Arc::downgrade(session), number);
            worker.timers.set(next, timer);
        }
        drop(sessions);
        if let Some(will) = will {
            self.publish_will(worker, session, &will.message);
        }
    }

    /// Publishes a will, unless its session may no longer send to that topic.
    pub(super) fn publish_will(&self, worker: &mut Worker, publisher: &Session, will: &Message) {
        let publish = will.publish(None, false);
        let who = publisher.who();
        self.events.lifecycle(worker.now, || Event::WillPublished { who, publish: &publish });
        // Who is not there cannot be told that it was refused.
        let _ = self.publish(worker, publisher, &publish, None);
    }

    /// Removes every trace of a session that is no longer in the map.
    pub(super) fn forget(&self, now: Time, session: &Session, why: SessionEnd) {
        let mut cold = session.cold.lock();
        cold.ended = true;
        let filters = std::mem::take(&mut cold.filters);
        if let Some(diary) = session.hot.lock().diary.take() {
            diary.ended();
        }
        let mut index = self.index.write();
        for text in &filters {
            if let Ok(filter) = Filter::parse(text) {
                index.remove(&filter, session);
                self.generations.change(filter.pattern);
            }
        }
        drop((index, cold));
        self.events.lifecycle(now, || {
            let undelivered = session.hot.lock().undelivered();
            Event::SessionEnded { who: session.who(), why, undelivered }
        });
    }

    /// Does what is due at the worker's present time, or the first of it where
    /// that is much: then more is due at once. The shell then calls
    /// [`Core::flush`].
    pub fn fire(&self, worker: &mut Worker) {
        let _batch = self.begin_batch();
        let mut effort = EFFORT;
        while effort > 0
            && let Some(due) = worker.timers.take_due(worker.now, effort)
        {
            effort -= due.len();
            for timer in due {
                match timer {
                    Timer::Pulse(pulse, set_for) if pulse.due.get() == set_for => {
                        self.check_pulse(worker, &pulse);
                    }
                    Timer::Pulse(..) => {}
                    Timer::Resume(pulse) => pulse.wake(),
                    Timer::Session(session, number) => {
                        if let Some(session) = Weak::upgrade(&session) {
                            self.check_offline(worker, &session, number);
                        }
                    }
                    Timer::Retained(topic) => self.retained.write().expire(&topic, worker.now),
                    Timer::Sys => self.tell_sys(worker),
                    Timer::Sweep => worker.sweep(|topic| self.generations.of(topic)),
                    Timer::Spares => worker.give_back_spares(),
                    Timer::Remains => worker.give_up_remains(),
                }
            }
        }
    }

    fn check_pulse(&self, worker: &mut Worker, pulse: &Rc<Pulse>) {
        let reason = match pulse.check(worker.now) {
            Health::Well(next) => return worker.watch(pulse, next),
            Health::Over(reason) => reason,
        };
        match pulse.close() {
            (_, Some((session, number))) => {
                let end = End::Cut(reason);
                self.end_session_connection(worker, &session, number, end, Vec::new());
            }
            (Some(link), None) => link.finish(Outflow::default()),
            (None, None) => {}
        }
    }

    /// Tells every client that the broker stops, and ends its connection.
    pub fn shut_down(&self, worker: &mut Worker) {
        let _batch = self.begin_batch();
        let sessions = self.sessions.lock().page(None, usize::MAX);
        for session in sessions {
            let number = session.hot.lock().connection;
            let end = End::Cut(ReasonCode::SERVER_SHUTTING_DOWN);
            self.end_session_connection(worker, &session, number, end, Vec::new());
        }
    }
}

/// How a client that says goodbye leaves its session.
pub(super) fn on_disconnect(open: &Open, disconnect: &Disconnect<'_>) -> End {
    let asked = disconnect.properties.session_expiry_interval;
    let was_zero = open.session.hot.lock().expiry_interval == 0;
    if was_zero && asked.is_some_and(|seconds| seconds > 0) {
        let what = "a session that was to end with its connection is to be kept";
        return violation("§3.14.2.2.2", what);
    }
    End::Goodbye {
        with_will: disconnect.reason == ReasonCode::DISCONNECT_WITH_WILL,
        expiry_interval: asked.map(|seconds| open.limits.session_expiry(seconds)),
    }
}

impl Hot {
    /// Sets when the will is published and the session ends.
    pub(super) fn go_offline(&mut self, end: End, now: Time) {
        if let End::Goodbye { with_will, expiry_interval } = end {
            if !with_will {
                self.will = None;
            }
            self.expiry_interval = expiry_interval.unwrap_or(self.expiry_interval);
        }
        self.expires = match self.expiry_interval {
            u32::MAX => None,
            seconds => Some(now + Duration::from_secs(seconds.into())),
        };
        if let Some(will) = &mut self.will {
            will.due = Some(now + will.delay);
        }
    }

    /// When an offline session must be looked at next.
    pub(super) fn next_due(&self) -> Option<Time> {
        let will = self.will.as_ref().and_then(|will| will.due);
        [will, self.expires].into_iter().flatten().min()
    }
}

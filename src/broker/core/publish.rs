//! The way of a message into the broker: may it be sent, is it retained, who
//! gets it. This is the hot path.

use super::Core;
use super::hooks::Decision;
use super::routing::{Routed, Routing};
use super::session::Session;
use super::sys::is_reserved;
use super::target::{Grant, Subscriber, Targets};
use super::template::{Source, Templates};
use super::words::Denial;
use super::worker::{Timer, Worker};
use crate::mqtt::{Publish, ReasonCode};
use std::rc::Rc;

/// What is published, by whom.
#[derive(Clone, Copy)]
struct Publication<'a> {
    publisher: &'a Session,
    /// With its topic resolved.
    publish: &'a Publish<'a>,
    /// Its bytes, if they can be forwarded as they are.
    source: Option<Source<'a>>,
}

impl Core {
    /// Retains `publish` if it asks for it and delivers it to every matching
    /// session. The topic must be resolved; `source` are its bytes if they can
    /// be forwarded as they are.
    ///
    /// # Errors
    /// When its publisher may not send to this topic, or it is not wanted.
    pub(super) fn publish(
        &self,
        worker: &mut Worker,
        publisher: &Session,
        publish: &Publish<'_>,
        source: Option<Source<'_>>,
    ) -> Result<Routed, Denial> {
        worker.counters.note_received(publish);
        let targets = self.targets(worker, publish.topic);
        if !targets.may_be_sent_by(publisher, publish.topic) {
            worker.counters.denied.add(1);
            let words = "no access rule lets this client publish to this topic";
            return Err(Denial::new(ReasonCode::NOT_AUTHORIZED, words));
        }
        self.route_wanted(worker, Publication { publisher, publish, source }, &targets)
    }

    /// Publishes a message of nobody who is asked by the rules whether they may:
    /// it comes from whoever administers the broker, and is the broker's own. The
    /// topic must be one that clients may publish to.
    ///
    /// # Errors
    /// When the hooks do not want it.
    pub(super) fn publish_as_itself(
        &self,
        worker: &mut Worker,
        publish: &Publish<'_>,
    ) -> Result<Routed, Denial> {
        let targets = self.targets(worker, publish.topic);
        self.route_wanted(worker, self.own(publish), &targets)
    }

    /// Routes what the hooks make of a message, if they want it.
    fn route_wanted(
        &self,
        worker: &mut Worker,
        publication: Publication<'_>,
        targets: &Targets,
    ) -> Result<Routed, Denial> {
        let Some(hooks) = &self.hooks else {
            return Ok(self.route(worker, publication, targets));
        };
        match hooks.publish(publication.publisher.who(), publication.publish) {
            Decision::Pass => Ok(self.route(worker, publication, targets)),
            Decision::Refuse(reason) => Err(Denial::new(reason, "this message is not wanted here")),
            Decision::Replace(message) => {
                let targets = self.targets(worker, message.topic());
                let publish = &message.publish(None, false);
                let replaced = Publication { publish, source: None, ..publication };
                Ok(self.route(worker, replaced, &targets))
            }
        }
    }

    fn route(
        &self,
        worker: &mut Worker,
        publication: Publication<'_>,
        targets: &Targets,
    ) -> Routed {
        let mut routing = self.routing(worker, publication);
        let routed = if publication.publish.retain {
            self.retain(worker, &mut routing);
            // Resolved anew: whoever subscribes from now on finds it there, and
            // whoever did meanwhile is among these.
            let targets = self.targets(worker, publication.publish.topic);
            deliver(worker, &mut routing, &targets)
        } else {
            deliver(worker, &mut routing, targets)
        };
        worker.scratch = routing.into_scratch();
        worker.counters.unmatched.add(usize::from(routed.matched == 0));
        routed
    }

    /// Delivers a message that no client sent. What the broker says of itself
    /// is not among the retained messages.
    pub(super) fn publish_own(&self, worker: &mut Worker, publish: &Publish<'_>) -> Routed {
        let mut routing = self.routing(worker, self.own(publish));
        if publish.retain && !is_reserved(publish.topic) {
            self.retain(worker, &mut routing);
        }
        let targets = self.targets(worker, publish.topic);
        let routed = deliver(worker, &mut routing, &targets);
        worker.scratch = routing.into_scratch();
        routed
    }

    fn own<'a>(&'a self, publish: &'a Publish<'a>) -> Publication<'a> {
        Publication { publisher: &self.itself, publish, source: None }
    }

    fn routing<'a>(&'a self, worker: &mut Worker, publication: Publication<'a>) -> Routing<'a> {
        let Publication { publisher, publish, source } = publication;
        let templates = Templates::new(publish, source, std::mem::take(&mut worker.scratch));
        Routing::new(publish, publisher, worker.now, self, templates)
    }

    /// Keeps or clears the topic's retained message (MQTT-3.3.1-5 to -8).
    fn retain(&self, worker: &mut Worker, routing: &mut Routing<'_>) {
        let topic = routing.publish.topic;
        if routing.publish.payload.is_empty() {
            self.retained.write().clear(topic);
        } else if let Some(kept) = routing.keep() {
            if let Some(expires) = kept.expires {
                worker.timers.set(expires, Timer::Retained(topic.into()));
            }
            self.retained.write().set(&kept);
        }
    }

    /// Who gets messages of `topic`: from the memo, or by a walk of the index.
    fn targets(&self, worker: &mut Worker, topic: &str) -> Rc<Targets> {
        let generation = self.generations.of(topic);
        if let Some(targets) = worker.memo.get(topic, generation) {
            return targets;
        }
        let rules = self.rules.read().clone();
        let targets = Rc::new(self.index.read().resolve(topic, rules, self.events.want_messages()));
        worker.memo.note(topic, generation, &targets);
        targets
    }
}

/// Delivers a message to everybody it is for.
fn deliver(worker: &mut Worker, routing: &mut Routing<'_>, targets: &Targets) -> Routed {
    routing.share_among(targets.receivers.len() + targets.groups.len());
    for receiver in &targets.receivers {
        match receiver.grant(routing.publisher.key) {
            Some(grant) => routing.deliver(worker, &receiver.session, grant),
            None => routing.skip_own(),
        }
    }
    routing.skip_barred(&targets.barred_receivers);
    for group in &targets.groups {
        let readiness = |member: &Subscriber| {
            targets.admits(&member.session).then(|| routing.readiness(member)).flatten()
        };
        if let Some(member) = group.choose(readiness)
            && let Some(grant) = Grant::merge(std::iter::once(&member))
        {
            routing.deliver(worker, &member.session, &grant);
        }
    }
    worker.counters.dropped_slow.add(routing.routed.displaced);
    routing.routed
}

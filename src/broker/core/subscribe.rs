//! SUBSCRIBE and UNSUBSCRIBE (MQTT 5.0 §3.8 to §3.11).

use super::Core;
use super::connection::Open;
use super::event::Event;
use super::journal::Subscription;
use super::limits::check_length;
use super::sys;
use super::target::Subscriber;
use super::words::{Denial, put_answer};
use super::worker::Worker;
use crate::mqtt::topic::{self, Filter};
use crate::mqtt::{
    AckProperties, ReasonCode, RetainHandling, SubAck, Subscribe, SubscribeOptions,
    SubscribeRequest, SubscriptionId, UnsubAck, Unsubscribe, Version,
};
use std::sync::Arc;

impl Core {
    pub(super) fn on_subscribe(&self, worker: &mut Worker, open: &Open, subscribe: &Subscribe<'_>) {
        let id = subscribe.properties.subscription_identifier;
        let verdicts = subscribe.requests.iter().map(|request| {
            let options = SubscribeOptions {
                qos: request.options.qos.min(open.limits.maximum_qos),
                no_local: request.options.no_local || open.bridge,
                retain_as_published: request.options.retain_as_published || open.bridge,
                ..request.options
            };
            let filter = &open.session.whole_filter(request.filter);
            let request = SubscribeRequest { filter, options };
            let verdict = self.subscribe(worker, open, &request, id);
            let (client, reason) = (open.client(), code(&verdict));
            let event = || Event::Subscribed { client, request: &request, reason };
            self.events.lifecycle(worker.now, event);
            verdict
        });
        let (mut reasons, words) = answers(verdicts);
        if open.version == Version::V31 {
            // It knows no failure, so the filter is granted QoS 0 and gets nothing.
            let failures = reasons.iter_mut().filter(|reason| reason.is_error());
            failures.for_each(|reason| *reason = ReasonCode::SUCCESS);
        }
        let properties = AckProperties::default();
        let mut answer = SubAck { packet_id: subscribe.packet_id, properties, reasons };
        put_answer(worker, open, words.as_deref(), |reason_string, out| {
            answer.properties.reason_string = reason_string;
            answer.encode(open.version, out)
        });
    }

    /// Makes one subscription effective; its retained messages are queued and
    /// follow the SUBACK.
    fn subscribe(
        &self,
        worker: &mut Worker,
        open: &Open,
        request: &SubscribeRequest<'_>,
        id: Option<SubscriptionId>,
    ) -> Result<ReasonCode, Denial> {
        let session = &open.session;
        let filter = self.check_filter(open, request.filter)?;
        let mut cold = session.cold.lock();
        if cold.ended {
            return Err(Denial::new(ReasonCode::UNSPECIFIED_ERROR, "the session has ended"));
        }
        if cold.filters.len() >= open.limits.subscriptions && !cold.filters.contains(request.filter)
        {
            let words = format!("a client may subscribe {} filters", open.limits.subscriptions);
            return Err(Denial::new(ReasonCode::QUOTA_EXCEEDED, words));
        }
        cold.filters.insert(request.filter.into());
        let subscription = Subscription { options: request.options, id, replaying: false };
        let subscriber = Subscriber { session: Arc::clone(session), options: request.options, id };
        let new = self.index.write().insert(&filter, subscriber);
        self.generations.change(filter.pattern);
        if let Some(diary) = &open.diary {
            diary.subscribed(request.filter, subscription);
        }
        drop(cold);
        if sys::concerns(filter.pattern) {
            self.attend_sys(worker);
        }
        let wanted = match request.options.retain_handling {
            RetainHandling::Send => true,
            RetainHandling::SendIfNew => new,
            RetainHandling::DoNotSend => false,
        };
        if wanted && filter.share.is_none() {
            self.replay(worker, open, &filter, subscription);
        }
        Ok(ReasonCode::granted(request.options.qos))
    }

    fn check_filter<'a>(&self, open: &Open, text: &'a str) -> Result<Filter<'a>, Denial> {
        let filter = Filter::parse(text)?;
        let invalid = |words| Denial::new(ReasonCode::TOPIC_FILTER_INVALID, words);
        check_length(text).map_err(invalid)?;
        open.limits.check_depth(topic::levels(filter.pattern).count()).map_err(invalid)?;
        let rules = self.rules.read();
        let rules = rules.as_ref().filter(|_| open.limits.acl_subscribe_check);
        if rules.is_some_and(|rules| !rules.allow_subscription(open.session.who(), &filter)) {
            let words = "no access rule lets this client read any of these topics";
            return Err(Denial::new(ReasonCode::NOT_AUTHORIZED, words));
        }
        Ok(filter)
    }

    pub(super) fn on_unsubscribe(
        &self,
        worker: &mut Worker,
        open: &Open,
        unsubscribe: &Unsubscribe<'_>,
    ) {
        let filters = unsubscribe.filters.iter();
        let verdicts = filters.map(|filter| {
            let filter = &open.session.whole_filter(filter);
            let verdict = self.unsubscribe(open, filter);
            let (client, reason) = (open.client(), code(&verdict));
            self.events.lifecycle(worker.now, || Event::Unsubscribed { client, filter, reason });
            verdict
        });
        let (reasons, words) = answers(verdicts);
        worker.sweep_later();
        let properties = AckProperties::default();
        let mut answer = UnsubAck { packet_id: unsubscribe.packet_id, properties, reasons };
        put_answer(worker, open, words.as_deref(), |reason_string, out| {
            answer.properties.reason_string = reason_string;
            answer.encode(open.version, out)
        });
    }

    fn unsubscribe(&self, open: &Open, text: &str) -> Result<ReasonCode, Denial> {
        let filter = Filter::parse(text)?;
        let mut cold = open.session.cold.lock();
        cold.filters.remove(text);
        if filter.share.is_none() {
            open.session.hot.lock().replays.end(filter.pattern);
        }
        let removed = self.index.write().remove(&filter, &open.session);
        self.generations.change(filter.pattern);
        if let Some(diary) = &open.diary {
            diary.unsubscribed(text);
        }
        drop(cold);
        Ok(if removed { ReasonCode::SUCCESS } else { ReasonCode::NO_SUBSCRIPTION_EXISTED })
    }
}

/// The code of each filter, and why the first that was refused was.
fn answers(
    verdicts: impl Iterator<Item = Result<ReasonCode, Denial>>,
) -> (Vec<ReasonCode>, Option<String>) {
    let mut words = None;
    let reasons = verdicts.zip(1..).map(|(verdict, number)| {
        if let Err(denial) = &verdict {
            words.get_or_insert_with(|| format!("filter {number}: {}", denial.words));
        }
        code(&verdict)
    });
    (reasons.collect(), words)
}

fn code(verdict: &Result<ReasonCode, Denial>) -> ReasonCode {
    verdict.as_ref().map_or_else(|denial| denial.reason, |reason| *reason)
}

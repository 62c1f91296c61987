//! SUBSCRIBE and UNSUBSCRIBE (MQTT 5.0 §3.8 to §3.11).

use super::Core;
use super::acl::Access;
use super::connection::{End, Open, reply};
use super::event::Event;
use super::message::Delivery;
use super::session::Session;
use super::sys;
use super::target::Subscriber;
use super::worker::Worker;
use crate::mqtt::topic::{self, Filter};
use crate::mqtt::{
    AckProperties, Packet, ReasonCode, RetainHandling, SubAck, Subscribe, SubscribeOptions,
    SubscribeRequest, SubscriptionId, UnsubAck, Unsubscribe,
};
use std::sync::Arc;

impl Core {
    pub(super) fn on_subscribe(
        &self,
        worker: &mut Worker,
        open: &Open,
        subscribe: &Subscribe<'_>,
    ) -> Result<(), End> {
        let id = subscribe.properties.subscription_identifier;
        let requests = subscribe.requests.iter().map(|request| {
            let qos = request.options.qos.min(self.limits.maximum_qos);
            SubscribeRequest { options: SubscribeOptions { qos, ..request.options }, ..*request }
        });
        let reasons = requests.map(|request| {
            let reason = self.subscribe(worker, open, &request, id);
            let client = open.client();
            let event = || Event::Subscribed { client, request: &request, reason };
            self.events.lifecycle(worker.now, event);
            reason
        });
        let reasons = reasons.collect();
        reply(
            worker,
            open,
            &Packet::SubAck(SubAck {
                packet_id: subscribe.packet_id,
                properties: AckProperties::default(),
                reasons,
            }),
        )
    }

    /// Makes one subscription effective; its retained messages are queued and
    /// follow the SUBACK.
    fn subscribe(
        &self,
        worker: &mut Worker,
        open: &Open,
        request: &SubscribeRequest<'_>,
        id: Option<SubscriptionId>,
    ) -> ReasonCode {
        let session = &open.session;
        let filter = match self.check_filter(session, request.filter) {
            Ok(filter) => filter,
            Err(reason) => return reason,
        };
        let mut cold = session.cold.lock();
        if cold.ended {
            return ReasonCode::UNSPECIFIED_ERROR;
        }
        cold.filters.insert(request.filter.into());
        let subscriber = Subscriber { session: Arc::clone(session), options: request.options, id };
        let new = self.index.write().insert(&filter, subscriber);
        self.generations.change(filter.pattern);
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
            self.replay(worker, open, &filter, request, id);
        }
        ReasonCode::granted(request.options.qos)
    }

    fn check_filter<'a>(&self, session: &Session, text: &'a str) -> Result<Filter<'a>, ReasonCode> {
        let filter = Filter::parse(text).map_err(|error| error.reason)?;
        if topic::levels(filter.pattern).count() > self.limits.topic_levels {
            return Err(ReasonCode::TOPIC_FILTER_INVALID);
        }
        let acl = self.acl.read();
        let acl = acl.as_ref().filter(|_| self.limits.acl_subscribe_check);
        if acl.is_some_and(|acl| !acl.allows_subscription(session.who(), &filter)) {
            return Err(ReasonCode::NOT_AUTHORIZED);
        }
        Ok(filter)
    }

    /// Queues the retained messages that a new subscription brings.
    fn replay(
        &self,
        worker: &mut Worker,
        open: &Open,
        filter: &Filter<'_>,
        request: &SubscribeRequest<'_>,
        id: Option<SubscriptionId>,
    ) {
        let mut found = if sys::concerns(filter.pattern) {
            self.sys.matching(filter)
        } else {
            self.retained.read().matching(filter, worker.now)
        };
        if let Some(acl) = &*self.acl.read() {
            let who = open.session.who();
            found.retain(|kept| acl.allows(who, Access::Read, kept.message.topic()));
        }
        if found.is_empty() {
            return;
        }
        let ids: Option<Arc<[_]>> = id.map(|id| Arc::from([id]));
        let mut hot = open.session.hot.lock();
        if !hot.is_current(open.number) {
            return;
        }
        for kept in found {
            let delivery = Delivery {
                qos: kept.message.qos.min(request.options.qos),
                kept: Some(kept),
                retain: true,
                subscription_ids: ids.clone(),
                replayed: true,
            };
            let taken = hot.queue.push(delivery, &self.limits.queue);
            debug_assert!(taken, "replayed messages do not count against the limits");
        }
        worker.touch(&open.session, &mut hot);
    }

    pub(super) fn on_unsubscribe(
        &self,
        worker: &mut Worker,
        open: &Open,
        unsubscribe: &Unsubscribe<'_>,
    ) -> Result<(), End> {
        let filters = unsubscribe.filters.iter();
        let reasons = filters.map(|filter| {
            let reason = self.unsubscribe(open, filter);
            let client = open.client();
            self.events.lifecycle(worker.now, || Event::Unsubscribed { client, filter, reason });
            reason
        });
        let reasons = reasons.collect();
        worker.sweep_later();
        reply(
            worker,
            open,
            &Packet::UnsubAck(UnsubAck {
                packet_id: unsubscribe.packet_id,
                properties: AckProperties::default(),
                reasons,
            }),
        )
    }

    fn unsubscribe(&self, open: &Open, text: &str) -> ReasonCode {
        let Ok(filter) = Filter::parse(text) else {
            return ReasonCode::TOPIC_FILTER_INVALID;
        };
        open.session.cold.lock().filters.remove(text);
        let removed = self.index.write().remove(&filter, &open.session);
        self.generations.change(filter.pattern);
        if removed { ReasonCode::SUCCESS } else { ReasonCode::NO_SUBSCRIPTION_EXISTED }
    }
}

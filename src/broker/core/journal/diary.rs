//! A session's way of writing to the journal. A session that ends with its
//! connection has none, nor has any where nothing is stored.

use super::Journal;
use super::record::{Owed, Presence, Profile, Record, StoredWill, Subscription};
use crate::broker::core::message::Delivery;
use crate::broker::core::session::{Hot, PendingWill, Session};
use crate::mqtt::{PacketId, QoS};
use crate::session::Stage;
use std::sync::Arc;

/// Where one session's changes are recorded.
#[derive(Debug, Clone)]
pub(in crate::broker::core) struct Diary {
    journal: Arc<Journal>,
    session: u64,
}

impl Diary {
    pub(in crate::broker::core) fn new(journal: &Arc<Journal>, session: &Session) -> Self {
        Self { journal: Arc::clone(journal), session: session.key }
    }

    /// Records the end of the session.
    pub(in crate::broker::core) fn ended(&self) {
        self.journal.append(Record::Ended(self.session));
    }

    pub(in crate::broker::core) fn subscribed(&self, filter: &str, subscription: Subscription) {
        self.journal.append(Record::Subscribed(self.session, filter.into(), subscription));
    }

    pub(in crate::broker::core) fn unsubscribed(&self, filter: &str) {
        self.journal.append(Record::Unsubscribed(self.session, filter.into()));
    }

    /// Records a QoS 2 message of the client.
    pub(in crate::broker::core) fn received(&self, id: PacketId) {
        self.journal.append(Record::Received(self.session, id));
    }

    pub(in crate::broker::core) fn freed(&self, id: PacketId) {
        self.journal.append(Record::Freed(self.session, id));
    }

    /// Records what is owed to the client, if that is to be acknowledged.
    pub(in crate::broker::core) fn owed(
        &self,
        delivery: &Delivery,
        in_flight: Option<(PacketId, Stage)>,
    ) {
        if delivery.qos == QoS::AtMostOnce {
            return;
        }
        // Only the identifier is needed once the client has the message.
        let over = in_flight.is_some_and(|(_, stage)| stage == Stage::PubComp);
        let kept = delivery.kept.as_ref().filter(|_| !over);
        let owed = Owed {
            message: kept.map(|kept| self.journal.keep(kept)),
            qos: delivery.qos,
            retain: delivery.retain,
            replayed: delivery.replayed,
            subscription_ids: delivery.subscription_ids.clone(),
            in_flight,
        };
        self.journal.append(Record::Owed(self.session, delivery.sequence, owed));
    }

    /// Records that a delivery is over.
    pub(in crate::broker::core) fn settled(&self, delivery: &Delivery) {
        if delivery.qos > QoS::AtMostOnce {
            self.journal.append(Record::Settled(self.session, delivery.sequence));
        }
    }
}

impl Session {
    /// Records whose session this is, whether its client is there, and its will.
    pub(in crate::broker::core) fn introduce(&self, hot: &Hot) {
        let Some(diary) = &hot.diary else {
            return;
        };
        let journal = &diary.journal;
        let moment = |time| journal.moment(time);
        let presence = match &hot.link {
            Some(_) => Presence::Online,
            None => Presence::Offline(hot.expires.map(moment)),
        };
        let stored = |will: &PendingWill| StoredWill {
            message: will.message.clone(),
            delay: u32::try_from(will.delay.as_secs()).unwrap_or(u32::MAX),
            due: will.due.map(moment),
        };
        let profile = Profile {
            client_id: self.client_id.clone(),
            user: self.user.clone(),
            realm: self.realm.as_deref().cloned(),
            expiry_interval: hot.expiry_interval,
            presence,
            will: hot.will.as_deref().map(stored),
        };
        journal.append(Record::Session(self.key, profile));
    }
}

impl Hot {
    /// Records the delivery that was queued last.
    pub(in crate::broker::core) fn note_queued(&self) {
        if let Some(diary) = &self.diary
            && let Some(delivery) = self.queue.last()
        {
            diary.owed(delivery, None);
        }
    }

    /// Records the delivery that was sent last.
    pub(in crate::broker::core) fn note_sent(&self) {
        if let Some(diary) = &self.diary
            && let Some((id, stage, delivery)) = self.outbound.last()
        {
            diary.owed(delivery, Some((id, stage)));
        }
    }

    /// Records that a delivery is over.
    pub(in crate::broker::core) fn note_settled(&self, delivery: &Delivery) {
        if let Some(diary) = &self.diary {
            diary.settled(delivery);
        }
    }
}

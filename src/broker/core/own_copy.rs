//! A message that is encoded for one client alone, because it carries what is
//! that client's: the identifiers of its subscriptions, the topic aliases it
//! was given, topics without the mount point of its listener.

use super::message::Delivery;
use super::realm::Realm;
use super::session::Hot;
use super::template::encode;
use crate::mqtt::{PacketId, Publish, SubscriptionId};
use crate::session::{AliasSender, Named, Time};
use bytes::Bytes;
use std::sync::Arc;

/// How the copies of one client differ from everybody's.
#[derive(Debug)]
pub(super) struct Tailoring {
    /// The topic aliases it has been given.
    aliases: AliasSender,
    /// Where its topics are, if that is not where they seem to be.
    realm: Option<Arc<Realm>>,
}

impl Tailoring {
    /// For a client that is given so many aliases at most; none if it gets the
    /// same as everybody.
    pub(super) fn new(aliases: u16, realm: Option<&Arc<Realm>>) -> Option<Box<Self>> {
        let realm = realm.filter(|realm| realm.is_mounted()).cloned();
        let differs = aliases > 0 || realm.is_some();
        differs.then(|| Box::new(Self { aliases: AliasSender::new(aliases), realm }))
    }

    /// A PUBLISH with the topic as the client calls it, which has a name for all
    /// that it gets (see [`super::session::Session::sees`]).
    pub(super) fn seen<'a>(tailoring: Option<&Self>, publish: &Publish<'a>) -> Publish<'a> {
        let realm = tailoring.and_then(|tailoring| tailoring.realm.as_ref());
        let topic = realm.and_then(|realm| realm.seen(publish.topic));
        Publish { topic: topic.unwrap_or(publish.topic), ..*publish }
    }
}

impl Hot {
    /// Whether no template fits this client.
    pub(super) const fn is_tailored(&self) -> bool {
        self.tailoring.is_some()
    }

    /// Appends a PUBLISH that is sent for the first time. Returns whether it was:
    /// one too large for the client is not, and sets no alias up (MQTT-3.1.2-25). Its
    /// `payload` is there if it is shared.
    pub(super) fn put_own(
        &mut self,
        publish: &Publish<'_>,
        ids: Option<&[SubscriptionId]>,
        payload: Option<Bytes>,
    ) -> bool {
        let tailoring = self.tailoring.as_deref();
        let publish = &Tailoring::seen(tailoring, publish);
        let named = tailoring.map(|tailoring| tailoring.aliases.name(publish.topic));
        let named = named.unwrap_or(Named::InFull);
        if self.put_named(publish, named, ids, payload.clone()) {
            if let Some(tailoring) = &mut self.tailoring {
                tailoring.aliases.note(publish.topic, named);
            }
            return true;
        }
        // The new alias may be what is too much.
        matches!(named, Named::WithAlias(_)) && self.put_named(publish, Named::InFull, ids, payload)
    }

    /// Appends a PUBLISH whose topic is `named` so. Returns whether the client
    /// takes a packet as large as that.
    pub(super) fn put_named(
        &mut self,
        publish: &Publish<'_>,
        named: Named,
        ids: Option<&[SubscriptionId]>,
        payload: Option<Bytes>,
    ) -> bool {
        let start = self.out.len();
        encode(&publish.with_topic(named), ids, self.version, payload, &mut self.out);
        let fits = self.out.len() - start <= self.maximum_packet_size;
        if !fits {
            self.out.truncate(start);
        }
        fits
    }
}

impl Delivery {
    /// The PUBLISH, without the identifiers of subscriptions; `None` where only
    /// a PUBREL is owed any more.
    pub(super) fn publish(
        &self,
        packet_id: Option<PacketId>,
        dup: bool,
        now: Time,
    ) -> Option<Publish<'_>> {
        let kept = self.kept.as_ref()?;
        Some(Publish {
            qos: self.qos,
            retain: self.retain,
            properties: kept.properties(now),
            ..kept.message.publish(packet_id, dup)
        })
    }
}

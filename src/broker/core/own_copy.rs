//! A message that is encoded for one client alone, because it carries what is
//! that client's: the identifiers of its subscriptions, the topic aliases it
//! was given.

use super::message::Delivery;
use super::session::Hot;
use super::template::encode;
use crate::mqtt::{PacketId, Publish, SubscriptionId};
use crate::session::{Named, Time};

impl Hot {
    /// Whether no template fits this client.
    pub(super) const fn has_aliases(&self) -> bool {
        self.aliases.is_some()
    }

    /// Appends a PUBLISH that is sent for the first time. Returns whether it was:
    /// one too large for the client is not, and sets no alias up (MQTT-3.1.2-25).
    pub(super) fn put_own(
        &mut self,
        publish: &Publish<'_>,
        ids: Option<&[SubscriptionId]>,
    ) -> bool {
        let named = self.aliases.as_ref().map(|aliases| aliases.name(publish.topic));
        let named = named.unwrap_or(Named::InFull);
        if self.put_named(publish, named, ids) {
            if let Some(aliases) = &mut self.aliases {
                aliases.note(publish.topic, named);
            }
            return true;
        }
        // The new alias may be what is too much.
        matches!(named, Named::WithAlias(_)) && self.put_named(publish, Named::InFull, ids)
    }

    fn put_named(
        &mut self,
        publish: &Publish<'_>,
        named: Named,
        ids: Option<&[SubscriptionId]>,
    ) -> bool {
        let start = self.out.len();
        encode(&publish.with_topic(named), ids, self.version, &mut self.out);
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

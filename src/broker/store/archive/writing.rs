//! A state as a document.

use super::document::{
    Date, DeliveryEntry, Document, MessageEntry, NumberedEntry, PRESENT, PropertyEntries,
    SessionEntry, SubscriptionEntry, Waiting, WillEntry,
};
use crate::broker::core::{
    Owed, Presence, SessionState, State, StoredMessage, StoredWill, Subscription,
};
use crate::mqtt::{Message, PublishProperties, SubscriptionId};
use crate::text_or_base64::TextOrBase64;
use std::collections::BTreeMap;

/// The messages by their numbers.
type Messages = BTreeMap<u64, StoredMessage>;

/// The document of `state`. What names a message that is not there any more
/// was given up, and is left out.
pub(super) fn document(state: &State) -> Document {
    let is_there = |number: &&u64| state.messages.contains_key(number);
    Document {
        version: PRESENT,
        messages: state.messages.iter().map(numbered).collect(),
        retained: state.retained.values().filter(is_there).copied().collect(),
        sessions: state.sessions.values().map(|one| session(one, &state.messages)).collect(),
    }
}

fn numbered((number, stored): (&u64, &StoredMessage)) -> NumberedEntry {
    let expires = stored.expires.map(Date);
    NumberedEntry { id: *number, expires, message: message(&stored.message) }
}

fn message(message: &Message) -> MessageEntry {
    let (payload, payload_b64) = TextOrBase64::of(message.payload()).into_pair();
    MessageEntry {
        topic: message.topic().to_owned(),
        qos: message.qos as u8,
        retain: message.retain,
        payload: payload.filter(|text| !text.is_empty()),
        payload_b64,
        properties: properties(&message.properties()),
    }
}

fn properties(properties: &PublishProperties<'_>) -> PropertyEntries {
    let owned = |text: &str| text.to_owned();
    let correlation = properties.correlation_data.map(TextOrBase64::of);
    let (correlation_data, correlation_data_b64) =
        correlation.map(TextOrBase64::into_pair).unwrap_or_default();
    let pair = |(name, value)| BTreeMap::from([(owned(name), owned(value))]);
    PropertyEntries {
        payload_format_indicator: properties.payload_format_indicator.map(u8::from),
        message_expiry_interval: properties.message_expiry_interval,
        content_type: properties.content_type.map(owned),
        response_topic: properties.response_topic.map(owned),
        correlation_data,
        correlation_data_b64,
        user_properties: properties.user_properties.iter().map(pair).collect(),
    }
}

fn session(session: &SessionState, messages: &Messages) -> SessionEntry {
    let profile = &session.profile;
    let expires = match profile.presence {
        Presence::Online => None,
        Presence::Offline(expires) => expires.map(Date),
    };
    let name = ToString::to_string;
    let mount_point = profile.realm.as_ref().map(|realm| &realm.mount_point);
    let is_there = |owed: &&Owed| owed.message.is_none_or(|number| messages.contains_key(&number));
    SessionEntry {
        client_id: profile.client_id.to_string(),
        user: profile.user.as_ref().map(ToString::to_string),
        rules: profile.realm.as_ref().and_then(|realm| realm.rules.as_ref()).map(name),
        mount_point: mount_point.filter(|mount| !mount.is_empty()).map(name),
        session_expiry_interval: profile.expiry_interval,
        connected: profile.presence == Presence::Online,
        expires,
        will: profile.will.as_ref().map(will),
        subscriptions: session
            .subscriptions
            .iter()
            .map(|(filter, one)| subscription(filter, *one))
            .collect(),
        deliveries: session.owed.values().filter(is_there).map(delivery).collect(),
        received: session.received.iter().copied().collect(),
    }
}

fn will(will: &StoredWill) -> WillEntry {
    WillEntry {
        will_delay_interval: will.delay,
        due: will.due.map(Date),
        message: message(&will.message),
    }
}

fn subscription(filter: &str, subscription: Subscription) -> SubscriptionEntry {
    let Subscription { options, id, replaying } = subscription;
    SubscriptionEntry {
        filter: filter.to_owned(),
        qos: options.qos as u8,
        no_local: options.no_local,
        retain_as_published: options.retain_as_published,
        retain_handling: options.retain_handling as u8,
        subscription_identifier: id.map(SubscriptionId::value),
        replaying,
    }
}

fn delivery(owed: &Owed) -> DeliveryEntry {
    let ids = owed.subscription_ids.iter().flat_map(|ids| ids.iter());
    DeliveryEntry {
        message: owed.message,
        qos: owed.qos as u8,
        retain: owed.retain,
        replayed: owed.replayed,
        subscription_identifier: ids.map(|id| id.value()).collect(),
        mid: owed.in_flight.map(|(id, _)| id),
        waits_for: owed.in_flight.and_then(|(_, stage)| Waiting::of(stage)),
    }
}

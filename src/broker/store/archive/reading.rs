//! A document as a state. Whoever wrote it may have made mistakes: nothing
//! gets into a store that the broker itself would not have put there.

use super::document::{
    DeliveryEntry, Document, MessageEntry, NumberedEntry, PropertyEntries, SessionEntry,
    SubscriptionEntry, WillEntry,
};
use crate::broker::core::{
    Owed, Presence, Profile, Realm, Record, SessionState, State, StoredMessage, StoredWill,
    Subscription,
};
use crate::broker::store::rows::{read_row, write_row};
use crate::mqtt::topic::Filter;
use crate::mqtt::{
    Message, PropertyBuf, Publish, PublishProperties, QoS, SubscribeOptions, SubscriptionId,
    Version,
};
use crate::session::{Outbound, Stage};
use crate::text_or_base64;
use std::collections::BTreeSet;

/// What is wrong, and behind a colon what with it: `sessions[0].will: ...`.
type Read<T> = Result<T, String>;

/// The state that `document` describes.
pub(super) fn state(document: &Document) -> Read<State> {
    let mut state = State::default();
    for (at, entry) in document.messages.iter().enumerate() {
        numbered(entry, &mut state).map_err(|what| format!("messages[{at}]: {what}"))?;
    }
    for (at, number) in document.retained.iter().enumerate() {
        retained(*number, &mut state).map_err(|what| format!("retained[{at}]: {what}"))?;
    }
    let mut clients = BTreeSet::new();
    for ((at, entry), key) in document.sessions.iter().enumerate().zip(1..) {
        let wrong = |what: String| format!("sessions[{at}]{what}");
        if !clients.insert(entry.client_id.as_str()) {
            return Err(wrong(format!(": a second session of {:?}", entry.client_id)));
        }
        let session = session(key, entry, &state).map_err(wrong)?;
        state.sessions.insert(key, session);
    }
    Ok(state)
}

fn numbered(entry: &NumberedEntry, state: &mut State) -> Read<()> {
    let stored = StoredMessage {
        message: message(&entry.message)?,
        expires: entry.expires.map(|date| date.0),
    };
    if state.messages.contains_key(&entry.id) {
        return Err(format!("a second message {}", entry.id));
    }
    state.apply(sound(Record::Message(entry.id, stored))?);
    Ok(())
}

fn retained(number: u64, state: &mut State) -> Read<()> {
    let stored = state.messages.get(&number).ok_or_else(|| missing(number))?;
    let topic = stored.message.topic().into();
    match state.retained.insert(topic, number) {
        None => Ok(()),
        Some(other) => Err(format!("message {other} is retained for the same topic")),
    }
}

fn missing(number: u64) -> String {
    format!("there is no message {number}")
}

/// A record that is read from a store as it was written to it.
fn sound(record: Record) -> Read<Record> {
    let again = write_row(&record)
        .and_then(|row| row.map(|(table, key, value)| read_row(table, &key, &value)).transpose());
    match again {
        Ok(again) if again.as_ref() == Some(&record) => Ok(record),
        Ok(_) => Err("it cannot be stored".to_owned()),
        Err(error) => Err(error.what.to_owned()),
    }
}

fn quality(number: u8) -> Read<QoS> {
    QoS::from_u8(number).ok_or_else(|| format!("qos is 0, 1 or 2, not {number}"))
}

fn message(entry: &MessageEntry) -> Read<Message> {
    let payload =
        text_or_base64::read("payload", entry.payload.as_deref(), entry.payload_b64.as_deref())?;
    let properties = &entry.properties;
    let correlation = text_or_base64::read(
        "correlation-data",
        properties.correlation_data.as_deref(),
        properties.correlation_data_b64.as_deref(),
    )?;
    let users = user_properties(properties)?;
    let indicator = match properties.payload_format_indicator {
        Some(number @ 2..) => {
            return Err(format!("payload-format-indicator is 0 or 1, not {number}"));
        }
        indicator => indicator.map(|number| number == 1),
    };
    let publish = Publish {
        topic: &entry.topic,
        qos: quality(entry.qos)?,
        retain: entry.retain,
        payload: payload.as_deref().unwrap_or_default(),
        properties: PublishProperties {
            payload_format_indicator: indicator,
            message_expiry_interval: properties.message_expiry_interval,
            content_type: properties.content_type.as_deref(),
            response_topic: properties.response_topic.as_deref(),
            correlation_data: correlation.as_deref(),
            user_properties: users.user_properties(),
            ..PublishProperties::default()
        },
        ..Publish::default()
    };
    Message::new(&publish).map_err(|error| error.what.to_owned())
}

fn user_properties(properties: &PropertyEntries) -> Read<PropertyBuf> {
    let mut users = PropertyBuf::default();
    for entry in &properties.user_properties {
        let mut pairs = entry.iter();
        let (Some((name, value)), None) = (pairs.next(), pairs.next()) else {
            return Err("each object of user-properties has one member".to_owned());
        };
        users.push_user(name, value).map_err(|error| error.what.to_owned())?;
    }
    Ok(users)
}

/// The session under this key. Errors begin with a dot or a colon.
fn session(key: u64, entry: &SessionEntry, state: &State) -> Read<SessionState> {
    let SessionEntry { subscriptions, deliveries, received, .. } = entry;
    let profile = profile(entry)?;
    sound(Record::Session(key, profile.clone())).map_err(|what| format!(": {what}"))?;
    let mut session = SessionState::new(profile);
    for (at, entry) in subscriptions.iter().enumerate() {
        let wrong = |what: String| format!(".subscriptions[{at}]: {what}");
        let subscription = subscription(entry).map_err(wrong)?;
        let filter: Box<str> = entry.filter.as_str().into();
        sound(Record::Subscribed(key, filter.clone(), subscription)).map_err(wrong)?;
        if session.subscriptions.insert(filter, subscription).is_some() {
            return Err(wrong("a second subscription with this filter".to_owned()));
        }
    }
    let mut outbound = Outbound::new(u16::MAX);
    for ((at, entry), sequence) in deliveries.iter().enumerate().zip(1..) {
        let owed = delivery(entry, state, &mut outbound);
        let owed = owed.map_err(|what| format!(".deliveries[{at}]: {what}"))?;
        session.owed.insert(sequence, owed);
    }
    session.received.extend(received);
    Ok(session)
}

fn profile(entry: &SessionEntry) -> Read<Profile> {
    if entry.client_id.is_empty() {
        return Err(".client-id: it is empty".to_owned());
    }
    let presence = match (entry.connected, entry.expires) {
        (true, Some(_)) => return Err(".expires: its client is connected".to_owned()),
        (true, None) => Presence::Online,
        (false, expires) => Presence::Offline(expires.map(|date| date.0)),
    };
    let will = entry.will.as_ref().map(will).transpose();
    Ok(Profile {
        client_id: entry.client_id.as_str().into(),
        user: entry.user.as_deref().map(Into::into),
        realm: Realm::new(
            entry.rules.as_deref().map(Into::into),
            entry.mount_point.as_deref().unwrap_or_default().into(),
        ),
        expiry_interval: entry.session_expiry_interval,
        presence,
        will: will.map_err(|what| format!(".will: {what}"))?,
    })
}

fn will(entry: &WillEntry) -> Read<StoredWill> {
    Ok(StoredWill {
        message: message(&entry.message)?,
        delay: entry.will_delay_interval,
        due: entry.due.map(|date| date.0),
    })
}

fn subscription(entry: &SubscriptionEntry) -> Read<Subscription> {
    Filter::parse(&entry.filter).map_err(|error| error.what.to_owned())?;
    let without_handling = SubscribeOptions {
        qos: quality(entry.qos)?,
        no_local: entry.no_local,
        retain_as_published: entry.retain_as_published,
        ..SubscribeOptions::default()
    };
    if entry.retain_handling > 2 {
        return Err(format!("retain-handling is 0, 1 or 2, not {}", entry.retain_handling));
    }
    let byte = without_handling.byte(Version::V5) | entry.retain_handling << 4;
    let options = SubscribeOptions::read(byte, Version::V5);
    Ok(Subscription {
        options: options.map_err(|error| error.what.to_owned())?,
        id: entry.subscription_identifier.map(identifier).transpose()?,
        replaying: entry.replaying,
    })
}

fn identifier(number: u32) -> Read<SubscriptionId> {
    SubscriptionId::new(number).ok_or_else(|| format!("{number} is no subscription identifier"))
}

/// What is owed; what of it is in flight goes through `outbound`, as it will
/// when a broker takes it over.
fn delivery(entry: &DeliveryEntry, state: &State, outbound: &mut Outbound<()>) -> Read<Owed> {
    let qos = quality(entry.qos)?;
    let in_flight = match (entry.mid, entry.waits_for) {
        (Some(id), Some(waiting)) => Some((id, waiting.stage())),
        (None, None) => None,
        _ => return Err("mid and waits-for belong together".to_owned()),
    };
    let released = in_flight.is_some_and(|(_, stage)| stage == Stage::PubComp);
    match (qos, in_flight.map(|(_, stage)| stage)) {
        (QoS::AtLeastOnce | QoS::ExactlyOnce, None)
        | (QoS::AtLeastOnce, Some(Stage::PubAck))
        | (QoS::ExactlyOnce, Some(Stage::PubRec | Stage::PubComp)) => {}
        _ => return Err(format!("no delivery with QoS {} waits for that", entry.qos)),
    }
    match entry.message {
        Some(number) if !state.messages.contains_key(&number) => return Err(missing(number)),
        Some(_) if released => return Err("what waits for pubcomp has no message".to_owned()),
        None if !released => return Err("the message is missing".to_owned()),
        _ => {}
    }
    if let Some((id, stage)) = in_flight {
        let taken = |()| format!("mid {id} does not follow those before it");
        outbound.restore(id, stage, ()).map_err(taken)?;
    }
    let ids = entry.subscription_identifier.iter().map(|number| identifier(*number));
    let ids = ids.collect::<Read<Vec<_>>>()?;
    Ok(Owed {
        message: entry.message,
        qos,
        retain: entry.retain,
        replayed: entry.replayed,
        subscription_ids: (!ids.is_empty()).then(|| ids.into()),
        in_flight,
    })
}

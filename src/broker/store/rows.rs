//! Records of the journal as rows of tables: a key and a value in bytes, the
//! same for every kind of store. What comes out of a file is as foreign as
//! what comes from the network.

use super::profile;
use crate::broker::core::{Owed, Record, StoredMessage, Subscription};
use crate::mqtt::wire::{Reader, put_u16, put_u32};
use crate::mqtt::{
    Error, Message, Packet, PacketId, Publish, QoS, SubscribeOptions, SubscriptionId, Version,
    next_frame,
};
use crate::session::Stage;
use std::collections::BTreeMap;

/// The tables, those first that others refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Messages by their numbers.
    Messages,
    /// The numbers of retained messages by topic.
    Retained,
    /// Profiles by session.
    Sessions,
    /// Subscriptions by session and filter.
    Subscriptions,
    /// What is owed by session and order.
    Owed,
    /// Identifiers of QoS 2 messages by session.
    Received,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Messages,
        Self::Retained,
        Self::Sessions,
        Self::Subscriptions,
        Self::Owed,
        Self::Received,
    ];

    /// The tables whose keys begin with the key of a session.
    pub(super) const OF_SESSIONS: [Self; 4] =
        [Self::Sessions, Self::Subscriptions, Self::Owed, Self::Received];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Retained => "retained",
            Self::Sessions => "sessions",
            Self::Subscriptions => "subscriptions",
            Self::Owed => "owed",
            Self::Received => "received",
        }
    }
}

/// What a number of records change in the end: a row that was written and
/// removed between two stores is never encoded.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Sessions all of whose rows are removed, before anything else.
    pub(super) ended: Vec<u64>,
    rows: BTreeMap<(Table, Vec<u8>), Record>,
}

impl Changes {
    pub(super) fn of(records: impl IntoIterator<Item = Record>) -> Self {
        let mut changes = Self::default();
        records.into_iter().for_each(|record| changes.add(record));
        changes
    }

    fn add(&mut self, record: Record) {
        if let Record::Ended(session) = record {
            let prefix = session.to_be_bytes();
            self.rows.retain(|(table, key), _| {
                !(Table::OF_SESSIONS.contains(table) && key.starts_with(&prefix))
            });
            self.ended.push(session);
        } else if let Some(place) = place(&record) {
            self.rows.insert(place, record);
        }
    }

    /// The rows of `table` that change, in order.
    pub(super) fn rows(&self, table: Table) -> impl Iterator<Item = Result<Row<'_>, Error>> {
        let rows = self.rows.range((table, Vec::new())..);
        let rows = rows.take_while(move |((of, _), _)| *of == table);
        rows.map(|((_, key), record)| Ok(Row { key, value: value(record)? }))
    }
}

/// A row that changes.
pub(super) struct Row<'a> {
    pub(super) key: &'a [u8],
    /// What it is from now on; `None` removes it.
    pub(super) value: Option<Vec<u8>>,
}

/// The table and the key of what a record is about; none of a whole session.
fn place(record: &Record) -> Option<(Table, Vec<u8>)> {
    let key = |session: &u64, rest: &[u8]| [&session.to_be_bytes(), rest].concat();
    Some(match record {
        Record::Ended(_) => return None,
        Record::Session(session, _) => (Table::Sessions, key(session, b"")),
        Record::Subscribed(session, filter, _) | Record::Unsubscribed(session, filter) => {
            (Table::Subscriptions, key(session, filter.as_bytes()))
        }
        Record::Owed(session, sequence, _) | Record::Settled(session, sequence) => {
            (Table::Owed, key(session, &sequence.to_be_bytes()))
        }
        Record::Received(session, id) | Record::Freed(session, id) => {
            (Table::Received, key(session, &id.get().to_be_bytes()))
        }
        Record::Retained(topic, _) | Record::Cleared(topic) => {
            (Table::Retained, topic.as_bytes().to_vec())
        }
        Record::Message(number, _) | Record::Forgotten(number) => {
            (Table::Messages, number.to_be_bytes().to_vec())
        }
    })
}

/// A bit of the subscription options that MQTT has no use for.
const REPLAYING: u8 = 0x40;

fn value(record: &Record) -> Result<Option<Vec<u8>>, Error> {
    let mut out = Vec::new();
    match record {
        Record::Ended(_)
        | Record::Unsubscribed(..)
        | Record::Settled(..)
        | Record::Freed(..)
        | Record::Cleared(_)
        | Record::Forgotten(_) => return Ok(None),
        Record::Session(_, profile) => profile::put(profile, &mut out)?,
        Record::Subscribed(_, _, Subscription { options, id, replaying }) => {
            let replaying = if *replaying { REPLAYING } else { 0 };
            out.push(options.byte(Version::V5) | replaying);
            put_u32(&mut out, id.map_or(0, SubscriptionId::value));
        }
        Record::Owed(_, _, owed) => put_owed(owed, &mut out),
        Record::Received(..) => {}
        Record::Retained(_, number) => put_u64(&mut out, *number),
        Record::Message(_, StoredMessage { message, expires }) => {
            put_moment(&mut out, *expires);
            put_message(message, &mut out)?;
        }
    }
    Ok(Some(out))
}

/// A row that is there: its table, its key and its value.
pub type WrittenRow = (Table, Vec<u8>, Vec<u8>);

/// The row that a record makes; one that removes makes none.
///
/// # Errors
/// When a text in it is longer than MQTT allows.
pub fn write_row(record: &Record) -> Result<Option<WrittenRow>, Error> {
    let value = value(record)?;
    Ok(place(record).zip(value).map(|((table, key), value)| (table, key, value)))
}

/// The record that makes this row.
///
/// # Errors
/// When the row is not one that this broker writes.
pub fn read_row(table: Table, key: &[u8], value: &[u8]) -> Result<Record, Error> {
    let (mut key, mut value) = (Reader::new(key), Reader::new(value));
    let record = match table {
        Table::Messages => {
            let expires = moment(&mut value)?;
            Record::Message(
                u64(&mut key)?,
                StoredMessage { message: message(&mut value)?, expires },
            )
        }
        Table::Retained => Record::Retained(text(&mut key)?, u64(&mut value)?),
        Table::Sessions => Record::Session(u64(&mut key)?, profile::read(&mut value)?),
        Table::Subscriptions => {
            let byte = value.u8()?;
            let options = SubscribeOptions::read(byte & !REPLAYING, Version::V5)?;
            let id = SubscriptionId::new(value.u32()?);
            let subscription = Subscription { options, id, replaying: byte & REPLAYING != 0 };
            Record::Subscribed(u64(&mut key)?, text(&mut key)?, subscription)
        }
        Table::Owed => Record::Owed(u64(&mut key)?, u64(&mut key)?, owed(&mut value)?),
        Table::Received => Record::Received(u64(&mut key)?, packet_id(&mut key)?),
    };
    key.finish()?;
    value.finish()?;
    Ok(record)
}

/// The session that a key begins with, and the rest of it.
pub(super) fn session_of(key: &[u8]) -> Option<(u64, &[u8])> {
    let mut key = Reader::new(key);
    u64(&mut key).ok().map(|session| (session, key.rest()))
}

const STRANGE: Error = Error::malformed("", "a row of the store is not one that mqx writes");

mod flag {
    pub(super) const RETAIN: u8 = 0x08;
    pub(super) const REPLAYED: u8 = 0x10;
    pub(super) const MESSAGE: u8 = 0x20;
}

fn put_owed(owed: &Owed, out: &mut Vec<u8>) {
    let flags = [
        (owed.retain, flag::RETAIN),
        (owed.replayed, flag::REPLAYED),
        (owed.message.is_some(), flag::MESSAGE),
    ];
    let flags: u8 = flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag).sum();
    out.push(flags | owed.qos as u8);
    put_u64(out, owed.message.unwrap_or_default());
    let (id, stage) = owed.in_flight.map_or((0, 0), |(id, stage)| (id.get(), stage as u8));
    put_u16(out, id);
    out.push(stage);
    for id in owed.subscription_ids.iter().flat_map(|ids| ids.iter()) {
        put_u32(out, id.value());
    }
}

fn owed(from: &mut Reader<'_>) -> Result<Owed, Error> {
    let flags = from.u8()?;
    let message = u64(from)?;
    let (id, stage) = (from.u16()?, from.u8()?);
    let in_flight = PacketId::new(id).map(|id| Ok((id, stage_of(stage)?)));
    let mut ids = Vec::new();
    while !from.is_empty() {
        ids.push(SubscriptionId::new(from.u32()?).ok_or(STRANGE)?);
    }
    let qos = QoS::from_u8(flags & 0x03).filter(|qos| *qos > QoS::AtMostOnce);
    Ok(Owed {
        message: (flags & flag::MESSAGE != 0).then_some(message),
        qos: qos.ok_or(STRANGE)?,
        retain: flags & flag::RETAIN != 0,
        replayed: flags & flag::REPLAYED != 0,
        subscription_ids: (!ids.is_empty()).then(|| ids.into()),
        in_flight: in_flight.transpose()?,
    })
}

fn stage_of(number: u8) -> Result<Stage, Error> {
    let stages = [Stage::PubAck, Stage::PubRec, Stage::PubComp];
    stages.into_iter().find(|stage| *stage as u8 == number).ok_or(STRANGE)
}

/// A message as a PUBLISH without its payload, and then that.
pub(super) fn put_message(message: &Message, out: &mut Vec<u8>) -> Result<(), Error> {
    let head = Publish { payload: &[], ..message.publish(Some(PacketId::MIN), false) };
    head.encode(Version::V5, out)?;
    out.extend_from_slice(message.payload());
    Ok(())
}

pub(super) fn message(from: &mut Reader<'_>) -> Result<Message, Error> {
    let bytes = from.rest();
    let head = next_frame(bytes, usize::MAX)?.ok_or(STRANGE)?;
    let Packet::Publish(publish) = Packet::decode(&head, Version::V5)? else {
        return Err(STRANGE);
    };
    let payload = bytes.get(head.bytes.len()..).unwrap_or_default();
    Message::new(&Publish { payload, ..publish })
}

fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_be_bytes());
}

fn u64(from: &mut Reader<'_>) -> Result<u64, Error> {
    Ok(u64::from(from.u32()?) << 32 | u64::from(from.u32()?))
}

/// A moment, or all ones where there is none.
pub(super) fn put_moment(out: &mut Vec<u8>, moment: Option<u64>) {
    put_u64(out, moment.unwrap_or(u64::MAX));
}

pub(super) fn moment(from: &mut Reader<'_>) -> Result<Option<u64>, Error> {
    Ok(Some(u64(from)?).filter(|moment| *moment != u64::MAX))
}

fn packet_id(from: &mut Reader<'_>) -> Result<PacketId, Error> {
    PacketId::new(from.u16()?).ok_or(STRANGE)
}

fn text(from: &mut Reader<'_>) -> Result<Box<str>, Error> {
    std::str::from_utf8(from.rest()).map(Into::into).map_err(|_| STRANGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::core::{Presence, Profile, Realm, StoredWill};
    use proptest::prelude::*;

    fn samples() -> Vec<Record> {
        let id = PacketId::new(7).unwrap();
        let publish = Publish {
            topic: "a/ü",
            qos: QoS::ExactlyOnce,
            packet_id: Some(id),
            retain: true,
            payload: &[0, 0xff, b'x'],
            properties: crate::mqtt::PublishProperties {
                content_type: Some("text"),
                message_expiry_interval: Some(9),
                ..Default::default()
            },
            ..Publish::default()
        };
        let message = Message::new(&publish).unwrap();
        let options = SubscribeOptions { no_local: true, ..SubscribeOptions::default() };
        let will = StoredWill { message: message.clone(), delay: 5, due: Some(77) };
        let profile = Profile {
            client_id: "c".into(),
            user: Some("u".into()),
            realm: Some(Realm { rules: Some("r".into()), mount_point: "m/".into() }),
            expiry_interval: u32::MAX,
            presence: Presence::Offline(Some(12)),
            will: Some(will),
        };
        let owed = Owed {
            message: Some(3),
            qos: QoS::ExactlyOnce,
            retain: true,
            replayed: true,
            subscription_ids: Some([SubscriptionId::MIN].into()),
            in_flight: Some((id, Stage::PubRec)),
        };
        let released =
            Owed { message: None, in_flight: Some((id, Stage::PubComp)), ..owed.clone() };
        let queued = Owed { in_flight: None, subscription_ids: None, ..owed.clone() };
        vec![
            Record::Message(3, StoredMessage { message: message.clone(), expires: None }),
            Record::Message(4, StoredMessage { message, expires: Some(5) }),
            Record::Retained("a/ü".into(), 3),
            Record::Session(1, profile.clone()),
            Record::Session(
                2,
                Profile {
                    user: None,
                    realm: None,
                    presence: Presence::Online,
                    will: None,
                    ..profile
                },
            ),
            Record::Subscribed(1, "#".into(), Subscription { options, id: None, replaying: true }),
            Record::Subscribed(
                1,
                "$share/g/+".into(),
                Subscription { options, id: SubscriptionId::new(268_435_455), replaying: false },
            ),
            Record::Owed(1, 1, owed),
            Record::Owed(1, 2, released),
            Record::Owed(1, 3, queued),
            Record::Received(1, id),
        ]
    }

    #[test]
    fn what_is_written_is_read() {
        for sample in samples() {
            let (table, key, bytes) = write_row(&sample).unwrap().unwrap();
            assert_eq!(read_row(table, &key, &bytes), Ok(sample));
        }
    }

    #[test]
    fn an_ended_session_takes_its_rows_along_and_no_others() {
        let changes = Changes::of(samples().into_iter().chain([Record::Ended(1)]));
        let left = Table::ALL.map(|table| changes.rows(table).count());
        assert_eq!((left, changes.ended.as_slice()), ([2, 1, 1, 0, 0, 0], &[1][..]));
    }

    proptest! {
        #[test]
        fn no_row_brings_the_broker_down(
            key in proptest::collection::vec(any::<u8>(), 0..24),
            value in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            for table in Table::ALL {
                let _ = read_row(table, &key, &value);
            }
        }

        #[test]
        fn nor_does_one_that_was_damaged(sample in 0..11_usize, at in any::<usize>(), byte: u8) {
            let sample = &samples()[sample];
            let (table, key, mut bytes) = write_row(sample).unwrap().unwrap();
            if !bytes.is_empty() {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let _ = read_row(table, &key, &bytes);
        }
    }
}

//! CONNECT: who comes, whether there is a session, and what the broker says
//! of itself (MQTT 5.0 §3.1.4).

use super::Core;
use super::acl::{Access, Who};
use super::backpressure::Unread;
use super::connection::{Connection, End, Open, cut};
use super::entry::{Door, Entrance};
use super::event::Refusal;
use super::exchange::Exchange;
use super::journal::Diary;
use super::own_copy::Tailoring;
use super::peer::Peer;
use super::pulse::Health;
use super::rate::Rates;
use super::realm::{Realm, whole_topic};
use super::session::{Hot, PendingWill, Session};
use super::sessions::Sessions;
use super::tell::Outgoing;
use super::words::{maximum_packet_size, put_connack, room_for_words};
use super::worker::Worker;
use crate::mqtt::{
    ConnAck, ConnAckProperties, Connect, Error, Frame, Message, Packet, PacketType, ReasonCode,
    Version, Will,
};
use crate::session::{AliasReceiver, Outbound, Time};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Core {
    /// The first packet must be CONNECT; anything else is cut off without a
    /// word (MQTT-3.1.0-1).
    pub(super) fn on_first_frame(
        &self,
        worker: &mut Worker,
        connection: &mut Connection,
        frame: &Frame<'_>,
    ) -> Result<(), End> {
        if PacketType::of(frame.header) != Some(PacketType::Connect) {
            let error = Error::protocol("MQTT-3.1.0-1", "the first packet is not CONNECT");
            return Err(self.turn_away(worker, connection, error, None));
        }
        match Packet::decode(frame, Version::V5) {
            Ok(Packet::Connect(connect)) => self.on_connect(worker, connection, &connect, frame),
            Ok(_) => Err(End::Lost),
            Err(error) => Err(self.turn_away(worker, connection, error, answerable(frame, error))),
        }
    }

    fn on_connect(
        &self,
        worker: &mut Worker,
        connection: &mut Connection,
        connect: &Connect<'_>,
        frame: &Frame<'_>,
    ) -> Result<(), End> {
        worker.counters.connects.add(1);
        let refused = connection.peer.entrance.admission.refusal(connect);
        let refused = refused.or_else(|| self.unwanted(connect, &connection.peer));
        let method = connect.properties.authentication_method;
        if let Some(method) = method.filter(|_| refused.is_none()) {
            return self.begin_exchange(worker, connection, connect, method, frame);
        }
        match refused.map_or_else(|| connection.peer.door(connect), Door::Closed) {
            Door::Open => self.admit(worker, connection, connect),
            Door::Guarded(question) => {
                connection.entry.ask(question, frame.bytes);
                Ok(())
            }
            Door::Closed(why) => Err(self.refuse(worker, connection, connect, why)),
        }
    }

    fn unwanted(&self, connect: &Connect<'_>, peer: &Peer) -> Option<Refusal> {
        let wanted = self.hooks.as_ref()?.connect(connect, peer);
        wanted.err().map(Refusal::Unwanted)
    }

    /// Lets a client in that may come in.
    pub(super) fn admit(
        &self,
        worker: &mut Worker,
        connection: &mut Connection,
        connect: &Connect<'_>,
    ) -> Result<(), End> {
        let exchange = connection.entry.exchange();
        let proved = exchange.and_then(Exchange::user).or(connection.entry.vouched());
        let named = proved.or_else(|| connection.peer.user(connect));
        let Ok(given) = self.give_client_id(&connection.peer, connect, named) else {
            return Err(self.refuse(worker, connection, connect, Refusal::Anonymous));
        };
        let client_id = given.as_deref().unwrap_or(connect.client_id);
        let assigned = given.as_deref().filter(|_| connect.client_id.is_empty());
        let user = named.filter(|_| proved.is_some() || self.names_matter(&connection.peer));
        let realm = connection.peer.entrance.realm.clone();
        let who = Who { client_id, user, realm: realm.as_ref() };
        let will = connect.will.as_ref();
        if let Err(why) = will.map_or(Ok(()), |will| self.check_will(connection, who, will)) {
            return Err(self.refuse(worker, connection, connect, why));
        }
        let mut sessions = self.sessions.lock();
        if self.is_full(&connection.peer.entrance, &sessions, client_id) {
            drop(sessions);
            return Err(self.refuse(worker, connection, connect, Refusal::Full));
        }
        let (session, present, will) =
            self.find_session(&mut sessions, worker, who, connect.clean_start);
        let response_information = connection.limits.response_information(connect, client_id);
        let connack = ConnAck {
            session_present: present && connect.version != Version::V31,
            reason: ReasonCode::SUCCESS,
            properties: ConnAckProperties {
                response_information: response_information.as_deref(),
                ..connection.limits.announce(connect, assigned, exchange)
            },
        };
        let diary = self.attach(worker, connection, connect, &session, &connack)?;
        self.open.fetch_add(1, Ordering::Relaxed);
        connection.peer.entrance.crowd.enter();
        self.tell_connected(worker.now, connection, connect, &session, present);
        drop(sessions);
        worker.counters.connections.add(1);
        let keep_alive = connection.limits.server_keep_alive(connect).unwrap_or(connect.keep_alive);
        let rates = Some(connection.limits.publish_rates).filter(|_| !connection.peer.inside);
        start_pulse(worker, connection, keep_alive, &session);
        connection.open = Some(Open {
            session,
            number: connection.number,
            version: connect.version,
            bridge: connect.bridge,
            allowance: rates.and_then(Rates::allowance),
            resumes: Time::ZERO,
            wait: None,
            unread: Unread::default(),
            aliases: AliasReceiver::new(connection.limits.topic_alias_maximum),
            limits: Arc::clone(&connection.limits),
            room_for_words: room_for_words(connect),
            diary,
            exchange: connection.entry.end(),
        });
        if let Some((publisher, will)) = will {
            self.publish_will(worker, &publisher, &will);
        }
        self.attend_sys(worker);
        Ok(())
    }

    /// Whether anything depends on the user that a client is. Where nothing does
    /// the name is not kept, so that a session can be resumed under any.
    fn names_matter(&self, peer: &Peer) -> bool {
        let Entrance { passwords, certificates, .. } = *peer.entrance;
        passwords || certificates || self.rules.read().is_some()
    }

    /// The identifier that a client has in place of the one it sent, if it does
    /// not keep that; an error where it is to be a user name and there is none.
    fn give_client_id(
        &self,
        peer: &Peer,
        connect: &Connect<'_>,
        user: Option<&str>,
    ) -> Result<Option<String>, ()> {
        let admission = &peer.entrance.admission;
        if admission.user_is_client_id {
            return user.filter(|user| !user.is_empty()).map(|user| Some(user.into())).ok_or(());
        }
        let number = || self.next_key.fetch_add(1, Ordering::Relaxed);
        Ok(connect.client_id.is_empty().then(|| admission.assign(number())))
    }

    fn check_will(
        &self,
        connection: &Connection,
        who: Who<'_>,
        will: &Will<'_>,
    ) -> Result<(), Refusal> {
        connection.limits.check(will.qos, will.retain).map_err(Refusal::Violation)?;
        if connection.limits.check_payload(will.payload).is_err() {
            return Err(Refusal::LargeWill);
        }
        let topic = whole_topic(who.realm.map(|realm| &**realm), will.topic);
        let rules = self.rules.read();
        let denied = rules.as_ref().is_some_and(|rules| !rules.allow(who, Access::Write, &topic));
        if denied || connection.limits.check_topic(&topic).is_err() {
            return Err(Refusal::Will);
        }
        Ok(())
    }

    /// Whether no more connections are let in, except one in place of another
    /// of the same client.
    fn is_full(&self, entrance: &Entrance, sessions: &Sessions, client_id: &str) -> bool {
        let everywhere = self.limits.read().maximum_connections;
        (self.open.load(Ordering::Relaxed) >= everywhere || entrance.is_full())
            && !sessions.get(client_id).is_some_and(|session| session.is_connected())
    }

    /// Makes this the session's connection, CONNACK first, and returns where
    /// its changes are recorded.
    fn attach(
        &self,
        worker: &mut Worker,
        connection: &Connection,
        connect: &Connect<'_>,
        session: &Arc<Session>,
        connack: &ConnAck<'_>,
    ) -> Result<Option<Diary>, End> {
        let will = connect.will.as_ref();
        let realm = session.realm.as_deref();
        let will = will.map(|will| PendingWill::new(will, realm).map(Box::new).map_err(cut));
        let mut hot = session.hot.lock();
        hot.connection = connection.number;
        hot.address = connection.peer.address;
        hot.since = worker.now;
        hot.limits = Arc::clone(&connection.limits);
        hot.limits_of_listener = connection.peer.entrance.limits.is_some();
        hot.prepare(connect, session.realm.as_ref());
        hot.will = will.transpose()?;
        hot.link = Some(Arc::clone(&connection.link));
        self.record_connection(session, &mut hot);
        if let Some(exchange) = connection.entry.exchange() {
            hot.out.bytes_mut().extend(exchange.take_early());
        }
        let packet = Packet::ConnAck(connack.clone());
        packet.encode(connect.version, hot.out.bytes_mut()).map_err(cut)?;
        worker.counters.answers_sent.add(1);
        self.resend(session, &mut hot, worker);
        worker.touch(session, &mut hot);
        Ok(hot.diary.clone())
    }

    /// Records the session if it is to outlive its connection, or that it
    /// does so no longer.
    fn record_connection(&self, session: &Session, hot: &mut Hot) {
        let Some(journal) = &self.journal else {
            return;
        };
        let earlier = hot.diary.take();
        if hot.expiry_interval > 0 {
            hot.diary = Some(Diary::new(journal, session));
            session.introduce(hot);
        } else if let Some(earlier) = earlier {
            earlier.ended();
        }
    }

    /// Answers a CONNECT that could be read with a refusal, which ends the
    /// connection.
    pub(super) fn refuse(
        &self,
        worker: &mut Worker,
        connection: &Connection,
        connect: &Connect<'_>,
        why: Refusal,
    ) -> End {
        self.tell_refused(worker.now, connection, Some(connect), why);
        let maximum = maximum_packet_size(connect);
        self.put_refusal(worker, connection, why, connect.version, maximum)
    }

    /// Ends a connection whose first packet was no CONNECT or a bad one, with
    /// an answer if there is a `version` to give it in.
    fn turn_away(
        &self,
        worker: &mut Worker,
        connection: &Connection,
        error: Error,
        version: Option<Version>,
    ) -> End {
        let why = Refusal::Violation(error);
        self.tell_refused(worker.now, connection, None, why);
        match version {
            Some(version) => self.put_refusal(worker, connection, why, version, usize::MAX),
            None => End::Refused,
        }
    }

    fn put_refusal(
        &self,
        worker: &mut Worker,
        connection: &Connection,
        why: Refusal,
        version: Version,
        maximum: usize,
    ) -> End {
        worker.counters.refused.add(1);
        worker.counters.answers_sent.add(1);
        put_connack(why, version, maximum, &mut worker.replies);
        let to = Outgoing { connection: connection.number, who: None, version };
        self.tell_output(worker.now, to, &worker.replies, 0);
        End::Refused
    }
}

impl PendingWill {
    fn new(will: &Will<'_>, realm: Option<&Realm>) -> Result<Self, Error> {
        let seconds = will.properties.will_delay_interval.unwrap_or(0);
        let topic = &whole_topic(realm, will.topic);
        Ok(Self {
            message: Message::from_will(&Will { topic, ..*will })?,
            delay: Duration::from_secs(seconds.into()),
            due: None,
        })
    }
}

impl Hot {
    fn prepare(&mut self, connect: &Connect<'_>, realm: Option<&Arc<Realm>>) {
        let limits = &self.limits;
        let properties = &connect.properties;
        let window = properties.receive_maximum.map_or(u16::MAX, NonZeroU16::get);
        let window = window.min(limits.maximum_in_flight);
        self.version = connect.version;
        self.keep_alive = connect.keep_alive;
        if self.outbound.is_empty() {
            self.outbound = Outbound::new(window);
        } else {
            self.outbound.restart();
            self.outbound.set_receive_maximum(window);
        }
        self.maximum_packet_size = maximum_packet_size(connect);
        let aliases = properties.topic_alias_maximum.unwrap_or(0).min(limits.topic_aliases_sent);
        self.tailoring = Tailoring::new(aliases, realm);
        self.expiry_interval = limits.session_expiry(match connect.version {
            Version::V5 => properties.session_expiry_interval.unwrap_or(0),
            _ if connect.clean_start => 0,
            _ => u32::MAX,
        });
        self.expires = None;
    }
}

/// The version to answer a CONNECT in that could not be read, if it is to be
/// answered: an unknown level is, and what breaks version 5; what breaks the
/// format of 3.1.1 is closed without a word.
fn answerable(frame: &Frame<'_>, error: Error) -> Option<Version> {
    let level = frame.body.strip_prefix(b"\0\x04MQTT").and_then(<[u8]>::first);
    match level {
        Some(5) => Some(Version::V5),
        Some(6..) if error.reason == ReasonCode::UNSUPPORTED_PROTOCOL_VERSION => Some(Version::V5),
        _ if error.reason == ReasonCode::UNSUPPORTED_PROTOCOL_VERSION => Some(Version::V311),
        _ => None,
    }
}

/// From now on the keep alive counts, one and a half times (MQTT-3.1.2-22).
fn start_pulse(
    worker: &mut Worker,
    connection: &Connection,
    keep_alive: u16,
    session: &Arc<Session>,
) {
    let pulse = &connection.pulse;
    pulse.session.replace(Some((Arc::clone(session), connection.number)));
    pulse.interval.set(Duration::from_secs(keep_alive.into()) * 3 / 2);
    let next = match pulse.check(worker.now) {
        Health::Well(next) => next,
        Health::Over(_) => Some(worker.now),
    };
    worker.watch(pulse, next);
}

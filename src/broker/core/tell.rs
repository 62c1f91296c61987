//! How what the core has in its hands becomes events. All of it is cold: it
//! runs only while somebody wants to know.

use super::connection::Connection;
use super::event::{Client, Connected, Direction, Event, Fate, Refusal, Refused};
use super::message::Delivery;
use super::outflow::Outflow;
use super::session::{Hot, Session};
use super::{Core, Who};
use crate::mqtt::{self, Connect, Publish, Version};
use crate::session::Time;

impl Session {
    /// The client of this session, on the connection with this number.
    pub(super) fn client(&self, connection: u64) -> Client<'_> {
        Client { connection, who: self.who() }
    }
}

/// Whose output is about to be written.
#[derive(Clone, Copy)]
pub(super) struct Outgoing<'a> {
    pub(super) connection: u64,
    pub(super) who: Option<Who<'a>>,
    pub(super) version: Version,
}

impl<'a> Outgoing<'a> {
    /// That of the present connection of a session.
    pub(super) fn of(session: &'a Session, hot: &Hot) -> Self {
        Self { connection: hot.connection, who: Some(session.who()), version: hot.version }
    }
}

impl Core {
    /// Tells of a packet that has come.
    #[cold]
    pub(super) fn tell_received(&self, now: Time, connection: &Connection, bytes: &[u8]) {
        let open = connection.open.as_ref();
        let packet = Event::Packet {
            connection: connection.number,
            who: open.map(|open| open.session.who()),
            version: open.map_or(Version::V5, |open| open.version),
            direction: Direction::In,
            bytes,
        };
        self.events.tell(now, &packet);
    }

    /// Tells of the packets in `bytes` that are on their way out, if anybody
    /// wants to know; the first bytes have been `told` of before.
    #[inline]
    pub(super) fn tell_output(&self, now: Time, to: Outgoing<'_>, bytes: &[u8], told: usize) {
        if self.events.want_packets() {
            self.tell_each(now, to, bytes.get(told..).unwrap_or_default());
        }
    }

    /// The same, of the output of a session.
    #[inline]
    pub(super) fn tell_outflow(&self, now: Time, to: Outgoing<'_>, output: &Outflow, told: usize) {
        if self.events.want_packets() {
            self.tell_output(now, to, &output.whole(), told);
        }
    }

    #[cold]
    fn tell_each(&self, now: Time, to: Outgoing<'_>, mut rest: &[u8]) {
        let Outgoing { connection, who, version } = to;
        while let Ok(Some(frame)) = mqtt::next_frame(rest, usize::MAX) {
            let direction = Direction::Out;
            let bytes = frame.bytes;
            let packet = Event::Packet { connection, who, version, direction, bytes };
            self.events.tell(now, &packet);
            rest = rest.get(bytes.len()..).unwrap_or_default();
        }
        debug_assert!(rest.is_empty(), "the output is whole packets");
    }

    /// Tells of a client that was let in.
    pub(super) fn tell_connected(
        &self,
        now: Time,
        connection: &Connection,
        connect: &Connect<'_>,
        session: &Session,
        session_present: bool,
    ) {
        self.events.lifecycle(now, || {
            Event::Connected(Connected {
                client: session.client(connection.number),
                user: connection.entry.vouched().or_else(|| connection.peer.user(connect)),
                from: connection.peer.origin(),
                version: connect.version,
                keep_alive: connection
                    .limits
                    .server_keep_alive(connect)
                    .unwrap_or(connect.keep_alive),
                clean_start: connect.clean_start,
                session_present,
                session_expiry: session.hot.lock().expiry_interval,
            })
        });
    }

    /// Tells of a connection that ends without having been let in.
    pub(super) fn tell_refused(
        &self,
        now: Time,
        connection: &Connection,
        connect: Option<&Connect<'_>>,
        why: Refusal,
    ) {
        self.events.lifecycle(now, || {
            Event::Refused(Refused {
                connection: connection.number,
                from: connection.peer.origin(),
                who: connect.map(|connect| Who {
                    client_id: connect.client_id,
                    user: connect.username,
                    realm: connection.peer.entrance.realm.as_ref(),
                }),
                why,
                cause: None,
            })
        });
    }

    /// Tells of a kept message that goes a step further, if anybody wants to
    /// know.
    #[inline]
    pub(super) fn tell_kept(&self, now: Time, to: Client<'_>, delivery: &Delivery, fate: Fate) {
        if self.events.want_messages() {
            self.tell_delivery(now, to, delivery, fate);
        }
    }

    #[cold]
    fn tell_delivery(&self, now: Time, to: Client<'_>, delivery: &Delivery, fate: Fate) {
        let Some(kept) = &delivery.kept else {
            return;
        };
        let publish = Publish {
            qos: delivery.qos,
            retain: delivery.retain,
            properties: kept.properties(now),
            ..kept.message.publish(None, false)
        };
        let from = kept.from.as_deref();
        self.events.tell(now, &Event::Delivery { to, from, publish: &publish, fate });
    }
}

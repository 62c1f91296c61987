//! Clients come and go, time passes, and the broker crashes: what becomes of
//! sessions and wills.

use super::client::{Answer, Connection};
use super::message::Message;
use super::session::{Session, Will};
use super::steps::{Connecting, Leaving};
use super::world::World;
use crate::broker::lab::{self, hello, seconds};
use mqx::mqtt::{
    self, Connect, ConnectProperties, Disconnect, DisconnectProperties, Packet, ReasonCode,
    WillProperties,
};
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

impl World {
    pub(super) fn connect(&mut self, who: usize, connecting: Connecting) {
        let client = &mut self.clients[who];
        let said = connecting.said_in(client.version);
        let taken_over = client.connection.take();
        let mut old = client.session.take();
        let ends = old.as_ref().is_some_and(|old| said.clean_start || old.expiry_interval == 0);
        // Whoever comes in time takes the will of a lost connection back; that
        // of a connection that goes on is due with its end, if it has no delay.
        let is_due = |will: &Will| ends || (taken_over.is_some() && will.delay == 0);
        let old_will = old.as_mut().and_then(|old| old.will.take()).filter(is_due);
        let resumed = old.filter(|_| !ends);
        let session_present = resumed.is_some();
        self.sessions += 1;
        let mut session = resumed.unwrap_or_else(|| Session::new(self.sessions));
        session.resume(said.session_expiry);
        self.numbers += 1;
        session.will = said.will.map(|(publishing, delay)| Will {
            number: self.numbers,
            publishing,
            delay: delay.into(),
            due: u64::MAX,
        });
        client.session = Some(session);
        let link = self.connect_to_broker(who, said);
        let answer = Answer::ConnAck { session_present };
        self.clients[who].connection = Some(Connection::new(link, said, answer));
        if let Some(taken_over) = taken_over {
            assert!(taken_over.link.is_closed(), "the connection that was taken over goes on");
        }
        if let Some(will) = old_will {
            self.publish_will(who, &will);
        }
    }

    /// Sends CONNECT; the number that is the last is that of the will.
    fn connect_to_broker(&mut self, who: usize, said: Connecting) -> lab::Client {
        let client = &self.clients[who];
        let payload = said.will.map(|(will, _)| will.size.payload(self.numbers));
        let connect = Connect {
            clean_start: said.clean_start,
            properties: ConnectProperties {
                session_expiry_interval: Some(said.session_expiry),
                receive_maximum: NonZeroU16::new(said.receive_maximum),
                maximum_packet_size: said.maximum_packet_size.and_then(NonZeroU32::new),
                topic_alias_maximum: Some(said.topic_alias_maximum),
                ..ConnectProperties::default()
            },
            will: said.will.zip(payload.as_deref()).map(|((will, delay), payload)| mqtt::Will {
                topic: will.topic,
                payload: payload.as_bytes(),
                qos: will.qos,
                retain: will.retain,
                properties: WillProperties {
                    will_delay_interval: Some(delay),
                    message_expiry_interval: will.message_expiry,
                    ..WillProperties::default()
                },
            }),
            ..hello(client.version, &client.name)
        };
        let link = self.lab.connect(&connect);
        self.lab.store();
        link
    }

    /// The connection breaks.
    pub(super) fn lose(&mut self, who: usize) {
        let Some(mut connection) = self.clients[who].connection.take() else { return };
        self.lab.lose(&mut connection.link);
        self.clients[who].suspend(self.now);
        self.end_what_is_due();
    }

    pub(super) fn disconnect(&mut self, who: usize, leaving: Leaving) {
        let client = &mut self.clients[who];
        let leaving = leaving.said_in(client.version);
        let Some((connection, session)) = client.connected() else { return };
        // An interval of zero is not to be changed by DISCONNECT.
        let expiry = leaving.session_expiry.filter(|_| session.expiry_interval > 0);
        session.expiry_interval = expiry.unwrap_or(session.expiry_interval);
        if !leaving.with_will {
            session.will = None;
        }
        let with_will = leaving.with_will;
        let packet = Packet::Disconnect(Disconnect {
            reason: if with_will { ReasonCode::DISCONNECT_WITH_WILL } else { ReasonCode::SUCCESS },
            properties: DisconnectProperties {
                session_expiry_interval: expiry,
                ..DisconnectProperties::default()
            },
        });
        self.lab.send(&mut connection.link, &packet);
        self.lab.store();
        assert!(connection.link.is_closed(), "DISCONNECT does not end a connection");
        client.connection = None;
        client.suspend(self.now);
        self.end_what_is_due();
    }

    /// All connections are lost, and with them, wills included, the sessions
    /// that were to end with them: those are not stored.
    pub(super) fn crash(&mut self) {
        self.lab.crash(Duration::ZERO);
        for client in &mut self.clients {
            if client.connection.is_some() {
                client.suspend(self.now);
                client.session.take_if(|session| session.expiry_interval == 0);
            }
        }
        self.end_what_is_due();
    }

    pub(super) fn pass_a_second(&mut self) {
        self.lab.pass(seconds(1));
        self.now += 1;
        self.moment += 1;
        self.retained.retain(|_, message| !message.is_expired(self.now));
        self.end_what_is_due();
        self.settle();
    }

    /// Publishes the wills and ends the sessions whose time has come.
    fn end_what_is_due(&mut self) {
        let now = self.now;
        for who in 0..self.clients.len() {
            let client = &mut self.clients[who];
            let Some(session) = client.session.as_mut().filter(|_| client.connection.is_none())
            else {
                continue;
            };
            let ends = session.ends.is_some_and(|ends| ends <= now);
            let will = session.will.take_if(|will| ends || will.due <= now);
            if ends {
                client.session = None;
            }
            if let Some(will) = will {
                self.publish_will(who, &will);
            }
        }
    }

    fn publish_will(&mut self, who: usize, will: &Will) {
        let message = Message::new(will.number, will.publishing, self.now);
        self.route(who, &message);
    }
}

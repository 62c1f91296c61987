//! One connection: which packets may come now, and what each one does.

use super::Core;
use super::entry::Entry;
use super::link::Link;
use super::peer::Peer;
use super::session::{Session, put_ack};
use super::template::Source;
use super::worker::{Pulse, Worker};
use crate::mqtt::{
    self, Ack, AckKind, Disconnect, Error, Frame, Packet, PacketId, Publish, QoS, ReasonCode,
    Version,
};
use crate::session::{AliasReceiver, Stage, Time};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// What one connection is to the broker. Made when the transport is there,
/// ended by [`Core::close`].
#[derive(Debug)]
pub struct Connection {
    pub(super) link: Arc<dyn Link>,
    pub(super) open: Option<Open>,
    pub(super) peer: Peer,
    pub(super) entry: Entry,
    pub(super) pulse: Rc<Pulse>,
}

/// A connection after its CONNECT was accepted.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) session: Arc<Session>,
    /// The number of this connection in its session.
    pub(super) number: u64,
    pub(super) version: Version,
    pub(super) aliases: AliasReceiver,
}

/// How a batch of bytes ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes were whole packets; bring the rest again with more.
    Consumed(usize),
    /// The connection is over: its last bytes are with its link.
    Over,
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The client said goodbye, and whether its will is published all the same.
    Goodbye { with_will: bool, expiry_interval: Option<u32> },
    /// The transport broke or was closed.
    Lost,
    /// The client is told why and cut off.
    Cut(ReasonCode),
}

impl Connection {
    /// Who is at the other end.
    #[must_use]
    pub const fn peer(&self) -> &Peer {
        &self.peer
    }

    pub(super) fn session(&self) -> Option<(&Arc<Session>, u64)> {
        let open = self.open.as_ref()?;
        Some((&open.session, open.number))
    }

    /// Whether no later connection has taken the session over.
    fn is_current(&self) -> bool {
        self.session().is_none_or(|(session, number)| session.hot.lock().is_current(number))
    }
}

impl Core {
    /// A new connection, which must send CONNECT in time.
    pub fn accept(&self, worker: &mut Worker, link: Arc<dyn Link>, peer: Peer) -> Connection {
        let pulse = Rc::new(Pulse {
            last_packet: Cell::new(worker.now),
            interval: Cell::new(self.limits.connect_timeout),
            due: Cell::new(Time::ZERO),
            link: RefCell::new(Some(Arc::clone(&link))),
            session: RefCell::new(None),
        });
        worker.watch(&pulse, worker.now + self.limits.connect_timeout);
        worker.counters.transports.add(1);
        Connection { link, open: None, peer, entry: Entry::default(), pulse }
    }

    /// Does what the whole packets at the start of `bytes` ask for. The shell
    /// then calls [`Core::flush`]. A CONNECT whose password must be checked is
    /// the last that is taken until the shell has brought the answer to
    /// [`Connection::take_question`] to [`Core::answer`].
    pub fn receive(
        &self,
        worker: &mut Worker,
        connection: &mut Connection,
        bytes: &[u8],
    ) -> Progress {
        if !connection.is_current() {
            return Progress::Over;
        }
        let (mut rest, mut packets) = (bytes, 0);
        let mut ended = Ok(());
        while ended.is_ok() && !connection.entry.is_waiting() {
            ended = match mqtt::next_frame(rest, self.limits.maximum_packet_size as usize) {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    connection.pulse.last_packet.set(worker.now);
                    rest = rest.get(frame.bytes.len()..).unwrap_or_default();
                    packets += 1;
                    self.on_frame(worker, connection, &frame)
                }
                Err(error) => Err(End::Cut(error.reason)),
            };
        }
        let consumed = bytes.len() - rest.len();
        worker.counters.packets_received.add(packets);
        worker.counters.bytes_received.add(consumed);
        if let Err(end) = ended {
            self.end(worker, connection, end);
            return Progress::Over;
        }
        if let Some(open) = &connection.open {
            send_replies(worker, open);
        }
        Progress::Consumed(consumed)
    }

    /// The transport was closed or broke.
    pub fn close(&self, worker: &mut Worker, connection: &mut Connection) {
        self.end(worker, connection, End::Lost);
    }

    fn on_frame(
        &self,
        worker: &mut Worker,
        connection: &mut Connection,
        frame: &Frame<'_>,
    ) -> Result<(), End> {
        match &mut connection.open {
            None => self.on_first_frame(worker, connection, frame),
            Some(open) => {
                let packet = Packet::decode(frame, open.version).map_err(cut)?;
                self.on_packet(worker, open, &packet, frame)
            }
        }
    }

    fn on_packet(
        &self,
        worker: &mut Worker,
        open: &mut Open,
        packet: &Packet<'_>,
        frame: &Frame<'_>,
    ) -> Result<(), End> {
        match packet {
            Packet::Publish(publish) => self.on_publish(worker, open, publish, frame),
            Packet::Ack(ack) => {
                on_ack(worker, open, ack);
                Ok(())
            }
            Packet::Subscribe(subscribe) => self.on_subscribe(worker, open, subscribe),
            Packet::Unsubscribe(unsubscribe) => self.on_unsubscribe(worker, open, unsubscribe),
            Packet::PingReq => reply(worker, open, &Packet::PingResp),
            Packet::Disconnect(disconnect) => Err(on_disconnect(open, disconnect)),
            // Enhanced authentication is not offered, so no AUTH is in place.
            Packet::Auth(_)
            | Packet::Connect(_)
            | Packet::ConnAck(_)
            | Packet::SubAck(_)
            | Packet::UnsubAck(_)
            | Packet::PingResp => Err(End::Cut(ReasonCode::PROTOCOL_ERROR)),
        }
    }

    fn on_publish(
        &self,
        worker: &mut Worker,
        open: &mut Open,
        publish: &Publish<'_>,
        frame: &Frame<'_>,
    ) -> Result<(), End> {
        if !publish.properties.subscription_identifiers.is_empty() {
            return Err(End::Cut(ReasonCode::PROTOCOL_ERROR));
        }
        self.limits.check(publish.qos, publish.retain).map_err(End::Cut)?;
        let aliased = publish.properties.topic_alias.is_some();
        let source = (!aliased).then_some(Source { version: open.version, bytes: frame.bytes });
        let mut resolved = *publish;
        resolved.topic = open.aliases.resolve(publish).map_err(cut)?;
        resolved.properties.topic_alias = None;
        let repeated = match (publish.qos, publish.packet_id) {
            (QoS::ExactlyOnce, Some(id)) => !self.begin_exactly_once(&open.session, id)?,
            _ => false,
        };
        let reason = if repeated {
            ReasonCode::SUCCESS
        } else {
            self.judge(worker, &open.session, &resolved, source)
        };
        if let Some(id) = publish.packet_id {
            acknowledge(worker, &open.session, open.version, publish.qos, id, reason);
        }
        Ok(())
    }

    /// Notes a QoS 2 message; returns whether it is new.
    fn begin_exactly_once(&self, session: &Session, id: PacketId) -> Result<bool, End> {
        let mut cold = session.cold.lock();
        let new = cold.inbound.receive(id);
        if cold.inbound.len() > usize::from(self.limits.receive_maximum) {
            return Err(End::Cut(ReasonCode::RECEIVE_MAXIMUM_EXCEEDED));
        }
        Ok(new)
    }

    /// Publishes a client's message, or says why not.
    fn judge(
        &self,
        worker: &mut Worker,
        publisher: &Session,
        publish: &Publish<'_>,
        source: Option<Source<'_>>,
    ) -> ReasonCode {
        if is_reserved(publish.topic) {
            return ReasonCode::NOT_AUTHORIZED;
        }
        let slashes = publish.topic.bytes().filter(|byte| *byte == b'/').count();
        if slashes >= self.limits.topic_levels {
            return ReasonCode::TOPIC_NAME_INVALID;
        }
        let Some(routed) = self.publish(worker, publisher, publish, source) else {
            return ReasonCode::NOT_AUTHORIZED;
        };
        match (routed.matched, routed.refused) {
            (0, _) => ReasonCode::NO_MATCHING_SUBSCRIBERS,
            (matched, refused) if matched == refused => ReasonCode::QUOTA_EXCEEDED,
            _ => ReasonCode::SUCCESS,
        }
    }
}

/// Whether only the broker itself publishes to `topic`.
pub(super) fn is_reserved(topic: &str) -> bool {
    topic.starts_with("$SYS/")
}

/// Hands the answers of a batch to the connection's output.
fn send_replies(worker: &mut Worker, open: &Open) {
    if worker.replies.is_empty() {
        return;
    }
    let mut hot = open.session.hot.lock();
    if hot.is_current(open.number) {
        worker.provide(&mut hot);
        hot.out.extend_from_slice(&worker.replies);
        worker.touch(&open.session, &mut hot);
    }
    worker.replies.clear();
}

pub(super) const fn cut(error: Error) -> End {
    End::Cut(error.reason)
}

/// Answers with a packet; those the broker makes always encode.
pub(super) fn reply(worker: &mut Worker, open: &Open, packet: &Packet<'_>) -> Result<(), End> {
    worker.counters.answers_sent.add(1);
    let encoded = packet.encode(open.version, &mut worker.replies);
    encoded.map_err(|_| End::Cut(ReasonCode::UNSPECIFIED_ERROR))
}

fn acknowledge(
    worker: &mut Worker,
    session: &Session,
    version: Version,
    qos: QoS,
    id: PacketId,
    reason: ReasonCode,
) {
    let kind = AckKind::of_publish(qos);
    if kind == AckKind::PubRec && version.is_v5() && reason.is_error() {
        // A refused message ends here: its identifier is free (MQTT-4.3.3-9).
        session.cold.lock().inbound.release(id);
    }
    worker.counters.answers_sent.add(1);
    put_ack(Ack::new(kind, id, reason), version, &mut worker.replies);
}

fn on_ack(worker: &mut Worker, open: &Open, ack: &Ack<'_>) {
    if ack.kind == AckKind::PubRel {
        let known = open.session.cold.lock().inbound.release(ack.packet_id);
        answer(worker, open, AckKind::PubComp, ack.packet_id, known);
        return;
    }
    let mut hot = open.session.hot.lock();
    let id = ack.packet_id;
    let ended = match ack.kind {
        AckKind::PubAck => hot.outbound.finish(id, Stage::PubAck),
        AckKind::PubRec if ack.reason.is_error() => hot.outbound.finish(id, Stage::PubRec),
        AckKind::PubComp => hot.outbound.finish(id, Stage::PubComp),
        AckKind::PubRec | AckKind::PubRel => {
            let released = hot.outbound.release(id);
            // Only the identifier is needed from here on.
            let known = released.map(|delivery| delivery.kept = None).is_ok();
            drop(hot);
            answer(worker, open, AckKind::PubRel, id, known);
            return;
        }
    };
    if ended.is_ok() && hot.is_behind() && hot.is_current(open.number) {
        worker.touch(&open.session, &mut hot);
    }
}

fn answer(worker: &mut Worker, open: &Open, kind: AckKind, id: PacketId, known: bool) {
    let reason = if known { ReasonCode::SUCCESS } else { ReasonCode::PACKET_IDENTIFIER_NOT_FOUND };
    worker.counters.answers_sent.add(1);
    put_ack(Ack::new(kind, id, reason), open.version, &mut worker.replies);
}

fn on_disconnect(open: &Open, disconnect: &Disconnect<'_>) -> End {
    let asked = disconnect.properties.session_expiry_interval;
    let was_zero = open.session.hot.lock().expiry_interval == 0;
    if was_zero && asked.is_some_and(|seconds| seconds > 0) {
        return End::Cut(ReasonCode::PROTOCOL_ERROR);
    }
    End::Goodbye {
        with_will: disconnect.reason == ReasonCode::DISCONNECT_WITH_WILL,
        expiry_interval: asked,
    }
}

//! One connection, from the transport that is there until its end.

use super::Core;
use super::backpressure::{Unread, Wait};
use super::entry::Entry;
use super::event::{Client, Event};
use super::exchange::Exchange;
use super::journal::Diary;
use super::limits::Limits;
use super::link::Link;
use super::peer::Peer;
use super::pulse::Pulse;
use super::rate::Allowance;
use super::session::Session;
use super::worker::Worker;
use crate::mqtt::{self, Error, ReasonCode, Version};
use crate::session::{AliasReceiver, Time};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What one connection is to the broker. Made when the transport is there,
/// ended by [`Core::close`].
#[derive(Debug)]
pub struct Connection {
    /// Unique as long as the broker runs.
    pub(super) number: u64,
    pub(super) link: Arc<dyn Link>,
    pub(super) open: Option<Open>,
    pub(super) peer: Peer,
    /// What held when it came, and has been announced since.
    pub(super) limits: Arc<Limits>,
    pub(super) entry: Entry,
    pub(super) pulse: Rc<Pulse>,
    /// Whether its end has been seen to.
    pub(super) ended: bool,
}

/// A connection after its CONNECT was accepted.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) session: Arc<Session>,
    /// The number of the connection.
    pub(super) number: u64,
    pub(super) version: Version,
    /// Whether it is a bridge from a broker that speaks an older version: all
    /// it subscribes to is as with No Local and Retain As Published.
    pub(super) bridge: bool,
    pub(super) aliases: AliasReceiver,
    pub(super) limits: Arc<Limits>,
    /// What the client may still publish, if there is a limit.
    pub(super) allowance: Option<Box<Allowance>>,
    /// When the next packet is taken, where that is not at once.
    pub(super) resumes: Time,
    /// Whom it waits for before that.
    pub(super) wait: Option<Box<Wait>>,
    /// What it has not read of its answers.
    pub(super) unread: Unread,
    /// Bytes up to which an acknowledgement may grow by a reason in words.
    pub(super) room_for_words: usize,
    /// Where changes of the session are recorded.
    pub(super) diary: Option<Diary>,
    /// How the client authenticated and may do so again.
    pub(super) exchange: Option<Box<Exchange>>,
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
pub enum End {
    /// The client said goodbye.
    Goodbye {
        /// Whether its will is published all the same.
        with_will: bool,
        /// Seconds its session is to live on, if it said so.
        expiry_interval: Option<u32>,
    },
    /// The transport broke or was closed.
    Lost,
    /// The client was not let in, and has been told so if it is to be told.
    Refused,
    /// The client broke the standard; it is told and cut off.
    Violation(Error),
    /// The client is told why and cut off.
    Cut(ReasonCode),
}

impl End {
    /// What the client is told, if it is.
    #[must_use]
    pub const fn reason(self) -> Option<ReasonCode> {
        match self {
            Self::Violation(error) => Some(error.reason),
            Self::Cut(reason) => Some(reason),
            Self::Goodbye { .. } | Self::Lost | Self::Refused => None,
        }
    }
}

impl Open {
    /// Whose connection it is.
    pub(super) fn client(&self) -> Client<'_> {
        self.session.client(self.number)
    }
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

    /// Whether it was cut off, by the broker or by the client's next connection.
    pub(super) fn is_over(&self) -> bool {
        self.pulse.link.borrow().is_none() || !self.is_current()
    }

    /// Whether nothing more is taken from the client until the shell has
    /// answered [`Connection::take_question`] or [`Connection::take_step`].
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.entry.is_waiting()
    }

    /// Whether no later connection has taken the session over.
    fn is_current(&self) -> bool {
        self.session().is_none_or(|(session, number)| session.hot.lock().is_current(number))
    }
}

impl Core {
    /// A new connection, which must send CONNECT in time.
    pub fn accept(&self, worker: &mut Worker, link: Arc<dyn Link>, peer: Peer) -> Connection {
        let limits = peer.entrance.limits.clone().unwrap_or_else(|| self.limits());
        let limit = limits.connect_timeout;
        let pulse = Rc::new(Pulse::new(worker.now, limit, Arc::clone(&link)));
        worker.watch(&pulse, Some(worker.now + limit));
        worker.counters.transports.add(1);
        let number = self.next_connection.fetch_add(1, Ordering::Relaxed);
        let from = peer.origin();
        self.events.lifecycle(worker.now, || Event::Accepted { connection: number, from });
        Connection {
            number,
            link,
            open: None,
            peer,
            limits,
            entry: Entry::default(),
            pulse,
            ended: false,
        }
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
        let _batch = self.begin_batch();
        let (mut rest, mut packets) = (bytes, 0);
        let limit = connection.limits.maximum_packet_size as usize;
        let mut ended = Ok(());
        worker.behind.can_wait = !connection.peer.inside;
        while ended.is_ok() && !connection.is_held(worker.now) {
            ended = match mqtt::next_frame(rest, limit) {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    connection.pulse.last_packet.set(worker.now);
                    rest = rest.get(frame.bytes.len()..).unwrap_or_default();
                    packets += 1;
                    self.on_frame(worker, connection, &frame)
                }
                Err(error) => Err(End::Violation(error)),
            };
        }
        worker.behind.can_wait = false;
        if !worker.behind.is_empty() {
            connection.begin_wait(worker);
        }
        let consumed = bytes.len() - rest.len();
        worker.counters.packets_received.add(packets);
        worker.counters.bytes_received.add(consumed);
        if let Err(end) = ended {
            self.end(worker, connection, end);
            return Progress::Over;
        }
        if let Some(open) = &mut connection.open {
            send_replies(worker, open);
            if !connection.peer.inside {
                open.unread.judge(worker.now);
            }
        }
        if packets > 0
            && let Some(resumes) = connection.pause()
        {
            worker.pause(&connection.pulse, resumes);
        }
        Progress::Consumed(consumed)
    }

    /// The transport was closed or broke.
    pub fn close(&self, worker: &mut Worker, connection: &mut Connection) {
        let _batch = self.begin_batch();
        self.end(worker, connection, End::Lost);
    }
}

/// Hands the answers of a batch to the connection's output.
pub(super) fn send_replies(worker: &mut Worker, open: &mut Open) {
    if worker.replies.is_empty() {
        return;
    }
    let mut hot = open.session.hot.lock();
    if hot.is_current(open.number) {
        worker.provide(&mut hot);
        open.unread.note(worker.replies.len(), hot.out.len());
        hot.out.bytes_mut().extend_from_slice(&worker.replies);
        worker.touch(&open.session, &mut hot);
    }
    worker.replies.clear();
}

pub(super) const fn cut(error: Error) -> End {
    End::Violation(error)
}

/// The end of a client that has broken `statement`.
pub(super) const fn violation(statement: &'static str, what: &'static str) -> End {
    End::Violation(Error::protocol(statement, what))
}

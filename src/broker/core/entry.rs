//! Who is let in: a CONNECT that must wait for somebody else's verdict, and
//! what that does to the connection.
//!
//! The core only asks; the shell knows passwords and may take its time.

use super::Core;
use super::admission::Admission;
use super::connection::{Connection, End, Progress};
use super::event::Refusal;
use super::exchange::Exchange;
use super::limits::Limits;
use super::peer::Peer;
use super::realm::Realm;
use super::worker::Worker;
use crate::mqtt::{Connect, Packet, Version, next_frame};
use crate::session::{Secret, Time};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Who may come in at a listener.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "choices that do not depend on each other")]
pub struct Entrance {
    /// Clients without a user name may.
    pub anonymous: bool,
    /// Clients with a user name are asked about, be it a password or a token
    /// that they come with; otherwise they may.
    pub passwords: bool,
    /// A password without a user name is asked about too: a token that says who
    /// it is for.
    pub tokens: bool,
    /// Clients are who their certificate says they are, whatever else they say;
    /// those without one are refused.
    pub certificates: bool,
    /// The methods of enhanced authentication that are offered.
    pub methods: Vec<Box<str>>,
    /// What clients must be like, whoever they are.
    pub admission: Admission,
    /// What is different for them; `None` is nothing.
    pub realm: Option<Arc<Realm>>,
    /// What is allowed them and announced to them; `None` is what the broker
    /// allows everybody.
    pub limits: Option<Arc<Limits>>,
    /// How many there are.
    pub crowd: Arc<Crowd>,
}

/// How many connections of a listener have been let in and not ended.
#[derive(Debug, Default)]
pub struct Crowd(AtomicUsize);

impl Crowd {
    pub(super) fn enter(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Entrance {
    /// Whether the limits of this listener let no more connections in.
    pub(super) fn is_full(&self) -> bool {
        let full = |limits: &Arc<Limits>| {
            self.crowd.0.load(Ordering::Relaxed) >= limits.maximum_connections
        };
        self.limits.as_ref().is_some_and(full)
    }
}

impl Default for Entrance {
    /// Everybody is who they say they are.
    fn default() -> Self {
        Self {
            anonymous: true,
            passwords: false,
            tokens: false,
            certificates: false,
            methods: Vec::new(),
            admission: Admission::default(),
            realm: None,
            limits: None,
            crowd: Arc::default(),
        }
    }
}

/// What the shell is to find out: whether this is the user's password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The user name; `None` is to be found in the password, which is a token.
    pub user: Option<Box<str>>,
    /// The password; empty if there was none.
    pub password: Secret,
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Admitted,
    /// It is, for so long: then the connection is ended.
    AdmittedFor(Duration),
    /// It is one of this user, for so long.
    AdmittedAs(Box<str>, Duration),
    /// There is no such user, or it is not.
    Refused,
}

/// How a client is met.
pub(super) enum Door {
    Open,
    Guarded(Question),
    Closed(Refusal),
}

/// A connection's CONNECT while it waits for its verdict, and what was found out
/// about its client. Boxed, since an open connection has none.
#[derive(Debug, Default)]
pub(super) struct Entry(Option<Box<Applicant>>);

#[derive(Debug)]
struct Applicant {
    held: Option<Held>,
    /// Who the client is by its token, if it has not said so itself.
    vouched: Option<Box<str>>,
    /// The exchange that this CONNECT has begun.
    exchange: Option<Box<Exchange>>,
}

/// A CONNECT that is held back.
#[derive(Debug)]
struct Held {
    connect: Vec<u8>,
    question: Option<Question>,
}

impl Entry {
    /// Whether nothing may be taken from the client before the shell has spoken.
    pub(super) fn is_waiting(&self) -> bool {
        self.is_begun() && self.exchange().is_none_or(Exchange::waits_for_shell)
    }

    /// Whether a CONNECT was taken and not answered.
    pub(super) fn is_begun(&self) -> bool {
        self.0.as_ref().is_some_and(|applicant| applicant.held.is_some())
    }

    /// The exchange that the CONNECT has begun.
    pub(super) fn exchange(&self) -> Option<&Exchange> {
        self.0.as_ref()?.exchange.as_deref()
    }

    pub(super) fn exchange_mut(&mut self) -> Option<&mut Exchange> {
        self.0.as_mut()?.exchange.as_deref_mut()
    }

    /// Who the client is by its token, if it has not said so itself.
    pub(super) fn vouched(&self) -> Option<&str> {
        self.0.as_ref()?.vouched.as_deref()
    }

    /// Notes who the client is by its token.
    fn vouch(&mut self, user: Option<Box<str>>) {
        if let Some(applicant) = &mut self.0 {
            applicant.vouched = user;
        }
    }

    /// The client is in: what is left is its exchange.
    pub(super) fn end(&mut self) -> Option<Box<Exchange>> {
        self.0.take()?.exchange
    }

    pub(super) fn ask(&mut self, question: Question, connect: &[u8]) {
        self.begin(connect, Some(question), None);
    }

    /// Keeps a CONNECT until its exchange has ended.
    pub(super) fn hold(&mut self, exchange: Exchange, connect: &[u8]) {
        self.begin(connect, None, Some(Box::new(exchange)));
    }

    fn begin(
        &mut self,
        connect: &[u8],
        question: Option<Question>,
        exchange: Option<Box<Exchange>>,
    ) {
        let held = Some(Held { connect: connect.to_vec(), question });
        self.0 = Some(Box::new(Applicant { held, vouched: None, exchange }));
    }

    pub(super) fn take_connect(&mut self) -> Option<Vec<u8>> {
        self.0.as_mut()?.held.take().map(|held| held.connect)
    }
}

impl Connection {
    /// What must be answered before this connection goes on, once.
    pub fn take_question(&mut self) -> Option<Question> {
        self.entry.0.as_mut()?.held.as_mut()?.question.take()
    }
}

impl Core {
    /// Goes on with the CONNECT that was asked about. The bytes behind it are
    /// to be brought to [`Core::receive`] afterwards; the shell then calls
    /// [`Core::flush`]. Without a CONNECT that waits, nothing happens.
    pub fn answer(
        &self,
        worker: &mut Worker,
        connection: &mut Connection,
        verdict: Verdict,
    ) -> Progress {
        let Some(bytes) = connection.entry.take_connect() else {
            return Progress::Consumed(0);
        };
        if connection.is_over() {
            // It came too late: the connection was cut off meanwhile.
            return Progress::Over;
        }
        // The time it took is not the client's silence.
        connection.pulse.last_packet.set(worker.now);
        let (admitted, user, span) = match verdict {
            Verdict::Refused => (false, None, None),
            Verdict::Admitted => (true, None, None),
            Verdict::AdmittedFor(span) => (true, None, Some(span)),
            Verdict::AdmittedAs(user, span) => (true, Some(user), Some(span)),
        };
        connection.pulse.ends.set(span.map_or(Time::ZERO, |span| worker.now + span));
        connection.entry.vouch(user);
        let _batch = self.begin_batch();
        let admitted = match read(&bytes) {
            Some(connect) if admitted => self.admit(worker, connection, &connect),
            Some(connect) => Err(self.refuse(worker, connection, &connect, Refusal::Password)),
            None => Err(End::Lost),
        };
        if let Err(end) = admitted {
            self.end(worker, connection, end);
            return Progress::Over;
        }
        Progress::Consumed(0)
    }
}

impl Peer {
    pub(super) fn door(&self, connect: &Connect<'_>) -> Door {
        let Entrance { anonymous, passwords, tokens, certificates, .. } = *self.entrance;
        let ask = || {
            Door::Guarded(Question {
                user: connect.username.map(Into::into),
                password: Secret::new(connect.password.unwrap_or_default()),
            })
        };
        match connect.username {
            _ if certificates && self.identity.is_some() => Door::Open,
            _ if certificates => Door::Closed(Refusal::Certificate),
            None if tokens && connect.password.is_some() => ask(),
            None if anonymous => Door::Open,
            None => Door::Closed(Refusal::Anonymous),
            Some(_) if !passwords => Door::Open,
            Some(_) => ask(),
        }
    }

    /// The user that a client is: the one it was let in as.
    pub(super) fn user<'a>(&'a self, connect: &Connect<'a>) -> Option<&'a str> {
        if self.entrance.certificates { self.identity.as_deref() } else { connect.username }
    }
}

/// The CONNECT in `bytes`, which was read before.
pub(super) fn read(bytes: &[u8]) -> Option<Connect<'_>> {
    let frame = next_frame(bytes, usize::MAX).ok()??;
    match Packet::decode(&frame, Version::V5).ok()? {
        Packet::Connect(connect) => Some(connect),
        _ => None,
    }
}

//! Enhanced authentication (MQTT 5.0 §4.12): who may send AUTH when, and what
//! becomes of it. The core carries the data of a method and does not read it;
//! the shell knows the methods.

use super::Core;
use super::connection::{Connection, End, Open, Progress, cut, send_replies, violation};
use super::entry;
use super::event::Refusal;
use super::tell::Outgoing;
use super::worker::Worker;
use crate::mqtt::{Auth, AuthProperties, Connect, Error, Frame, Packet, ReasonCode, Version};
use std::cell::RefCell;

/// A step of an exchange for the shell to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The method, which is one of [`super::Entrance::methods`].
    pub method: Box<str>,
    /// Whether an exchange begins with it: a client's first, or when it
    /// authenticates again.
    pub begins: bool,
    /// What the client sent; empty if it sent none.
    pub data: Vec<u8>,
}

/// What a step led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The client is sent this and must answer.
    Continue(Vec<u8>),
    /// The client is this user; the data is the last it is sent.
    Admitted {
        /// The user's name, which the rules know it by.
        user: Box<str>,
        /// The last data of the method; may be empty.
        data: Vec<u8>,
    },
    /// It is not who it says it is.
    Refused,
}

/// The exchange of one connection. It outlives the CONNECT, since a client may
/// authenticate again by the same method.
#[derive(Debug)]
pub(super) struct Exchange {
    method: Box<str>,
    turn: Turn,
    step: Option<Step>,
    /// Whom it was admitted as, and the data for its CONNACK.
    admitted: Option<(Box<str>, Vec<u8>)>,
    /// AUTH packets for a client that has no session yet.
    early: RefCell<Vec<u8>>,
}

/// Who must say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Client,
    Shell,
    Nobody,
}

impl Exchange {
    fn new(method: &str, data: Option<&[u8]>) -> Self {
        let mut exchange = Self {
            method: method.into(),
            turn: Turn::Nobody,
            step: None,
            admitted: None,
            early: RefCell::default(),
        };
        exchange.ask(true, data);
        exchange
    }

    fn ask(&mut self, begins: bool, data: Option<&[u8]>) {
        self.turn = Turn::Shell;
        let data = data.unwrap_or_default().to_vec();
        self.step = Some(Step { method: self.method.clone(), begins, data });
    }

    pub(super) fn waits_for_shell(&self) -> bool {
        self.turn == Turn::Shell
    }

    pub(super) fn user(&self) -> Option<&str> {
        self.admitted.as_ref().map(|(user, _)| &**user)
    }

    /// The last data of the method, for CONNACK.
    pub(super) fn last_data(&self) -> Option<&[u8]> {
        self.admitted.as_ref().map(|(_, data)| &**data).filter(|data| !data.is_empty())
    }

    /// What is to be sent before there is a session.
    pub(super) fn take_early(&self) -> Vec<u8> {
        self.early.take()
    }

    /// Takes an AUTH of the client (MQTT-4.12.0-5, §3.15.2.1).
    fn take(&mut self, auth: &Auth<'_>) -> Result<(), Error> {
        if auth.properties.authentication_method != Some(&self.method) {
            let what = "AUTH names another method than CONNECT";
            return Err(Error::protocol("MQTT-4.12.0-5", what));
        }
        let begins = match (auth.reason, self.turn) {
            (ReasonCode::CONTINUE_AUTHENTICATION, Turn::Client) => false,
            (ReasonCode::REAUTHENTICATE, Turn::Nobody) => true,
            _ => {
                let what = "this AUTH is not the next step of its exchange";
                return Err(Error::protocol("§4.12", what));
            }
        };
        self.ask(begins, auth.properties.authentication_data);
        Ok(())
    }

    /// Appends an AUTH of the server.
    fn put(&self, reason: ReasonCode, data: &[u8], out: &mut Vec<u8>) -> Result<(), End> {
        let properties = AuthProperties {
            authentication_method: Some(&self.method),
            authentication_data: (!data.is_empty()).then_some(data),
            ..AuthProperties::default()
        };
        let packet = Packet::Auth(Auth { reason, properties });
        packet.encode(Version::V5, out).map_err(cut)
    }
}

impl Connection {
    /// The step that must be answered by [`Core::answer_step`], once. Before
    /// CONNACK the connection waits for it; later it goes on meanwhile.
    pub fn take_step(&mut self) -> Option<Step> {
        let open = self.open.as_mut().and_then(|open| open.exchange.as_mut());
        open.map(AsMut::as_mut).or(self.entry.exchange_mut())?.step.take()
    }

    /// AUTH packets for the owner of the link to write before there is a session.
    pub(super) fn take_early_output(&self) -> Option<Vec<u8>> {
        let early = self.entry.exchange()?.take_early();
        (!early.is_empty()).then_some(early)
    }
}

impl Core {
    /// A CONNECT that names a method.
    pub(super) fn begin_exchange(
        &self,
        worker: &mut Worker,
        connection: &mut Connection,
        connect: &Connect<'_>,
        method: &str,
        frame: &Frame<'_>,
    ) -> Result<(), End> {
        let entrance = &connection.peer.entrance;
        let offered = entrance.methods.iter().any(|offered| **offered == *method);
        // Where certificates say who a client is, nothing else does.
        if !offered || entrance.certificates {
            return Err(self.refuse(worker, connection, connect, Refusal::Method));
        }
        let exchange = Exchange::new(method, connect.properties.authentication_data);
        connection.entry.hold(exchange, frame.bytes);
        Ok(())
    }

    /// A packet between CONNECT and CONNACK (MQTT-3.1.2-30).
    pub(super) fn on_early_frame(
        &self,
        worker: &mut Worker,
        connection: &mut Connection,
        frame: &Frame<'_>,
    ) -> Result<(), End> {
        let taken = match (Packet::decode(frame, Version::V5), connection.entry.exchange_mut()) {
            (Ok(Packet::Auth(auth)), Some(exchange)) => exchange.take(&auth),
            (Ok(Packet::Disconnect(_)), _) => return Err(End::Lost),
            (Err(error), _) => Err(error),
            _ => Err(Error::protocol("MQTT-3.1.2-30", "only AUTH may come before CONNACK")),
        };
        taken.map_err(|error| self.refuse_entry(worker, connection, Refusal::Violation(error)))
    }

    /// Answers the CONNECT that waits with a refusal.
    fn refuse_entry(&self, worker: &mut Worker, connection: &mut Connection, why: Refusal) -> End {
        worker.replies.extend(connection.take_early_output().unwrap_or_default());
        let bytes = connection.entry.take_connect().unwrap_or_default();
        let connect = entry::read(&bytes);
        connect.map_or(End::Lost, |connect| self.refuse(worker, connection, &connect, why))
    }

    /// Goes on as the shell says it must after [`Connection::take_step`]; the
    /// shell then calls [`Core::flush`]. Without a step that waits, nothing
    /// happens.
    pub fn answer_step(
        &self,
        worker: &mut Worker,
        connection: &mut Connection,
        outcome: Outcome,
    ) -> Progress {
        if connection.is_over() {
            // It came too late: the connection was cut off meanwhile.
            return Progress::Over;
        }
        let _batch = self.begin_batch();
        let answered = match &mut connection.open {
            Some(open) => answer_again(worker, open, outcome),
            None => self.answer_first(worker, connection, outcome),
        };
        if let Err(end) = answered {
            self.end(worker, connection, end);
            return Progress::Over;
        }
        Progress::Consumed(0)
    }

    fn answer_first(
        &self,
        worker: &mut Worker,
        connection: &mut Connection,
        outcome: Outcome,
    ) -> Result<(), End> {
        let Some(exchange) = connection.entry.exchange_mut().filter(|it| it.waits_for_shell())
        else {
            return Ok(());
        };
        // The time it took is not the client's silence.
        connection.pulse.last_packet.set(worker.now);
        match outcome {
            Outcome::Continue(data) => {
                exchange.turn = Turn::Client;
                let reason = ReasonCode::CONTINUE_AUTHENTICATION;
                let mut early = exchange.early.borrow_mut();
                let told = early.len();
                exchange.put(reason, &data, &mut early)?;
                worker.counters.answers_sent.add(1);
                let to =
                    Outgoing { connection: connection.number, who: None, version: Version::V5 };
                self.tell_output(worker.now, to, &early, told);
                connection.link.wake();
                Ok(())
            }
            Outcome::Admitted { user, data } => {
                exchange.turn = Turn::Nobody;
                exchange.admitted = Some((user, data));
                let bytes = connection.entry.take_connect().unwrap_or_default();
                let connect = entry::read(&bytes).ok_or(End::Lost)?;
                self.admit(worker, connection, &connect)
            }
            Outcome::Refused => Err(self.refuse_entry(worker, connection, Refusal::Exchange)),
        }
    }
}

/// An AUTH on a connection that is open: the client authenticates again.
pub(super) fn on_auth(open: &mut Open, auth: &Auth<'_>) -> Result<(), End> {
    match &mut open.exchange {
        Some(exchange) => exchange.take(auth).map_err(cut),
        None => Err(violation("MQTT-4.12.0-7", "AUTH follows no method in CONNECT")),
    }
}

/// A step of a client that authenticates again; until it has, it stays who it
/// was. It cannot become somebody else: its session is the user's.
fn answer_again(worker: &mut Worker, open: &mut Open, outcome: Outcome) -> Result<(), End> {
    let Some(exchange) = open.exchange.as_mut().filter(|exchange| exchange.waits_for_shell())
    else {
        return Ok(());
    };
    let (turn, reason, data) = match outcome {
        Outcome::Continue(data) => (Turn::Client, ReasonCode::CONTINUE_AUTHENTICATION, data),
        Outcome::Admitted { user, data } if exchange.user() == Some(&user) => {
            (Turn::Nobody, ReasonCode::SUCCESS, data)
        }
        Outcome::Admitted { .. } | Outcome::Refused => {
            return Err(End::Cut(ReasonCode::NOT_AUTHORIZED));
        }
    };
    exchange.turn = turn;
    exchange.put(reason, &data, &mut worker.replies)?;
    worker.counters.answers_sent.add(1);
    send_replies(worker, open);
    Ok(())
}

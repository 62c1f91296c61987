//! The task of a client inside the process, on a worker of the broker: moves
//! bytes between a client's session and the core.

use super::ledger::{Answer, Ledger, OnMessage};
use crate::broker::core::{Connection, Peer};
use crate::broker::link::{Asked, SocketLink};
use crate::broker::worker::Shared;
use crate::client::explain;
use crate::mqtt::{
    Message, QoS, ReasonCode, SubscribeOptions, SubscribeProperties, SubscribeRequest,
};
use crate::session::{ClientConfig, ClientSession, Event, Failure};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a handle asks for.
#[derive(Debug)]
pub(super) enum Command {
    Publish(Message, Answer<ReasonCode>),
    Subscribe {
        filter: Box<str>,
        options: SubscribeOptions,
        on_message: OnMessage,
        answer: Answer<()>,
    },
    Unsubscribe(Box<str>, Answer<()>),
}

/// A client on its way to its worker.
#[derive(Debug)]
pub(in crate::broker) struct Visit {
    config: ClientConfig,
    commands: mpsc::UnboundedReceiver<Command>,
    connected: Answer<()>,
}

/// A client on its worker.
struct Guest {
    shared: Rc<Shared>,
    link: Arc<SocketLink>,
    connection: Connection,
    session: ClientSession,
    ledger: Ledger,
}

impl Visit {
    pub(super) fn new(
        config: ClientConfig,
        commands: mpsc::UnboundedReceiver<Command>,
        connected: Answer<()>,
    ) -> Self {
        // Neither side can be lost without the other, so nobody need ask.
        let config = ClientConfig { keep_alive: 0, ..config };
        Self { config, commands, connected }
    }

    /// Serves the client until it is over.
    pub(in crate::broker) async fn serve(mut self, shared: Rc<Shared>) {
        let link = Arc::new(SocketLink::new(None));
        let for_core = Arc::clone(&link);
        let connection = shared.batch(|core, worker| {
            core.accept(worker, for_core, Peer { inside: true, ..Peer::default() })
        });
        let session = ClientSession::new(self.config);
        let ledger = Ledger::new(self.connected);
        let mut guest = Guest { shared, link, connection, session, ledger };
        let end = guest.stay(&mut self.commands).await;
        let connection = &mut guest.connection;
        guest.shared.batch(|core, worker| core.close(worker, connection));
        // Whoever waits for something else sees that nobody answers any more.
        if let (Some(connected), Err(failure)) = (guest.ledger.connected, end) {
            let _ = connected.send(Err(explain(failure)));
        }
    }
}

impl Guest {
    /// Does what the handle asks for until that is gone or the broker ends it.
    async fn stay(
        &mut self,
        commands: &mut mpsc::UnboundedReceiver<Command>,
    ) -> Result<(), Failure> {
        self.session.connect(self.shared.now())?;
        loop {
            self.exchange()?;
            tokio::select! {
                asked = poll_fn(|cx| self.link.poll_asked(cx)) => match asked {
                    Asked::Write => {}
                    Asked::Finish(last) => return self.receive(&last),
                },
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return self.leave(),
                },
            }
        }
    }

    /// Moves bytes both ways until there are none.
    fn exchange(&mut self) -> Result<(), Failure> {
        loop {
            let sent = std::mem::take(self.session.output());
            let connection = &mut self.connection;
            let received = self.shared.batch(|core, worker| {
                core.receive(worker, connection, &sent);
                core.take_output(connection, worker)
            });
            match received {
                Some(bytes) => self.receive(&bytes)?,
                None if self.session.output().is_empty() => return Ok(()),
                None => {}
            }
        }
    }

    fn receive(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let (ledger, now) = (&mut self.ledger, self.shared.now());
        // The core's output is whole packets, so nothing is left over.
        self.session.receive(bytes, now, &mut |event: Event<'_>| ledger.note(&event)).map(drop)
    }

    fn leave(&mut self) -> Result<(), Failure> {
        self.session.disconnect(ReasonCode::SUCCESS, self.shared.now())?;
        self.exchange()
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Publish(message, answer) => self.publish(&message, answer),
            Command::Subscribe { filter, options, on_message, answer } => {
                let (token, now) = (self.ledger.token(), self.shared.now());
                let subscription_identifier = Some(self.ledger.open(&filter, on_message));
                let properties = SubscribeProperties {
                    subscription_identifier,
                    ..SubscribeProperties::default()
                };
                let request = SubscribeRequest { filter: &filter, options };
                let sent = self.session.subscribe(&[request], properties, token, now);
                self.ledger.await_change(token, sent, Some(filter), answer);
            }
            Command::Unsubscribe(filter, answer) => {
                let (token, now) = (self.ledger.token(), self.shared.now());
                self.ledger.close(&filter);
                let sent = self.session.unsubscribe(&[&filter], token, now);
                self.ledger.await_change(token, sent, None, answer);
            }
        }
    }

    fn publish(&mut self, message: &Message, answer: Answer<ReasonCode>) {
        let (token, now) = (self.ledger.token(), self.shared.now());
        match self.session.publish(&message.publish(None, false), token, now) {
            Ok(()) if message.qos == QoS::AtMostOnce => {
                let _ = answer.send(Ok(ReasonCode::SUCCESS));
            }
            Ok(()) => self.ledger.await_published(token, answer),
            Err(failure) => drop(answer.send(Err(explain(failure)))),
        }
    }
}

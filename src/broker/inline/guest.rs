//! The task of a client inside the process, on a worker of the broker: does
//! what its handle asks for.

use super::insider::Insider;
use super::ledger::{Answer, Ledger, OnMessage};
use crate::broker::link::Asked;
use crate::broker::worker::Shared;
use crate::client::explain;
use crate::mqtt::{
    Message, QoS, ReasonCode, SubscribeOptions, SubscribeProperties, SubscribeRequest,
    UnsubscribeProperties,
};
use crate::session::{ClientConfig, ClientSession, Failure};
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
    insider: Insider,
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
        let ledger = Ledger::new(self.connected);
        let mut session = ClientSession::new(self.config);
        let begun = session.connect(shared.now());
        let mut guest = Guest { insider: Insider::enter(shared, session, Arc::default()), ledger };
        let end = match begun {
            Ok(()) => guest.stay(&mut self.commands).await,
            Err(failure) => Err(failure),
        };
        guest.insider.leave();
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
        loop {
            self.exchange().await?;
            tokio::select! {
                asked = self.insider.asked() => match asked {
                    Asked::Write => {}
                    Asked::Finish(last) => {
                        let ledger = &mut self.ledger;
                        return self.insider.receive(&last.whole(), &mut |event| ledger.note(&event));
                    }
                },
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return self.part().await,
                },
            }
        }
    }

    /// Moves bytes both ways until there are none; others have their turns in
    /// between.
    async fn exchange(&mut self) -> Result<(), Failure> {
        let ledger = &mut self.ledger;
        while self.insider.take(&mut |event| ledger.note(&event))?
            || !self.insider.session.output().is_empty()
        {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn part(&mut self) -> Result<(), Failure> {
        let now = self.insider.now();
        self.insider.session.disconnect(ReasonCode::SUCCESS, now)?;
        self.exchange().await
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Publish(message, answer) => self.publish(&message, answer),
            Command::Subscribe { filter, options, on_message, answer } => {
                let (token, now) = (self.ledger.token(), self.insider.now());
                let subscription_identifier = Some(self.ledger.open(&filter, on_message));
                let properties = SubscribeProperties {
                    subscription_identifier,
                    ..SubscribeProperties::default()
                };
                let request = SubscribeRequest { filter: &filter, options };
                let sent = self.insider.session.subscribe(&[request], properties, token, now);
                self.ledger.await_change(token, sent, Some(filter), answer);
            }
            Command::Unsubscribe(filter, answer) => {
                let (token, now) = (self.ledger.token(), self.insider.now());
                self.ledger.close(&filter);
                let none = UnsubscribeProperties::default();
                let sent = self.insider.session.unsubscribe(&[&filter], none, token, now);
                self.ledger.await_change(token, sent, None, answer);
            }
        }
    }

    fn publish(&mut self, message: &Message, answer: Answer<ReasonCode>) {
        let (token, now) = (self.ledger.token(), self.insider.now());
        match self.insider.session.publish(&message.publish(None, false), token, now) {
            Ok(()) if message.qos == QoS::AtMostOnce => {
                let _ = answer.send(Ok(ReasonCode::SUCCESS));
            }
            Ok(()) => self.ledger.await_published(token, answer),
            Err(failure) => drop(answer.send(Err(explain(failure)))),
        }
    }
}

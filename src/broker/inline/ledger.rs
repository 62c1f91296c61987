//! What a client inside the process has asked for: who waits for an answer of
//! the broker, and what is done with the messages of each subscription.

use crate::client::explain;
use crate::error::{Class, Error, Result};
use crate::mqtt::{Message, Publish, ReasonCode, SubscriptionId};
use crate::session::{Event, Failure, Token};
use std::collections::HashMap;
use std::fmt;
use tokio::sync::oneshot;

/// Where an answer goes. Nobody may be waiting for it any more, so that it
/// cannot be given is no failure.
pub(super) type Answer<T> = oneshot::Sender<Result<T>>;

/// What is done with the messages of a subscription.
pub(super) struct OnMessage(Box<dyn FnMut(Message) + Send>);

impl OnMessage {
    pub(super) fn new(on_message: impl FnMut(Message) + Send + 'static) -> Self {
        Self(Box::new(on_message))
    }
}

impl fmt::Debug for OnMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnMessage")
    }
}

/// A subscription, known by the identifier that comes with its messages.
#[derive(Debug)]
struct Subscription {
    filter: Box<str>,
    id: SubscriptionId,
    on_message: OnMessage,
}

/// The largest number of an identifier (MQTT 5.0 §1.5.5).
const MOST: u32 = 268_435_455;

/// What was asked for and is not settled.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    last_token: Token,
    last_id: u32,
    subscriptions: Vec<Subscription>,
    pub(super) connected: Option<Answer<()>>,
    published: HashMap<Token, Answer<ReasonCode>>,
    /// Subscriptions that are to be made, with their filters, or ended.
    changed: HashMap<Token, (Option<Box<str>>, Answer<()>)>,
}

impl Ledger {
    /// Nothing but `connected` is asked for.
    pub(super) fn new(connected: Answer<()>) -> Self {
        Self { connected: Some(connected), ..Self::default() }
    }

    pub(super) const fn token(&mut self) -> Token {
        self.last_token += 1;
        self.last_token
    }

    /// Begins a subscription in place of another to the same filter. It has an
    /// identifier of its own: what is on its way to the other is not for it.
    pub(super) fn open(&mut self, filter: &str, on_message: OnMessage) -> SubscriptionId {
        self.close(filter);
        self.last_id = self.last_id % MOST + 1;
        let id = SubscriptionId::new(self.last_id).unwrap_or(SubscriptionId::MIN);
        self.subscriptions.push(Subscription { filter: filter.into(), id, on_message });
        id
    }

    /// Ends the subscription to `filter`, if there is one.
    pub(super) fn close(&mut self, filter: &str) {
        self.subscriptions.retain(|subscription| &*subscription.filter != filter);
    }

    pub(super) fn await_published(&mut self, token: Token, answer: Answer<ReasonCode>) {
        self.published.insert(token, answer);
    }

    /// Waits for the answer to a request that was `sent`, to subscribe to
    /// `filter` or, without one, to unsubscribe.
    pub(super) fn await_change(
        &mut self,
        token: Token,
        sent: Result<(), Failure>,
        filter: Option<Box<str>>,
        answer: Answer<()>,
    ) {
        match sent {
            Ok(()) => drop(self.changed.insert(token, (filter, answer))),
            Err(failure) => drop(answer.send(Err(explain(failure)))),
        }
    }

    /// Hands a message on, or tells whoever waited for this event.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Message(publish) | Event::Entrusted { publish, .. } => self.hand_on(publish),
            Event::Connected(_) => {
                self.connected.take().map(|answer| answer.send(Ok(())));
            }
            Event::Published { token, reason } => {
                let answer = self.published.remove(token);
                answer.map(|answer| answer.send(verdict(*reason, Class::PublishRejected)));
            }
            Event::Pong => {}
            Event::Subscribed { token, reasons } | Event::Unsubscribed { token, reasons } => {
                let reason = reasons.first().copied().unwrap_or(ReasonCode::SUCCESS);
                self.settle(*token, verdict(reason, Class::SubscribeDenied).map(drop));
            }
        }
    }

    fn settle(&mut self, token: Token, verdict: Result<()>) {
        let Some((filter, answer)) = self.changed.remove(&token) else { return };
        if let (Some(filter), Err(_)) = (filter, &verdict) {
            self.close(&filter);
        }
        let _ = answer.send(verdict);
    }

    /// Every subscription that matched gets the message.
    fn hand_on(&mut self, publish: &Publish<'_>) {
        // It came out of a packet, so it can be kept.
        let Ok(message) = Message::new(publish) else { return };
        for id in publish.properties.subscription_identifiers.iter() {
            let known = self.subscriptions.iter_mut().find(|subscription| subscription.id == id);
            if let Some(subscription) = known {
                (subscription.on_message.0)(message.clone());
            }
        }
    }
}

fn verdict(reason: ReasonCode, class: Class) -> Result<ReasonCode> {
    if reason.is_error() {
        let what = format!("the broker refused: {reason}");
        return Err(Error::new(class, what).reason_code(reason.value()));
    }
    Ok(reason)
}

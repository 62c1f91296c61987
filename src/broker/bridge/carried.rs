//! What a bridge has in its hands: messages and answers of one side that the
//! other side is to be told.

use crate::mqtt::{Error, Message, Publish, PublishProperties, ReasonCode, SubscriptionIds};
use crate::session::{Event, Receipt, ServerLimits, Token};
use std::collections::VecDeque;

/// A message on its way through a bridge.
#[derive(Debug)]
pub(super) struct Carried {
    pub(super) message: Message,
    /// What it is acknowledged by where it came from; 0 for QoS 0, which is not.
    pub(super) receipt: Receipt,
}

/// What one side has said.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Messages, in order.
    pub(super) messages: VecDeque<Carried>,
    /// How messages of the other side have ended; a token here is the receipt
    /// there.
    pub(super) ended: Vec<(Token, ReasonCode)>,
    /// The answers to SUBSCRIBE.
    pub(super) answers: Vec<Vec<ReasonCode>>,
    /// Whether the session goes on, once that is known.
    pub(super) session_present: Option<bool>,
}

impl News {
    /// Notes an event of a session.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Connected(connack) => self.session_present = Some(connack.session_present),
            Event::Message(publish) => self.carry(Message::new(publish), 0),
            Event::Entrusted { publish, receipt } => self.carry(Message::new(publish), *receipt),
            Event::Published { token, reason } => self.ended.push((*token, *reason)),
            Event::Subscribed { reasons, .. } => self.answers.push(reasons.to_vec()),
            Event::Unsubscribed { .. } | Event::Pong => {}
        }
    }

    fn carry(&mut self, message: Result<Message, Error>, receipt: Receipt) {
        // It came out of a packet, so it can be kept.
        if let Ok(message) = message {
            self.messages.push_back(Carried { message, receipt });
        }
    }
}

/// A message under this topic, with what is its own and not of a delivery.
pub(super) fn as_published<'a>(message: &'a Message, topic: &'a str) -> Publish<'a> {
    let whole = message.publish(None, false);
    let properties = PublishProperties {
        subscription_identifiers: SubscriptionIds::default(),
        ..whole.properties
    };
    Publish { topic, properties, ..whole }
}

/// A message as a broker takes it that does not have every quality of service,
/// or retains nothing.
pub(super) fn fitted<'a>(publish: &Publish<'a>, limits: &ServerLimits) -> Publish<'a> {
    Publish {
        qos: publish.qos.min(limits.maximum_qos),
        retain: publish.retain && limits.retain_available,
        ..*publish
    }
}

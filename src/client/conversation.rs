//! A client that does one thing after the other and waits for what comes of each:
//! for commands that look at a broker rather than work with it.

use super::{Announced, ConnectOptions, Connection, explain};
use crate::error::{Class, Error, Result};
use crate::mqtt::{
    Message, Publish, QoS, ReasonCode, SubscribeProperties, SubscribeRequest,
    UnsubscribeProperties, Version,
};
use crate::net::Stream;
use crate::session::{Event, Token};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A connection to a broker, and what was heard and not taken yet.
pub struct Conversation {
    connection: Connection,
    heard: Heard,
    last: Token,
    /// How long each answer may take.
    patience: Duration,
}

/// What the broker has said.
#[derive(Default)]
struct Heard {
    announced: Announced,
    messages: VecDeque<Message>,
    pongs: u64,
    /// What came of publishes.
    taken: Vec<(Token, ReasonCode)>,
    /// What came of subscriptions and their ends.
    answers: Vec<(Token, Vec<ReasonCode>)>,
}

impl Heard {
    fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Connected(connack) => self.announced = Announced::from(*connack),
            Event::Message(publish) | Event::Entrusted { publish, .. } => {
                self.messages.extend(Message::new(publish));
            }
            Event::Pong => self.pongs += 1,
            Event::Published { token, reason } => self.taken.push((*token, *reason)),
            Event::Subscribed { token, reasons } | Event::Unsubscribed { token, reasons } => {
                self.answers.push((*token, reasons.to_vec()));
            }
        }
    }
}

impl Conversation {
    /// Connects as [`Connection::open`] does.
    ///
    /// # Errors
    /// As [`Connection::open`].
    pub async fn open(options: ConnectOptions) -> Result<Self> {
        let (mut heard, patience) = (Heard::default(), options.connect_timeout);
        let connection = Connection::open(options, &mut |event| heard.note(&event)).await?;
        Ok(Self { connection, heard, last: 0, patience })
    }

    /// Speaks with the broker at the other end of `stream`, see [`Connection::over`].
    ///
    /// # Errors
    /// As [`Connection::over`].
    pub async fn over(stream: Stream, options: ConnectOptions) -> Result<Self> {
        let (mut heard, patience) = (Heard::default(), options.connect_timeout);
        let opened = Connection::over(stream, options, &mut |event| heard.note(&event)).await;
        Ok(Self { connection: opened?, heard, last: 0, patience })
    }

    /// The version of MQTT that is spoken.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.connection.version()
    }

    /// What the broker has said of itself when it accepted.
    #[must_use]
    pub const fn announced(&self) -> &Announced {
        &self.heard.announced
    }

    /// Waits no longer than this for each answer from now on.
    pub const fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Asks for a sign of life and waits for it.
    ///
    /// # Errors
    /// When none comes.
    pub async fn ping(&mut self) -> Result<()> {
        let before = self.heard.pongs;
        self.connection.ping()?;
        self.until("to PINGREQ", |heard| (heard.pongs > before).then_some(())).await
    }

    /// Subscribes, and returns what came of each filter.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn subscribe(
        &mut self,
        requests: &[SubscribeRequest<'_>],
        properties: SubscribeProperties<'_>,
    ) -> Result<Vec<ReasonCode>> {
        let token = self.token();
        self.connection.subscribe(requests, properties, token)?;
        self.answer("to SUBSCRIBE", token).await
    }

    /// Ends subscriptions, and returns what came of each; nothing before MQTT 5.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn unsubscribe(&mut self, filters: &[&str]) -> Result<Vec<ReasonCode>> {
        let token = self.token();
        self.connection.unsubscribe(filters, UnsubscribeProperties::default(), token)?;
        self.answer("to UNSUBSCRIBE", token).await
    }

    /// Publishes, and returns what the broker says of it; with QoS 0 it says
    /// nothing, which counts as success.
    ///
    /// # Errors
    /// When it cannot be sent, or no answer comes.
    pub async fn publish(&mut self, message: &Publish<'_>) -> Result<ReasonCode> {
        let token = self.token();
        self.connection.publish(message, token).map_err(explain)?;
        if message.qos == QoS::AtMostOnce {
            return Ok(ReasonCode::SUCCESS);
        }
        let mine = |heard: &mut Heard| take(&mut heard.taken, token);
        self.until("to PUBLISH", mine).await
    }

    /// Sends these bytes as they are: for finding out what a broker makes of what breaks
    /// the standard.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.connection.engine.output().extend_from_slice(bytes);
    }

    /// The next message.
    ///
    /// # Errors
    /// When none comes.
    pub async fn message(&mut self) -> Result<Message> {
        self.until("with a message", |heard| heard.messages.pop_front()).await
    }

    /// Ends in order.
    ///
    /// # Errors
    /// As [`Connection::close`].
    pub async fn close(self) -> Result<()> {
        self.connection.close().await
    }

    fn token(&mut self) -> Token {
        self.last += 1;
        self.last
    }

    async fn answer(&mut self, to: &str, token: Token) -> Result<Vec<ReasonCode>> {
        self.until(to, |heard| take(&mut heard.answers, token)).await
    }

    /// Goes on until `found` finds something in what was heard.
    async fn until<T>(
        &mut self,
        what: &str,
        mut found: impl FnMut(&mut Heard) -> Option<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + self.patience;
        loop {
            if let Some(found) = found(&mut self.heard) {
                return Ok(found);
            }
            let heard = &mut self.heard;
            let mut note = |event: Event<'_>| heard.note(&event);
            match timeout_at(deadline, self.connection.exchange(&mut note)).await {
                Ok(done) => done?,
                Err(_) => return Err(too_late(what, self.patience)),
            }
        }
    }
}

/// Takes out what belongs to `token`.
fn take<T>(rows: &mut Vec<(Token, T)>, token: Token) -> Option<T> {
    let place = rows.iter().position(|row| row.0 == token)?;
    Some(rows.swap_remove(place).1)
}

fn too_late(what: &str, patience: Duration) -> Error {
    let seconds = patience.as_secs_f64();
    Error::new(Class::Timeout, format!("the broker does not answer {what} in {seconds} s"))
}

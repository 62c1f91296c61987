//! Answers requests: each gets a reply at the topic it names, with its correlation data.

mod inbox;
mod reply;
mod tally;
mod works;

pub use reply::Reply;

use crate::client::{self, Answers, ConnectOptions, Connection, Retries, expire, explain, part};
use crate::error::Result;
use crate::mqtt::topic::{TopicFilter, TopicName};
use crate::mqtt::{
    MessageProperties, QoS, SubscribeOptions, SubscribeProperties, SubscribeRequest,
};
use crate::output;
use crate::session::{Event, Failure, Token};
use crate::signals::Signal;
use inbox::Inbox;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;
use tally::Tally;
use works::Works;

/// The SUBSCRIBE, and each reply.
const SUBSCRIBE: Token = 0;
const REPLY: Token = 1;

/// Which requests to answer, and how.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to connect.
    pub connect: ConnectOptions,
    /// How often connecting is tried again.
    pub retries: Retries,
    /// Where requests come.
    pub filters: Vec<TopicFilter>,
    /// The highest quality of service of requests; a reply has that of its request.
    pub qos: QoS,
    /// What makes the replies.
    pub answer: Answer,
    /// Whether the broker is to keep the replies.
    pub retain: bool,
    /// What else is said of every reply, in MQTT 5.
    pub properties: MessageProperties,
    /// Where replies go to requests that do not say it; before MQTT 5 none does.
    pub reply_to: Option<TopicName>,
    /// Commands that run at once, at most.
    pub concurrency: NonZeroUsize,
    /// End after so many requests.
    pub count: Option<NonZeroU64>,
    /// End after this time.
    pub timeout: Option<Duration>,
}

/// What makes replies.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A text that is filled in.
    Reply(Reply),
    /// A command of the shell that has the payload of the request at its stdin and prints
    /// that of the reply, see [`crate::command`].
    Exec(Arc<str>),
}

/// Answers until there were enough requests or `stop` ends, which is a success once the
/// broker has accepted the connection.
///
/// # Errors
/// When the broker cannot be reached, refuses, or denies a subscription, when time runs
/// out, or when requests could not be answered.
pub async fn run(config: Config, stop: impl Future<Output = Signal>) -> Result<()> {
    let time_out = expire(config.timeout);
    let mut server = Server::new(config);
    let end = tokio::select! {
        biased;
        done = server.work() => done,
        signal = stop => server.stopped(signal),
        error = time_out => Err(error),
    };
    part(server.connection.take()).await;
    server.tally.left(server.inbox.waiting() + server.works.open());
    server.tally.tell();
    end.and(server.tally.verdict())
}

struct Server {
    config: Config,
    connection: Option<Connection>,
    answers: Answers,
    inbox: Inbox,
    works: Works,
    tally: Tally,
}

impl Server {
    fn new(config: Config) -> Self {
        Self {
            connection: None,
            answers: Answers::new(config.filters.iter(), [].iter()),
            inbox: Inbox::new(&config),
            works: Works::new(&config),
            tally: Tally::new(&config.answer),
            config,
        }
    }

    async fn work(&mut self) -> Result<()> {
        let Self { config, connection, answers, inbox, works, tally } = self;
        let mut on_event = |event: Event<'_>| note(&event, answers, inbox, tally);
        let retries = config.retries;
        let opened = client::connect(&config.connect, retries.first, &mut on_event).await?;
        let connection = connection.insert(opened);
        subscribe(connection, config)?;
        loop {
            send(connection, works, tally)?;
            let is_over = inbox.is_done() && works.is_idle() && connection.in_flight() == 0;
            if is_over || answers.nothing_granted() {
                return answers.verdict();
            }
            let mut on_event = |event: Event<'_>| note(&event, answers, inbox, tally);
            let exchanged = tokio::select! {
                exchanged = connection.exchange(&mut on_event) => exchanged,
                () = works.progress() => Ok(()),
            };
            if let Err(error) = exchanged {
                let mut on_event = |event: Event<'_>| note(&event, answers, inbox, tally);
                connection.keep_unsent();
                client::reconnect(connection, error, retries.again, &mut on_event).await?;
                subscribe(connection, config)?;
                output::note("subscribing again");
            }
            works.go_on(inbox, tally);
        }
    }

    fn stopped(&self, signal: Signal) -> Result<()> {
        self.connection.as_ref().map_or_else(|| Err(signal.error()), |_| self.answers.verdict())
    }
}

fn subscribe(connection: &mut Connection, config: &Config) -> Result<()> {
    let options = SubscribeOptions { qos: config.qos, ..SubscribeOptions::default() };
    let requests = config.filters.iter();
    let requests: Vec<_> =
        requests.map(|filter| SubscribeRequest { filter: filter.as_str(), options }).collect();
    connection.subscribe(&requests, SubscribeProperties::default(), SUBSCRIBE)
}

fn note(event: &Event<'_>, answers: &mut Answers, inbox: &mut Inbox, tally: &mut Tally) {
    match event {
        Event::Message(publish) => inbox.take(publish, tally),
        Event::Subscribed { reasons, .. } => answers.subscribed(reasons),
        Event::Published { reason, .. } if reason.is_error() => tally.rejected(&reason.to_string()),
        _ => {}
    }
}

/// Gives the connection the replies that are there, while it has room.
fn send(connection: &mut Connection, works: &mut Works, tally: &mut Tally) -> Result<()> {
    while !connection.is_congested()
        && let Some(reply) = works.front()
    {
        match connection.publish(&reply.publish(None, false), REPLY) {
            Ok(()) => tally.answered(),
            Err(Failure::WindowFull) => return Ok(()),
            Err(failure @ (Failure::TooLarge(..) | Failure::Invalid(_))) => {
                tally.rejected(&failure.to_string());
            }
            Err(failure) => return Err(explain(failure)),
        }
        works.advance();
    }
    Ok(())
}

//! Sends requests, one after the other, and prints the replies to each.
//!
//! Nothing is sent before the broker has taken the subscription to the topic of the
//! replies, so that none comes too early.

mod questions;
mod replies;
mod topic;

use crate::client::{
    self, Answers, ConnectOptions, Connection, Retries, expire, explain, part, within,
};
use crate::decode::Decoder;
use crate::error::{Class, Error, Result};
use crate::look::Look;
use crate::mqtt::topic::{TopicFilter, TopicName};
use crate::mqtt::{
    MessageProperties, Publish, PublishProperties, QoS, ReasonCode, SubscribeOptions,
    SubscribeProperties, SubscribeRequest,
};
use crate::output::{self, Sink};
use crate::payload::Writing;
use crate::session::{Event, Token};
use crate::signals::Signal;
use questions::{Question, Questions};
use replies::Replies;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};
use tokio::io::AsyncRead;

/// The request, and the SUBSCRIBE before it.
const REQUEST: Token = 0;
const SUBSCRIBE: Token = 1;

/// Why no more is asked after a request without a reply.
const LATE: &str = "a reply that comes late could not be told from one to the next line, so \
    that is not sent; with MQTT 5, and without --any-reply and --correlation-data, it is";

/// What to ask, where, and what to take for an answer.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to connect.
    pub connect: ConnectOptions,
    /// How often connecting is tried again.
    pub retries: Retries,
    /// Where the request is published.
    pub topic: TopicName,
    /// What it says.
    pub payload: Payload,
    /// What the payload is written in, if not as it is to be published; then the topic is
    /// filled in too.
    pub writing: Option<Writing>,
    /// The quality of service of the request, and the highest of the replies.
    pub qos: QoS,
    /// Whether the broker is to keep the request for those who come later.
    pub retain: bool,
    /// What else is said of it; the topic of the replies is added, and correlation data
    /// where it is missing.
    pub properties: MessageProperties,
    /// Where the replies come; before MQTT 5 it has to be known, and may be a filter.
    pub reply_to: Option<TopicFilter>,
    /// Which messages that come there are replies.
    pub accept: Accept,
    /// How many replies there are to be to each request.
    pub count: NonZeroU64,
    /// Give up after this time; with [`Payload::Lines`] each request, and whatever else only the
    /// broker is waited for with.
    pub timeout: Option<Duration>,
    /// Whether it is a failure that nobody is there to hear the request.
    pub wants_subscriber: bool,
    /// Whether to say how long each reply took.
    pub tells_latency: bool,
    /// How the payloads of replies are decoded.
    pub decoder: Decoder,
    /// How a reply is printed.
    pub look: Look,
}

/// Where the payload of the request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// These bytes are it.
    Known(Vec<u8>),
    /// All of the input is.
    Stdin,
    /// Each line of the input is that of a request, which follows when the one before is
    /// answered.
    Lines,
}

/// Which messages on the topic of the replies are replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Accept {
    /// What repeats the correlation data, which goes with MQTT 5 only; never what the
    /// broker had kept from before.
    #[default]
    Correlated,
    /// All that comes, and no correlation data is made up.
    Any {
        /// Also what the broker had kept from before.
        retained: bool,
    },
}

/// Asks, and prints the replies to `sink` until they are all there.
///
/// # Errors
/// When the broker cannot be reached or refuses something, when nobody hears a request
/// and that counts, when time runs out, when `stop` ends before that, or when a reply
/// could not be decoded.
pub async fn run(
    config: Config,
    input: impl AsyncRead + Unpin,
    sink: Sink,
    stop: impl Future<Output = Signal>,
) -> Result<()> {
    let is_whole = config.payload != Payload::Lines;
    let time_out = expire(config.timeout.filter(|_| is_whole));
    let mut asker = Asker::new(config, sink);
    let end = tokio::select! {
        biased;
        done = asker.work(input) => done,
        signal = stop => Err(signal.error()),
        error = time_out => Err(asker.progress.late(error)),
    };
    part(asker.connection.take()).await;
    let progress = &mut asker.progress;
    let end = end.and(progress.replies.write_out());
    end.and_then(|()| progress.replies.verdict().map_err(|error| progress.late(error)))
}

struct Asker {
    config: Config,
    /// How long the broker is waited for, where that is not the time of the whole run.
    patience: Option<Duration>,
    connection: Option<Connection>,
    /// Whether there is none now, but may be again.
    is_away: bool,
    progress: Progress,
}

/// How far it has come, as events tell it.
struct Progress {
    /// The filter for the replies, once it is known.
    filter: Option<TopicFilter>,
    /// What the broker says response topics begin with (§3.2.2.3.14).
    basis: Option<String>,
    answers: Answers,
    /// When the request was sent.
    sent: Option<Instant>,
    /// What the broker says of the request.
    taken: Option<ReasonCode>,
    replies: Replies,
}

impl Progress {
    fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Connected(connack) => {
                let basis = connack.properties.response_information;
                self.basis = basis.map(str::to_owned);
            }
            Event::Subscribed { reasons, .. } => self.answers.subscribed(reasons),
            Event::Published { reason, .. } => self.taken = Some(*reason),
            Event::Message(publish) => self.replies.note(publish, self.sent),
            _ => {}
        }
    }

    /// What it means that time is over, if that is the error.
    fn late(&self, error: Error) -> Error {
        match self.replies.strangers() {
            _ if error.class() != Class::Timeout => error,
            0 => error,
            count => error.hint(format!(
                "{count} messages came there that answer something else, or do not repeat the \
                 correlation data; --any-reply takes them"
            )),
        }
    }
}

impl Asker {
    fn new(config: Config, sink: Sink) -> Self {
        let progress = Progress {
            filter: None,
            basis: None,
            answers: Answers::new([].iter(), [].iter()),
            sent: None,
            taken: None,
            replies: Replies::new(&config, sink),
        };
        let patience = config.timeout.filter(|_| config.payload == Payload::Lines);
        Self { config, patience, connection: None, is_away: false, progress }
    }

    async fn work(&mut self, input: impl AsyncRead + Unpin) -> Result<()> {
        let mut questions = Questions::open(&self.config, input).await?;
        let is_v5 = Box::pin(within(self.patience, self.begin())).await?;
        while let Some(question) = self.next(&mut questions).await? {
            let is_known = self.send(&question, is_v5)?;
            let patience = self.patience;
            if let Err(error) = within(patience, self.answered(&question)).await {
                self.pass_over(&question, error, is_known)?;
            }
        }
        Ok(())
    }

    /// Connects, and subscribes to the replies; whether MQTT 5 is spoken.
    async fn begin(&mut self) -> Result<bool> {
        let progress = &mut self.progress;
        let Config { connect, retries, .. } = &self.config;
        let mut on_event = |event: Event<'_>| progress.note(&event);
        let connection = client::connect(connect, retries.first, &mut on_event).await?;
        let is_v5 = connection.version().is_v5();
        self.connection = Some(connection);
        self.settle()?;
        self.subscribe()?;
        while !self.progress.answers.are_complete() {
            let heard = self.hear().await;
            self.go_on_after(heard).await?;
        }
        Ok(is_v5)
    }

    /// The next request, when it is there and nothing is open of the one before.
    async fn next(
        &mut self,
        questions: &mut Questions<impl AsyncRead + Unpin>,
    ) -> Result<Option<Question>> {
        let question = loop {
            let heard = tokio::select! {
                biased;
                question = questions.next() => break question?,
                heard = self.hear() => heard,
            };
            self.go_on_after(heard).await?;
        };
        if question.is_some() {
            within(self.patience, self.acknowledged()).await?;
        }
        Ok(question)
    }

    /// Hears on until nothing that was sent is without its acknowledgement.
    async fn acknowledged(&mut self) -> Result<()> {
        while self.connection.as_ref().is_some_and(|c| c.in_flight() > 0) {
            let heard = self.hear().await;
            self.go_on_after(heard).await?;
        }
        Ok(())
    }

    /// Hears on until all replies to `question` have come.
    async fn answered(&mut self, question: &Question) -> Result<()> {
        while self.progress.replies.are_awaited() {
            let heard = self.hear().await;
            // With the last reply the broker may leave, too.
            let is_over = !self.progress.replies.are_awaited();
            self.go_on_after(heard.or_else(|lost| if is_over { Ok(()) } else { Err(lost) }))
                .await?;
            self.judge(&question.topic)?;
        }
        Ok(())
    }

    /// Goes on without the replies to a question when its time is over.
    ///
    /// # Errors
    /// `error`, if that is something else, or if replies that come too late would be taken
    /// for those to the next question, or if the broker cannot be asked another one.
    fn pass_over(&mut self, question: &Question, error: Error, is_known: bool) -> Result<()> {
        let is_idle = self.connection.as_ref().is_some_and(|c| c.in_flight() == 0);
        let replies = &mut self.progress.replies;
        if error.class() != Class::Timeout {
            return Err(error);
        }
        if !is_idle || self.is_away {
            return Err(error.at(&question.place()));
        }
        if !is_known {
            return Err(error.at(&question.place()).hint(LATE));
        }
        output::warn(format!("{}: {}; {error}", question.place(), replies.pass_over()));
        Ok(())
    }

    /// Decides where the replies come.
    fn settle(&mut self) -> Result<()> {
        let filter = match &self.config.reply_to {
            Some(filter) => filter.clone(),
            None => topic::made_up(self.progress.basis.as_deref())?,
        };
        self.progress.answers = Answers::new(std::iter::once(&filter), [].iter());
        self.config.properties.response_topic = Some(filter.as_str().to_owned());
        self.progress.filter = Some(filter);
        Ok(())
    }

    fn subscribe(&mut self) -> Result<()> {
        let Some((connection, filter)) =
            self.connection.as_mut().zip(self.progress.filter.as_ref())
        else {
            return Ok(());
        };
        let options = SubscribeOptions { qos: self.config.qos, ..SubscribeOptions::default() };
        let request = SubscribeRequest { filter: filter.as_str(), options };
        connection.subscribe(&[request], SubscribeProperties::default(), SUBSCRIBE)
    }

    /// Asks, with correlation data of its own unless that is said; whether it has such, by
    /// which its replies are known from those to any other request.
    fn send(&mut self, question: &Question, is_v5: bool) -> Result<bool> {
        let Some(connection) = &mut self.connection else { return Ok(false) };
        let correlates = is_v5 && self.config.accept == Accept::Correlated;
        let said = self.config.properties.correlation_data.clone();
        let is_own = correlates && said.is_none();
        let correlation = said.or_else(|| correlates.then(topic::correlation));
        let properties = PublishProperties {
            correlation_data: correlation.as_deref(),
            ..self.config.properties.in_packet()
        };
        let publish = Publish {
            qos: self.config.qos,
            retain: self.config.retain,
            topic: &question.topic,
            payload: &question.payload,
            properties,
            ..Publish::default()
        };
        connection.publish(&publish, REQUEST).map_err(explain)?;
        self.progress.sent = Some(Instant::now());
        self.progress.replies.await_those(correlation.filter(|_| correlates));
        Ok(is_own)
    }

    /// Hears more of the broker. May be dropped without losing anything.
    async fn hear(&mut self) -> Result<()> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let progress = &mut self.progress;
        connection.exchange(&mut |event| progress.note(&event)).await
    }

    /// Prints what has come, and connects again where the connection was lost.
    async fn go_on_after(&mut self, heard: Result<()>) -> Result<()> {
        self.progress.replies.write_out()?;
        match heard {
            Ok(()) => self.progress.answers.verdict(),
            Err(error) => Box::pin(within(self.patience, self.come_back(error))).await,
        }
    }

    /// Connects and subscribes again after the connection was lost. A request with QoS 1
    /// or 2 is sent again if the broker has not answered it; none is ever sent twice by
    /// choice, for it may be an order.
    async fn come_back(&mut self, error: Error) -> Result<()> {
        let Some(connection) = &mut self.connection else { return Err(error) };
        let is_kept = connection.keep_unsent() > 0 || connection.in_flight() > 0;
        let progress = &mut self.progress;
        let mut on_event = |event: Event<'_>| progress.note(&event);
        let again = self.config.retries.again;
        self.is_away = true;
        client::reconnect(connection, error, again, &mut on_event).await?;
        self.is_away = false;
        let is_asked = self.progress.sent.is_some() && self.progress.replies.are_awaited();
        output::note(if is_asked && !is_kept {
            "subscribing again; the request or replies may be lost"
        } else {
            "subscribing again"
        });
        self.subscribe()
    }

    /// Looks at what the broker says of the request on `topic`.
    fn judge(&mut self, topic: &str) -> Result<()> {
        match self.progress.taken.take() {
            Some(reason) if reason.is_error() => {
                let what = format!("the broker rejected the request: {reason}");
                Err(Error::new(Class::PublishRejected, what).reason_code(reason.value()))
            }
            Some(ReasonCode::NO_MATCHING_SUBSCRIBERS) => {
                let topic = output::escape(topic);
                let what = format!("nobody is subscribed to hear a request on {topic}");
                if self.config.wants_subscriber {
                    return Err(Error::new(Class::Expectation, what));
                }
                output::warn(what);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

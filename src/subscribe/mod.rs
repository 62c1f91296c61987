//! `mqx sub`: subscribes and prints what arrives, until it has seen enough.

mod format;
mod json;
mod look;
mod number;
mod printer;
mod text;

pub use format::Format;
pub use look::{Layout, Look};

use crate::client::{ConnectOptions, Connection, Retry, reconnect};
use crate::error::{Class, Error, Result};
use crate::mqtt::topic::TopicFilter;
use crate::mqtt::{
    PropertyBuf, SubscribeOptions, SubscribeProperties, SubscribeRequest, SubscriptionId,
};
use crate::output::{self, Sink};
use crate::session::Event;
use crate::signals::Signal;
use printer::{Printer, State};
use std::num::NonZeroU64;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long the broker may take to be told that we leave.
const PARTING_TIME: Duration = Duration::from_secs(2);

/// What to subscribe to, what of it to print and how, and when to end.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to connect.
    pub connect: ConnectOptions,
    /// What to subscribe to; not empty.
    pub topics: Vec<TopicFilter>,
    /// Messages with a topic that matches one of these are left out.
    pub filter_out: Vec<TopicFilter>,
    /// The options of every subscription.
    pub options: SubscribeOptions,
    /// The identifier that messages are to carry, in MQTT 5.
    pub identifier: Option<SubscriptionId>,
    /// Name-value pairs for SUBSCRIBE, in MQTT 5.
    pub user_properties: PropertyBuf,
    /// End after this many messages.
    pub count: Option<NonZeroU64>,
    /// End after this time.
    pub timeout: Option<Duration>,
    /// End as soon as the broker has answered the subscription.
    pub exit_after_sub: bool,
    /// What becomes of retained messages.
    pub retained: Retained,
    /// How a message is printed.
    pub look: Look,
}

/// What becomes of retained messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Retained {
    /// They are printed like all others.
    #[default]
    Too,
    /// They are left out.
    Never,
    /// Nothing else is printed, and the first other message is the end.
    Only,
}

/// Subscribes and prints to `sink` until it has seen enough or `stop` ends,
/// which is a success once the broker has accepted the connection.
///
/// # Errors
/// When the broker cannot be reached, refuses, or denies a subscription, when
/// time runs out, or when nobody reads the output any more.
pub async fn run(config: Config, sink: Sink, stop: impl Future<Output = Signal>) -> Result<()> {
    let time_out = expire(config.timeout);
    let mut subscriber =
        Subscriber { connection: None, printer: Printer::new(&config, sink), config };
    let end = tokio::select! {
        biased;
        done = subscriber.work() => done,
        signal = stop => subscriber.stopped(signal),
        error = time_out => Err(error),
    };
    subscriber.leave().await;
    // What was received is printed whatever the end; the first failure counts.
    let printed = subscriber.printer.write_out();
    end.and(printed).and_then(|()| subscriber.printer.verdict())
}

async fn expire(limit: Option<Duration>) -> Error {
    match limit {
        Some(limit) => {
            sleep(limit).await;
            let what = format!("the {} s of --timeout are over", limit.as_secs_f64());
            Error::new(Class::Timeout, what)
        }
        None => std::future::pending().await,
    }
}

struct Subscriber {
    config: Config,
    connection: Option<Connection>,
    printer: Printer,
}

impl Subscriber {
    /// Prints messages until there have been enough.
    async fn work(&mut self) -> Result<()> {
        let printer = &mut self.printer;
        let mut on_event = |event: Event<'_>| printer.note(&event);
        let connection = Connection::open(self.config.connect.clone(), &mut on_event).await?;
        let connection = self.connection.insert(connection);
        subscribe(connection, &self.config)?;
        while self.printer.state() == State::Open {
            let printer = &mut self.printer;
            let exchanged = connection.exchange(&mut |event| printer.note(&event)).await;
            printer.write_out()?;
            if let Err(error) = exchanged {
                reconnect(connection, error, Retry::Forever, &mut |event| printer.note(&event))
                    .await?;
                subscribe(connection, &self.config)?;
            }
        }
        Ok(())
    }

    fn stopped(&self, signal: Signal) -> Result<()> {
        match self.connection {
            Some(_) => Ok(()),
            None => Err(signal.error()),
        }
    }

    /// Says good-bye; how the connection ends does not matter any more.
    async fn leave(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = timeout(PARTING_TIME, connection.close()).await;
        }
    }
}

fn subscribe(connection: &mut Connection, config: &Config) -> Result<()> {
    let needs_v5 = config.options.no_local || config.options.retain_as_published;
    if needs_v5 && !connection.version().is_v5() {
        output::warn("--no-local and --retain-as-published have no effect before MQTT 5");
    }
    let request = |filter| SubscribeRequest { filter, options: config.options };
    let filters = config.topics.iter().map(TopicFilter::as_str);
    let requests: Vec<_> = filters.map(request).collect();
    let properties = SubscribeProperties {
        subscription_identifier: config.identifier,
        user_properties: config.user_properties.user_properties(),
    };
    connection.subscribe(&requests, properties, 0)
}

//! A client of a broker: an [`engine::Engine`] that speaks MQTT over a stream
//! of `net`, kept alive, timed and connected again when it is lost.
//!
//! Nothing here knows what the messages are for, and nothing prints but the
//! talk of `--debug` and the notices about the connection.

mod announced;
mod answers;
mod closing;
mod connection;
mod conversation;
pub mod engine;
mod failure;
mod farewell;
mod link;
mod patience;
mod reconnect;
mod scram;
pub mod talk;
mod token;

pub use announced::Announced;
pub use answers::Answers;
pub use connection::Connection;
pub use conversation::Conversation;
pub use engine::EngineKind;
pub use failure::{explain, failure_of, is_about_mark, is_about_version, no_answer, not_accepted};
pub use farewell::Farewell;
pub use patience::{expire, part, within};
pub use reconnect::{Retries, Retry, connect, connect_after, reconnect};
pub use scram::Scram;
pub use token::{TokenAlgorithm, TokenMaker, TokenOptions};

use crate::error::{self, Error, Result};
use crate::mqtt::Version;
use crate::net::{Domain, Endpoint};
use crate::output;
use crate::session::{ClientConfig, Secret};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Where to connect and as whom. `default()` is the only home of defaults.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// The broker.
    pub endpoint: Endpoint,
    /// Other brokers that are tried in turn when it fails.
    pub others: Vec<Endpoint>,
    /// Whose brokers these are, if the DNS says it: both are what it said last, and only
    /// where they are changes.
    pub domain: Option<Domain>,
    /// What the client says of itself.
    pub session: ClientConfig,
    /// What makes a new password for every connection.
    pub token: Option<Arc<TokenMaker>>,
    /// What the client says when it leaves.
    pub farewell: Farewell,
    /// How long connecting may take, from the name to CONNACK.
    pub connect_timeout: Duration,
    /// Which implementation of MQTT speaks.
    pub engine: EngineKind,
    /// Whether to go on with MQTT 3.1.1 when the broker refuses version 5.
    pub fall_back: bool,
    /// Whether to say on stderr what is sent and received.
    pub debug: bool,
}

impl ConnectOptions {
    /// Checks that the engine can do what these options say.
    ///
    /// # Errors
    /// A usage error that names the option it cannot serve.
    pub fn check_engine(&self) -> Result<()> {
        let says_more = self.farewell != Farewell::default();
        self.engine.check(&self.session, says_more)
    }

    /// The password for a connection that begins now, where each has its own.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new_password(&self) -> Result<Option<Secret>> {
        self.token.as_ref().map(|token| token.make(SystemTime::now())).transpose()
    }

    /// Finds the brokers of the domain, if one is named.
    ///
    /// # Errors
    /// When none is found.
    async fn find_brokers(&mut self) -> Result<()> {
        let Some(domain) = &self.domain else { return Ok(()) };
        let deadline = Instant::now() + self.connect_timeout;
        let places = domain.brokers(self.endpoint.tls.is_some(), deadline).await?;
        let mut found = places.into_iter().map(|place| Endpoint { place, ..self.endpoint.clone() });
        let first = found.next();
        self.others = found.collect();
        self.endpoint = first.unwrap_or_else(|| self.endpoint.clone());
        Ok(())
    }

    /// The broker with this number, counted around.
    #[must_use]
    pub fn broker(&self, number: usize) -> &Endpoint {
        let index = number % (self.others.len() + 1);
        index.checked_sub(1).and_then(|index| self.others.get(index)).unwrap_or(&self.endpoint)
    }

    /// Where all brokers are, for people.
    #[must_use]
    pub fn places(&self) -> String {
        let all = std::iter::once(&self.endpoint).chain(&self.others);
        all.map(Endpoint::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Goes on to the next broker after this one failed with `error`, and says
    /// so; `left` is how many have not been tried.
    ///
    /// # Errors
    /// `error`, when no broker is left or another would not help.
    pub(crate) fn go_on_after(&mut self, error: Error, left: &mut usize) -> Result<()> {
        if *left == 0 || !failure::is_of_one_broker(&error) {
            return Err(error);
        }
        *left -= 1;
        self.others.rotate_left(1);
        if let Some(next) = self.others.last_mut() {
            std::mem::swap(next, &mut self.endpoint);
        }
        let why = error::line(&error.into());
        output::note(format!("{why}; trying {}", self.endpoint));
        Ok(())
    }

    /// How to go on after connecting failed with `error`: with MQTT 3.1.1, said
    /// on stderr, if the broker refused version 5 and nobody insists on it.
    #[must_use]
    pub fn fall_back_after(&self, error: &Error) -> Option<Self> {
        let may = self.fall_back && self.session.version.is_v5();
        (may && is_about_version(error)).then(|| {
            output::note("the broker does not speak MQTT 5; going on with MQTT 3.1.1");
            let session = ClientConfig { version: Version::V311, ..self.session.clone() };
            Self { session, ..self.clone() }
        })
    }
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            endpoint: Endpoint::tcp("localhost", 1883),
            others: Vec::new(),
            domain: None,
            session: ClientConfig::default(),
            token: None,
            farewell: Farewell::default(),
            connect_timeout: Duration::from_secs(10),
            engine: EngineKind::default(),
            fall_back: true,
            debug: false,
        }
    }
}

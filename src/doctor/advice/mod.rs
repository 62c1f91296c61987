//! What would have worked instead, and the command that does it: tried, not guessed.
//! Nobody's password is sent for that.
//!
//! # Where do I add something to try?
//! A function that takes the [`Case`] and returns what it has found, and its row in
//! [`SEARCHES`]. What is said where nothing helps is in `otherwise`.

mod certificates;
mod identity;
mod layers;
mod otherwise;
mod places;
mod shelf;

use super::Config;
use super::line::Line;
use super::steps::{MQTT, NAME, TCP, TLS, WEBSOCKET};
use crate::client::{self, ConnectOptions, Conversation};
use crate::error::{Class, Error, Result};
use crate::mqtt::Version;
use crate::net::{self, Endpoint, TlsClient, TlsClientOptions};
use crate::session::ClientConfig;
use rustls::pki_types::CertificateDer;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::OnceCell;

/// How long each trial may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What helps against a failure.
#[derive(Debug, Default)]
pub(super) struct Advice {
    /// What was found, a line each.
    pub(super) found: Vec<String>,
    /// The command that helps, as a shell takes it.
    pub(super) command: Option<String>,
    /// Where to run that, or what its words in capitals stand for.
    pub(super) note: Option<String>,
}

impl Advice {
    /// The command and what it does, if there is one.
    pub(super) fn in_a_line(self) -> Option<String> {
        let why = self.note.or_else(|| self.found.into_iter().next_back());
        let command = self.command?;
        Some(why.map_or_else(|| command.clone(), |why| format!("{command}  ({why})")))
    }
}

/// Something that was found.
struct Way {
    said: String,
    /// What to do with it, if it leads to the broker.
    command: Option<String>,
}

impl Way {
    /// A fact that leads nowhere by itself.
    const fn fact(said: String) -> Self {
        Self { said, command: None }
    }

    /// The command that would have worked.
    fn new(said: impl Into<String>, command: impl Into<String>) -> Self {
        Self { said: said.into(), command: Some(command.into()) }
    }
}

/// What a search has found, and is waited for.
type Found<'a> = Pin<Box<dyn Future<Output = Vec<Way>> + 'a>>;

/// Something to try when this step has failed. They are tried in turn until one has
/// found a way: the first is the least change.
struct Search {
    step: &'static str,
    run: for<'a> fn(&'a Case<'a>) -> Found<'a>,
}

/// A row: the step and the function that searches.
macro_rules! search {
    ($step:ident, $run:path) => {
        Search { step: $step, run: |case| Box::pin($run(case)) }
    };
}

const SEARCHES: &[Search] = &[
    search!(NAME, places::meant),
    search!(TCP, places::other_ports),
    search!(TLS, certificates::shown),
    search!(TLS, certificates::another_ca),
    search!(TLS, certificates::another_name),
    search!(TLS, identity::at_hand),
    search!(TLS, certificates::renewal),
    search!(TLS, layers::fewer_demands),
    search!(TLS, layers::without_tls),
    search!(WEBSOCKET, layers::other_paths),
    search!(WEBSOCKET, layers::with_tls),
    search!(WEBSOCKET, layers::without_websocket),
    search!(MQTT, layers::with_tls),
    search!(MQTT, layers::with_websocket),
    search!(REFUSAL, layers::other_version),
];

/// In place of the step, where the broker has answered: it is the right one, and spoken
/// to in the right way.
const REFUSAL: &str = "refusal";

/// What helps where this step has failed with `error`.
pub(super) async fn on(step: &str, error: &Error, config: &Config) -> Advice {
    let case =
        Case { config, error, endpoint: config.connect.endpoint.clone(), chain: OnceCell::new() };
    let step = if error.class() == Class::Refused { REFUSAL } else { step };
    let mut advice = Advice::default();
    for search in SEARCHES.iter().filter(|search| search.step == step) {
        for way in (search.run)(&case).await {
            advice.found.push(way.said);
            advice.command = advice.command.or(way.command);
        }
        if advice.command.is_some() {
            return advice;
        }
    }
    let (command, note) = otherwise::cure(&case, step).await;
    Advice { command: Some(command), note: Some(note), ..advice }
}

/// A broker that cannot be used.
struct Case<'a> {
    config: &'a Config,
    /// Why not.
    error: &'a Error,
    endpoint: Endpoint,
    /// The certificates that the server shows, once somebody has asked for them.
    chain: OnceCell<Vec<CertificateDer<'static>>>,
}

impl<'a> Case<'a> {
    /// The same broker with another way to it.
    fn at(&self, endpoint: Endpoint) -> Case<'a> {
        Case { config: self.config, error: self.error, endpoint, chain: OnceCell::new() }
    }

    /// The command that examines `endpoint` instead.
    fn line(&self, endpoint: &Endpoint) -> Line {
        Line::to(endpoint, self.config)
    }

    /// The certificates that the server shows, none of them checked; none if it does not
    /// speak TLS.
    async fn chain(&self) -> &[CertificateDer<'static>] {
        self.chain
            .get_or_init(|| async { shown_by(&self.endpoint).await.unwrap_or_default() })
            .await
    }
}

async fn shown_by(endpoint: &Endpoint) -> Option<Vec<CertificateDer<'static>>> {
    let server_name = Some(endpoint.server_name().to_owned());
    let options = TlsClientOptions { insecure: true, server_name, ..TlsClientOptions::default() };
    let (tls, _) = TlsClient::new(&options).ok()?;
    net::chain_of(&Endpoint { tls: Some(tls), ..endpoint.clone() }, PATIENCE).await.ok()
}

/// The same place, with what `change` makes of the options of TLS.
fn with_tls_options(
    endpoint: &Endpoint,
    change: impl FnOnce(&mut TlsClientOptions),
) -> Option<Endpoint> {
    let mut options =
        endpoint.tls.as_ref().map_or_else(TlsClientOptions::default, |tls| tls.options().clone());
    change(&mut options);
    let (tls, _) = TlsClient::new(&options).ok()?;
    Some(Endpoint { tls: Some(tls), ..endpoint.clone() })
}

/// Whether a broker answers, even if with a refusal.
async fn answers(endpoint: &Endpoint) -> bool {
    let tried = try_with(endpoint, ClientConfig::default()).await;
    tried.map_or_else(|error| error.class() == Class::Refused, |()| true)
}

/// Whether a broker answers a client that speaks this version of MQTT, and does not
/// refuse it for that.
async fn speaks(endpoint: &Endpoint, version: Version) -> bool {
    match try_with(endpoint, ClientConfig { version, ..ClientConfig::default() }).await {
        Ok(()) => true,
        Err(error) => error.class() == Class::Refused && !client::is_about_version(&error),
    }
}

/// Connects as nobody, and leaves.
async fn try_with(endpoint: &Endpoint, session: ClientConfig) -> Result<()> {
    let options = ConnectOptions {
        endpoint: endpoint.clone(),
        session,
        connect_timeout: PATIENCE,
        fall_back: false,
        ..ConnectOptions::default()
    };
    let conversation = Conversation::open(options).await?;
    // That it answers is known; how this ends no longer matters.
    let _ = conversation.close().await;
    Ok(())
}

//! `mqx broker`: an MQTT 3.1, 3.1.1 and 5.0 broker.
//!
//! [`core`] is the broker without sockets; the rest of this folder is the thin
//! shell that brings it bytes and the time: [`Config`] says what to listen on,
//! [`start`] binds it and runs it on worker threads, [`run`] is the command.

pub mod access;
mod address;
pub mod bridge;
mod clock;
mod config;
mod connection;
pub mod core;
mod door;
mod environment;
mod exec;
mod hindrance;
mod http;
mod inline;
mod link;
mod listener;
pub mod log;
mod outlet;
mod own_tls;
mod proxy;
mod reception;
mod recorders;
mod reload;
mod socket;
pub mod store;
mod sys_events;
pub mod trace;
mod transport;
mod unix;
mod upkeep;
mod websocket;
mod words;
mod worker;

pub use address::Address;
pub use config::{
    Config, DEFAULT_PORT, DEFAULT_SYS_SECONDS, DEFAULT_TLS_PORT, DEFAULT_WS_PATH, LabPort, Listen,
    OwnCertificate, OwnRules,
};
pub use inline::{InlineClient, Messages};
pub use reload::Source;
pub use upkeep::Upkeep;

use self::access::Common;
use self::bridge::Bridges;
use self::core::{Core, Summary};
use self::http::{Access, Room};
use crate::error::{Class, Error, Result};
use crate::output::{self, Sink};
use crate::session::ClientConfig;
use crate::signals::{Hangups, Signal};
use clock::Clock;
use jiff::Timestamp;
use listener::Listener;
use own_tls::OwnTls;
use reception::Reception;
use recorders::Recorders;
use reload::{Place, Reloader};
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;
use store::Store;
use tokio::sync::{mpsc, watch};
use unix::SocketFile;
use worker::{Arrival, Handover};

/// What the names of the worker threads begin with.
pub const THREAD_NAME: &str = "mqx-broker";

/// A broker that is running. Dropping it stops it too, but nobody hears when
/// and how that ended: [`Broker::shutdown`] says it.
#[derive(Debug)]
pub struct Broker {
    core: Arc<Core>,
    recorders: Recorders,
    reloader: Arc<Reloader>,
    bridges: Arc<Bridges>,
    addresses: Vec<Address>,
    /// The ports whose certificates were made for it.
    own_tls: Vec<OwnTls>,
    /// The files to remove in the end.
    files: Vec<SocketFile>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<Result<()>>>,
    workers: Vec<mpsc::UnboundedSender<Arrival>>,
    /// Ready when every worker has ended: nobody ever sends.
    ended: mpsc::Receiver<Infallible>,
    store: Option<Store>,
}

/// Binds what `config` says and starts the workers; when this returns,
/// clients can connect.
///
/// # Errors
/// When an address cannot be listened on, the store cannot be opened, or a
/// thread cannot be started.
pub fn start(config: &Config) -> Result<Broker> {
    Bridges::check(&config.bridges)?;
    let common = Arc::new(Common::new(config.hooks.clone()));
    let (mut listeners, mut lab) = (Vec::new(), Vec::new());
    let (mut receptions, mut own_tls) = (Vec::new(), Vec::new());
    for listen in &config.listeners {
        let reception = Arc::new(Reception::new(listen, &common));
        let bound = listener::bind_all(listen, &reception)?;
        own_tls.extend(OwnTls::of(listen, &bound));
        if listen.is_lab() { &mut lab } else { &mut listeners }.extend(bound);
        receptions.push((Place::of(listen), reception));
    }
    let addresses = listener::addresses(&listeners);
    listeners.extend(lab);
    let files = listeners.iter().filter_map(Listener::file).collect();
    let clock = Clock::start();
    let mut recorders = Recorders::start(config, Timestamp::now())?;
    let opened = config.store.as_ref().map(Store::open).transpose()?;
    let (store, state) = opened.unzip();
    let journal = store.as_ref().map(|store| Arc::clone(&store.journal));
    let core = Arc::new(Core::new(config.setup(&recorders, journal)));
    if let Some(state) = state {
        core.restore(state, clock.now());
    }
    let source = config.source.clone();
    let (workers, receivers): (Vec<_>, Vec<_>) =
        (0..config.workers.max(1)).map(|_| mpsc::unbounded_channel()).unzip();
    let bridges = Arc::new(Bridges::new(workers.clone()));
    let changing = (Arc::clone(&core), Arc::clone(&bridges));
    let reloader = Arc::new(Reloader::new(source, changing, receptions, common));
    let (stop, stopped) = watch::channel(false);
    let (ending, ended) = mpsc::channel(1);
    let access = Access { token: config.http_token.clone(), room: Room::default() };
    let mut threads = Vec::new();
    for (number, arrivals) in receivers.into_iter().enumerate() {
        let handover = Handover {
            core: Arc::clone(&core),
            access: access.clone(),
            reloader: Arc::clone(&reloader),
            clock,
            store: store.as_ref().map(Store::handle),
            resumes: number == 0,
            announcements: recorders.take_announcements(),
            arrivals,
            listeners: std::mem::take(&mut listeners),
            workers: workers.clone(),
            stop: stopped.clone(),
        };
        threads.push(launch(number, handover, ending.clone())?);
    }
    bridges.set(&config.bridges);
    Ok(Broker {
        core,
        recorders,
        reloader,
        bridges,
        addresses,
        own_tls,
        files,
        stop,
        threads,
        workers,
        ended,
        store,
    })
}

/// Starts the worker of this number, which holds `ending` until it has ended.
fn launch(
    number: usize,
    handover: Handover,
    ending: mpsc::Sender<Infallible>,
) -> Result<JoinHandle<Result<()>>> {
    let thread = std::thread::Builder::new().name(format!("{THREAD_NAME}-{number}"));
    let thread = thread.spawn(move || {
        let result = worker::run(handover);
        drop(ending);
        result
    });
    thread.map_err(|cause| Error::new(Class::Other, "cannot start a thread").because(cause))
}

/// Looks at what `config` names beside the files that it was read from, changes
/// nothing, and says that all is well.
///
/// # Errors
/// When there is a store that cannot be used, or cannot be made.
pub fn check(config: &Config) -> Result<()> {
    Bridges::check(&config.bridges)?;
    config.store.as_ref().map_or(Ok(()), store::check)?;
    words::say_good(config);
    Ok(())
}

impl Broker {
    /// Every address it listens on, but for the ports of a lab.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Where MQTT over TCP is spoken, for a client in this process.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.addresses.iter().find_map(|address| match address {
            Address::Mqtt { tls: false, socket } => Some(*socket),
            _ => None,
        })
    }

    fn ask_to_stop(&self) {
        self.bridges.stop();
        // The receivers are gone only if the workers are.
        let _ = self.stop.send(true);
    }

    /// Ready when nothing more can be stored: no client is answered from then
    /// on whose packet changes what is to be stored, and the broker should be
    /// shut down, which says why.
    pub async fn store_failed(&self) {
        match &self.store {
            Some(store) => store.handle().failed().await,
            None => std::future::pending().await,
        }
    }

    /// Reads the configuration again from [`Config::source`] and puts it into
    /// force: users, tokens, rules, certificates and limits, for clients that
    /// come from then on; rules and what is kept for sessions at once. The
    /// addresses, the store, the log and the number of workers stay.
    ///
    /// # Errors
    /// When there is no source, when the configuration or a file it names is
    /// wrong, or when it listens elsewhere; then everything stays as it was.
    pub fn reload(&self) -> Result<()> {
        self.reloader.reload()
    }

    /// Forgets what [`core::Hooks::authorize`] has said: it is asked anew.
    pub fn reconsider(&self) {
        self.core.reconsider();
    }

    /// What has happened so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.core.summary()
    }

    /// A client in this process. Nobody asks it for a password; what the ACL
    /// allows a client of its name holds for it too.
    ///
    /// # Errors
    /// When the core refuses it, as it refuses others: there are as many
    /// connections as may be, or the broker has stopped.
    pub async fn client(&self, config: ClientConfig) -> Result<InlineClient> {
        let (client, visit, connected) = InlineClient::new(config);
        if let Some(worker) = self.workers.first() {
            // A worker that is gone drops the visit, which is seen below.
            let _ = worker.send(Arrival::Inline(visit));
        }
        let gone = |_| Err(Error::new(Class::Refused, "the broker has stopped"));
        connected.await.unwrap_or_else(gone)?;
        Ok(client)
    }

    /// Tells every client, ends every connection, frees the ports and removes
    /// the Unix socket. Takes half a second at most, and when it returns
    /// nothing of the broker runs any more.
    ///
    /// # Errors
    /// When a worker or the store has failed.
    pub async fn shutdown(mut self) -> Result<Summary> {
        self.ask_to_stop();
        while self.ended.recv().await.is_some() {}
        self.blocking_shutdown()
    }

    /// As [`Broker::shutdown`], for a thread that may wait.
    ///
    /// # Errors
    /// When a worker or the store has failed.
    pub fn blocking_shutdown(self) -> Result<Summary> {
        self.ask_to_stop();
        for thread in self.threads {
            let failed = |_| Error::new(Class::Other, "a worker of the broker has failed");
            thread.join().map_err(failed)??;
        }
        self.recorders.finish();
        self.files.iter().for_each(SocketFile::remove);
        self.store.map_or(Ok(()), Store::close)?;
        Ok(self.core.summary())
    }
}

/// Runs a broker until `stop` is ready, saying where it listens on `out`. One
/// with a command runs until that has ended, and leaves stdout to it.
///
/// # Errors
/// As [`start`], when `out` cannot be written, and when the command fails: then
/// with its exit code.
pub async fn run(config: &Config, mut out: Sink, stop: impl Future<Output = Signal>) -> Result<()> {
    let broker = start(config)?;
    let hangups = Hangups::from_now_on();
    let mut stop = pin!(stop);
    // Whoever has read that it is ready may ask it to stop, and is heard.
    let early = poll_fn(|cx| Poll::Ready(stop.as_mut().poll(cx))).await;
    let stop = async {
        match early {
            Poll::Ready(signal) => signal,
            Poll::Pending => stop.await,
        }
    };
    let ready = words::ready(&broker.addresses);
    match &config.exec {
        None => output::check(writeln!(out, "{ready}").and_then(|()| out.flush()))?,
        Some(_) => output::note(ready),
    }
    output::note(words::who_may_connect(config));
    own_tls::say(&broker.own_tls);
    let ended = tokio::select! {
        ended = until_over(config, &broker, stop) => ended,
        () = reload_when_asked(&broker, hangups) => Ok(()),
        () = upkeep::keep_up(config) => Ok(()),
    };
    let summary = broker.shutdown().await?;
    output::note(words::farewell(&summary));
    ended
}

/// Waits until it is to stop, or its command has ended: as it has.
async fn until_over(
    config: &Config,
    broker: &Broker,
    stop: impl Future<Output = Signal>,
) -> Result<()> {
    if let Some(command) = &config.exec {
        return exec::run(command, broker, stop).await;
    }
    tokio::select! {
        _ = stop => {}
        () = broker.store_failed() => {}
    }
    Ok(())
}

/// Reads the configuration again and opens the log and the trace anew whenever the process is
/// told to, for ever.
async fn reload_when_asked(broker: &Broker, mut hangups: Hangups) {
    loop {
        hangups.next().await;
        broker.recorders.reopen();
        match broker.reload() {
            Ok(()) => output::note("the configuration was read again and is in force"),
            Err(error) => output::warn(words::not_reloaded(&error.into())),
        }
    }
}

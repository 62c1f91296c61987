//! `mqx broker`: an MQTT 3.1, 3.1.1 and 5.0 broker.
//!
//! [`core`] is the broker without sockets; the rest of this folder is the thin
//! shell that brings it bytes and the time: [`Config`] says what to listen on,
//! [`start`] binds it and runs it on worker threads, [`run`] is the command.

pub mod access;
mod address;
mod clock;
mod connection;
pub mod core;
mod door;
mod inline;
mod link;
mod listener;
mod proxy;
mod socket;
mod transport;
mod unix;
mod websocket;
mod words;
mod worker;

pub use address::Address;
pub use inline::{InlineClient, Messages};
pub use words::say_good;

use self::access::{Authenticator, Gate, Passwords, Scram, Tokens};
use self::core::{Acl, Core, Entrance, Hooks, Limits, Observer, Observers, Setup, Summary};
use crate::error::{Class, Error, Result};
use crate::net::CertificateName;
use crate::net::websocket::Origins;
use crate::output::{self, Sink};
use crate::session::ClientConfig;
use clock::Clock;
use listener::Listener;
use rustls::ServerConfig;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use unix::SocketFile;
use worker::{Arrival, Handover};

/// What a broker listens on and allows.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on; `None` is this machine only.
    pub bind: Option<IpAddr>,
    /// The port for MQTT over TCP; 0 takes a free one.
    pub port: u16,
    /// The port for MQTT over TLS and its certificate.
    pub tls: Option<(u16, Arc<ServerConfig>)>,
    /// A port for nothing but WebSocket; 0 takes a free one. On the other ports
    /// it is told from MQTT by its first byte, and so is TLS on those without.
    pub ws_port: Option<u16>,
    /// The path of WebSocket requests, which begins with a slash.
    pub ws_path: String,
    /// The origins of web pages that may connect; without any, those that
    /// [`Origins::Near`] lets in, and every page where a password is needed.
    pub ws_origins: Vec<String>,
    /// Where to put a Unix socket.
    pub unix: Option<PathBuf>,
    /// Whether every connection begins with a header of the PROXY protocol,
    /// version 1 or 2; one without is cut off.
    pub proxy_protocol: bool,
    /// Whether clients must show a certificate, for the words at the start.
    pub client_certificates: bool,
    /// The name in a client's certificate that is its user name; then nobody is
    /// let in without one. `None` leaves user names to the clients.
    pub identity: Option<CertificateName>,
    /// The users there are; without, everybody is who they say they are.
    pub passwords: Option<Passwords>,
    /// The tokens that are taken for passwords.
    pub tokens: Option<Tokens>,
    /// Methods of enhanced authentication beside SCRAM-SHA-256, which is there
    /// for the users whose passwords are kept as its verifiers.
    pub authenticators: Vec<Arc<dyn Authenticator>>,
    /// Whether clients without a user name may connect.
    pub anonymous: bool,
    /// Who may read and write what; `None` lets everybody do everything.
    pub acl: Option<Acl>,
    /// Who decides beside the rules: a program that the broker is a part of.
    pub hooks: Option<Arc<dyn Hooks>>,
    /// Who is told what happens.
    pub observers: Vec<Arc<dyn Observer>>,
    /// Worker threads; at least 1.
    pub workers: usize,
    /// What is allowed and announced.
    pub limits: Limits,
    /// How often the values below `$SYS/broker` are published while somebody
    /// is subscribed to them; zero is never.
    pub sys_interval: Duration,
}

/// The interval of mosquitto, in seconds.
pub const DEFAULT_SYS_SECONDS: u32 = 10;

/// The port of MQTT over TCP that is registered for it.
pub const DEFAULT_PORT: u16 = 1883;

/// The port of MQTT over TLS that is registered for it.
pub const DEFAULT_TLS_PORT: u16 = 8883;

/// The path clients of MQTT over WebSocket ask for.
pub const DEFAULT_WS_PATH: &str = "/mqtt";

/// More workers than this have not been seen to help.
const MOST_WORKERS: usize = 4;

impl Default for Config {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            bind: None,
            port: DEFAULT_PORT,
            tls: None,
            ws_port: None,
            ws_path: DEFAULT_WS_PATH.to_owned(),
            ws_origins: Vec::new(),
            unix: None,
            proxy_protocol: false,
            client_certificates: false,
            identity: None,
            passwords: None,
            tokens: None,
            authenticators: Vec::new(),
            anonymous: true,
            acl: None,
            hooks: None,
            observers: Vec::new(),
            workers: cores.min(MOST_WORKERS),
            limits: Limits::default(),
            sys_interval: Duration::from_secs(DEFAULT_SYS_SECONDS.into()),
        }
    }
}

impl Config {
    /// What the core starts with.
    fn setup(&self) -> Setup {
        let mut observers = Observers::default();
        self.observers.iter().cloned().for_each(|observer| observers.add(observer));
        Setup {
            journal: None,
            limits: self.limits.clone(),
            acl: self.acl.clone(),
            hooks: self.hooks.clone(),
            observer: observers.into_observer(),
            sys_interval: Some(self.sys_interval),
        }
    }

    /// The methods of enhanced authentication that there are.
    fn methods(&self) -> Vec<Arc<dyn Authenticator>> {
        let mut methods = self.authenticators.clone();
        let scram = self.passwords.as_ref().and_then(Scram::new);
        methods.extend(scram.map(|scram| Arc::new(scram) as Arc<dyn Authenticator>));
        methods
    }

    /// Who is let in at a port.
    fn entrance(&self) -> Entrance {
        Entrance {
            anonymous: self.anonymous,
            passwords: self.passwords.is_some() || self.tokens.is_some(),
            certificates: self.identity.is_some(),
            methods: self.methods().iter().map(|method| method.method().into()).collect(),
        }
    }

    /// The web pages that may connect. One that must show a password cannot do
    /// more than its user could elsewhere; a certificate is shown by the browser,
    /// whatever page asks.
    fn origins(&self) -> Origins {
        let Entrance { anonymous, passwords, certificates } = self.entrance();
        match self.ws_origins.as_slice() {
            [] if passwords && !anonymous && !certificates => Origins::Any,
            [] => Origins::Near,
            listed if listed.iter().any(|origin| origin == "*") => Origins::Any,
            listed => Origins::Listed(listed.to_vec()),
        }
    }

    /// Who is let in at the Unix socket, where there is no TLS to show a
    /// certificate under: a password is as good, if there are any.
    fn local_entrance(&self) -> Entrance {
        let entrance = self.entrance();
        Entrance { certificates: entrance.certificates && !entrance.passwords, ..entrance }
    }
}

/// A broker that is running; dropping it leaves it running.
#[derive(Debug)]
pub struct Broker {
    core: Arc<Core>,
    addresses: Vec<Address>,
    /// The files to remove in the end.
    files: Vec<SocketFile>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<Result<()>>>,
    workers: Vec<mpsc::UnboundedSender<Arrival>>,
    /// Ready when every worker has ended: nobody ever sends.
    ended: mpsc::Receiver<Infallible>,
}

/// Binds what `config` says and starts the workers; when this returns,
/// clients can connect.
///
/// # Errors
/// When an address cannot be listened on or a thread cannot be started.
pub fn start(config: &Config) -> Result<Broker> {
    let mut listeners = listener::bind_all(config)?;
    let addresses = listener::addresses(&listeners);
    let files = listeners.iter().filter_map(Listener::file).collect();
    let core = Arc::new(Core::new(config.setup()));
    let passwords = config.passwords.clone().unwrap_or_default();
    let gate = Arc::new(Gate::new(passwords, config.tokens.clone(), config.methods()));
    let (stop, stopped) = watch::channel(false);
    let (ending, ended) = mpsc::channel(1);
    let (workers, receivers): (Vec<_>, Vec<_>) =
        (0..config.workers.max(1)).map(|_| mpsc::unbounded_channel()).unzip();
    let clock = Clock::start();
    let mut threads = Vec::new();
    for (number, arrivals) in receivers.into_iter().enumerate() {
        let handover = Handover {
            core: Arc::clone(&core),
            gate: Arc::clone(&gate),
            clock,
            arrivals,
            listeners: std::mem::take(&mut listeners),
            workers: workers.clone(),
            stop: stopped.clone(),
        };
        let thread = std::thread::Builder::new().name(format!("mqx-broker-{number}"));
        let ending = ending.clone();
        let thread = thread.spawn(move || {
            let result = worker::run(handover);
            drop(ending);
            result
        });
        let failed = |cause| Error::new(Class::Other, "cannot start a thread").because(cause);
        threads.push(thread.map_err(failed)?);
    }
    Ok(Broker { core, addresses, files, stop, threads, workers, ended })
}

impl Broker {
    /// Every address it listens on.
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
        // The receivers are gone only if the workers are.
        let _ = self.stop.send(true);
    }

    /// Forgets what [`Hooks::authorize`] has said: it is asked anew.
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
    /// When a worker has failed.
    pub async fn shutdown(mut self) -> Result<Summary> {
        self.ask_to_stop();
        while self.ended.recv().await.is_some() {}
        self.blocking_shutdown()
    }

    /// As [`Broker::shutdown`], for a thread that may wait.
    ///
    /// # Errors
    /// When a worker has failed.
    pub fn blocking_shutdown(self) -> Result<Summary> {
        self.ask_to_stop();
        for thread in self.threads {
            let failed = |_| Error::new(Class::Other, "a worker of the broker has failed");
            thread.join().map_err(failed)??;
        }
        self.files.iter().for_each(SocketFile::remove);
        Ok(self.core.summary())
    }
}

/// Runs a broker until `stop` is ready, saying where it listens on `out`.
///
/// # Errors
/// As [`start`], and when `out` cannot be written.
pub async fn run<S>(config: &Config, mut out: Sink, stop: impl Future<Output = S>) -> Result<()> {
    let broker = start(config)?;
    let mut stop = pin!(stop);
    // Whoever has read that it is ready may ask it to stop, and is heard.
    let stopped = poll_fn(|cx| Poll::Ready(stop.as_mut().poll(cx).is_ready())).await;
    let addresses = broker.addresses.iter().map(|address| format!(" {address}"));
    let ready = format!("ready{}\n", addresses.collect::<String>());
    output::check(out.write_all(ready.as_bytes()).and_then(|()| out.flush()))?;
    output::note(words::who_may_connect(config));
    if !stopped {
        stop.await;
    }
    let summary = broker.shutdown().await?;
    output::note(words::farewell(&summary));
    Ok(())
}

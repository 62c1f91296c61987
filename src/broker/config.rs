//! What a broker is told before it starts.

use super::access::{Authenticator, Passwords, Scram, Tokens};
use super::bridge::{self, Bridge};
use super::core::{Acl, Acls, Admission, Entrance, Hooks, Journal, Limits, Observer, Realm, Setup};
use super::recorders::Recorders;
use super::reload::Source;
use super::upkeep::Upkeep;
use super::{log, store, trace};
use crate::net::websocket::Origins;
use crate::net::{CertificateName, TlsServer};
use crate::session::Secret;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a broker listens on and allows.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens, and who is let in there.
    pub listeners: Vec<Listen>,
    /// Who may read and write what, at listeners without rules of their own;
    /// `None` lets everybody do everything.
    pub acl: Option<Acl>,
    /// Who decides beside the rules: a program that the broker is a part of.
    pub hooks: Option<Arc<dyn Hooks>>,
    /// What is logged.
    pub log: Option<log::Config>,
    /// Which packets are traced.
    pub trace: Option<trace::Config>,
    /// Who is told what happens.
    pub observers: Vec<Arc<dyn Observer>>,
    /// The connections to other brokers.
    pub bridges: Vec<Bridge>,
    /// Where this was read from and can be read from again.
    pub source: Option<Source>,
    /// Worker threads; at least 1.
    pub workers: usize,
    /// What is allowed and announced.
    pub limits: Limits,
    /// Where to keep what outlives the broker; `None` is in memory only.
    pub store: Option<store::Config>,
    /// How often the values below `$SYS/broker` are published while somebody
    /// is subscribed to them; zero is never.
    pub sys_interval: Duration,
    /// Whether it is published below `$SYS/brokers` who comes, goes and
    /// subscribes to what.
    pub sys_events: bool,
    /// What HTTP requests have to show; without it only this machine is
    /// answered.
    pub http_token: Option<Secret>,
    /// What [`super::run`] has a shell run as soon as the broker is ready, and
    /// ends with; [`super::start`] runs nothing.
    pub exec: Option<String>,
}

/// Some ports or a Unix socket, and what holds for whoever connects there.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "choices that do not depend on each other")]
pub struct Listen {
    /// The address of the ports; `None` is this machine only.
    pub bind: Option<IpAddr>,
    /// The network interface that connections must come by; `None` is any.
    pub interface: Option<String>,
    /// A port for MQTT over TCP. On every port 0 takes a free one, WebSocket is
    /// told from MQTT by its first byte, and so is TLS if there is a certificate.
    pub port: Option<u16>,
    /// A port where TLS must be spoken; needs [`Listen::tls`].
    pub tls_port: Option<u16>,
    /// A port for nothing but WebSocket.
    pub ws_port: Option<u16>,
    /// A port for nothing but HTTP, which the others serve too.
    pub http_port: Option<u16>,
    /// The path of WebSocket requests, which begins with a slash; `*` is any.
    pub ws_path: String,
    /// The origins of web pages that may connect; without any, those that
    /// [`Origins::Near`] lets in, and every page where a password is needed.
    pub ws_origins: Vec<String>,
    /// Where to put a Unix socket.
    pub unix: Option<PathBuf>,
    /// Whether every connection begins with a header of the PROXY protocol,
    /// version 1 or 2; one without is cut off.
    pub proxy_protocol: bool,
    /// How TLS is spoken, if it is.
    pub tls: Option<TlsServer>,
    /// What people are told of a certificate that was made for this broker.
    pub own_certificate: Option<OwnCertificate>,
    /// Whether TLS must be spoken on every port.
    pub require_tls: bool,
    /// Whether clients are asked for a certificate, for the words at the start.
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
    /// What clients must be like, whoever they are.
    pub admission: Admission,
    /// Who of them may read and write what; `None` is as [`Config::acl`] says.
    pub rules: Option<OwnRules>,
    /// What stands before every topic of theirs, and they never see: the
    /// beginning of a topic, as a rule with a slash at its end. Empty is nothing.
    pub mount_point: String,
    /// What is allowed them and announced to them, and how many may be here at
    /// once; `None` is as [`Config::limits`] says, whose number of connections
    /// holds for all listeners together.
    pub limits: Option<Arc<Limits>>,
}

/// A certificate that was made for this broker: what people are told of it, and what
/// is done for it.
#[derive(Debug, Clone)]
pub struct OwnCertificate {
    /// The CA that clients have to trust.
    pub ca: PathBuf,
    /// What the port is for, if it is one of a lab for testing clients.
    pub lab: Option<LabPort>,
    /// What renews it before it ends.
    pub upkeep: Option<Upkeep>,
}

/// A port for testing whether clients look at what a server shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabPort {
    /// The kind of its certificate.
    pub name: &'static str,
    /// What a client has to do there.
    pub duty: String,
}

/// Rules for the clients of one listener, or of some.
#[derive(Debug, Clone)]
pub struct OwnRules {
    /// What they are called, the same after a restart and at every listener
    /// that has them: a session that is kept goes by the rules of this name.
    pub name: String,
    /// Who may read and write what; `None` lets everybody do everything.
    pub acl: Option<Acl>,
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
        Self::on_port(DEFAULT_PORT)
    }
}

impl Default for Listen {
    /// No port at all, and everybody is let in.
    fn default() -> Self {
        Self {
            bind: None,
            interface: None,
            port: None,
            tls_port: None,
            ws_port: None,
            http_port: None,
            ws_path: DEFAULT_WS_PATH.to_owned(),
            ws_origins: Vec::new(),
            unix: None,
            proxy_protocol: false,
            tls: None,
            own_certificate: None,
            require_tls: false,
            client_certificates: false,
            identity: None,
            passwords: None,
            tokens: None,
            authenticators: Vec::new(),
            anonymous: true,
            admission: Admission::default(),
            rules: None,
            mount_point: String::new(),
            limits: None,
        }
    }
}

impl Config {
    /// A broker on this port of this machine; 0 takes a free one.
    #[must_use]
    pub fn on_port(port: u16) -> Self {
        Self::at(Listen::on_port(port))
    }

    /// A broker that listens here.
    #[must_use]
    pub fn at(listen: Listen) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            listeners: vec![listen],
            acl: None,
            hooks: None,
            log: None,
            trace: None,
            observers: Vec::new(),
            bridges: Vec::new(),
            source: None,
            workers: cores.min(MOST_WORKERS),
            limits: Limits::default(),
            store: None,
            sys_interval: Duration::from_secs(DEFAULT_SYS_SECONDS.into()),
            sys_events: false,
            http_token: None,
            exec: None,
        }
    }

    /// The rules there are.
    pub(super) fn acls(&self) -> Acls {
        let own = self.listeners.iter().filter_map(|listen| listen.rules.as_ref());
        let own = own.map(|own| (own.name.as_str().into(), own.acl.clone()));
        // First, so that rules of that name hold if a listener has them.
        let realms = std::iter::once((bridge::WITHOUT_RULES.into(), None)).chain(own).collect();
        Acls { common: self.acl.clone(), realms }
    }

    /// What the core starts with, who is told, and where it records.
    pub(super) fn setup(&self, recorders: &Recorders, journal: Option<Arc<Journal>>) -> Setup {
        Setup {
            limits: self.limits.clone(),
            acls: self.acls(),
            hooks: self.hooks.clone(),
            observer: recorders.observer(&self.observers),
            sys_interval: Some(self.sys_interval),
            journal,
        }
    }
}

impl Listen {
    /// This port of this machine; 0 takes a free one.
    #[must_use]
    pub fn on_port(port: u16) -> Self {
        Self { port: Some(port), ..Self::default() }
    }

    /// Whether it is there for testing whether clients look at certificates.
    pub(super) fn is_lab(&self) -> bool {
        self.own_certificate.as_ref().is_some_and(|own| own.lab.is_some())
    }

    /// The methods of enhanced authentication that there are.
    pub(super) fn methods(&self) -> Vec<Arc<dyn Authenticator>> {
        let mut methods = self.authenticators.clone();
        let scram = self.passwords.as_ref().and_then(Scram::new);
        methods.extend(scram.map(|scram| Arc::new(scram) as Arc<dyn Authenticator>));
        methods
    }

    /// Who is let in at a port.
    pub(super) fn entrance(&self) -> Entrance {
        Entrance {
            anonymous: self.anonymous,
            passwords: self.passwords.is_some() || self.tokens.is_some(),
            tokens: self.tokens.is_some(),
            certificates: self.identity.is_some(),
            methods: self.methods().iter().map(|method| method.method().into()).collect(),
            admission: self.admission.clone(),
            realm: self.realm().map(Arc::new),
            limits: self.limits.clone(),
            ..Entrance::default()
        }
    }

    fn realm(&self) -> Option<Realm> {
        let rules = self.rules.as_ref().map(|rules| rules.name.as_str().into());
        Realm::new(rules, self.mount_point.as_str().into())
    }

    /// The web pages that may connect. One that must show a password cannot do
    /// more than its user could elsewhere; a certificate is shown by the browser,
    /// whatever page asks.
    pub(super) fn origins(&self) -> Origins {
        let Entrance { anonymous, passwords, certificates, .. } = self.entrance();
        match self.ws_origins.as_slice() {
            [] if passwords && !anonymous && !certificates => Origins::Any,
            [] => Origins::Near,
            listed if listed.iter().any(|origin| origin == "*") => Origins::Any,
            listed => Origins::Listed(listed.to_vec()),
        }
    }

    /// Who is let in at the Unix socket, where there is no TLS to show a
    /// certificate under: a password is as good, if there are any.
    pub(super) fn local_entrance(&self) -> Entrance {
        let entrance = self.entrance();
        Entrance { certificates: entrance.certificates && !entrance.passwords, ..entrance }
    }
}

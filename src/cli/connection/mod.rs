//! The options that say how to reach a broker, the same for every client.

mod brokers;
mod login;
mod person;
mod reach;
mod route;
pub(super) mod secrets;
mod session;
mod template;
mod tls;
mod token;
mod websocket;
mod will;

use super::properties;
use super::values::{self, NamedVersion};
use crate::client::{ConnectOptions, EngineKind};
use crate::error::{Error, Result};
use crate::mqtt::Version;
use crate::mqtt::topic::TopicName;
use crate::net::Endpoint;
use crate::output::{self, escape};
use crate::secret::Secret;
use crate::session::ClientConfig;
use brokers::{Broker, BrokerArgs, Login};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use login::LoginArgs;
pub use person::PersonArgs;
pub(super) use reach::ABOUT_SRV;
pub use reach::ReachArgs;
use route::RouteArgs;
pub use session::ClientIdArgs;
use session::SessionArgs;
use std::convert::Infallible;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
pub use tls::OwnFiles;
use tls::TlsArgs;
use token::TokenArgs;
use websocket::WebSocketArgs;
use will::WillArgs;

/// Where the broker is and how to talk to it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    #[command(flatten)]
    brokers: BrokerArgs,

    #[command(flatten)]
    websocket: WebSocketArgs,

    #[command(flatten)]
    route: RouteArgs,

    #[command(flatten)]
    login: LoginArgs,

    /// Seconds of silence after which a ping is sent; 0 for none
    #[arg(
        short, long, alias = "keep-alive", value_name = "SECONDS",
        default_value_t = ClientConfig::default().keep_alive
    )]
    keepalive: u16,

    /// Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]
    #[arg(
        short = 'V', long, alias = "protocol-version", value_name = "VERSION",
        value_parser = values::version
    )]
    mqtt_version: Option<NamedVersion>,

    /// Give up connecting after this time, as in 10, 500ms or 2m
    #[arg(
        long, value_name = "TIME", value_parser = values::duration,
        default_value = "10s"
    )]
    connect_timeout: Duration,

    #[arg(
        help = format!("Whose implementation of MQTT speaks: {}", EngineKind::choices()),
        long, default_value = EngineKind::Native.name(), hide_possible_values = true,
        value_parser = PossibleValuesParser::new(EngineKind::ALL.map(EngineKind::name))
            .map(|name| EngineKind::from_name(&name).unwrap_or_default())
    )]
    engine: EngineKind,

    /// Say on stderr which packets are sent and received
    #[arg(short, long)]
    debug: bool,

    /// Say nothing on stderr, not even why it fails: the exit code tells
    #[arg(long, conflicts_with = "debug")]
    quiet: bool,

    #[command(flatten)]
    token: TokenArgs,

    #[command(flatten)]
    tls: TlsArgs,

    #[command(flatten)]
    will: WillArgs,

    #[command(flatten)]
    session: SessionArgs,

    /// Set a property as with mosquitto: connect, publish, subscribe, unsubscribe,
    /// disconnect or will, its name and its value; each has an option of its own here
    #[arg(
        short = 'D', long, value_name = "COMMAND NAME VALUE",
        value_parser = |text: &str| Err::<Infallible, _>(properties::unknown(text))
    )]
    property: Option<Infallible>,

    /// File with the profiles [default: ~/.config/mqx/config.toml]
    #[arg(long, value_name = "FILE", value_parser = elsewhere)]
    config: Option<Infallible>,

    /// Option file of mosquitto's clients
    #[arg(short = 'o', long, value_name = "FILE", value_parser = elsewhere)]
    config_file: Option<Infallible>,
}

/// Refuses the value of an option that is taken out of the command line before.
fn elsewhere(_: &str) -> Result<Infallible, String> {
    Err("a client reads it, and it has no use here".to_owned())
}

/// What the options of a connection come to.
#[derive(Debug)]
pub struct Target {
    /// What a client needs to connect; the client identifier is empty.
    pub options: ConnectOptions,
    /// The topic in the URL.
    pub topic: Option<String>,
}

impl ConnectionArgs {
    /// The same for the broker with this URL.
    #[must_use]
    pub fn at(self, url: &Secret) -> Self {
        Self { brokers: BrokerArgs::at(url), ..self }
    }

    /// Takes out --cert and --key, if `differs` says of the path of one that clients have
    /// files of their own; TLS is spoken all the same.
    ///
    /// # Errors
    /// When the password of the keys cannot be read.
    pub fn take_identity(&mut self, differs: impl Fn(&Path) -> bool) -> Result<Option<OwnFiles>> {
        self.tls.take_identity(differs)
    }

    /// Asks for TLS, whatever else is said of it.
    pub fn want_tls(&mut self) {
        self.tls.want();
    }

    /// Takes out the addresses to connect from, if there are several.
    pub fn take_addresses(&mut self) -> Vec<IpAddr> {
        self.route.take_several()
    }

    /// What a client needs to connect; the files of TLS are read here.
    ///
    /// # Errors
    /// When a URL or a file is not what it should be, or the engine cannot do
    /// what is asked for.
    pub fn into_target(self) -> Result<Target> {
        if self.quiet {
            output::be_silent();
        }
        let mut brokers = self.brokers.read(self.tls.encryption(), &self.websocket.carrier())?;
        self.websocket.check(brokers.iter().map(|broker| &broker.carrier))?;
        let tls = brokers.iter().any(|broker| broker.tls);
        if let Some(option) = self.tls.idle().filter(|_| !tls) {
            return Err(Error::usage(format!("{option} is of use with TLS only"))
                .hint("add --tls, or write mqtts:// or wss:// in the URL"));
        }
        let tls = tls.then(|| self.tls.into_client()).transpose()?;
        let (login, topic) = brokers
            .first_mut()
            .map(|first| (std::mem::take(&mut first.login), first.topic.take()))
            .unwrap_or_default();
        let endpoint = |broker: Broker| -> Result<Endpoint> {
            Ok(Endpoint {
                websocket: self.websocket.request(&broker.carrier)?,
                proxy: self.route.proxy(&broker)?,
                bind: self.route.bind()?,
                tls: tls.clone().filter(|_| broker.tls),
                place: broker.place,
            })
        };
        let endpoints = brokers.into_iter().map(endpoint).collect::<Result<Vec<_>>>()?;
        let mut endpoints = endpoints.into_iter();
        let default = ConnectOptions::default();
        let version = self.mqtt_version.map(|named| named.version);
        if self.mqtt_version.is_some_and(|named| named.ambiguous) {
            output::note("-V 3 is read as MQTT 3.1.1; say 3.1 or 3.1.1 to be clear");
        }
        let Login { username, password } = self.login.read(login)?;
        let token = self.token.read(username.as_deref())?;
        check_password(version, username.as_ref(), password.is_some() || token.is_some())?;
        if let Some(never) = self.property.or(self.config).or(self.config_file) {
            match never {}
        }
        let needs_v5 = self.session.needs_v5().or(self.will.needs_v5());
        let mut session = ClientConfig {
            version: version.unwrap_or_default(),
            keep_alive: self.keepalive,
            username,
            password,
            will: self.will.read()?,
            ..default.session
        };
        let farewell = self.session.farewell()?;
        self.session.apply(&mut session)?;
        let options = ConnectOptions {
            endpoint: endpoints.next().unwrap_or(default.endpoint),
            others: endpoints.collect(),
            domain: None,
            session,
            token: token.map(Arc::new),
            farewell,
            connect_timeout: self.connect_timeout,
            engine: self.engine,
            fall_back: version.is_none(),
            debug: self.debug,
        };
        options.check_engine()?;
        let mut target = Target { options, topic };
        target.require_v5(needs_v5)?;
        Ok(target)
    }
}

impl Target {
    /// Insists on MQTT 5 if `option` is given, for nothing else knows it.
    ///
    /// # Errors
    /// When another version was asked for.
    pub fn require_v5(&mut self, option: Option<&str>) -> Result<()> {
        let Some(option) = option else {
            return Ok(());
        };
        if !self.options.session.version.is_v5() {
            return Err(Error::usage(format!("{option} needs MQTT 5")).hint("leave out -V"));
        }
        self.options.fall_back = false;
        Ok(())
    }
}

/// The one topic of a command that has only one: that of the option or that
/// of the URL.
///
/// # Errors
/// When both name one.
pub fn one_topic<T>(option: Option<T>, url: Option<T>) -> Result<Option<T>> {
    if option.is_some() && url.is_some() {
        return Err(Error::usage("the topic is given twice: with -t and in the URL"));
    }
    Ok(option.or(url))
}

/// The topic in the URL as the command takes it.
///
/// # Errors
/// When the command cannot take it.
pub fn in_url<T>(topic: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<T> {
    let wrong = |what| Error::usage(format!("the topic {} in the URL: {what}", escape(topic)));
    read(topic).map_err(wrong)
}

/// What the topics of a command begin with that names its own: with the topic of the
/// option or of the URL, or with `usual`, its templates filled in.
///
/// # Errors
/// When both name one, or it is no topic.
pub fn topic_prefix(option: Option<TopicName>, url: Option<String>, usual: &str) -> Result<String> {
    let url = url.map(|topic| in_url(&topic, values::topic)).transpose()?;
    match one_topic(option, url)? {
        Some(topic) => Ok(topic.as_str().to_owned()),
        None => template::fill(usual, ""),
    }
}

/// The failure of a command without a topic.
#[must_use]
pub fn no_topic() -> Error {
    Error::usage("no topic is given").hint("name one with -t, or behind the host in the URL")
}

fn check_password(
    version: Option<Version>,
    username: Option<&String>,
    has_password: bool,
) -> Result<()> {
    let alone = has_password && username.is_none();
    if alone && version.is_some_and(|version| !version.is_v5()) {
        let what = "-P needs -u: before MQTT 5 a password goes with a user name";
        return Err(Error::usage(what));
    }
    Ok(())
}

#[cfg(test)]
mod tests;

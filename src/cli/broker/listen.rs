//! The options of `mqx broker` that say where it listens.

use super::Purpose;
use super::admission::AdmissionArgs;
use super::grants::GrantArgs;
use super::tls::TlsArgs;
use super::users::UserArgs;
use crate::broker::{DEFAULT_PORT, DEFAULT_TLS_PORT, DEFAULT_WS_PATH, Listen};
use crate::cli::values;
use crate::error::{Error, Result};
use crate::mqtt::topic;
use crate::net::websocket::ANY_PATH;
use clap::builder::NonEmptyStringValueParser;
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;

/// What is said of one listener.
#[derive(Debug, clap::Args)]
pub(super) struct ListenArgs {
    #[command(flatten)]
    pub(super) place: PlaceArgs,

    #[command(flatten)]
    manner: MannerArgs,
}

/// What may be said of a listener beside the first.
#[derive(Debug, clap::Args)]
pub(super) struct ListenerArgs {
    #[command(flatten)]
    pub(super) listen: ListenArgs,

    #[command(flatten)]
    pub(super) grants: GrantArgs,
}

/// Where to listen, which each listener says for itself.
#[derive(Debug, clap::Args)]
pub(super) struct PlaceArgs {
    /// Port for MQTT over TCP; 0 takes a free one, which the first line names.
    /// WebSocket is taken there too, and TLS if there is a certificate
    /// [default: 1883]
    #[arg(short, long, value_name = "PORT")]
    port: Option<u16>,

    /// Unix socket to listen at; one left behind by a broker is replaced
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,

    /// Port for MQTT over TLS; 0 takes a free one [default: 8883]
    #[arg(long, value_name = "PORT", help_heading = "TLS")]
    tls_port: Option<u16>,

    /// Port for WebSocket only; 0 takes a free one
    #[arg(long, value_name = "PORT", help_heading = "WebSocket")]
    ws_port: Option<u16>,

    /// Port for HTTP only: /healthz, /metrics and /api/v1; 0 takes a free one.
    /// The port of MQTT serves them too
    #[arg(long, value_name = "PORT", help_heading = "Operation")]
    http_port: Option<u16>,
}

/// How to listen, which holds for further listeners too if they say nothing
/// else.
#[derive(Debug, clap::Args)]
pub(super) struct MannerArgs {
    /// Address to listen on; 0.0.0.0 lets other machines in [default: this machine only]
    #[arg(long, value_name = "ADDRESS", value_parser = values::address)]
    bind: Option<IpAddr>,

    /// Network interface to listen on, such as eth0, with every address that it
    /// has unless --bind names one
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    bind_interface: Option<String>,

    /// Every connection comes from a proxy that sends the PROXY header (version 1 or 2) first
    #[arg(long)]
    proxy_protocol: bool,

    /// Path that WebSocket clients ask for; * is any
    #[arg(
        long,
        value_name = "PATH",
        default_value = DEFAULT_WS_PATH,
        value_parser = path,
        help_heading = "WebSocket",
    )]
    ws_path: String,

    /// Origin of web pages that may connect, as `https://example.org`
    /// (repeatable); * is any [default: this machine]
    ///
    /// Without, a page may connect from this machine (`http://localhost:3000`) or
    /// from the address it connects to, and from anywhere if every client needs
    /// a user name and password: otherwise every page that is open in a browser
    /// here could use the broker. Clients that are no browsers name no origin
    /// and are not concerned.
    #[arg(long, value_name = "ORIGIN", value_parser = origin, help_heading = "WebSocket")]
    ws_origin: Vec<String>,

    #[command(flatten)]
    tls: TlsArgs,

    #[command(flatten)]
    users: UserArgs,

    #[command(flatten)]
    admission: AdmissionArgs,

    /// What stands before every topic of the clients here, who never see it
    ///
    /// The beginning of a topic, as a rule with a slash at its end: with
    /// `line-1/` a client that publishes to `a` publishes to `line-1/a`, and `#`
    /// is all it can see of that. So it is with filters, wills and `$SYS`; shared
    /// subscriptions keep their names. Rules are for whole topics, as in mosquitto;
    /// response topics are handed on as they are.
    #[arg(long, value_name = "PREFIX", value_parser = mount_point, help_heading = "Permissions")]
    mount_point: Option<String>,
}

impl PlaceArgs {
    /// Whether a port or a path is named.
    pub(super) const fn is_said(&self) -> bool {
        let tcp = self.port.is_some() || self.tls_port.is_some() || self.ws_port.is_some();
        tcp || self.http_port.is_some() || self.unix.is_some()
    }

    /// The ports that are open without being named, in place of those that are
    /// not named.
    fn usual(self, tls: bool) -> Self {
        Self {
            port: self.port.or(Some(DEFAULT_PORT)),
            tls_port: self.tls_port.or(tls.then_some(DEFAULT_TLS_PORT)),
            ..self
        }
    }
}

impl ListenArgs {
    /// Where the broker keeps the certificates that it makes itself, if that is said.
    pub(super) fn tls_folder(&self) -> Option<PathBuf> {
        self.manner.tls.folder()
    }

    /// Reads the files that are named, for the listener that is there without
    /// being asked for.
    ///
    /// # Errors
    /// When options do not go together, or a file cannot be read or used.
    pub(super) fn read_usual(self, purpose: Purpose) -> Result<Listen> {
        let place = self.place.usual(self.manner.tls.is_said());
        Self { place, ..self }.read(purpose)
    }

    /// Reads the files that are named.
    ///
    /// # Errors
    /// When options do not go together, or a file cannot be read or used.
    pub(super) fn read(self, purpose: Purpose) -> Result<Listen> {
        let Self { place, manner } = self;
        if !place.is_said() {
            return Err(Error::usage(
                "a listener has a port, a tls-port, a ws-port, an http-port or a unix",
            ));
        }
        manner.tls.check(place.tls_port)?;
        let users = manner.users.read()?;
        let everywhere = Some(IpAddr::from(Ipv6Addr::UNSPECIFIED));
        let bind = manner.bind.or(everywhere.filter(|_| manner.bind_interface.is_some()));
        let require_tls = manner.tls.require_tls;
        let client_certificates = manner.tls.asks_clients();
        let identity = manner.tls.identity();
        let (tls, own_certificate) = manner.tls.read(bind, purpose)?;
        Ok(Listen {
            bind,
            interface: manner.bind_interface,
            port: place.port,
            tls_port: place.tls_port,
            ws_port: place.ws_port,
            http_port: place.http_port,
            ws_path: manner.ws_path,
            ws_origins: manner.ws_origin,
            unix: place.unix,
            proxy_protocol: manner.proxy_protocol,
            require_tls,
            client_certificates,
            identity,
            tls,
            own_certificate,
            passwords: users.passwords,
            tokens: users.tokens,
            authenticators: Vec::new(),
            anonymous: users.anonymous,
            admission: manner.admission.into_admission(),
            rules: None,
            mount_point: manner.mount_point.unwrap_or_default(),
            limits: None,
        })
    }
}

/// An origin as a browser names it.
fn origin(text: &str) -> Result<String, &'static str> {
    let of_page = text.split_once("://").is_some_and(|(_, host)| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
    });
    if of_page || ["*", "null"].contains(&text) {
        Ok(text.to_owned())
    } else {
        Err("an origin is https://HOST or https://HOST:PORT without a path, null or *")
    }
}

/// The beginning of topics, not of the broker's own; empty is none.
fn mount_point(text: &str) -> Result<String, &'static str> {
    match topic::check_name(text) {
        _ if text.is_empty() => {}
        Err(error) => return Err(error.what),
        Ok(()) if text.starts_with("$SYS/") => return Err("only the broker publishes below $SYS/"),
        Ok(()) if text.starts_with("$share/") => {
            return Err("this is how shared subscriptions begin");
        }
        Ok(()) => {}
    }
    Ok(text.to_owned())
}

/// A path as a request names it, or any.
fn path(text: &str) -> Result<String, &'static str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'?' && byte != b'#');
    if (text.starts_with('/') && plain) || text == ANY_PATH {
        Ok(text.to_owned())
    } else {
        Err("a path begins with a slash and has no spaces, ? or #; * is any")
    }
}
